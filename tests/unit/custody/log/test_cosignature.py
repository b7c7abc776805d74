"""Cosignatures of both types: the bytes of the specification, and nothing else is one."""

import base64
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from custody.log.checkpoint import Checkpoint
from custody.log.cosignature import (
    MAX_TIMESTAMP,
    Cosignature,
    CosignatureVerifier,
    Cosigner,
    open_cosigned,
)
from custody.log.errors import CheckpointError, LogError, NoteError
from custody.log.note import NoteVerifier, sign_note
from tests.unit.custody.log.samples import LOG_KEY, ORIGIN, sample_log

NAME = "witness.example/w1"
SEED = bytes(range(32))
ED25519 = Cosigner(NAME, Ed25519PrivateKey.from_private_bytes(SEED))
ML_DSA = Cosigner(NAME, MLDSA44PrivateKey.from_seed_bytes(SEED))
BOTH = [ED25519, ML_DSA]
AT = 1_679_315_147
LOG = sample_log()
CHECKPOINT = LOG.checkpoint()
TEXT = CHECKPOINT.encode()
NOTE = LOG.note()


def parts(line: str) -> tuple[bytes, int, bytes]:
    """Key hash, time and signature of a line."""
    data = base64.b64decode(line.rstrip("\n").rpartition(" ")[2])
    return data[:4], struct.unpack(">Q", data[4:12])[0], data[12:]


def test_an_ed25519_cosignature_is_over_the_time_and_the_whole_text():
    known, at, signature = parts(ED25519.cosign(TEXT, AT))
    assert (known, at) == (ED25519.verifier.key_hash, AT)
    message = f"cosignature/v1\ntime {AT}\n{TEXT}".encode()
    ED25519.private.public_key().verify(signature, message)


def test_an_ml_dsa_cosignature_is_over_names_time_size_and_root():
    known, at, signature = parts(ML_DSA.cosign(TEXT, AT))
    assert (known, at, len(signature)) == (ML_DSA.verifier.key_hash, AT, 2420)
    name, origin = NAME.encode(), ORIGIN.encode()
    message = (
        b"subtree/v1\n\0"
        + struct.pack(f">B{len(name)}sQB{len(origin)}s", len(name), name, AT, len(origin), origin)
        + struct.pack(">QQ32s", 0, CHECKPOINT.size, CHECKPOINT.root)
    )
    ML_DSA.private.public_key().verify(signature, message)


def test_the_two_types_of_one_name_are_two_keys():
    assert ED25519.verifier.key_hash != ML_DSA.verifier.key_hash
    assert "+BAAB" not in ED25519.verifier.vkey  # type byte and key, in base64
    assert base64.b64decode(ED25519.verifier.vkey.split("+", 2)[2])[:1] == b"\x04"
    assert base64.b64decode(ML_DSA.verifier.vkey.split("+", 2)[2])[:1] == b"\x06"


@pytest.mark.parametrize("cosigner", BOTH)
def test_keys_come_back(cosigner):
    assert CosignatureVerifier.parse(cosigner.verifier.vkey) == cosigner.verifier
    again = Cosigner.parse(cosigner.secret_text())
    assert again.verifier == cosigner.verifier
    again.verifier.verify(TEXT, _signature(cosigner.cosign(TEXT, AT)))


@pytest.mark.parametrize("cosigner", BOTH)
def test_no_part_of_a_secret_is_one(cosigner):
    secret = cosigner.secret_text()
    for end in range(len(secret)):
        with pytest.raises(NoteError) as caught:
            Cosigner.parse(secret[:end])
        assert secret[-12:] not in str(caught.value)


def test_a_key_of_another_kind_is_no_cosigners():
    with pytest.raises(NoteError):
        CosignatureVerifier.parse(LOG_KEY.verifier.vkey)
    with pytest.raises(NoteError):
        Cosigner.parse(LOG_KEY.secret_text())
    with pytest.raises(NoteError):
        NoteVerifier.parse(ED25519.verifier.vkey)


def test_a_cosigned_checkpoint_says_who_and_when():
    note = NOTE + ED25519.cosign(TEXT, AT) + ML_DSA.cosign(TEXT, AT + 1)
    verifiers = [cosigner.verifier for cosigner in BOTH]
    checkpoint, cosignatures = open_cosigned(note, LOG_KEY.verifier, verifiers)
    assert checkpoint == CHECKPOINT
    assert cosignatures == (
        Cosignature(ED25519.verifier, AT),
        Cosignature(ML_DSA.verifier, AT + 1),
    )
    assert open_cosigned(note, LOG_KEY.verifier, []) == (CHECKPOINT, ())


