"""Reading rows of cases and their officers, whatever their cells hold; as `clip_rows` of clips.

Lists and pages read them with `select_cases` and show what is wrong; whatever acts on a case takes
it through `require_sound_case`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from custody.cells import as_text, fits, is_readable, raw_columns, read_row, shown_row
from custody.errors import CaseAlteredError
from custody.log.canonical import EARLIEST, LATEST
from custody.tables import case_officers, cases, links
from custody.twin_rows import TWINS, count_of_twins


class Procedure(StrEnum):
    """简易 (one numbered decision on the spot) or 普通 (行政处罚法 ch. 5)."""

    SUMMARY = "summary"
    GENERAL = "general"


@dataclass(frozen=True, slots=True)
class CaseOfficer:
    """An officer of a case, by the code that recordings carry, with 执法证号 where it is known."""

    officer: str
    certificate_number: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A case as its rows stand; ``officers`` in order of code, ``clip_count`` of standing links.

    ``altered`` names the columns, and ``officers`` for their rows, that hold what never was written
    there, and has `TWINS` where another row stands under the same id. In the place of such a cell
    stands nothing, the text that can be made of it, or `STAND_INS`: for the eye, never to act on.
    """

    id: str
    number: str
    procedure: str
    title: str
    party: str | None
    occurred_on: date | None
    created_at: datetime
    created_by: str
    officers: tuple[CaseOfficer, ...]
    clip_count: int
    altered: tuple[str, ...] = ()


#: What stands for a cell that can't be read and can't be empty. General: nothing is left out.
STAND_INS: Mapping[str, Any] = {
    "procedure": Procedure.GENERAL.value,
    "created_at": datetime(1970, 1, 1, tzinfo=UTC),
}

#: Which links to a case stand: nobody has taken them out again.
STANDING = links.c.unlinked_at.is_(None)

#: Beside the columns of a case: how many links to it stand.
_CLIP_COUNT = (
    sa.select(sa.func.count())
    .select_from(links)
    .where(links.c.case_id == cases.c.id, STANDING)
    .scalar_subquery()
    .label("clip_count")
)


def case_query(tx: Connection) -> sa.Select[Any]:
    """What `select_cases` reads, of all cases."""
    return sa.select(*raw_columns(tx, cases), _CLIP_COUNT, count_of_twins(cases.c.id))


def select_cases(tx: Connection, query: sa.Select[Any]) -> list[Case]:
    """The cases that ``query``, a `case_query`, finds, in its order; in two queries.

    Rows that were altered stand among them (`Case.altered`).
    """
    rows = tx.execute(query).mappings().all()
    officers: dict[str, list[RowMapping]] = {row["id"]: [] for row in rows}
    if officers:
        wanted = sa.select(*raw_columns(tx, case_officers)).where(
            # What a driver can't write, no officer's row can name either.
            case_officers.c.case_id.in_([one for one in officers if is_readable(str(one))])
        )
        for one in tx.execute(wanted.order_by(case_officers.c.officer)).mappings():
            officers[one["case_id"]].append(one)
    return [_read_case(row, officers[row["id"]]) for row in rows]


def is_case_day(day: date) -> bool:
    """Whether ``day`` is in the calendar of the house, in whatever zone it is looked at."""
    return EARLIEST.date() <= day <= LATEST.date()


def require_sound_case(case: Case) -> Case:
    """``case`` itself, to act on. Raises `CaseAlteredError`."""
    if case.altered:
        raise CaseAlteredError(f"case {case.id}: {', '.join(case.altered)}")
    return case


def _read_case(row: RowMapping, officer_rows: Iterable[RowMapping]) -> Case:
    values, altered = shown_row(cases, row, _fits, STAND_INS)
    officers = []
    for one in officer_rows:
        cells = read_row(case_officers, one)
        if not all(fits(case_officers.c[name], cell) for name, cell in cells.items()):
            altered += ["officers"] if "officers" not in altered else []
        number = cells["certificate_number"]
        shown = None if number is None else as_text(number)
        officers.append(CaseOfficer(as_text(cells["officer"]), shown))
    altered += [TWINS] if row[TWINS] > 1 else []
    return Case(
        **values, officers=tuple(officers), clip_count=row["clip_count"], altered=tuple(altered)
    )


def _fits(name: str, cell: object) -> bool:
    """Whether ``cell`` is something that was ever written into this column."""
    if cell is not None and name == "procedure":
        return cell in frozenset(Procedure)
    if isinstance(cell, date) and name == "occurred_on":
        return is_case_day(cell)
    return fits(cases.c[name], cell)
