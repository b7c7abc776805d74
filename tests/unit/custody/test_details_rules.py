"""Which details a rule chooses, and which rules there can be."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.details.destructions import (
    MAX_COVERED,
    Destruction,
    destruction_facts,
    read_destruction,
    rule_facts,
)
from custody.details.explained import Explanations
from custody.details.rules import (
    DESTROYABLE,
    FLOOR_DAYS,
    MAX_DAYS,
    PROPOSED,
    DetailsRule,
    DetailsRuleError,
    read_rules,
)
from custody.events import LOG_ITEM, EventKind
from custody.log.entry import MAX_ENTRY_BYTES, ActorSnapshot, Entry
from custody.verification.expected import ExpectedCase, ExpectedClip

NOW = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
KINDS = st.sampled_from([kind.value for kind in EventKind])
TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
RULES = st.builds(
    lambda kinds, days: DetailsRule("rule", tuple(sorted(kinds)), days),
    st.sets(st.sampled_from(sorted(DESTROYABLE)), min_size=1),
    st.integers(FLOOR_DAYS, MAX_DAYS),
)


@given(RULES, KINDS, TIMES)
def test_a_rule_chooses_its_kinds_of_its_age_and_nothing_else(
    rule: DetailsRule, kind: str, at: datetime
) -> None:
    chosen = rule.chooses(kind, at, NOW)
    assert chosen == (kind in rule.kinds and NOW - at > timedelta(days=rule.days))
    if chosen:
        assert kind in DESTROYABLE
        assert NOW - at > timedelta(days=FLOOR_DAYS)
        assert rule.chooses(kind, at, NOW + timedelta(days=1))  # what is due stays due


@given(RULES)
def test_a_rule_that_was_chosen_can_be_configured(rule: DetailsRule) -> None:
    assert read_rules([{"name": "rule", "kinds": list(rule.kinds), "days": rule.days}]) == (rule,)


@given(
    RULES,
    st.sets(st.integers(0, 500), min_size=1),
    st.integers(0, 520),
    st.sampled_from(sorted(DESTROYABLE)),
    TIMES,
)
def test_what_was_destroyed_is_explained_and_nothing_else(
    rule: DetailsRule, covered: set[int], index: int, kind: str, at: datetime
) -> None:
    before = rule.before(NOW)
    destroyed = read_destruction(destruction(rule, sorted(covered)), 1000)
    other = Destruction(rule, before, (min(covered),), "", NOW, 9, 1001)  # a later one counts not
    found = Explanations([other, destroyed]).explained(index, kind, at)
    assert (found is not None) == (index in covered and rule.chooses(kind, at, NOW))
    if found is not None:
        assert (found.rule, found.at, found.entry, found.item_seq) == ("rule", NOW, 1000, 7)


def destruction(rule: DetailsRule, covered: list[int]) -> Entry:
    return Entry(
        kind=EventKind.DETAILS_DESTROYED.value,
        item=LOG_ITEM,
        item_seq=7,
        item_prev="0" * 64,
        at=NOW,
        actor=ActorSnapshot("details", "system", "service", "local"),
        outcome="ok",
        facts=destruction_facts(rule, rule.before(NOW), [(index, b"") for index in covered]),
        commitment="0" * 64,
    )


def test_six_months_are_never_longer_than_the_floor() -> None:
    for month in range(1, 13):
        year, later = divmod(month + 5, 12)
        half = datetime(2027 + year, later + 1, 1, tzinfo=UTC) - datetime(
            2027, month, 1, tzinfo=UTC
        )
        assert half <= timedelta(days=FLOOR_DAYS)


def test_nothing_is_rebuilt_from_what_a_rule_may_name() -> None:
    """Whatever such an entry says, no row of the evidence must say anything by it."""
    for kind in DESTROYABLE:
        entry = destruction(PROPOSED[0], [1])
        for item in ("clip:1", "case:1"):
            one = Entry(
                kind, item, 0, None, NOW, entry.actor, "ok", {"grant": "g", "case": "c"}, "0" * 64
            )
            clip, case = ExpectedClip(), ExpectedCase()
            clip.apply(one, {"purpose": "x", "name": "y"}, 1)
            case.apply(one, {"number": "x"}, 1)
            assert clip == ExpectedClip()
            assert case == ExpectedCase()
    evidence = ("clip.", "case.", "link.", "user.", "station.", "dock_session.", "rendition.")
    assert not [kind for kind in DESTROYABLE if kind.startswith(evidence)]


def test_the_largest_destruction_fits_into_an_entry() -> None:
    rule = DetailsRule("规" * 40, tuple(sorted(DESTROYABLE)), MAX_DAYS)
    indexes = list(range(10**12, 10**12 + MAX_COVERED))
    assert len(destruction(rule, indexes).encode()) < MAX_ENTRY_BYTES // 2


def test_what_is_proposed_can_be_used() -> None:
    listed = [
        {"name": rule.name, "kinds": list(rule.kinds), "days": rule.days} for rule in PROPOSED
    ]
    assert {rule.name: set(rule.kinds) for rule in read_rules(listed)} == {
        rule.name: set(rule.kinds) for rule in PROPOSED
    }
    assert rule_facts(PROPOSED[0])["days"] == FLOOR_DAYS


GOOD: dict[str, Any] = {"name": "lists", "kinds": ["log.read"], "days": FLOOR_DAYS}


@pytest.mark.parametrize(
    ("listed", "complaint"),
    [
        ("lists", "tables"),
        (["lists"], "tables"),
        ([GOOD] * 17, "more than 16"),
        ([GOOD, GOOD | {"kinds": ["clips.listed"]}], "the name 'lists' stands twice"),
        ([GOOD, GOOD | {"name": "again"}], "the kind 'log.read' stands twice"),
        ([GOOD | {"kinds": ["log.read", "log.read"]}], "the kind 'log.read' stands twice"),
        ([GOOD | {"age": 1}], "nothing else"),
        ([{"name": "lists"}], "nothing else"),
        ([GOOD | {"name": ""}], "name"),
        ([GOOD | {"name": " x"}], "name"),
        ([GOOD | {"name": "a\nb"}], "name"),
        ([GOOD | {"name": "x" * 41}], "name"),
        ([GOOD | {"name": 3}], "name"),
        ([GOOD | {"kinds": []}], "kinds"),
        ([GOOD | {"kinds": "log.read"}], "kinds"),
        ([GOOD | {"kinds": [7]}], "kinds"),
        ([GOOD | {"kinds": ["clip.opened"]}], "'clip.opened' can't be destroyed"),
        ([GOOD | {"kinds": ["no.such"]}], "'no.such' can't be destroyed"),
        ([GOOD | {"days": FLOOR_DAYS - 1}], "found 183"),
        ([GOOD | {"days": MAX_DAYS + 1}], "found 36501"),
        ([GOOD | {"days": True}], "whole number"),
        ([GOOD | {"days": 200.5}], "whole number"),
        ([GOOD | {"days": "200"}], "whole number"),
    ],
)
def test_what_can_be_no_rule_is_refused(listed: object, complaint: str) -> None:
    with pytest.raises(DetailsRuleError, match=complaint):
        read_rules(listed)