def test_cosigners_alone_make_no_checkpoint():
    note = TEXT + "\n" + ED25519.cosign(TEXT, AT)
    with pytest.raises(NoteError, match="log has not signed"):
        open_cosigned(note, LOG_KEY.verifier, [ED25519.verifier])


def test_a_cosigned_checkpoint_of_another_log_is_refused():
    note = NOTE + ED25519.cosign(TEXT, AT)
    with pytest.raises(CheckpointError):
        open_cosigned(note, LOG_KEY.verifier, [ED25519.verifier], origin="liuhen.example/other")


def test_a_log_may_sign_with_ml_dsa_beside():
    own = Cosigner(ORIGIN, ML_DSA.private)
    note = sign_note(TEXT, [LOG_KEY]) + own.cosign(TEXT, 0)
    _, cosignatures = open_cosigned(note, LOG_KEY.verifier, [own.verifier])
    assert cosignatures == (Cosignature(own.verifier, 0),)


@pytest.mark.parametrize("cosigner", BOTH)
@given(st.data())
def test_what_was_changed_was_not_cosigned(cosigner, data):
    signature = bytearray(_signature(cosigner.cosign(TEXT, AT)))
    at = data.draw(st.integers(0, len(signature) - 1))
    signature[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(NoteError):
        cosigner.verifier.verify(TEXT, bytes(signature))


@pytest.mark.parametrize("cosigner", BOTH)
@pytest.mark.parametrize(
    "other",
    [
        Checkpoint("liuhen.example/other", CHECKPOINT.size, CHECKPOINT.root),
        Checkpoint(ORIGIN, CHECKPOINT.size + 1, CHECKPOINT.root),
        Checkpoint(ORIGIN, CHECKPOINT.size, bytes(32)),
    ],
    ids=["origin", "size", "root"],
)
def test_a_cosignature_is_of_one_tree(cosigner, other):
    signature = _signature(cosigner.cosign(TEXT, AT))
    with pytest.raises(NoteError):
        cosigner.verifier.verify(other.encode(), signature)


def test_ml_dsa_names_its_cosigner_and_ed25519_does_not():
    """So an Ed25519 key must serve one cosigner only, as the specification says."""
    signature = _signature(ML_DSA.cosign(TEXT, AT))
    with pytest.raises(NoteError):
        CosignatureVerifier("witness.example/w2", ML_DSA.verifier.public).verify(TEXT, signature)
    signature = _signature(ED25519.cosign(TEXT, AT))
    CosignatureVerifier("witness.example/w2", ED25519.verifier.public).verify(TEXT, signature)


@pytest.mark.parametrize("cosigner", BOTH)
@pytest.mark.parametrize("signature", [b"", bytes(8), bytes(71), bytes(73), bytes(3000)])
def test_what_has_no_cosignatures_length_is_none(cosigner, signature):
    with pytest.raises(NoteError):
        cosigner.verifier.verify(TEXT, signature)


@pytest.mark.parametrize("cosigner", BOTH)
@pytest.mark.parametrize("timestamp", [-1, MAX_TIMESTAMP + 1])
def test_times_that_are_none(cosigner, timestamp):
    with pytest.raises(NoteError):
        cosigner.cosign(TEXT, timestamp)


@pytest.mark.parametrize("cosigner", BOTH)
def test_only_a_checkpoint_is_cosigned(cosigner):
    for text in ("", "hello\n", TEXT.removesuffix("\n"), TEXT.replace(str(CHECKPOINT.size), "x")):
        with pytest.raises(LogError):
            cosigner.cosign(text, AT)


def test_an_origin_too_long_for_the_structure_is_refused():
    text = Checkpoint("o" * 256, CHECKPOINT.size, CHECKPOINT.root).encode()
    assert ED25519.cosign(text, AT)
    with pytest.raises(NoteError):
        ML_DSA.cosign(text, AT)


def _signature(line: str) -> bytes:
    """What stands behind the key's hash."""
    return base64.b64decode(line.rstrip("\n").rpartition(" ")[2])[4:]
