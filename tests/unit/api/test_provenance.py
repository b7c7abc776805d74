"""What a clip's history says of its time and of its verification."""

from dataclasses import replace
from datetime import UTC, datetime

from api.web.provenance import TimeSource, breach_of, original_held, time_source
from custody.history import HistoryEvent

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
EVENT = HistoryEvent(
    item="clip:1",
    item_seq=0,
    idx=7,
    kind="clip.admitted",
    at=AT,
    actor_id="bob",
    actor_name="bob",
    role="legal",
    via="password",
    origin="",
    outcome="ok",
    facts={},
    details={},
    leaf_hash="00" * 32,
    published=True,
    intact=True,
)


def admitted(recorded_at: str | None) -> HistoryEvent:
    return replace(EVENT, details={"recorded_at": recorded_at})


def assigned(recorded_at: str, idx: int) -> HistoryEvent:
    details = {"recorded_at": recorded_at}
    return replace(EVENT, kind="clip.assigned", idx=idx, details=details)


def verified(findings: int, idx: int, *, unchecked: int = 0) -> HistoryEvent:
    return replace(
        EVENT,
        kind="verification.run",
        idx=idx,
        outcome="failed" if findings or unchecked else "ok",
        facts={"findings": findings, "unchecked": unchecked},
    )


def test_a_time_that_came_with_the_file_is_the_recorders() -> None:
    mine = admitted("2026-11-22T09:00:00.000Z")
    assert time_source([mine], AT) == TimeSource(True, None)
    # An assignment of the officer alone sets no time.
    same = assigned("2026-11-22T09:00:00.000Z", 8)
    assert time_source([mine, same], AT) == TimeSource(True, None)


def test_a_time_set_by_hand_names_the_entry_that_set_it() -> None:
    first = assigned("2026-11-22T09:00:00.000Z", 8)
    moved = assigned("2026-11-22T10:00:00.000Z", 9)
    again = assigned("2026-11-22T10:00:00.000Z", 10)
    assert time_source([admitted(None), first], AT).set_by == first
    assert time_source([admitted(None), first, moved, again], LATER).set_by == moved


def test_no_time_has_no_source_and_a_lost_history_claims_none() -> None:
    assert time_source([admitted(None)], None) == TimeSource(False, None)
    assert time_source([], AT) == TimeSource(False, None)


def test_a_breach_lasts_from_the_first_failure_until_a_run_that_holds() -> None:
    failed, again, held = verified(1, 8), verified(2, 9), verified(0, 10)
    assert breach_of([EVENT, failed, again]) == failed
    assert breach_of([EVENT, failed, held]) is None
    assert breach_of([EVENT, failed, held, again]) == again


def test_what_could_not_be_read_is_no_breach_and_mends_none() -> None:
    assert breach_of([EVENT, verified(0, 8, unchecked=1)]) is None
    failed = verified(1, 8)
    assert breach_of([EVENT, failed, verified(0, 9, unchecked=1)]) == failed


def test_an_altered_entry_is_a_breach_that_no_run_mends() -> None:
    altered = replace(EVENT, intact=False)
    assert breach_of([altered, verified(0, 9)]) == altered


def test_an_original_held_where_every_failure_since_says_so() -> None:
    def failing(seq: int, *, spared: bool) -> HistoryEvent:
        event = verified(1, seq)
        return replace(event, item_seq=seq, facts={**event.facts, "original_held": spared})

    proxy, original = failing(1, spared=True), failing(2, spared=False)
    assert original_held([EVENT, proxy])
    assert original_held([EVENT, proxy, replace(EVENT, item_seq=2)])
    assert not original_held([EVENT])
    assert not original_held([EVENT, proxy, original])
    assert not original_held([EVENT, original, failing(3, spared=True)])
    assert not original_held(
        [EVENT, replace(verified(1, 1), item_seq=1)]
    )  # from before it was said
    held = replace(verified(0, 3), item_seq=3)
    assert not original_held([EVENT, proxy, held])
    assert original_held([EVENT, proxy, original, held, failing(4, spared=True)])
    # What was left out in between, or altered, might say otherwise.
    assert not original_held([proxy, failing(9, spared=True)])
    assert not original_held([replace(EVENT, intact=False), proxy])
