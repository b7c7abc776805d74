"""What tests of uploads ask of the archive, and how its store can fail them."""

import os
from typing import Literal

import sqlalchemy as sa

from api.services import Services
from custody.clips import Clip, find_clip_by_digest
from custody.tables import log_entries
from tests.services.station_client import sha256, sm3

DATA = os.urandom(300_000)


def clip_of(services: Services, data: bytes) -> Clip:
    with services.database.read() as tx:
        clip = find_clip_by_digest(tx, sha256(data))
    assert clip is not None
    return clip


def count(services: Services, table: sa.Table) -> int:
    with services.database.read() as tx:
        return int(tx.scalar(sa.select(sa.func.count()).select_from(table)) or 0)


def kinds_of(services: Services, clip: Clip) -> list[str]:
    """What happened to the clip, by its entries."""
    with services.database.read() as tx:
        wanted = sa.select(log_entries.c.kind).where(log_entries.c.item == f"clip:{clip.id}")
        return list(tx.scalars(wanted.order_by(log_entries.c.item_seq)))


def assert_archived(services: Services, data: bytes) -> Clip:
    """The clip is there once, with the right bytes, and nothing lies in staging."""
    clip = clip_of(services, data)
    assert services.store.read_bytes(clip.object_key) == data
    assert (clip.sha256, clip.sm3, clip.size_bytes) == (sha256(data), sm3(data), len(data))
    assert services.staging.entries() == []
    return clip


class Faults:
    """Fails the first ``times`` calls of one of the store's methods."""

    def __init__(self, operation: str, phase: str, error: Exception, times: int = 1) -> None:
        self.operation, self.phase, self.error, self.times = operation, phase, error, times

    def __call__(self, operation: str, key: str, phase: Literal["before", "after"]) -> None:
        if (operation, phase) == (self.operation, self.phase) and self.times > 0:
            self.times -= 1
            raise self.error
