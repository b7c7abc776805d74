"""A draw: the same for everybody, in whatever order they look, and nobody's chance is better."""

import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.log.entry import Entry
from custody.log.errors import SampleError
from custody.log.merkle import hash_leaf
from custody.log.sample import (
    MAX_SAMPLE,
    MAX_SEED,
    Admitted,
    Asked,
    check_seed,
    draw,
    find_admission,
    rank_of,
)
from tests.unit.custody.log.sampled import admission_of, admitted_in, clip_of, entry
from tests.unit.custody.log.samples import START, admission, chain

ROOT = bytes(32)
CLIPS = admitted_in((admission_of(number) for number in range(1, 41)), 40)


def ids(clips: tuple[Admitted, ...]) -> list[str]:
    return [clip.clip_id for clip in clips]


@given(st.text("ab文", min_size=1, max_size=5), st.integers(0, 50), st.randoms())
def test_no_order_changes_it_and_a_larger_one_begins_with_a_smaller(
    seed: str, size: int, shuffler: random.Random
) -> None:
    shuffled = list(CLIPS)
    shuffler.shuffle(shuffled)
    drawn = draw(shuffled, ROOT, seed, size)
    assert drawn == draw(CLIPS, ROOT, seed, size)
    assert len(drawn) == min(size, 40) == len(set(ids(drawn)))
    assert draw(shuffled, ROOT, seed, size + 1)[:size] == drawn


def test_every_clip_is_as_likely_as_any_other() -> None:
    """Four thousand seeds, one of ten each: a hundred more or less would be five deviations."""
    counts = dict.fromkeys((clip.clip_id for clip in CLIPS[:10]), 0)
    for number in range(4000):
        counts[draw(CLIPS[:10], ROOT, str(number), 1)[0].clip_id] += 1
    assert all(abs(count - 400) < 100 for count in counts.values()), counts


def test_seed_root_and_entry_each_decide() -> None:
    drawn = draw(CLIPS, ROOT, "one", 20)
    assert drawn != draw(CLIPS, ROOT, "two", 20)
    assert drawn != draw(CLIPS, b"\1" * 32, "one", 20)
    rank = rank_of(ROOT, CLIPS[0].leaf_hash, "one")
    assert (
        rank == hashlib.sha256(b"liuhen sample v1\n" + ROOT + CLIPS[0].leaf_hash + b"one").digest()
    )


@pytest.mark.parametrize(
    ("text", "population", "size"),
    [
        ("3", 10, 3),
        ("3", 2, 2),
        ("5%", 100, 5),
        ("5%", 101, 6),
        ("0.001%", 1, 1),
        ("0.125%", 8000, 10),
        ("100%", 7, 7),
        ("50%", 0, 0),
        (str(MAX_SAMPLE), 10**6, MAX_SAMPLE),
    ],
)
def test_how_many_are_asked_for(text: str, population: int, size: int) -> None:
    asked = Asked.parse(text)
    assert asked.of(population) == size
    assert str(asked) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "0", "-1", "03", "1.5", str(MAX_SAMPLE + 1), "1e3", "٣", "3\n"),
        *("0%", "100.001%", "101%", "5.0%", "05%", "5 %", "5%%", "0.0001%", "5.%", ".5%", "5%\n"),
    ],
)
def test_what_is_no_number_of_clips(text: str) -> None:
    with pytest.raises(SampleError):
        Asked.parse(text)


@pytest.mark.parametrize("seed", ["", "a\nb", "\x7f", "\x85", "\ud800", "x" * (MAX_SEED + 1)])
def test_what_is_no_seed(seed: str) -> None:
    with pytest.raises(SampleError):
        check_seed(seed)
    assert check_seed("骰子 4 6 1") == "骰子 4 6 1"


def found(data: bytes) -> Admitted | None:
    return find_admission(Entry.decode(data), 3, hash_leaf(data))


def test_only_the_first_entry_of_a_clip_admits_it() -> None:
    one = found(admission())
    assert one is not None
    assert (one.index, one.at) == (3, START)
    first = admission_of(1)
    facts = dict(Entry.decode(first).facts)
    item = f"clip:{clip_of(1)}"
    assert found(entry("clip.admitted", item, START, facts)) is not None
    assert found(entry("clip.admitted", item, START, facts, first)) is None
    assert found(entry("clip.admitted", "clip:another", START, facts)) is None
    assert found(entry("clip.named", item, START, facts)) is None
    for wrong in ({"clip": 1}, {"clip": ""}, {"sha256": "aa"}, {"size_bytes": -1}):
        assert found(entry("clip.admitted", item, START, facts | wrong)) is None
    assert found(chain("clip:x", 1)[0]) is None
