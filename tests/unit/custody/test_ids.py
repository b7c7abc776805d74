"""Identifiers: UUIDv7, in order of time."""

import time
import uuid

from custody.ids import new_id


def test_an_id_is_a_uuid_of_version_7() -> None:
    value = uuid.UUID(new_id())
    assert (value.variant, value.version) == (uuid.RFC_4122, 7)
    assert abs((value.int >> 80) - time.time_ns() // 1_000_000) < 5_000


def test_ids_are_different() -> None:
    assert len({new_id() for _ in range(10_000)}) == 10_000


def test_later_ids_sort_later() -> None:
    first = new_id()
    time.sleep(0.002)
    assert first < new_id()
