import dataclasses
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.log.entry import (
    MAX_ENTRY_BYTES,
    ActorSnapshot,
    Entry,
    canonical_json,
    commit_details,
    parse_canonical,
)
from custody.log.errors import CommitmentError, EntryError, LogError
from tests.unit.custody.log.samples import START, admission
from tests.unit.custody.log.strategies import facts

SAMPLE = Entry.decode(admission())

digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
names = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=20)


@st.composite
def entries(draw):
    number = draw(st.integers(0, 2**53 - 1))
    return Entry(
        kind=draw(st.from_regex(r"[a-z_]{1,9}\.[a-z_]{1,9}", fullmatch=True)),
        item=draw(st.from_regex(r"[a-z]{1,9}(:[a-z0-9-]{1,40})?", fullmatch=True)),
        item_seq=number,
        item_prev=draw(digests) if number else None,
        at=draw(st.datetimes(timezones=st.just(UTC))),
        actor=ActorSnapshot(draw(names), draw(names), draw(names), draw(names)),
        outcome=draw(st.sampled_from(["ok", "denied", "failed"])),
        facts=draw(facts),
        commitment=draw(st.none() | digests),
    )


@given(entries())
def test_an_entry_comes_back_as_it_was(entry):
    assert Entry.decode(entry.encode()) == entry


@given(entries(), st.data())
def test_a_changed_byte_is_refused_or_is_another_entry(entry, data):
    encoded = bytearray(entry.encode())
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        other = Entry.decode(bytes(encoded))
    except LogError:
        return
    assert other != entry
    assert other.encode() == encoded


def test_the_bytes_are_canonical_with_every_key():
    assert SAMPLE.encode() == admission()
    value = parse_canonical(admission())
    keys = "actor at commitment facts item item_prev item_seq kind outcome v"
    assert " ".join(value) == keys
    assert (value["v"], value["at"]) == (1, "2026-11-22T01:21:38.123Z")


def test_finer_than_a_millisecond_is_cut_when_the_entry_is_made():
    entry = dataclasses.replace(SAMPLE, at=datetime(2026, 1, 1, 0, 0, 0, 999999, tzinfo=UTC))
    assert entry.at.microsecond == 999000


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "admitted"},
        {"kind": "Clip.admitted"},
        {"kind": "clip.admitted\n"},
        {"kind": "a." + "b" * 63},
        {"item": "clip:"},
        {"item": "clip: 1"},
        {"item": "clip:零"},
        {"item": ""},
        {"item": "clip:" + "1" * 124},
        {"item_seq": -1},
        {"item_seq": 1},
        {"item_seq": 2**53, "item_prev": "00" * 32},
        {"item_prev": "00" * 32},
        {"item_seq": 1, "item_prev": "0g" * 32},
        {"item_seq": 1, "item_prev": "AA" * 32},
        {"commitment": "00"},
        {"outcome": "fine"},
        {"facts": {"a": 0.5}},
        {"facts": {"名": 1}},
        {"actor": ActorSnapshot("", "legal", "password", "x")},
        {"actor": ActorSnapshot("alice", "legal", "password", "a\nb")},
        {"actor": ActorSnapshot("alice", "legal", "password", "a" * 256)},
        {"facts": {"a": "x" * MAX_ENTRY_BYTES}},
    ],
)
def test_a_field_that_breaks_its_form_is_not_written(change):
    with pytest.raises(EntryError):
        dataclasses.replace(SAMPLE, **change).encode()


def _with(**change):
    value = parse_canonical(admission())
    value.update(change)
    return {key: inner for key, inner in value.items() if inner is not Ellipsis}


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        _with(v=2),
        _with(v=True),
        _with(v=...),
        _with(extra=1),
        _with(item_seq=False),
        _with(item_seq="0"),
        _with(kind=5),
        _with(kind=None),
        _with(at="2026-11-22T09:21:38Z"),
        _with(at=5),
        _with(actor="alice"),
        _with(actor={"id": "a", "role": "b", "via": "c"}),
        _with(actor={"id": "a", "role": "b", "via": "c", "origin": 1}),
        _with(facts=[]),
        _with(facts=None),
        _with(commitment=5),
        _with(item_prev="00" * 32),
        _with(outcome="OK"),
    ],
)
def test_what_is_not_an_entry_is_not_read(value):
    with pytest.raises(EntryError):
        Entry.decode(canonical_json(value))


def test_an_entry_has_room_in_a_bundle_to_the_last_byte():
    empty = dataclasses.replace(SAMPLE, facts={"a": ""})
    room = MAX_ENTRY_BYTES - len(empty.encode())
    full = dataclasses.replace(SAMPLE, facts={"a": "x" * room})
    assert len(full.encode()) == MAX_ENTRY_BYTES
    with pytest.raises(EntryError):
        dataclasses.replace(SAMPLE, facts={"a": "x" * (room + 1)}).encode()
    with pytest.raises(EntryError):
        Entry.decode(full.encode() + b" ")


@given(facts, st.binary(min_size=32, max_size=32))
def test_a_commitment_is_an_hmac_of_the_canonical_details(details, salt):
    expected = hmac.new(salt, canonical_json(details), hashlib.sha256).hexdigest()
    assert commit_details(details, salt) == expected


@pytest.mark.parametrize("salt", [b"", bytes(31), bytes(33)])
def test_a_salt_has_32_bytes(salt):
    with pytest.raises(CommitmentError):
        commit_details({}, salt)


def test_the_sample_has_its_time():
    assert SAMPLE.at == START
