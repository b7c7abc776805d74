"""Tokens of checkpoints that were received.

The only writer of `timestamps`, each row with its entry ``log.stamped``.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.actors import Actor
from custody.asked_states import AskedState, Sort, states_of
from custody.cells import fitting_rows, raw_columns
from custody.events import LOG_ITEM, EventKind
from custody.first_writer import insert_first
from custody.ledger import Event, Ledger
from custody.log.canonical import format_time
from custody.log.entry import Json
from custody.object_keys import timestamp_key
from custody.tables import log_entries, timestamps


@dataclass(frozen=True, slots=True)
class Timestamp:
    """An authority's answer about the checkpoint of ``size`` entries; ``token`` as it came.

    ``stamped_at`` is the time in the token, in milliseconds as the log has it.
    """

    size: int
    authority: str
    token: bytes
    stamped_at: datetime
    received_at: datetime

    @property
    def object_key(self) -> str:
        return timestamp_key(self.size, self.authority)


@dataclass(frozen=True, slots=True)
class StampStanding:
    """The ``authorities`` that are asked, those of them that are ``failing``, and the ``stamps`` of
    the newest stamped checkpoint."""

    authorities: tuple[str, ...]
    stamps: tuple[Timestamp, ...]
    failing: tuple[AskedState, ...]

    @property
    def stamped_at(self) -> datetime | None:
        """The earliest time at which somebody outside vouches for that checkpoint."""
        return min((one.stamped_at for one in self.stamps), default=None)


def stamped_facts(stamp: Timestamp) -> dict[str, Json]:
    """What ``log.stamped`` says for ever."""
    return {
        "size": stamp.size,
        "authority": stamp.authority,
        "token_sha256": hashlib.sha256(stamp.token).hexdigest(),
        "stamped_at": format_time(stamp.stamped_at),
    }


def add_timestamp(tx: Connection, ledger: Ledger, actor: Actor, stamp: Timestamp) -> bool:
    """Keep a token that was checked and whose object stands; False if there is one already.

    Raises as `Ledger.append`.
    """
    values = {
        "size": stamp.size,
        "authority": stamp.authority,
        "token": stamp.token,
        "stamped_at": stamp.stamped_at,
        "received_at": stamp.received_at,
    }
    if not insert_first(tx, timestamps, values):
        return False
    ledger.append(tx, actor, Event(EventKind.LOG_STAMPED, LOG_ITEM, stamped_facts(stamp)))
    return True


def list_timestamps(tx: Connection, limit: int | None = None) -> list[Timestamp]:
    """Tokens, those of the newest checkpoint first. Altered rows are left to a verification."""
    newest = sa.select(*raw_columns(tx, timestamps)).order_by(
        timestamps.c.size.desc(), timestamps.c.authority
    )
    rows = tx.execute(newest.limit(limit)).mappings().all()
    return [Timestamp(**cells) for cells in fitting_rows(timestamps, rows)]


def count_timestamps(tx: Connection) -> int:
    return tx.scalar(sa.select(sa.func.count()).select_from(timestamps)) or 0


def timestamps_of(tx: Connection, size: int) -> list[Timestamp]:
    """The tokens of one checkpoint, by authority."""
    wanted = sa.select(*raw_columns(tx, timestamps)).where(timestamps.c.size == size)
    rows = tx.execute(wanted.order_by(timestamps.c.authority)).mappings().all()
    return [Timestamp(**cells) for cells in fitting_rows(timestamps, rows)]


def find_timestamp(tx: Connection, size: int, authority: str) -> Timestamp | None:
    """The token of ``authority`` for this checkpoint."""
    return next((one for one in timestamps_of(tx, size) if one.authority == authority), None)


def newest_timestamp(tx: Connection, authority: str) -> Timestamp | None:
    """The token of the largest checkpoint that ``authority`` stamped."""
    wanted = sa.select(*raw_columns(tx, timestamps)).where(timestamps.c.authority == authority)
    rows = tx.execute(wanted.order_by(timestamps.c.size.desc()).limit(1)).mappings().all()
    return next((Timestamp(**cells) for cells in fitting_rows(timestamps, rows)), None)


def holds_news(tx: Connection, size: int) -> bool:
    """Whether anything but stamping was logged since the checkpoint of ``size`` entries."""
    news = sa.exists().where(
        log_entries.c.idx >= size, log_entries.c.kind != EventKind.LOG_STAMPED.value
    )
    return bool(tx.scalar(sa.select(news)))


def standing_of(tx: Connection, authorities: Sequence[str]) -> StampStanding:
    """How the log stands with the ``authorities`` that are configured."""
    newest = list_timestamps(tx, limit=1)
    stamps = timestamps_of(tx, newest[0].size) if newest else []
    states = states_of(tx, Sort.AUTHORITY, authorities)
    failing = [states[name] for name in authorities if name in states and states[name].failures]
    return StampStanding(tuple(authorities), tuple(stamps), tuple(failing))
