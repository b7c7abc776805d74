"""The page of the kinds of event has each kind and field that the code writes, and no other."""

from custody.details.rules import DESTROYABLE, FLOOR_DAYS
from custody.events import EventKind
from tests.services.event_page import PAGE, complaints, read_page
from tests.services.log_keys import Sources

KINDS = read_page()


def test_every_kind_and_field_that_the_code_writes_stands_there_and_no_other() -> None:
    written = Sources(nested=False).fields()
    kinds = {kind.value for kind in EventKind}
    assert set(KINDS) == kinds
    assert set(written) == kinds
    told = {name: (set(kind.facts), set(kind.details)) for name, kind in KINDS.items()}
    assert told == written


def test_the_log_page_leads_there_and_has_the_same_floor() -> None:
    page = (PAGE.parent / "log.md").read_text(encoding="utf-8")
    assert "(events.md)" in page
    assert all(f"`{kind}`" in page for kind in DESTROYABLE)
    assert f"`days` is at least {FLOOR_DAYS}" in page


def test_an_entry_that_is_not_as_the_page_has_it_is_complained_of() -> None:
    fields = {"a": "id or null", "b": "list of word or absent", "c": "yes/no", "d": "time"}
    good = {"a": None, "b": ["x"], "c": True, "d": "2026-11-22T09:21:38.123Z"}
    assert complaints(good, fields) == []
    for change in ({"a": "x"}, {"b": [3]}, {"b": "x"}, {"c": 1}, {"d": "2026"}, {"e": 1}):
        assert len(complaints(good | change, fields)) == 1, change
    assert complaints({"a": None, "c": False}, fields) == ["d: missing"]
