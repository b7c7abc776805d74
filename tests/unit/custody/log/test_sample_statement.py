"""Statements on samples: one form, signed, and no number in them that can't be."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.log.errors import LogError
from custody.log.note import sign_note
from custody.log.rereads import OldestClip
from custody.log.sample import Asked
from custody.log.sample_statement import (
    MAX_STATEMENT_BYTES,
    MAX_STATEMENT_MARKS,
    ReadClip,
    SampleStatement,
    Verdict,
    open_sample_statement,
    sign_sample_statement,
)
from tests.unit.custody.log.sampled import clip_of, sampled_log, statement_on
from tests.unit.custody.log.samples import LOG_KEY, RECEIPT_KEY, START, SampleLog, signer

ENTRIES = sampled_log()
STATEMENT, _ = statement_on(ENTRIES, 10)
NOTE = sign_sample_statement(STATEMENT, RECEIPT_KEY)
CLIP = STATEMENT.clips[0]
COVERAGE = STATEMENT.coverage


def opened(note: str | bytes) -> SampleStatement:
    return open_sample_statement(note, RECEIPT_KEY.verifier, LOG_KEY.verifier)[0]


def test_a_statement_comes_back() -> None:
    statement, tree = open_sample_statement(NOTE, RECEIPT_KEY.verifier, LOG_KEY.verifier)
    assert statement == STATEMENT == opened(NOTE.encode())
    assert tree == SampleLog(ENTRIES).checkpoint(10)
    assert statement.good
    assert NOTE.startswith("liuhen sample v1\n{")
    assert sign_sample_statement(statement, RECEIPT_KEY) == NOTE


@given(st.integers(0, len(NOTE.encode()) - 1), st.integers(1, 255))
def test_any_other_byte_is_refused(at: int, difference: int) -> None:
    changed = bytearray(NOTE.encode())
    changed[at] ^= difference
    with pytest.raises(LogError):
        opened(bytes(changed))


def test_each_key_signs_its_own() -> None:
    for keys in ((LOG_KEY, LOG_KEY), (RECEIPT_KEY, RECEIPT_KEY), (signer("x"), LOG_KEY)):
        with pytest.raises(LogError):
            open_sample_statement(NOTE, keys[0].verifier, keys[1].verifier)


def with_coverage(**changes: Any) -> SampleStatement:
    return replace(STATEMENT, coverage=replace(COVERAGE, **changes))


BROKEN = {
    "no seed": replace(STATEMENT, seed=""),
    "a seed of two lines": replace(STATEMENT, seed="a\nb"),
    "another number than asked": replace(STATEMENT, asked=Asked.parse("2")),
    "fewer clips than chosen": replace(STATEMENT, clips=STATEMENT.clips[1:]),
    "one clip more": replace(
        STATEMENT, clips=(*STATEMENT.clips, replace(CLIP, clip_id=clip_of(99)))
    ),
    "a clip twice": replace(STATEMENT, clips=(CLIP, *STATEMENT.clips[:2])),
    "no id": replace(STATEMENT, clips=(replace(CLIP, clip_id=""), *STATEMENT.clips[1:])),
    "no digest": replace(STATEMENT, clips=(replace(CLIP, sha256="x"), *STATEMENT.clips[1:])),
    "a failure without a finding": replace(
        STATEMENT, clips=(replace(CLIP, verdict=Verdict.FAILED), *STATEMENT.clips[1:])
    ),
    "unread and nothing unchecked": replace(
        STATEMENT, clips=(replace(CLIP, verdict=Verdict.UNREAD), *STATEMENT.clips[1:])
    ),
    "a finding of none": replace(STATEMENT, findings={"clip_sm3": 0}),
    "a code that is none": replace(STATEMENT, findings={"a b": 1}),
    "no run": replace(STATEMENT, run="00"),
    "no version": replace(STATEMENT, version=""),
    "more than there is": with_coverage(ever_clips=COVERAGE.clips + 1),
    "more in a year than ever": with_coverage(year_clips=COVERAGE.ever_clips + 1),
    "more bytes than there are": with_coverage(ever_bytes=COVERAGE.bytes + 1),
    "none that is left out": with_coverage(oldest=None),
    "one that is left out of none": with_coverage(
        ever_clips=COVERAGE.clips, oldest=OldestClip(clip_of(1), 0, START, 0)
    ),
    "a count below zero": with_coverage(year_bytes=-1),
}


@pytest.mark.parametrize("statement", BROKEN.values(), ids=BROKEN.keys())
def test_what_breaks_its_form_is_not_signed(statement: SampleStatement) -> None:
    with pytest.raises(LogError):
        sign_sample_statement(statement, RECEIPT_KEY)


LIES = {
    "a checkpoint of another key": sign_note(
        SampleLog(ENTRIES).checkpoint(10).encode(), [RECEIPT_KEY]
    ),
    "no checkpoint": "believe me\n",
    "a smaller checkpoint": SampleLog(ENTRIES).note(3),
    "a larger checkpoint than the log": SampleLog([*ENTRIES, *ENTRIES]).note(),
}


@pytest.mark.parametrize("checkpoint", LIES.values(), ids=LIES.keys())
def test_what_is_not_drawn_under_its_checkpoint_is_refused(checkpoint: str) -> None:
    with pytest.raises(LogError):
        opened(sign_sample_statement(replace(STATEMENT, checkpoint=checkpoint), RECEIPT_KEY))
    with pytest.raises(LogError):
        opened(sign_sample_statement(replace(STATEMENT, origin="example.com/x"), RECEIPT_KEY))


def test_somebody_may_be_added_where_it_was_asked_for() -> None:
    other = ReadClip(clip_of(99), 0, "00" * 32, 1, Verdict.HELD)
    wider = replace(STATEMENT, per_officer=True, clips=(*STATEMENT.clips, other))
    assert opened(sign_sample_statement(wider, RECEIPT_KEY)) == wider


def test_what_was_found_stands_in_it() -> None:
    clips = (replace(CLIP, verdict=Verdict.FAILED), *STATEMENT.clips[1:])
    bad = replace(STATEMENT, clips=clips, findings={"clip_object_digest": 1})
    assert not opened(sign_sample_statement(bad, RECEIPT_KEY)).good
    unread = (replace(CLIP, verdict=Verdict.UNREAD), *STATEMENT.clips[1:])
    bad = replace(STATEMENT, clips=unread, unchecked=1)
    assert not opened(sign_sample_statement(bad, RECEIPT_KEY)).good


def test_the_largest_sample_has_room_in_a_statement() -> None:
    """A thousandth of it has a thousandth of its marks and bytes: less than there may be."""
    clips = tuple(
        ReadClip("x" * 36, 2**53 - 1, "0" * 64, 2**53 - 1, Verdict.FAILED) for _ in "a" * 100
    )
    line = str(
        [
            {
                "clip_id": one.clip_id,
                "index": one.index,
                "sha256": one.sha256,
                "size_bytes": one.size_bytes,
                "verdict": str(one.verdict),
            }
            for one in clips
        ]
    )
    assert sum(line.count(mark) for mark in ",[{") * 1000 < MAX_STATEMENT_MARKS
    assert len(line) * 1000 < MAX_STATEMENT_BYTES
