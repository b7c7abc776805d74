"""The rule: by the first key and the entries about keys, who must have signed which size."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.log.canonical import Json
from custody.log.entry import Entry
from custody.log.key_entries import ANNOUNCED
from custody.log.key_history import KeyHistory, follow_keys
from tests.services.key_sets import announced, entry, generation, keys_of, retired

FIRST = generation(1).log.verifier


def follow(*entries: tuple[int, Entry]) -> KeyHistory:
    return follow_keys(FIRST, entries)


def test_without_entries_the_first_key_signs_everything() -> None:
    assert follow().trusted.required(7) == (FIRST,)


def test_a_log_changes_its_keys_with_overlap() -> None:
    history = follow((1, announced(1, 1)), (5, announced(2, 1)), (8, retired(1, 2)))
    assert history.refused == ()
    old, new = (tuple(key.verifier for key in generation(one).signers) for one in (1, 2))
    sizes = [(1, old[:1]), (2, old), (5, old), (6, old + new), (8, old + new), (9, new)]
    for size, keys in sizes:
        assert history.trusted.required(size) == keys
    assert [(one.announced, one.retired) for one in history.generations] == [(1, 8), (5, None)]


def test_an_old_announcement_names_the_first_key_and_adds_nothing() -> None:
    facts: dict[str, Json] = {"log_key": FIRST.vkey, "receipt_key": keys_of(1).receipts.vkey}
    assert follow((0, entry(ANNOUNCED, facts))) == follow()
    other = facts | {"log_key": keys_of(2).log.vkey}
    assert [one.index for one in follow((3, entry(ANNOUNCED, other))).refused] == [3]


def test_what_was_said_before_may_be_said_again() -> None:
    assert follow((0, announced(1, 1)), (4, announced(1, 1))) == follow((0, announced(1, 1)))


OWN = (0, announced(1, 1))
PLAIN: dict[str, Json] = {"log_key": FIRST.vkey, "receipt_key": keys_of(3).receipts.vkey}


def _without_signatures() -> Entry:
    facts = dict(announced(2, 1).facts) | {"signatures": [""] * 2}
    return entry(ANNOUNCED, facts)


def _signed_for_another_log() -> Entry:
    facts = dict(announced(2, 1).facts)
    return entry(ANNOUNCED, facts | {"receipt_key": keys_of(3).receipts.vkey})


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([OWN, (3, announced(2, 3))], "does not follow the newest key"),
        ([OWN, (3, announced(3, 3))], "does not follow the newest key"),
        ([(3, announced(2, 1))], "has to name those beside it"),
        ([OWN, (2, announced(2, 1)), (3, announced(3, 1))], "does not follow the newest key"),
        ([OWN, (2, announced(2, 1)), (3, announced(1, 2))], "a key that the log has had"),
        ([OWN, (3, _without_signatures())], "not signed by the key"),
        ([OWN, (3, _signed_for_another_log())], "not signed by the key"),
        ([OWN, (3, entry(ANNOUNCED, dict(announced(2, 1).facts), "service"))], "service"),
        ([OWN, (3, entry(ANNOUNCED, dict(announced(2, 1).facts), outcome="failed"))], "failed"),
        ([OWN, (3, entry(ANNOUNCED, {"log_key": "x"}))], "not an object of"),
        ([OWN, (3, entry(ANNOUNCED, PLAIN))], "announced under no key"),
        ([(3, entry(ANNOUNCED, PLAIN, "clip:1"))], "clip:1"),
        ([(3, entry(ANNOUNCED, PLAIN, outcome="denied"))], "denied"),
        ([OWN, (3, retired(1, 1))], "no older key"),
        ([OWN, (3, retired(2, 1))], "no older key"),
        ([OWN, (2, announced(2, 1)), (3, retired(2, 1))], "not retired by the newest"),
        ([OWN, (2, announced(2, 1)), (3, retired(1, 1))], "not retired by the newest"),
        (
            [OWN, (1, announced(2, 1)), (2, retired(1, 2)), (3, retired(1, 2))],
            "retired before",
        ),
    ],
)
def test_an_entry_that_no_key_of_its_time_signed_counts_for_nothing(
    entries: Sequence[tuple[int, Entry]], reason: str
) -> None:
    history = follow_keys(FIRST, entries)
    assert [one.index for one in history.refused] == [3]
    assert reason in history.refused[0].reason
    assert history.generations == follow_keys(FIRST, entries[:-1]).generations


numbers = st.integers(1, 3)
deeds = st.lists(st.tuples(st.booleans(), numbers, numbers), max_size=6)


@settings(max_examples=40)
@given(deeds)
def test_whatever_entries_there_are_every_size_has_its_keys(
    deeds: list[tuple[bool, int, int]],
) -> None:
    entries = [
        (index, (announced if begins else retired)(number, by))
        for index, (begins, number, by) in enumerate(deeds)
    ]
    history = follow_keys(FIRST, entries)
    # 1. The first trusted key is the first for ever: what it signed stays good.
    assert history.generations[0].log == FIRST
    before: tuple[object, ...] = (FIRST,)
    for size in range(len(deeds) + 2):
        required = history.trusted.required(size)
        # 2. Somebody signs each size, and what is asked of it follows from the entries within it.
        assert required
        assert required == follow_keys(FIRST, entries[:size]).trusted.required(size)
        # 3. From one size to the next somebody stays, who vouches for who comes.
        assert any(one in required for one in before)
        before = required
    # 4. Every entry that is not counted is named.
    counted = {one.announced for one in history.generations}
    counted |= {one.retired for one in history.generations}
    refused = {one.index for one in history.refused}
    again = {i for i, (begins, n, by) in enumerate(deeds) if begins and n == by} - counted
    assert set(range(len(deeds))) - counted - refused <= again
