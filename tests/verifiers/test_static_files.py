"""A log read from its static files by Go's transparency-log packages, whole and tampered with."""

import base64
import itertools
import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from custody.log.checkpoint import Checkpoint
from custody.log.merkle import hash_leaf, root_of
from custody.log.note import NoteSigner, generate, sign_note
from custody.log.proof import LogProof
from custody.log.tile_writer import extend_bundles, extend_tiles
from custody.log.tiles import decode_bundle, encode_bundle
from tests.verifiers.judges import run_go, try_go
from tests.verifiers.published import ORIGIN, SIZES, PublishedLog, archived

LAST = SIZES[-1]
NEWEST = "checkpoint"


def assert_refused(reason: str, *arguments: str | Path) -> None:
    code, _, complaint = try_go(*arguments)
    assert (code, reason in complaint) == (1, True), complaint


def refuse_papers(log: PublishedLog, paper: Path, reason: str) -> None:
    keys = log.keys
    receipts = ("-receipts", keys.receipts.verifier.vkey)
    assert_refused(reason, *receipts, log.folder, keys.log.verifier.vkey, paper)


def signed(key: NoteSigner, size: int, root: bytes) -> bytes:
    return sign_note(Checkpoint(ORIGIN, size, root).encode(), [key]).encode()


def nothing_there(path: str) -> bytes:
    raise FileNotFoundError(path)


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


# --- what holds ----------------------------------------------------------------------------------


def test_the_whole_log_with_its_papers(log: PublishedLog, tmp_path: Path) -> None:
    papers = []
    for number, text in enumerate([*log.receipts, *(proof.encode() for proof in log.proofs)]):
        papers.append(tmp_path / str(number))
        papers[-1].write_text(text, encoding="utf-8")
    receipts = ("-receipts", log.keys.receipts.verifier.vkey)
    told = run_go(*receipts, log.folder, log.keys.log.verifier.vkey, *papers).splitlines()
    assert told[0] == f"{LAST} entries stand in the tree that {ORIGIN} signed"
    assert told[1] == f"{len(SIZES)} archived checkpoints continue one another"
    assert len(told) == 2 + len(papers)
    assert all("stands in the tree of" in line for line in told[2:])


def test_partial_files_may_go_once_the_wider_ones_are_there(
    copied: Path, sqlite_log: PublishedLog
) -> None:
    for path in [*copied.glob("tile/0/000.p/*"), *copied.glob("tile/entries/000.p/*")]:
        path.unlink()
    run_go(copied, sqlite_log.keys.log.verifier.vkey)


