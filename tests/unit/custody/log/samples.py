"""A small log to test with: entries of a few items, its tree, its tiles and its keys."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from custody.log.checkpoint import Checkpoint
from custody.log.entry import ActorSnapshot, Entry, Json, commit_details
from custody.log.merkle import hash_leaf, prove_inclusion, root_of
from custody.log.note import NoteSigner, sign_note
from custody.log.receipt import Receipt
from custody.log.tile_writer import extend_bundles, extend_tiles
from custody.log.tiles import TileReader

ASSETS = Path(__file__).parents[3] / "assets" / "log"

ORIGIN = "liuhen.example/log"
START = datetime(2026, 11, 22, 1, 21, 38, 123000, tzinfo=UTC)


def signer(name: str) -> NoteSigner:
    """The same key for the same name, every time."""
    return NoteSigner(name, Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32)[:32]))


LOG_KEY = signer(ORIGIN)
RECEIPT_KEY = signer(f"{ORIGIN}/receipts")

CLIP_ID = "0193533c-0000-7000-8000-000000000001"
SHA256 = "5a" * 32
SM3 = "c3" * 32
SIZE_BYTES = 1_234_567
SALT = bytes(range(32))
DETAILS: dict[str, Json] = {"name": "一号.mp4", "officer": "000123", "important": False}


def admission() -> bytes:
    """The entry that admits the sample clip."""
    return Entry(
        kind="clip.admitted",
        item=f"clip:{CLIP_ID}",
        item_seq=0,
        item_prev=None,
        at=START,
        actor=ActorSnapshot("station-1", "station", "station-key", "10.0.0.7"),
        outcome="ok",
        facts={"clip": CLIP_ID, "sha256": SHA256, "sm3": SM3, "size_bytes": SIZE_BYTES},
        commitment=commit_details(DETAILS, SALT),
    ).encode()


def chain(item: str, length: int) -> list[bytes]:
    """The first ``length`` entries of one item."""
    entries: list[bytes] = []
    for number in range(length):
        entry = Entry(
            kind="clip.viewed",
            item=item,
            item_seq=number,
            item_prev=hash_leaf(entries[-1]).hex() if entries else None,
            at=START + timedelta(seconds=number),
            actor=ActorSnapshot("alice", "legal", "password", "10.0.0.8"),
            outcome="ok",
            facts={"grant": f"grant-{number}", "requests": number},
            commitment=None,
        )
        entries.append(entry.encode())
    return entries


class SampleLog:
    """The tree over some entries, as files."""

    def __init__(self, entries: list[bytes]) -> None:
        self.entries = entries
        self.leaves = [hash_leaf(entry) for entry in entries]
        self.files: dict[str, bytes] = {}
        self.files.update(extend_tiles(self.files.__getitem__, 0, self.leaves))
        self.files.update(extend_bundles(self.files.__getitem__, 0, entries))

    def reader(self, size: int | None = None) -> TileReader:
        return TileReader(self.files.__getitem__, len(self.entries) if size is None else size)

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        size = len(self.entries) if size is None else size
        return Checkpoint(ORIGIN, size, root_of(self.leaves[:size]))

    def note(self, size: int | None = None) -> str:
        return sign_note(self.checkpoint(size).encode(), [LOG_KEY])


def sample_log(size: int = 70, admitted_at: int = 41) -> SampleLog:
    """A log in which entry ``admitted_at`` admits the sample clip."""
    entries = chain("clip:other", size)
    entries[admitted_at] = admission()
    return SampleLog(entries)


def sample_receipt(log: SampleLog, index: int = 41) -> Receipt:
    """The receipt for the sample clip."""
    size = len(log.entries)
    return Receipt(
        clip_id=CLIP_ID,
        sha256=SHA256,
        sm3=SM3,
        size_bytes=SIZE_BYTES,
        origin=ORIGIN,
        index=index,
        entry=log.entries[index],
        salt=SALT,
        details=DETAILS,
        checkpoint=log.note(),
        proof=prove_inclusion(index, size, log.reader().read),
        issued_at=START,
    )
