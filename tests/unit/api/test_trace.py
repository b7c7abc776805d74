"""Where the marks of a trace stand and what they claim."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from api.web.trace import (
    MARGIN,
    Origin,
    Publication,
    Trace,
    TraceState,
    build_trace,
    steps_of,
)
from custody.history import HistoryEvent

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def happened(
    kind: str,
    after_s: float,
    *,
    published: bool = True,
    outcome: str = "ok",
    intact: bool = True,
) -> HistoryEvent:
    return HistoryEvent(
        item="clip:1",
        item_seq=0,
        idx=0 if published else None,
        kind=kind,
        at=START + timedelta(seconds=after_s),
        actor_id="bob",
        actor_name="bob",
        role="legal",
        via="password",
        origin="",
        outcome=outcome,
        facts={},
        details={},
        leaf_hash="00" * 32,
        published=published,
        intact=intact,
    )


def trace(events: Sequence[HistoryEvent], *, min_gap: float = 1.2) -> Trace:
    return build_trace(events, START + timedelta(days=30), min_gap=min_gap)


def test_an_item_without_events_has_no_marks() -> None:
    assert trace([]).marks == ()


def test_marks_run_from_the_first_event_towards_now() -> None:
    made = trace(
        [
            happened("clip.admitted", 0),
            happened("rendition.made", 5),
            happened("clip.opened", 86400),
        ]
    )
    places = [mark.x for mark in made.marks]
    assert places[0] == MARGIN
    assert places == sorted(places)
    assert places[-1] < 100 - MARGIN
    assert made.segments[-1].x2 == 100 - MARGIN


def test_a_clock_that_goes_back_moves_no_mark_back() -> None:
    made = trace(
        [happened("clip.admitted", 100), happened("clip.opened", 0), happened("clip.viewed", 50)]
    )
    places = [mark.x for mark in made.marks]
    assert places == sorted(places)


def test_all_published_is_one_solid_line() -> None:
    made = trace([happened("clip.admitted", 0), happened("clip.opened", 60)])
    assert made.state is TraceState.PROVED
    assert len(made.segments) == 1


def test_what_waits_is_hollow_and_only_that() -> None:
    made = trace([happened("clip.admitted", 0), happened("clip.opened", 60, published=False)])
    assert made.state is TraceState.WAITING
    assert [mark.state for mark in made.marks] == [TraceState.PROVED, TraceState.WAITING]


def test_a_failed_verification_breaks_the_line_until_one_holds() -> None:
    broken = [happened("clip.admitted", 0), happened("verification.run", 60, outcome="failed")]
    assert trace(broken).state is TraceState.BROKEN
    mended = trace([*broken, happened("verification.run", 120)])
    assert mended.state is TraceState.PROVED
    assert [mark.state for mark in mended.marks] == [
        TraceState.PROVED,
        TraceState.BROKEN,
        TraceState.PROVED,
    ]


def test_an_entry_that_was_altered_breaks_the_line() -> None:
    assert trace([happened("clip.admitted", 0, intact=False)]).state is TraceState.BROKEN


def test_marks_too_near_become_one_that_stands_for_the_weightiest() -> None:
    events = [happened("rendition.made", second) for second in range(100)]
    events[40] = happened("clip.opened", 40)
    made = trace(events, min_gap=5)
    assert len(made.marks) < 25
    assert sum(len(mark.events) for mark in made.marks) == made.count == 100
    assert [mark.glyph for mark in made.marks].count("opened") == 1


def docked(after_s: float = -60, *, intact: bool = True) -> Origin:
    return Origin(docked=happened("dock_session.opened", after_s, intact=intact))


def test_a_trace_begins_at_the_dock_and_has_its_publication() -> None:
    events = [happened("clip.admitted", 0), happened("clip.described", 600)]
    origin = replace(docked(), publication=Publication(7, START + timedelta(seconds=1)))
    steps = steps_of(events, origin)
    assert [step.kind for step in steps] == [
        "dock_session.opened",
        "clip.admitted",
        "published",
        "clip.described",
    ]
    made = build_trace(events, START + timedelta(days=30), origin=origin)
    assert [mark.glyph for mark in made.marks] == ["docked", "admitted", "published", "other"]
    assert made.count == 4
    assert made.marks[0].x == MARGIN


def test_nothing_is_published_before_its_admission_whatever_the_clocks_say() -> None:
    early = Origin(publication=Publication(7, START - timedelta(hours=1)))
    events = [happened("clip.admitted", 0), happened("clip.opened", 60)]
    assert [step.kind for step in steps_of(events, early)][:2] == ["clip.admitted", "published"]
    late = Origin(publication=Publication(7, START + timedelta(hours=1)))
    assert steps_of(events, late)[-1].kind == "published"
    # A history that was cut short does not begin with the admission.
    assert steps_of(events[1:], early)[0].kind == "published"


def test_a_docking_that_was_altered_breaks_the_line_and_one_that_waits_is_hollow() -> None:
    events = [happened("clip.admitted", 0)]
    altered = build_trace(events, START, origin=docked(intact=False))
    assert altered.state is TraceState.BROKEN
    waiting = Origin(docked=happened("dock_session.opened", -1, published=False))
    assert build_trace(events, START, origin=waiting).state is TraceState.WAITING


def test_a_publication_mends_nothing() -> None:
    failed = happened("verification.run", 60, outcome="failed")
    origin = Origin(publication=Publication(9, START + timedelta(hours=1)))
    made = build_trace([happened("clip.admitted", 0), failed], START, origin=origin)
    assert made.marks[-1].state is TraceState.BROKEN
    assert made.state is TraceState.BROKEN
