"""Names that look the same, short hashes that are the same, true proofs beside another tree."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from custody.log.checkpoint import Checkpoint, open_checkpoint
from custody.log.errors import LogError, NoteError, ProofError
from custody.log.merkle import prove_inclusion
from custody.log.note import NoteSigner, NoteVerifier, generate, open_note, sign_note
from custody.log.proof import LogProof
from custody.outside.checks import check_proof
from tests.unit.custody.log.samples import LOG_KEY, ORIGIN, SampleLog, chain

ENTRIES = chain("clip:one", 300)
LOG = SampleLog(ENTRIES)
#: Each looks like a letter or the stroke of the log's name and is another.
LOOKALIKES = [
    ORIGIN.replace("e", "\u0435", 1),
    ORIGIN.replace("/", "\u2215"),
    ORIGIN.replace("l", "I", 1),
    ORIGIN.replace("n", "n\u200b", 1),
    ORIGIN.replace("o", "\uff4f", 1),
    ORIGIN + "\u2060",
]
#: Two keys whose short hash under the log's name is one, found among sixty thousand.
COLLIDING = (38_803, 64_955)


def colliding_keys() -> list[NoteSigner]:
    seeds = [number.to_bytes(32, "big") for number in COLLIDING]
    return [NoteSigner(ORIGIN, Ed25519PrivateKey.from_private_bytes(seed)) for seed in seeds]


@pytest.mark.parametrize("name", LOOKALIKES, ids=ascii)
def test_a_name_that_looks_the_same_is_another(name: str) -> None:
    thief = generate(name)
    for origin in (ORIGIN, name):
        forged = Checkpoint(origin, 300, LOG.checkpoint().root).encode()
        # 1. His own key under the name that looks the same: unknown.
        note = sign_note(forged, [thief])
        with pytest.raises(NoteError):
            open_checkpoint(note, LOG_KEY.verifier)
        # 2. The name on the line put right: the key's short hash is still another.
        with pytest.raises(NoteError):
            open_checkpoint(note.replace(f"— {name} ", f"— {ORIGIN} "), LOG_KEY.verifier)
    # 3. The log's own signature does not serve a log of that name.
    with pytest.raises(NoteError):
        open_checkpoint(LOG.note().replace(ORIGIN, name), LOG_KEY.verifier)
    with pytest.raises(NoteError):
        open_checkpoint(LOG.note(), LOG_KEY.verifier, origin=name)


def test_a_short_hash_that_is_the_same_opens_nothing() -> None:
    log, thief = colliding_keys()
    assert log.verifier.key_hash == thief.verifier.key_hash
    assert log.verifier.vkey != thief.verifier.vkey
    text = Checkpoint(ORIGIN, 300, LOG.checkpoint().root).encode()
    assert open_checkpoint(sign_note(text, [log]), log.verifier).size == 300
    with pytest.raises(NoteError, match="does not verify"):
        open_checkpoint(sign_note(text, [thief]), log.verifier)
    # Beside the true one it does not pass as a second of it either.
    with pytest.raises(NoteError):
        open_checkpoint(sign_note(text, [thief, log]), log.verifier)


def test_two_trusted_keys_that_share_a_short_hash_are_told_apart_by_nobody() -> None:
    """Which of the two a line means can't be said: nothing is opened, whoever signed."""
    keys = colliding_keys()
    verifiers = [key.verifier for key in keys]
    for key in keys:
        with pytest.raises(NoteError, match="two keys"):
            open_note(sign_note("text\n", [key]), verifiers)
    # The same key twice is one key.
    twice = [verifiers[0], NoteVerifier.parse(verifiers[0].vkey)]
    assert open_note(sign_note("text\n", [keys[0]]), twice).text == "text\n"


def test_any_short_hash_on_a_line_is_only_a_hint() -> None:
    """Whoever writes the log's short hash before a signature of his own has signed nothing."""
    thief = generate(ORIGIN)
    text = Checkpoint(ORIGIN, 300, LOG.checkpoint().root).encode()
    signature = LOG_KEY.verifier.key_hash + thief.private.sign(text.encode())
    line = f"— {ORIGIN} {base64.b64encode(signature).decode()}\n"
    with pytest.raises(NoteError, match="does not verify"):
        open_checkpoint(f"{text}\n{line}", LOG_KEY.verifier)


@pytest.mark.parametrize("size", [42, 256, 299])
def test_a_proof_for_another_tree_proves_nothing(size: int) -> None:
    hashes = tuple(prove_inclusion(41, 300, LOG.reader().read))
    true = LogProof(41, hashes, LOG.note())
    assert check_proof(true.encode(), ENTRIES[41], LOG_KEY.verifier)[1].item_seq == 41
    other = SampleLog([*chain("clip:other", 41), *ENTRIES[41:]])
    for checkpoint in (LOG.note(size), other.note(), other.note(size)):
        with pytest.raises(ProofError):
            check_proof(LogProof(41, hashes, checkpoint).encode(), ENTRIES[41], LOG_KEY.verifier)
    # For the same entry at another index neither.
    with pytest.raises(LogError):
        check_proof(LogProof(40, hashes, LOG.note()).encode(), ENTRIES[41], LOG_KEY.verifier)
