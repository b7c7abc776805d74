"""What the entries of verifications say was read again, and of what they say nothing."""

import random
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from custody.log.canonical import Json
from custody.log.entry import Entry
from custody.log.rereads import Coverage, OldestClip, Rereads
from tests.unit.custody.log.sampled import admission_of, admitted_in, clip_of, entry, run
from tests.unit.custody.log.samples import START

CLIPS = admitted_in((admission_of(number) for number in range(1, 5)), 4)
NOW = START + timedelta(days=1000)


def covered(*entries: bytes) -> Coverage:
    rereads = Rereads()
    for index, data in enumerate(entries, 4):  # behind the admissions
        rereads.take(Entry.decode(data), index)
    return rereads.cover(CLIPS, NOW)


def days_ago(days: int, **facts: Json) -> bytes:
    return run(NOW - timedelta(days=days), **facts)


def outcome(outcome: str, data: bytes) -> bytes:
    return replace(Entry.decode(data), outcome=outcome).encode()


def on_clip(number: int, days: int, **facts: Json) -> bytes:
    item = f"clip:{clip_of(number)}"
    return entry("verification.run", item, NOW - timedelta(days=days), {"unchecked": 0, **facts})


def test_nothing_was_read_yet() -> None:
    oldest = OldestClip(clip_of(1), 0, START + timedelta(days=1), 999)
    assert covered() == Coverage(NOW, 4, 10, 0, 0, 0, 0, oldest)
    assert Rereads().cover([], NOW) == Coverage(NOW, 0, 0, 0, 0, 0, 0, None)


def test_a_run_of_everything_read_what_was_there_and_not_what_it_names() -> None:
    whole = days_ago(10, scope="everything", tree_size=3, unread=[clip_of(1)])
    found = covered(whole)
    assert (found.ever_clips, found.ever_bytes, found.year_clips) == (2, 5, 2)
    assert found.oldest is not None
    assert found.oldest.clip_id == clip_of(1)
    # An older one read that clip, more than a year ago; then the last one is the oldest.
    found = covered(whole, days_ago(366, scope="everything", tree_size=1, unread=[]))
    assert (found.ever_clips, found.year_clips, found.year_bytes) == (3, 2, 5)
    assert found.oldest is not None
    assert found.oldest.clip_id == clip_of(4)


def test_single_clips_and_those_of_a_case_count() -> None:
    found = covered(
        on_clip(1, 3, scope="clip"),
        on_clip(2, 400, scope="sample", run="00" * 32),
        days_ago(1, scope="case", read=[clip_of(3)]),
    )
    assert (found.ever_clips, found.year_clips) == (3, 2)


def test_what_counts_for_nothing() -> None:
    found = covered(
        on_clip(1, 3, scope="clip", unchecked=1),
        on_clip(1, 3, scope="everything", run="00" * 32, unread=[], tree_size=4),
        days_ago(1, scope="case", read=None),
        days_ago(1, scope="everything", tree_size=4),
        days_ago(1, scope="everything", tree_size=4, unread=None),
        days_ago(1, scope="everything", tree_size=None, unread=[]),
        days_ago(1, scope="log", tree_size=4, unread=[]),
        days_ago(1, scope="sample", drawn=4),
        entry("clip.viewed", f"clip:{clip_of(1)}", NOW, {"scope": "clip", "unchecked": 0}),
    )
    assert found.ever_clips == 0


def test_a_run_that_cannot_have_been_counts_for_nothing() -> None:
    whole: dict[str, Json] = {"scope": "everything", "unread": []}
    single: dict[str, Json] = {"scope": "clip"}
    found = covered(
        days_ago(1, tree_size=2**50, **whole),  # no tree of that size was there
        days_ago(-1, tree_size=4, **whole),  # after what is told
        days_ago(1001, tree_size=4, **whole),  # before anything was admitted
        on_clip(1, -1, **single),
        on_clip(1, 1001, **single),  # before it was admitted
        outcome("denied", days_ago(1, tree_size=4, **whole)),
        outcome("denied", on_clip(1, 1, **single)),
    )
    assert found.ever_clips == 0


def test_a_false_run_takes_nothing_from_a_true_one() -> None:
    found = covered(on_clip(1, 400, scope="clip"), on_clip(1, -1, scope="clip"))
    assert (found.ever_clips, found.year_clips) == (1, 0)


def test_a_run_read_nothing_that_was_admitted_behind_it() -> None:
    rereads = Rereads()
    rereads.take(Entry.decode(days_ago(1, scope="everything", tree_size=2, unread=[])), 2)
    rereads.take(Entry.decode(days_ago(1, scope="case", read=[clip_of(4)])), 2)
    assert rereads.cover(CLIPS, NOW).ever_clips == 2


@given(
    runs=st.lists(st.tuples(st.integers(1, 800), st.integers(0, 4), st.sets(st.integers(1, 4)))),
    single=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 800))),
    shuffler=st.randoms(),
)
def test_it_is_what_asking_every_run_of_every_clip_gives(
    runs: list[tuple[int, int, set[int]]],
    single: list[tuple[int, int]],
    shuffler: random.Random,
) -> None:
    entries = [on_clip(number, days, scope="clip") for number, days in single]
    for days, size, left in runs:
        unread: list[Json] = [clip_of(number) for number in sorted(left)]
        entries.append(days_ago(days, scope="everything", tree_size=size, unread=unread))
    shuffler.shuffle(entries)
    found = covered(*entries)
    last: dict[int, int] = {}
    for number in range(1, 5):
        ago = [days for one, days in single if one == number]
        ago += [days for days, size, left in runs if number - 1 < size and number not in left]
        if ago:
            last[number] = min(ago)
    within = [number for number, days in last.items() if days <= 365]
    never = sorted({1, 2, 3, 4} - last.keys())
    assert (found.ever_clips, found.ever_bytes) == (len(last), sum(last))
    assert (found.year_clips, found.year_bytes) == (len(within), sum(within))
    assert (found.oldest and found.oldest.clip_id) == (clip_of(never[0]) if never else None)
