"""An auditor holds the published log, a recording and its receipt: our program and one that others'
packages made must come to the same verdict, whatever was done to what he was given."""

import base64
import hashlib
import json
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes

from custody.clock import FixedClock
from custody.ledger import Ledger
from custody.log.note import generate, sign_note
from custody.log.tiles import decode_bundle, encode_bundle
from custody.outside.cli import main as liuhen_verify
from custody.publishing.keys import LogKeys, load_or_create_keys
from custody.publishing.publisher import Publisher
from custody.publishing.signer import Signer
from ingest.receipts import make_receipt
from storage.database import Database
from storage.local import LocalStore
from tests.services.custody import admit_clip, append_events
from tests.verifiers.judges import run_go, try_go
from tests.verifiers.published import ORIGIN

#: Four hundred entries lie between the clip and the newest checkpoint: a full tile and a partial.
BETWEEN = 400


@dataclass(frozen=True)
class Papers:
    """What the auditor has in his hands."""

    log: Path
    recording: Path
    receipt: Path
    keys: LogKeys


def archive(template: Path, folder: Path, keys: LogKeys, recording: bytes) -> tuple[Path, str]:
    """A log that admitted ``recording``, and the receipt for it."""
    shutil.copy(template, folder / "liuhen.db")
    clock = FixedClock(datetime(2026, 11, 22, 1, 30, tzinfo=UTC))
    store, ledger = LocalStore(folder / "objects"), Ledger(clock)
    sm3 = hashes.Hash(hashes.SM3())
    sm3.update(recording)
    with closing(Database(f"sqlite:///{folder / 'liuhen.db'}")) as database:
        signer = Signer(lambda: keys, folder / "signer-state.json", ORIGIN)
        publisher = Publisher(database, store, signer, clock)
        with database.write() as tx:
            append_events(tx, ledger, ["log"] * 3)
            clip = admit_clip(
                tx,
                ledger,
                "TA00716_JX0227_20170623093621",
                sha256=hashlib.sha256(recording).hexdigest(),
                sm3=sm3.finalize().hex(),
                size_bytes=len(recording),
            )
            other = admit_clip(tx, ledger, "TA00716_JX0227_20170623095000")
        publisher.run_once()
        with database.read() as tx:
            receipt = make_receipt(tx, store, keys, clip.id, clock.now())
            (folder / "other").write_text(make_receipt(tx, store, keys, other.id, clock.now()))
        with database.write() as tx:
            append_events(tx, ledger, ["log"] * BETWEEN)
        publisher.run_once()
    return folder / "objects" / "log", receipt


RECORDING = bytes(range(256)) * 40


