"""A statement held against a mirror: what an archive might sign that the log does not bear out."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from custody.log.errors import LogError, NoteError, SampleError
from custody.log.note import sign_note
from custody.log.sample_statement import (
    SampleStatement,
    Verdict,
    sign_sample_statement,
)
from custody.outside.errors import OutsideError, TamperedLogError
from custody.outside.mirror import Mirror
from custody.outside.samples import check_statement
from tests.services.key_sets import announced, chained, generation, retired
from tests.unit.custody.log.sampled import admission_of, sampled_log, statement_on
from tests.unit.custody.log.samples import LOG_KEY, RECEIPT_KEY, SampleLog, signer
from tests.unit.custody.outside.shown import ShownLog

STATEMENT, ENTRIES = statement_on(sampled_log(), 10)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mirror")
    Mirror(folder, LOG_KEY.verifier).follow(ShownLog(len(ENTRIES), ENTRIES))
    return folder


def checked(statement: SampleStatement, mirror: Path) -> SampleStatement:
    note = sign_sample_statement(statement, RECEIPT_KEY).encode()
    return check_statement(note, RECEIPT_KEY.verifier, LOG_KEY.verifier, mirror)


def test_a_true_statement_holds(folder: Path) -> None:
    assert checked(STATEMENT, folder) == STATEMENT
    assert STATEMENT.coverage.clips == 9
    assert STATEMENT.coverage.ever_clips >= 6


@pytest.mark.parametrize("asked", ["1", "20", "10%", "100%"])
def test_of_any_size(asked: str, tmp_path: Path) -> None:
    statement, entries = statement_on(sampled_log(), 11, asked=asked, seed="骰子")
    Mirror(tmp_path / "m", LOG_KEY.verifier).follow(ShownLog(len(entries), entries))
    assert checked(statement, tmp_path / "m").clips == statement.clips


def rotated() -> tuple[SampleStatement, list[bytes]]:
    """A statement drawn after the log changed its keys and retired the first, and its log."""
    first, *changes = chained(announced(1, 1), announced(2, 1), retired(1, 2))
    entries = [first, *sampled_log(), *changes]
    size = len(entries)
    text = SampleLog(entries).checkpoint(size).encode()
    note = sign_note(text, generation(2).signers)
    return statement_on(entries, size, checkpoint=note)


def test_the_keys_of_statements_follow_the_mirror(tmp_path: Path) -> None:
    """Who has the first key has those that followed; one that was retired vouches for nothing."""
    statement, entries = rotated()
    shown = ShownLog(len(entries), entries)
    text = SampleLog(entries).checkpoint().encode()
    shown.files["checkpoint"] = sign_note(text, generation(2).signers).encode()
    log = generation(1).log.verifier
    Mirror(tmp_path / "m", log).follow(shown)
    old, new = (generation(number).receipts for number in (1, 2))
    true, false = (sign_sample_statement(statement, key).encode() for key in (new, old))
    for given in (old, new):
        assert check_statement(true, given.verifier, log, tmp_path / "m") == statement
        with pytest.raises(NoteError):
            check_statement(false, given.verifier, log, tmp_path / "m")
    with pytest.raises(NoteError):
        check_statement(true, RECEIPT_KEY.verifier, log, tmp_path / "m")


def changed_clip(place: int, **changes: Any) -> SampleStatement:
    clips = list(STATEMENT.clips)
    clips[place] = replace(clips[place], **changes)
    return replace(STATEMENT, clips=tuple(clips))


_OTHER, _ = statement_on(sampled_log(), 10, seed="seven")
_WIDER, _ = statement_on(sampled_log(), 10, asked="5")
#: What a dishonest archive might sign with its own good keys.
LIES = {
    "the clips of another seed": replace(STATEMENT, clips=_OTHER.clips),
    "another seed": replace(STATEMENT, seed="seven"),
    "in another order": replace(STATEMENT, clips=STATEMENT.clips[::-1]),
    "one left out for the next": replace(STATEMENT, clips=(*STATEMENT.clips[:2], _WIDER.clips[3])),
    "another digest": changed_clip(0, sha256="00" * 32),
    "another size": changed_clip(1, size_bytes=77),
    "another index": changed_clip(2, index=8),
    "a smaller population": replace(
        STATEMENT, coverage=replace(STATEMENT.coverage, clips=8, bytes=40)
    ),
    "less read than was": replace(
        STATEMENT, coverage=replace(STATEMENT.coverage, year_clips=0, year_bytes=0)
    ),
    "findings that its entry has not": replace(STATEMENT, findings={"clip_sm3": 1}),
    "an added clip out of order": replace(
        STATEMENT, per_officer=True, clips=(*STATEMENT.clips, _WIDER.clips[4], _WIDER.clips[3])
    ),
}


@pytest.mark.parametrize("statement", LIES.values(), ids=LIES.keys())
def test_what_the_log_does_not_bear_out_is_refused(
    statement: SampleStatement, folder: Path
) -> None:
    with pytest.raises(SampleError):
        checked(statement, folder)


def test_what_was_not_read_counts_as_unread(folder: Path) -> None:
    clips = tuple(replace(clip, verdict=Verdict.UNREAD) for clip in STATEMENT.clips)
    with pytest.raises(SampleError, match="what was read again"):
        checked(replace(STATEMENT, clips=clips, unchecked=3), folder)


def test_a_run_that_is_not_in_the_log_yet_can_not_be_checked(tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    Mirror(mirror, LOG_KEY.verifier).follow(ShownLog(len(ENTRIES) - 1, ENTRIES))
    with pytest.raises(OutsideError, match="mirror the log again"):
        checked(STATEMENT, mirror)
    with pytest.raises(OutsideError, match="mirror the log again"):
        checked(replace(STATEMENT, run="00" * 32), mirror)
    # One whose run could not be recorded says so itself.
    assert checked(replace(STATEMENT, run=None), mirror).run is None


def test_a_mirror_must_go_as_far_and_be_of_that_history(folder: Path, tmp_path: Path) -> None:
    small, other = tmp_path / "small", tmp_path / "other"
    Mirror(small, LOG_KEY.verifier).follow(ShownLog(9, ENTRIES))
    with pytest.raises(OutsideError, match="has 9 of 11"):
        checked(STATEMENT, small)
    forged = [admission_of(77), *ENTRIES[1:]]
    Mirror(other, LOG_KEY.verifier).follow(ShownLog(len(forged), forged))
    with pytest.raises(LogError):
        checked(STATEMENT, other)
    with pytest.raises(OutsideError, match="no checkpoint"):
        checked(STATEMENT, tmp_path)
    note = sign_sample_statement(STATEMENT, RECEIPT_KEY).encode()
    with pytest.raises(NoteError):
        check_statement(note, signer("x").verifier, LOG_KEY.verifier, folder)
    with pytest.raises(LogError):
        check_statement(note, RECEIPT_KEY.verifier, signer("x").verifier, folder)


def test_a_damaged_mirror_tells_nothing(tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    Mirror(mirror, LOG_KEY.verifier).follow(ShownLog(len(ENTRIES), ENTRIES))
    bundle = mirror / f"tile/entries/000.p/{len(ENTRIES)}"
    bundle.write_bytes(bundle.read_bytes().replace(b'"dora"', b'"nora"'))
    with pytest.raises(TamperedLogError):
        checked(STATEMENT, mirror)
    (mirror / "checkpoint").write_bytes(b"nothing")
    with pytest.raises(OutsideError):
        checked(STATEMENT, mirror)
