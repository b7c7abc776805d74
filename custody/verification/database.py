"""The database itself: pages that are damaged, and indexes that hide or misname rows."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from custody.cells import as_text
from custody.said import said
from custody.verification.context import ProgressCallback, VerificationContext
from custody.verification.findings import Finding, FindingCode, VerificationImpossibleError
from custody.verification.reports import Progress, Report
from storage.database import metadata
from storage.errors import StorageError
from storage.sqlite_integrity import Damage


def check_database(
    context: VerificationContext, report: Report, progress: ProgressCallback
) -> None:
    """A finding for each thing that does not hold together, with its clip where it is of one.

    Raises `VerificationImpossibleError` where the file can't be read.
    """

    def tell(done: int, total: int) -> None:
        progress(Progress("database", done, total))

    try:
        damages = list(context.database.find_damage(tell))
    except StorageError as error:
        raise VerificationImpossibleError(str(error)) from error
    clip_ids = _clips_of(context, damages)
    for damage in damages:
        report.add(_finding(damage, clip_ids))


def _finding(damage: Damage, clip_ids: dict[tuple[str, int], str]) -> Finding:
    clip_id = None if damage.row is None else clip_ids.get((damage.table, damage.row))
    if damage.index is None:
        where, expected = damage.table, said("pages_hold")
        message = said("table_damaged", table=damage.table)
    else:
        where = f"{damage.table}/{damage.index}"
        expected = said("same_in_both")
        message = said("index_damaged", index=damage.index, table=damage.table)
    return Finding(
        FindingCode.DATABASE_DAMAGED,
        f"database:{where}",
        said("of_clip", message=message, clip=clip_id) if clip_id else message,
        expected=expected,
        found=said("error", error=damage.message),
        clip_id=clip_id,
    )


def _clips_of(
    context: VerificationContext, damages: Iterable[Damage]
) -> dict[tuple[str, int], str]:
    """The clips whose rows are named, by table and row; nothing where they can't be read."""
    named: dict[str, set[int]] = {}
    for damage in damages:
        if damage.row is not None:
            named.setdefault(damage.table, set()).add(damage.row)
    clip_ids: dict[tuple[str, int], str] = {}
    for name, rows in named.items():
        table = metadata.tables.get(name)
        column = None if table is None else table.c.get("id" if name == "clips" else "clip_id")
        if table is None or column is None:
            continue
        rowid: sa.ColumnElement[int] = sa.literal_column("rowid", sa.BigInteger)
        query = sa.select(rowid, column).where(rowid.in_(sorted(rows))).select_from(table)
        try:
            with context.database.read() as tx:
                found = tx.execute(query).all()
        except SQLAlchemyError:
            continue  # the damage is reported, and goes without a clip
        clip_ids |= {(name, row): as_text(clip_id) for row, clip_id in found if clip_id}
    return clip_ids
