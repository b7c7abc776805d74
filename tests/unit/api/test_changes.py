"""What an entry changed: from what to what, as far as the entry says."""

from collections.abc import Mapping
from datetime import UTC, datetime

from api.web.changes import Change, changes_of
from api.web.entry_values import Part
from custody.history import HistoryEvent
from custody.log.entry import Json

AT = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
NOTHING = Part("nothing")


def event(
    kind: str, details: Mapping[str, Json], facts: Mapping[str, Json] | None = None
) -> HistoryEvent:
    return HistoryEvent(
        "clip:c", 1, 7, kind, AT, "bob", "bob", "legal", "password", "::1", "ok",
        dict(facts or {}), dict(details), "00" * 32, True, True,
    )  # fmt: skip


def test_an_assignment_says_what_it_replaced_and_leaves_out_what_stayed() -> None:
    was: Json = {"officer": "JX0227", "recorder": "TA1", "recorded_at": None}
    now: dict[str, Json] = {"officer": "JX0228", "recorder": "TA1"}
    said = now | {"recorded_at": "2026-11-22T01:30:00.000Z", "was": was}
    assert changes_of(event("clip.assigned", said)) == [
        Change("clip.officer", Part("text", "JX0227"), Part("text", "JX0228")),
        Change("clip.recorded_at", NOTHING, Part("time", AT)),
    ]


def test_an_entry_of_before_old_values_were_kept_says_the_new_ones() -> None:
    said: dict[str, Json] = {"officer": "JX0228", "recorder": None, "recorded_at": "soon"}
    assert changes_of(event("clip.assigned", said)) == [
        Change("clip.officer", None, Part("text", "JX0228")),
        Change("clip.recorded_at", None, Part("text", "soon")),
    ]
    facts: dict[str, Json] = {"procedure": "general", "changed": ["title"]}
    assert changes_of(event("case.changed", {"title": "b"}, facts)) == [
        Change("case.title", None, Part("text", "b"))
    ]


def test_a_changed_case_says_each_field_in_the_order_of_its_form() -> None:
    officers: Json = [{"officer": "JX0227", "certificate_number": "0012"}, {"officer": "JX0228"}]
    facts: dict[str, Json] = {"procedure": "summary", "changed": ["officers", "party", "procedure"]}
    was: Json = {"procedure": "general", "party": "王某", "officers": []}
    said: dict[str, Json] = {"title": "t", "party": None, "officers": officers, "was": was}
    shown = Part("list", (Part("text", "JX0227 0012"), Part("text", "JX0228")))
    assert changes_of(event("case.changed", said, facts)) == [
        Change(
            "case.procedure",
            Part("word", "procedure.general", "general"),
            Part("word", "procedure.summary", "summary"),
        ),
        Change("case.party", Part("text", "王某"), NOTHING),
        Change("case.officers", NOTHING, shown),
    ]


def test_what_cannot_be_read_as_a_change_is_none() -> None:
    assert changes_of(event("clip.opened", {"officer": "x"})) == []
    assert changes_of(event("clip.assigned", {})) == []
    assert changes_of(event("case.changed", {}, {"changed": "title"})) == []
    assert changes_of(event("case.changed", {}, {"changed": ["title", 7, "later"]})) == []
    [odd] = changes_of(event("clip.assigned", {"officer": ["x"], "was": "y"}))
    assert odd == Change("clip.officer", None, Part("text", "['x']"))