def test_a_log_of_three_levels_and_longer_paths(tmp_path: Path) -> None:
    # The 1001st tile is the first under a path of two parts, and the 65,536th entry begins level 2.
    size = 1000 * 256 + 3
    entries = [number.to_bytes(3, "big") for number in range(size)]
    leaves = [hash_leaf(entry) for entry in entries]
    for path, data in itertools.chain(
        extend_tiles(nothing_there, 0, leaves), extend_bundles(nothing_there, 0, entries)
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    assert (tmp_path / "tile/0/x001/000.p/3").exists()
    assert (tmp_path / "tile/2/000.p/3").exists()
    key = generate(ORIGIN)
    (tmp_path / NEWEST).write_bytes(signed(key, size, root_of(leaves)))
    told = run_go(tmp_path, key.verifier.vkey)
    assert told.startswith(f"{size} entries stand in the tree")
    flip(tmp_path / "tile/1/001", 0)
    assert_refused("inconsistent tile", tmp_path, key.verifier.vkey)


# --- what does not -------------------------------------------------------------------------------


def test_a_flipped_byte_in_any_file(copied: Path, sqlite_log: PublishedLog) -> None:
    chance = random.Random(1957)
    files = sorted(path for path in copied.glob("tile/**/*") if path.is_file())
    assert len(files) > 2 * len(SIZES)
    for path in files:
        at = chance.randrange(path.stat().st_size)
        flip(path, at)
        code, _, complaint = try_go(copied, sqlite_log.keys.log.verifier.vkey)
        assert (code, complaint[:8]) == (1, "refused:"), f"{path.relative_to(copied)}, byte {at}"
        flip(path, at)
    run_go(copied, sqlite_log.keys.log.verifier.vkey)


def test_a_flipped_byte_in_a_tile(copied: Path, sqlite_log: PublishedLog) -> None:
    flip(copied / "tile/0/001", 100)
    assert_refused("inconsistent tile", copied, sqlite_log.keys.log.verifier.vkey)


def test_a_flipped_byte_in_an_entry(copied: Path, sqlite_log: PublishedLog) -> None:
    flip(copied / "tile/entries/001", 100)
    reason = "entry 256 does not hash to its leaf"
    assert_refused(reason, copied, sqlite_log.keys.log.verifier.vkey)


@pytest.mark.parametrize(
    "change",
    [
        lambda entries: entries[:-1],
        lambda entries: [*entries[1:], entries[0]],
        lambda entries: [entries[0], entries[0], *entries[2:]],
    ],
    ids=["left out", "moved", "twice"],
)
def test_entries_are_all_there_in_their_order(
    copied: Path, sqlite_log: PublishedLog, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    bundle = copied / "tile/entries/000"
    bundle.write_bytes(encode_bundle(change(decode_bundle(bundle.read_bytes()))))
    assert_refused("entr", copied, sqlite_log.keys.log.verifier.vkey)


@pytest.mark.parametrize("path", ["tile/0/001", "tile/entries/001", f"tile/0/002.p/{LAST % 256}"])
def test_a_file_is_missing(copied: Path, sqlite_log: PublishedLog, path: str) -> None:
    (copied / path).unlink()
    assert_refused(path, copied, sqlite_log.keys.log.verifier.vkey)


def test_another_key(copied: Path, sqlite_log: PublishedLog) -> None:
    stranger = generate(ORIGIN)
    reason = "no verifiable signatures"
    assert_refused(reason, copied, stranger.verifier.vkey)
    (copied / NEWEST).write_bytes(signed(stranger, LAST, sqlite_log.checkpoint.root))
    assert_refused(reason, copied, sqlite_log.keys.log.verifier.vkey)


def test_a_checkpoint_changed_after_it_was_signed(copied: Path, sqlite_log: PublishedLog) -> None:
    text = (copied / NEWEST).read_text(encoding="utf-8")
    changed = text.replace(f"\n{LAST}\n", f"\n{LAST - 1}\n", 1)
    (copied / NEWEST).write_text(changed, encoding="utf-8")
    assert_refused("invalid signature", copied, sqlite_log.keys.log.verifier.vkey)


def test_a_checkpoint_of_another_log(copied: Path, sqlite_log: PublishedLog) -> None:
    other = Checkpoint("other.example/custody", LAST, sqlite_log.checkpoint.root)
    note = sign_note(other.encode(), [sqlite_log.keys.log])
    (copied / NEWEST).write_text(note, encoding="utf-8")
    assert_refused("of another log", copied, sqlite_log.keys.log.verifier.vkey)


def test_the_log_itself_signs_another_history(copied: Path, sqlite_log: PublishedLog) -> None:
    tree = sqlite_log.tiles()
    leaves = [tree.leaf_hash(index) for index in range(300)]
    leaves[7] = leaves[8]
    key = sqlite_log.keys.log
    (copied / archived(300)).write_bytes(signed(key, 300, root_of(leaves)))
    assert_refused("checkpoint 000000000300", copied, key.verifier.vkey)
    (copied / archived(300)).write_bytes(sqlite_log.read(archived(300)))
    run_go(copied, key.verifier.vkey)
    (copied / NEWEST).write_bytes(signed(key, 300, root_of(leaves)))
    assert_refused("inconsistent tile", copied, key.verifier.vkey)


def test_the_newest_checkpoint_falls_back(copied: Path, sqlite_log: PublishedLog) -> None:
    (copied / NEWEST).write_bytes(sqlite_log.read(archived(513)))
    reason = f"{LAST} entries, the newest checkpoint has 513"
    assert_refused(reason, copied, sqlite_log.keys.log.verifier.vkey)


def changed_proofs(proof: LogProof, other: LogProof) -> dict[str, LogProof]:
    return {
        "for another entry": replace(proof, index=proof.index + 1),
        "with another's path": replace(proof, hashes=other.hashes),
        "under another checkpoint": replace(proof, checkpoint=other.checkpoint),
        "cut short": replace(proof, hashes=proof.hashes[:-1]),
    }


@pytest.mark.parametrize("change", list(changed_proofs(LogProof(0, (), "-"), LogProof(0, (), "-"))))
def test_a_proof_of_something_else(sqlite_log: PublishedLog, tmp_path: Path, change: str) -> None:
    # Both of entry 0, in the trees of 700 and of 513.
    proof = changed_proofs(sqlite_log.proofs[-3], sqlite_log.proofs[-5])[change]
    paper = tmp_path / "changed.tlog-proof"
    paper.write_text(proof.encode(), encoding="utf-8")
    refuse_papers(sqlite_log, paper, "invalid transparency proof")


def test_a_receipt_of_something_else(sqlite_log: PublishedLog, tmp_path: Path) -> None:
    log, paper = sqlite_log, tmp_path / "receipt.txt"
    text = log.receipts[-1].partition("\n\n")[0] + "\n"
    title, line = text.splitlines()
    stated = json.loads(line)
    entry = base64.b64encode(log.tiles().entry(0)).decode()
    path = stated["proof"][::-1]
    for change, reason in [
        ({"entry": entry}, "of the log is another one"),
        ({"entry": entry, "index": 0}, "invalid transparency proof"),
        ({"proof": path}, "invalid transparency proof"),
    ]:
        said = f"{title}\n{json.dumps(stated | change)}\n"
        paper.write_text(sign_note(said, [log.keys.receipts]), encoding="utf-8")
        refuse_papers(log, paper, reason)
    paper.write_text(sign_note(text, [generate(f"{ORIGIN}/receipts")]), encoding="utf-8")
    refuse_papers(log, paper, "no verifiable signatures")
