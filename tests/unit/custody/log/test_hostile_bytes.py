"""Arbitrary bytes, and true ones that somebody changed, at every parser (tests/fuzz/targets.py)."""

import json
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from custody.log.canonical import Json, canonical_json
from custody.log.errors import NoteError
from custody.log.statement import open_statement, sign_statement
from station_agent import wire
from tests.fuzz.known import ALICE, STATION
from tests.fuzz.targets import BY_NAME, TARGETS, Target
from tests.unit.custody.log.samples import START
from tests.unit.custody.log.strategies import values

every_target = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
#: What is inside is JSON: of these a value is changed, not only bytes.
SAID_IN_JSON = (
    *("entry", "canonical", "statement_body", "receipt_body", "manifest_body", "sample_body"),
)
#: Short pieces that, repeated, ask most of a parser.
PIECES = (
    b"[",
    b"[],",
    b'{"a":',
    b'"ab",',
    b"9",
    b"0.1e9,",
    b"\n",
    b"\n\n",
    "— a AAAA\n".encode(),
    b"AAAA",
    b"\xff",
    "\u4e00".encode(),
    b"\\ud800",
    b"group a any a\n",
    b"quorum none\n",
    b"\0\0",
    b"tile/",
    b"x000/",
    b"index 0\n",
    b"old 0\n",
)


@st.composite
def changed(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """One of ``seeds`` after a few changes such as a damaged line or a patient attacker makes."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 3))):
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(data))] * 2)))
        change = draw(st.sampled_from(("flip", "cut", "double", "insert", "replace", "splice")))
        if change == "flip" and start < len(data):
            flipped = bytearray(data)
            flipped[start] ^= 1 << draw(st.integers(0, 7))
            data = bytes(flipped)
        elif change == "cut":
            data = data[:start] + data[end:]
        elif change == "double":
            data = data[:end] + data[start:end] + data[end:]
        elif change == "insert":
            data = data[:start] + draw(st.binary(max_size=8)) + data[start:]
        elif change == "replace":
            piece = draw(st.sampled_from(PIECES))
            data = data[:start] + piece + data[start + len(piece) :]
        else:
            data = data[:start] + draw(st.sampled_from(seeds))[start:]
    return data


@every_target
def test_true_bytes_are_accepted(target: Target) -> None:
    assert target.seeds
    assert all(target.check(seed) for seed in target.seeds)


@every_target
@settings(max_examples=60)
@given(data=st.binary(max_size=300))
@example(data=b"")
def test_any_bytes_are_read_or_refused(target: Target, data: bytes) -> None:
    target.check(data)


@every_target
@settings(max_examples=120)
@given(data=st.data())
def test_changed_bytes_are_refused_or_say_exactly_what_stands_there(
    target: Target, data: st.DataObject
) -> None:
    target.check(data.draw(changed(target.seeds)))


@pytest.mark.parametrize("name", SAID_IN_JSON)
@settings(max_examples=120)
@given(data=st.data())
def test_a_changed_value_is_refused_or_said_as_it_stands(name: str, data: st.DataObject) -> None:
    target = BY_NAME[name]
    value = json.loads(data.draw(st.sampled_from(target.seeds)))
    place = value
    for _ in range(data.draw(st.integers(0, 3))):
        inside = place.values() if isinstance(place, dict) else place
        inner = [one for one in inside if isinstance(one, dict | list) and one]
        if not inner:
            break
        place = data.draw(st.sampled_from(inner))
    if isinstance(place, list):
        place[data.draw(st.integers(0, len(place) - 1)) if place else 0 :] = [data.draw(values)]
    else:
        key = data.draw(st.sampled_from(sorted(place)) | st.text("ab", max_size=2))
        place[key] = data.draw(values)
    target.check(canonical_json(value))


@pytest.mark.parametrize(
    "target", [one for one in TARGETS if one.most is not None], ids=lambda one: one.name
)
def test_what_is_longer_than_declared_is_refused(target: Target) -> None:
    assert target.most is not None
    for seed in target.seeds:
        for filler in (b"a", seed):
            assert not target.check(seed + filler * ((target.most - len(seed)) // len(filler) + 2))


@every_target
def test_memory_is_bounded_by_what_is_declared(target: Target) -> None:
    """At most what a value of the smallest JSON makes of its bytes, whatever is repeated."""
    size = min(target.most or 1 << 16, 1 << 16)
    for piece in PIECES:
        hostile = piece * (size // len(piece))
        for data in (hostile, target.seeds[0] + hostile, b'{"files":[' + hostile):
            tracemalloc.start()
            target.check(data[:size])
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert peak < 40 * size + (1 << 20), (piece, peak)


def test_a_list_of_nothing_but_brackets_is_refused_before_it_is_built() -> None:
    """One such list of 32 MiB once took 800 MiB."""
    most = wire.MAX_MANIFEST_MARKS
    for hostile in (b"[]," * most, b"[" * (most + 1), b"{" * (most + 1), b"0," * (most + 1)):
        assert not BY_NAME["manifest_body"].check(hostile)
        line = f"t\n{hostile.decode()}\n"
        signed = f"{line}\n{ALICE.sign(line)}"
        tracemalloc.start()
        with pytest.raises(NoteError, match="commas and opening brackets"):
            open_statement(signed, "t", ALICE.verifier, max_bytes=1 << 25, max_marks=most)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 8 * len(hostile)


def test_marks_are_counted_on_both_sides() -> None:
    value: dict[str, Json] = {"a": [1, {"b": ","}]}  # three brackets, two commas
    signed = sign_statement("t", value, ALICE, max_bytes=1000, max_marks=5)
    assert open_statement(signed, "t", ALICE.verifier, max_bytes=1000, max_marks=5) == value
    with pytest.raises(NoteError):
        sign_statement("t", value, ALICE, max_bytes=1000, max_marks=4)
    with pytest.raises(NoteError):
        open_statement(signed, "t", ALICE.verifier, max_bytes=1000, max_marks=4)


def test_the_longest_list_of_files_has_room_for_its_texts() -> None:
    """A thousandth of it has a thousandth of its marks: half of what there may be, or less."""
    count = wire.MAX_MANIFEST_FILES // 1000
    files = tuple(wire.ManifestFile(b"%d" % number, 1, START, "fifo") for number in range(count))
    manifest = wire.Manifest("s", STATION.name, "x", START, None, None, files)
    note = wire.sign_manifest(manifest, STATION)
    assert sum(note.count(mark) for mark in ",[{") * 1000 <= wire.MAX_MANIFEST_MARKS // 2 + 10_000
