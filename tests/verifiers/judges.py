"""Those who judge proofs: our own verifier and three that others wrote."""

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from pydantic import ValidationError
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore.errors import VerificationError
from sigstore.models import TransparencyLogEntry
from sigstore_models.rekor.v1 import TransparencyLogEntry as EntryModel

from custody.log.errors import ProofError
from custody.log.merkle import hash_leaf, verify_consistency, verify_inclusion
from tests.verifiers.claims import Claim, Inclusion

ENVIRONMENT = Path(sys.prefix)
LOG_CHECK = ENVIRONMENT / "verifiers" / "log-check"
NODE_FROM_WHEEL = ENVIRONMENT / "bin" / "node"
JUDGE_JS = Path(__file__).parent / "js" / "judge.mjs"
SECONDS = 60


def ours(claims: Sequence[Claim]) -> list[str]:
    """`custody.log.merkle`."""
    return [_reason(_judge_ours, claim, ProofError) for claim in claims]


def sigstore(claims: Sequence[Claim]) -> list[str]:
    """PyPI's sigstore: inclusion proofs only, it has no others."""
    return [_reason(_judge_sigstore, one, VerificationError, ValidationError) for one in claims]


def go(claims: Sequence[Claim]) -> list[str]:
    """Go's tlog."""
    reasons: list[str] = json.loads(run_go("-judge", given=_json(claims)))
    return reasons


def transmute(claims: Sequence[Claim]) -> list[str]:
    """npm's @transmute/rfc9162."""
    node = shutil.which("node") or str(NODE_FROM_WHEEL)
    done = subprocess.run(
        [node, JUDGE_JS],
        input=_json(claims),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    reasons: list[str] = json.loads(done.stdout)
    return reasons


def run_go(*arguments: str | Path, given: str = "") -> str:
    """What the Go verifier prints when it finds everything in order."""
    code, printed, complaint = try_go(*arguments, given=given)
    assert code == 0, complaint
    return printed


def try_go(*arguments: str | Path, given: str = "") -> tuple[int, str, str]:
    """How the Go verifier ends, and what it prints and complains of."""
    if not LOG_CHECK.exists():
        pytest.fail("the Go verifier is not built: `make verifiers` says why")
    done = subprocess.run(
        [LOG_CHECK, *arguments],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    return done.returncode, done.stdout, done.stderr


def sigstore_entry(
    claim: Inclusion, checkpoint: str = "", key_hash: bytes = b""
) -> TransparencyLogEntry:
    """A claim as sigstore takes it. Raises `ValidationError` for numbers that can't be."""
    stated = claim.json()
    model = EntryModel.from_dict(
        {
            "log_index": str(claim.index),
            "log_id": {"key_id": base64.b64encode(key_hash).decode()},
            "kind_version": {"kind": "liuhen", "version": "1"},
            "canonicalized_body": stated["entry"],
            "inclusion_proof": {
                "log_index": str(claim.index),
                "tree_size": str(claim.size),
                "root_hash": stated["root"],
                "hashes": stated["proof"],
                "checkpoint": {"envelope": checkpoint},
            },
        }
    )
    return TransparencyLogEntry(model)


def _judge_ours(claim: Claim) -> None:
    if isinstance(claim, Inclusion):
        leaf_hash = hash_leaf(claim.entry)
        verify_inclusion(claim.index, claim.size, leaf_hash, claim.proof, claim.root)
    else:
        verify_consistency(claim.old, claim.size, claim.old_root, claim.root, claim.proof)


def _judge_sigstore(claim: Claim) -> None:
    assert isinstance(claim, Inclusion)
    verify_merkle_inclusion(sigstore_entry(claim))


def _reason(judge: Callable[[Claim], None], claim: Claim, *refusals: type[Exception]) -> str:
    try:
        judge(claim)
    except refusals as refusal:
        return str(refusal)
    return ""


def _json(claims: Sequence[Claim]) -> str:
    return json.dumps([claim.json() for claim in claims])
