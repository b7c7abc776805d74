"""An entry with its proof and checkpoint, read as PyPI's sigstore reads one of a Rekor log."""

from base64 import b64encode
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import SignedCheckpoint, verify_checkpoint
from sigstore._internal.trust import Keyring, RekorKeyring
from sigstore.errors import VerificationError
from sigstore.models import TransparencyLogEntry
from sigstore_models.common.v1 import PublicKey, PublicKeyDetails

from custody.log.checkpoint import open_checkpoint
from custody.log.note import NoteVerifier, generate
from custody.log.proof import LogProof
from tests.verifiers.claims import SOME_HASH, Inclusion
from tests.verifiers.judges import sigstore_entry
from tests.verifiers.published import ORIGIN, PublishedLog


def keyring(key: NoteVerifier) -> RekorKeyring:
    der = key.public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    # The model takes base64, as it would come in JSON.
    model = PublicKey(raw_bytes=b64encode(der), key_details=PublicKeyDetails.PKIX_ED25519)
    return RekorKeyring(Keyring([model]))


def claim_of(log: PublishedLog, proof: LogProof) -> Inclusion:
    checkpoint = open_checkpoint(proof.checkpoint, log.keys.log.verifier)
    entry = log.tiles().entry(proof.index)
    return Inclusion(proof.index, checkpoint.size, entry, checkpoint.root, proof.hashes)


def as_entry(log: PublishedLog, proof: LogProof, claim: Inclusion) -> TransparencyLogEntry:
    return sigstore_entry(claim, proof.checkpoint, log.keys.log.verifier.key_hash)


def test_every_proof_taken_along(log: PublishedLog) -> None:
    trusted = keyring(log.keys.log.verifier)
    for proof in log.proofs:
        entry = as_entry(log, proof, claim_of(log, proof))
        verify_checkpoint(trusted, entry)
        verify_merkle_inclusion(entry)
        stated = SignedCheckpoint.from_text(proof.checkpoint).checkpoint
        assert stated.origin == ORIGIN
        assert stated.log_size == claim_of(log, proof).size


def test_another_key_or_another_root(sqlite_log: PublishedLog) -> None:
    log, proof = sqlite_log, sqlite_log.proofs[-1]
    claim = claim_of(log, proof)
    entry = as_entry(log, proof, claim)
    with pytest.raises(VerificationError, match="invalid signature"):
        verify_checkpoint(keyring(generate(ORIGIN).verifier), entry)
    with pytest.raises(VerificationError, match="invalid root hash signature"):
        verify_checkpoint(
            keyring(log.keys.log.verifier), as_entry(log, proof, replace(claim, root=SOME_HASH))
        )
    with pytest.raises(VerificationError, match="Signature not found"):
        verify_checkpoint(
            keyring(log.keys.log.verifier), sigstore_entry(claim, proof.checkpoint, bytes(4))
        )