@pytest.fixture(scope="module")
def archives(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two histories under the same keys: ``told`` to the auditor, and ``rewritten`` afterwards."""
    folder = tmp_path_factory.mktemp("auditor")
    keys = load_or_create_keys(folder / "keys", ORIGIN)
    for name, recording in (("told", RECORDING), ("rewritten", RECORDING[::-1])):
        (folder / name).mkdir()
        _, receipt = archive(sqlite_template, folder / name, keys, recording)
        (folder / name / "receipt").write_text(receipt, encoding="utf-8")
    return folder


@pytest.fixture
def papers(archives: Path, tmp_path: Path) -> Papers:
    shutil.copytree(
        archives / "told" / "objects" / "log", tmp_path / "log", copy_function=shutil.copyfile
    )
    (tmp_path / "recording").write_bytes(RECORDING)
    shutil.copyfile(archives / "told" / "receipt", tmp_path / "receipt")
    keys = load_or_create_keys(archives / "keys", ORIGIN)
    return Papers(tmp_path / "log", tmp_path / "recording", tmp_path / "receipt", keys)


def ours(papers: Papers) -> bool:
    """`liuhen-verify`, as the README says it."""
    keys = papers.keys
    log, receipts = keys.log.verifier.vkey, keys.receipts.verifier.vkey
    mirror = liuhen_verify(["mirror", str(papers.log), "--log", log])
    keyed = ["--receipts", receipts, "--log", log]
    held_against = ["--recording", str(papers.recording), "--mirror", str(papers.log)]
    receipt = liuhen_verify(["receipt", str(papers.receipt), *keyed, *held_against])
    return (mirror, receipt) == (0, 0)


def others(papers: Papers) -> bool:
    """Go's packages for transparency logs, and nothing of ours."""
    keys = papers.keys
    code, _, _ = try_go(
        *("-receipts", keys.receipts.verifier.vkey, "-recording", papers.recording),
        *(papers.log, keys.log.verifier.vkey, papers.receipt),
    )
    return code == 0


def flip(path: Path, at: int = 100) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def restate(papers: Papers, **changes: object) -> None:
    """The archive itself signs another receipt."""
    title, line = papers.receipt.read_text(encoding="utf-8").split("\n\n")[0].splitlines()
    said = f"{title}\n{json.dumps(json.loads(line) | changes)}\n"
    papers.receipt.write_text(sign_note(said, [papers.keys.receipts]), encoding="utf-8")


def another_recording(papers: Papers, _: Path) -> None:
    flip(papers.recording, 5000)


def recording_cut(papers: Papers, _: Path) -> None:
    papers.recording.write_bytes(RECORDING[:-1])


def recording_of_the_rewritten_history(papers: Papers, _: Path) -> None:
    papers.recording.write_bytes(RECORDING[::-1])


def receipt_of_another_clip(papers: Papers, archives: Path) -> None:
    shutil.copyfile(archives / "told" / "other", papers.receipt)


def receipt_altered(papers: Papers, _: Path) -> None:
    flip(papers.receipt, 200)


def receipt_by_a_stranger(papers: Papers, _: Path) -> None:
    text = papers.receipt.read_text(encoding="utf-8").split("\n\n")[0] + "\n"
    stranger = generate(f"{ORIGIN}/receipts")
    papers.receipt.write_text(sign_note(text, [stranger]), encoding="utf-8")


def receipt_for_another_entry(papers: Papers, _: Path) -> None:
    entry = decode_bundle((papers.log / "tile/entries/000").read_bytes())[0]
    restate(papers, index=0, entry=base64.b64encode(entry).decode())


def receipt_of_no_tree(papers: Papers, _: Path) -> None:
    restate(papers, proof=[])


def log_rewritten(papers: Papers, archives: Path) -> None:
    shutil.rmtree(papers.log)
    shutil.copytree(archives / "rewritten" / "objects" / "log", papers.log)


def log_and_recording_rewritten(papers: Papers, archives: Path) -> None:
    log_rewritten(papers, archives)
    recording_of_the_rewritten_history(papers, archives)


def entry_altered(papers: Papers, _: Path) -> None:
    flip(papers.log / "tile/entries/000")


def entries_swapped(papers: Papers, _: Path) -> None:
    bundle = papers.log / "tile/entries/000"
    first, second, *rest = decode_bundle(bundle.read_bytes())
    bundle.write_bytes(encode_bundle([second, first, *rest]))


def tile_altered(papers: Papers, _: Path) -> None:
    flip(papers.log / "tile/0/000")


def tile_missing(papers: Papers, _: Path) -> None:
    (papers.log / "tile/0/000").unlink()


def tail_cut(papers: Papers, _: Path) -> None:
    oldest = min((papers.log / "checkpoints").iterdir())
    text = oldest.read_text(encoding="utf-8").replace("\n5\n", "\n4\n", 1)
    (papers.log / "checkpoint").write_text(text, encoding="utf-8")


def checkpoint_by_a_stranger(papers: Papers, _: Path) -> None:
    text = (papers.log / "checkpoint").read_text(encoding="utf-8").split("\n\n")[0] + "\n"
    (papers.log / "checkpoint").write_text(sign_note(text, [generate(ORIGIN)]), encoding="utf-8")


ATTACKS: tuple[Callable[[Papers, Path], None], ...] = (
    another_recording,
    recording_cut,
    recording_of_the_rewritten_history,
    receipt_of_another_clip,
    receipt_altered,
    receipt_by_a_stranger,
    receipt_for_another_entry,
    receipt_of_no_tree,
    log_rewritten,
    log_and_recording_rewritten,
    entry_altered,
    entries_swapped,
    tile_altered,
    tile_missing,
    tail_cut,
    checkpoint_by_a_stranger,
)


def test_both_say_that_it_holds(papers: Papers) -> None:
    assert ours(papers)
    assert others(papers)
    told = run_go(
        *("-receipts", papers.keys.receipts.verifier.vkey, "-recording", papers.recording),
        *(papers.log, papers.keys.log.verifier.vkey, papers.receipt),
    )
    assert "entry 3 stands in the tree of 5" in told


def test_the_rewritten_history_holds_in_itself(papers: Papers, archives: Path) -> None:
    # It is a sound log of the same keys: only what the auditor was given before tells on it.
    log_and_recording_rewritten(papers, archives)
    shutil.copyfile(archives / "rewritten" / "receipt", papers.receipt)
    assert ours(papers)
    assert others(papers)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_both_say_that_it_does_not(
    papers: Papers, archives: Path, attack: Callable[[Papers, Path], None]
) -> None:
    attack(papers, archives)
    assert (ours(papers), others(papers)) == (False, False)
