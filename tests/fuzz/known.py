"""What the checks know to be true: a small log with its keys, and all that was ever signed."""

from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from custody.log.checkpoint import Checkpoint
from custody.log.cosignature import Cosigner
from custody.log.merkle import prove_consistency, prove_inclusion, root_of
from custody.log.note import NoteSigner
from custody.log.proof import LogProof
from custody.log.witness import AddCheckpoint, Seen
from custody.object_keys import log_key
from custody.publishing.signer import Signer
from custody.publishing.signer_desk import SignerDesk
from station_agent import wire
from storage.memory import MemoryStore
from tests.services.key_sets import alone
from tests.unit.custody.log.sampled import sampled_log, statement_on
from tests.unit.custody.log.samples import LOG_KEY, sample_log, sample_receipt, signer

ALICE, BOB = signer("example.com/alice"), signer("example.com/bob")
#: All that alice ever signed.
TEXTS = ("If you think cryptography is the answer.\n", "one\n\n— two\n", "\n", "文\n")
LOG = sample_log(300)
INDEX = 41
RECEIPT = sample_receipt(LOG, INDEX)
PROOF = LogProof(INDEX, tuple(prove_inclusion(INDEX, 300, LOG.reader().read)), LOG.note())
WITNESSES = (
    Cosigner("witness.example", Ed25519PrivateKey.from_private_bytes(bytes(32))),
    Cosigner("witness.example", MLDSA44PrivateKey.from_seed_bytes(bytes(32))),
)
COSIGNED_AT = 1_790_000_000
CHECKPOINTS = {size: LOG.checkpoint(size) for size in (1, 5, 300)}
SEEN = Seen(5, CHECKPOINTS[5].root)

_PRIVATE = Ed25519PrivateKey.from_private_bytes(b"station".ljust(32))
STATION = NoteSigner(wire.station_key_name(_PRIVATE.public_key()), _PRIVATE)
_SEEN_AT = datetime(2026, 11, 22, 1, 21, 38, 123000, tzinfo=UTC)
MANIFEST = wire.Manifest(
    "01939b7e-0000-7000-8000-000000000000",
    STATION.name,
    "/media/TA00716",
    _SEEN_AT,
    10**9,
    "5a" * 32,
    (
        wire.ManifestFile(b"A/\xb3\xc7.mp4", 7, _SEEN_AT),
        wire.ManifestFile("乙.mp4".encode(), 2**53 - 1, _SEEN_AT, "fifo"),
    ),
)
SAMPLE, _ = statement_on(sampled_log(), 10)
SAMPLE_TITLE = "liuhen sample v1"
RECEIPT_TITLE = "liuhen receipt v1"
MANIFEST_TITLE = "liuhen manifest v1"


class Forgetful(Signer):
    """Believes each time that it never signed anything, so that most is left to the entries."""

    def last(self) -> None:
        return None

    def _remember(self, checkpoint: Checkpoint, note: str) -> None:
        pass


def desk() -> SignerDesk:
    """Of a signer over the log's own files."""
    store = MemoryStore()
    for path, data in LOG.files.items():
        store.put_bytes(log_key(path), data)
    return SignerDesk(Forgetful(alone(LOG_KEY), Path("nowhere"), LOG_KEY.name), store)


DESK = desk()


def cosigned_note() -> str:
    """The checkpoint of 300 with both kinds of cosignature."""
    text = CHECKPOINTS[300].encode()
    return LOG.note() + "".join(one.cosign(text, COSIGNED_AT) for one in WITNESSES)


def request(old: int, new: int) -> bytes:
    """What asks a witness that has seen ``old`` entries to cosign ``new``."""

    def read(level: int, index: int) -> bytes:
        return root_of(LOG.leaves[index << level : (index + 1) << level])

    return AddCheckpoint(old, tuple(prove_consistency(old, new, read)), LOG.note(new)).encode()
