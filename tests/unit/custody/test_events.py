"""Items and kinds: what can stand in the log."""

from dataclasses import replace

import pytest

from custody.actors import Role, service_actor
from custody.events import EventKind, actor_item, case_item, clip_item, is_item
from custody.ids import new_id
from tests.services.custody import ALICE, STATION


@pytest.mark.parametrize(
    "item", ["log", "service", "anonymous", "clip:1", "token:0a1b", "user:a.b-c"]
)
def test_items(item: str) -> None:
    assert is_item(item)


@pytest.mark.parametrize(
    "item",
    ["", "clip", "clip:", "Clip:1", "clip:1\n", "clip:a/b", "clip:" + "1" * 101, "logs", "clip:甲"],
)
def test_not_items(item: str) -> None:
    assert not is_item(item)


def test_ids_make_items() -> None:
    assert is_item(clip_item(new_id()))
    assert is_item(case_item(new_id()))


def test_what_is_about_nothing_else_is_about_its_actor() -> None:
    assert actor_item(ALICE) == f"user:{ALICE.id}"
    assert actor_item(STATION) == f"station:{STATION.id}"
    assert actor_item(service_actor("worker")) == "service"
    assert actor_item(replace(ALICE, role=Role.OPERATOR)) == "service"
    assert actor_item(replace(ALICE, role=Role.ANONYMOUS)) == "anonymous"


def test_kinds_fit_the_table() -> None:
    assert all(len(kind.value) <= 64 for kind in EventKind)
