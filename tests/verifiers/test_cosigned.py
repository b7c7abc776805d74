"""A checkpoint with cosignatures under it is one that everybody else's verifiers take."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import verify_checkpoint

from custody.log.checkpoint import open_checkpoint
from custody.log.cosignature import Cosigner
from custody.outside.checks import check_mirror
from tests.verifiers.judges import run_go, try_go
from tests.verifiers.published import SIZES, PublishedLog
from tests.verifiers.test_sigstore_entries import as_entry, claim_of, keyring

COSIGNERS = [
    Cosigner("w1.example", Ed25519PrivateKey.from_private_bytes(bytes(32))),
    Cosigner("w1.example", MLDSA44PrivateKey.from_seed_bytes(bytes(32))),
]


@pytest.fixture
def cosigned(log: PublishedLog, tmp_path: Path) -> Path:
    """The files of a log whose newest checkpoint two keys have cosigned, one of either type."""
    folder = tmp_path / "log"
    shutil.copytree(log.folder, folder)
    text = log.checkpoint.encode()
    lines = "".join(one.cosign(text, 1_800_000_000) for one in COSIGNERS)
    (folder / "checkpoint").write_bytes(log.read("checkpoint") + lines.encode())
    return folder


def test_go_takes_it(log: PublishedLog, cosigned: Path) -> None:
    told = run_go(cosigned, log.keys.log.verifier.vkey).splitlines()
    assert told[1] == f"{len(SIZES)} archived checkpoints continue one another"


def test_go_asks_for_the_logs_own_signature_all_the_same(log: PublishedLog, cosigned: Path) -> None:
    note = (cosigned / "checkpoint").read_text()
    own = f"— {log.keys.log.name} "
    kept = [line for line in note.splitlines(keepends=True) if not line.startswith(own)]
    (cosigned / "checkpoint").write_text("".join(kept))
    code, _, complaint = try_go(cosigned, log.keys.log.verifier.vkey)
    assert (code, bool(complaint)) == (1, True)


def test_sigstore_takes_it(log: PublishedLog) -> None:
    proof = log.proofs[-1]
    text = open_checkpoint(proof.checkpoint, log.keys.log.verifier).encode()
    lines = "".join(one.cosign(text, 1_800_000_000) for one in COSIGNERS)
    carried = replace(proof, checkpoint=proof.checkpoint + lines)
    entry = as_entry(log, carried, claim_of(log, proof))
    verify_checkpoint(keyring(log.keys.log.verifier), entry)
    verify_merkle_inclusion(entry)


def test_ours_take_it(log: PublishedLog, cosigned: Path) -> None:
    note = (cosigned / "checkpoint").read_bytes()
    assert open_checkpoint(note, log.keys.log.verifier) == log.checkpoint
    assert check_mirror(cosigned, log.keys.log.verifier).problems == []
