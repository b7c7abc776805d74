"""`liuhen-verify`'s checks: what holds, and what each alteration of a file is called."""

import base64
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from custody.log.cosignature import Cosigner
from custody.log.errors import LogError, NoteError, ReceiptError
from custody.log.merkle import prove_inclusion
from custody.log.note import NoteVerifier, sign_note
from custody.log.policy import read_policy
from custody.log.proof import LogProof
from custody.log.receipt import sign_receipt
from custody.outside.checks import (
    Problem,
    check_mirror,
    check_pair,
    check_proof,
    check_receipt,
)
from custody.outside.cosignatures import cosignature_path
from custody.outside.errors import OutsideError, QuorumError, TamperedLogError
from custody.outside.mirror import Mirror
from tests.services.key_sets import announced, chained, generation, retired
from tests.unit.custody.log.samples import (
    LOG_KEY,
    RECEIPT_KEY,
    SampleLog,
    admission,
    chain,
    sample_log,
    sample_receipt,
    signer,
)
from tests.unit.custody.outside.shown import FORGED, ShownLog

LOG = LOG_KEY.verifier
ENTRIES = [*chain("clip:one", 300), *chain("clip:two", 300)]
SIZES = (1, 256, 400, 600)
WITNESS = Cosigner("witness.example", Ed25519PrivateKey.from_private_bytes(bytes(32)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A mirror that has followed a log four times."""
    folder = tmp_path / "mirror"
    for size in SIZES:
        Mirror(folder, LOG).follow(ShownLog(size, ENTRIES))
    return folder


def problems(folder: Path) -> list[Problem]:
    return check_mirror(folder, LOG).problems


def test_a_whole_mirror_holds(folder: Path) -> None:
    steps: list[tuple[int, int]] = []
    report = check_mirror(folder, LOG, progress=lambda done, total: steps.append((done, total)))
    assert report.problems == []
    assert (report.entries, report.items, report.followed) == (600, 2, len(SIZES))
    assert report.checkpoint == SampleLog(ENTRIES).checkpoint()
    assert steps == [(256, 600), (512, 600), (600, 600)]


def test_a_folder_that_is_no_mirror_is_not_checked(tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match="no checkpoint"):
        check_mirror(tmp_path, LOG)


@pytest.mark.parametrize("path", sorted(SampleLog(ENTRIES).files))
@pytest.mark.parametrize("change", ["flip", "cut", "gone"])
def test_every_changed_file_is_found(folder: Path, path: str, change: str) -> None:
    target = folder / path
    data = bytearray(target.read_bytes())
    if change == "gone":
        target.unlink()
    else:
        if change == "flip":
            data[len(data) // 2] ^= 1
        else:
            del data[-1]
        target.write_bytes(data)
    found = problems(folder)
    assert found
    if path.startswith("tile/entries"):
        (one,) = found
        assert one.where.startswith("tile/entries, from entry")
    if path == "tile/0/001":
        assert found[0].where == path


def test_entries_that_do_not_follow_one_another_are_found(tmp_path: Path) -> None:
    """A log whose tree is sound, but which left an entry of an item out."""
    folder = tmp_path / "mirror"
    entries = chain("clip:one", 10)
    del entries[4]
    Mirror(folder, LOG).follow(ShownLog(9, entries))
    assert [one.where for one in problems(folder)] == ["entry 4"]


def test_what_is_no_entry_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "mirror"
    Mirror(folder, LOG).follow(ShownLog(3, [*chain("clip:one", 2), b"{}"]))
    assert [one.where for one in problems(folder)] == ["entry 2"]


def test_a_followed_checkpoint_that_was_altered_or_moved_is_found(folder: Path) -> None:
    first, second = (folder / f"checkpoints/{size:012}" for size in SIZES[:2])
    first.write_bytes(second.read_bytes())
    assert [one.where for one in problems(folder)] == [f"checkpoints/{1:012}"]
    first.write_bytes(b"nothing")
    assert [one.where for one in problems(folder)] == [f"checkpoints/{1:012}"]


def test_a_refused_checkpoint_is_told_for_ever(folder: Path) -> None:
    with pytest.raises(Exception, match="another history"):
        Mirror(folder, LOG).follow(ShownLog(300, FORGED))
    (one,) = problems(folder)
    assert one.where.startswith("refused/")


def test_a_checkpoint_of_another_key_ends_it(folder: Path) -> None:
    (one,) = check_mirror(folder, signer("other.example").verifier).problems
    assert one.where == "checkpoint"


def test_a_policy_asks_for_its_witnesses(folder: Path) -> None:
    policy = read_policy(f"witness w {WITNESS.verifier.vkey}\nquorum w\n".encode())
    (one,) = check_mirror(folder, LOG, policy=policy).problems
    assert one.where == "checkpoint"
    text = SampleLog(ENTRIES).checkpoint().encode()
    with (folder / "checkpoint").open("a", encoding="utf-8") as file:
        file.write(WITNESS.cosign(text, 1_700_000_000))
    report = check_mirror(folder, LOG, policy=policy)
    assert report.problems == []
    assert [one.verifier for one in report.cosignatures] == [WITNESS.verifier]


def test_a_filed_cosignature_counts_for_the_policy(folder: Path) -> None:
    policy = read_policy(f"witness w {WITNESS.verifier.vkey}\nquorum w\n".encode())
    text = SampleLog(ENTRIES).checkpoint().encode()
    filed = folder / cosignature_path(600, WITNESS.verifier)
    filed.parent.mkdir(parents=True)
    filed.write_text(SampleLog(ENTRIES).note() + WITNESS.cosign(text, 1_700_000_000))
    report = check_mirror(folder, LOG, policy=policy)
    assert report.problems == []
    assert [one.timestamp for one in report.cosignatures] == [1_700_000_000]
    older = SampleLog(ENTRIES[:400])
    filed.write_text(older.note() + WITNESS.cosign(older.checkpoint().encode(), 1_700_000_000))
    (one,) = check_mirror(folder, LOG, policy=policy).problems
    assert isinstance(one.error, TamperedLogError)
    assert check_mirror(folder, LOG).problems == []


def test_of_a_busy_log_what_is_newest_is_not_yet_witnessed(folder: Path) -> None:
    policy = read_policy(f"witness w {WITNESS.verifier.vkey}\nquorum w\n".encode())
    older = SampleLog(ENTRIES[:400])
    (folder / "checkpoints").mkdir(exist_ok=True)
    (folder / "checkpoints/000000000400").write_text(older.note())
    filed = folder / cosignature_path(400, WITNESS.verifier)
    filed.parent.mkdir(parents=True)
    filed.write_text(older.note() + WITNESS.cosign(older.checkpoint().encode(), 1_700_000_000))
    report = check_mirror(folder, LOG, policy=policy)
    assert report.problems == []
    assert report.checkpoint is not None
    assert report.witnessed is not None
    assert (report.checkpoint.size, report.witnessed.size) == (600, 400)
    # One of another history is no way round it.
    forged = SampleLog(FORGED[:400])
    (folder / "checkpoints/000000000400").write_text(forged.note())
    filed.write_text(forged.note() + WITNESS.cosign(forged.checkpoint().encode(), 1_700_000_000))
    assert check_mirror(folder, LOG, policy=policy).problems


def note(size: int, entries: list[bytes] = ENTRIES) -> bytes:
    return SampleLog(entries).note(size).encode()


def test_a_pair_is_of_one_history_or_not(folder: Path) -> None:
    for one, other in ((note(256), note(400)), (note(600), note(3)), (note(7), note(7))):
        check_pair(one, other, LOG, folder)
    forged = [*chain("clip:x", 1), *ENTRIES[1:]]
    for one, other in ((note(256), note(400, forged)), (note(7), note(7, forged))):
        with pytest.raises(LogError):
            check_pair(one, other, LOG, folder)


def test_a_pair_of_two_sizes_takes_a_mirror_that_goes_so_far(folder: Path, tmp_path: Path) -> None:
    check_pair(note(7), note(7), LOG, None)
    with pytest.raises(OutsideError, match="mirror"):
        check_pair(note(7), note(8), LOG, None)
    small = tmp_path / "small"
    Mirror(small, LOG).follow(ShownLog(8, ENTRIES))
    with pytest.raises(OutsideError, match="has 8 of 9"):
        check_pair(note(7), note(9), LOG, small)


def test_a_proof_holds_for_its_entry_only() -> None:
    log = SampleLog(ENTRIES[:300])
    proof = LogProof(41, tuple(prove_inclusion(41, 300, log.reader().read)), log.note())
    assert check_proof(proof.encode(), ENTRIES[41], LOG)[1].item_seq == 41
    with pytest.raises(LogError):
        check_proof(proof.encode(), ENTRIES[42], LOG)
    policy = read_policy(f"witness w {WITNESS.verifier.vkey}\nquorum w\n".encode())
    with pytest.raises(QuorumError):
        check_proof(proof.encode(), ENTRIES[41], LOG, policy)


def test_the_keys_of_receipts_follow_the_mirror(tmp_path: Path) -> None:
    first, *changes = chained(announced(1, 1), announced(2, 1), retired(1, 2))
    log = SampleLog([first, admission(), *changes])
    note = sign_note(log.checkpoint().encode(), generation(2).signers)
    shown = ShownLog(len(log.entries), log.entries)
    shown.files["checkpoint"] = note.encode()
    trusted = generation(1).log.verifier
    Mirror(tmp_path / "m", trusted).follow(shown)
    receipt = replace(sample_receipt(log, 1), checkpoint=note)
    old, new = (generation(number).receipts for number in (1, 2))
    true, false = (sign_receipt(receipt, key).encode() for key in (new, old))
    assert check_receipt(true, old.verifier, trusted, None, tmp_path / "m") == receipt
    for given in (old, new):
        with pytest.raises(NoteError):
            check_receipt(false, given.verifier, trusted, None, tmp_path / "m")


def test_a_receipt_is_for_its_recording_only(tmp_path: Path) -> None:
    receipt = sample_receipt(sample_log())
    text = sign_receipt(receipt, RECEIPT_KEY).encode()
    assert check_receipt(text, RECEIPT_KEY.verifier, LOG, None) == receipt
    other = tmp_path / "other.mp4"
    other.write_bytes(b"other")
    with pytest.raises(ReceiptError):
        check_receipt(text, RECEIPT_KEY.verifier, LOG, other)
    with pytest.raises(NoteError):
        check_receipt(text, NoteVerifier.parse(LOG.vkey), LOG, None)
    broken = bytearray(text)
    broken[text.index(base64.b64encode(receipt.proof[0]))] ^= 1
    with pytest.raises(LogError):
        check_receipt(bytes(broken), RECEIPT_KEY.verifier, LOG, None)
