"""Rows of dock sessions, whatever their cells hold: read as `custody.clip_rows` reads clips."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.engine import Connection, RowMapping
from sqlalchemy.sql.elements import ColumnElement

from custody.cells import fits, raw, shown_row
from custody.ids import looks_like_id
from custody.twin_rows import TWINS, count_of_twins
from ingest.tables import dock_sessions

#: What stands for a cell that can't be empty and was altered.
STAND_INS = {
    "opened_at": datetime(1970, 1, 1, tzinfo=UTC),
    "received_at": datetime(1970, 1, 1, tzinfo=UTC),
    "file_count": 0,
    "total_bytes": 0,
}


@dataclass(frozen=True, slots=True)
class DockSession:
    """One visit of a recorder to a station. ``opened_at`` is by the station's clock."""

    id: str
    station_id: str
    source: str
    opened_at: datetime
    received_at: datetime
    manifest_sha256: str
    previous_sha256: str | None
    file_count: int
    total_bytes: int
    entry_seq: int | None
    #: Columns whose cells hold what was never written there, and `TWINS` where another row stands
    #: under the same id.
    altered: tuple[str, ...] = ()


#: The columns of a `DockSession`, without the list itself, which can be long.
_NAMES = tuple(name for name in DockSession.__slots__ if name != "altered")


def session_columns(tx: Connection) -> list[ColumnElement[Any]]:
    """What to select for `read_session`."""
    columns: list[ColumnElement[Any]] = [raw(tx, dock_sessions.c[name]) for name in _NAMES]
    return [*columns, count_of_twins(dock_sessions.c.id)]


def read_session(row: RowMapping) -> DockSession:
    """A row of `session_columns` as it stands."""
    values, altered = shown_row(dock_sessions, row, _fits, STAND_INS, names=_NAMES)
    altered += [TWINS] if row[TWINS] > 1 else []
    return DockSession(**values, altered=tuple(altered))


def _fits(name: str, cell: object) -> bool:
    if name in {"id", "station_id"}:
        return isinstance(cell, str) and looks_like_id(cell)
    if name in {"file_count", "total_bytes"} and isinstance(cell, int):
        return cell >= 0
    return fits(dock_sessions.c[name], cell)
