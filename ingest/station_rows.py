"""Reading rows of stations, whatever their cells hold; as `custody.clip_rows` does for clips."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.engine import Connection, RowMapping
from sqlalchemy.sql.elements import ColumnElement

from custody.cells import fits, raw_columns, shown_row
from custody.twin_rows import TWINS, count_of_twins
from ingest.tables import stations

#: Stands for a time that can't be empty and was altered.
STAND_INS = {"enrolled_at": datetime(1970, 1, 1, tzinfo=UTC)}
#: What a station says of itself and when: shown, and nothing is decided by it.
_SAID = frozenset({"status", "last_seen_at"})


@dataclass(frozen=True, slots=True)
class Station:
    """A row of stations. ``status`` is what it last said of itself: shown, never trusted."""

    id: str
    name: str
    verifier_key: str
    enrolled_at: datetime
    revoked_at: datetime | None
    last_seen_at: datetime | None
    status: Mapping[str, Any] | None
    #: Columns whose cells hold what was never written there, and `TWINS` where another row stands
    #: under the same id.
    altered: tuple[str, ...] = ()


def station_columns(tx: Connection) -> list[ColumnElement[Any]]:
    """What to select for `read_station`."""
    return [*raw_columns(tx, stations), count_of_twins(stations.c.id)]


def read_station(row: RowMapping) -> Station:
    """A row of `station_columns`, and perhaps other columns, as it stands."""
    values, altered = shown_row(stations, row, _fits, STAND_INS)
    altered += [TWINS] if row[TWINS] > 1 else []
    return Station(**values, altered=tuple(altered))


def _fits(name: str, cell: object) -> bool:
    if name == "status" and cell is not None:
        return isinstance(cell, dict)
    return fits(stations.c[name], cell)


def is_sound(station: Station) -> bool:
    """Whether a station may act: by a row that was altered nobody does."""
    return _SAID.issuperset(station.altered)
