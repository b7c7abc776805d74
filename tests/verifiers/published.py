"""A real log: our ledger and publisher write it, and what is read is the files they leave."""

import itertools
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from custody.clock import FixedClock
from custody.events import LOG_ITEM, EventKind
from custody.ledger import Event, Ledger
from custody.log.checkpoint import Checkpoint, open_checkpoint
from custody.log.proof import LogProof
from custody.log.tiles import TileReader
from custody.object_keys import checkpoint_archive_key, log_key
from custody.publishing.keys import LogKeys, load_or_create_keys
from custody.publishing.published import newest_checkpoint, prove_entry
from custody.publishing.publisher import Publisher
from custody.publishing.signer import Signer
from ingest.receipts import make_receipt
from storage.database import Database
from storage.local import LocalStore
from storage.objects import ObjectStore
from tests.services.custody import ALICE, admit_clip

ORIGIN = "verifiers.example/custody"
#: A checkpoint at each: powers of two and the borders of tiles, each with its neighbours.
SIZES = (1, 2, 3, 4, 5, 127, 128, 129, 255, 256, 257, 300, 511, 512, 513, 700)
#: Such an entry is nearly as long as one may be: its length takes both bytes.
LONG_ENTRY = "证" * 20_000


@dataclass(frozen=True)
class PublishedLog:
    """What the archive shows and hands out.

    ``folder`` holds the static files (what lies under ``log/`` in the store), ``receipts`` and
    ``proofs`` some papers of every checkpoint.
    """

    folder: Path
    keys: LogKeys
    receipts: list[str]
    proofs: list[LogProof]

    @property
    def checkpoint(self) -> Checkpoint:
        return open_checkpoint(self.read("checkpoint"), self.keys.log.verifier)

    def read(self, path: str) -> bytes:
        return (self.folder / path).read_bytes()

    def tiles(self) -> TileReader:
        """The whole log; smaller trees are read out of its tiles."""
        return TileReader(self.read, self.checkpoint.size)


def publish_log(database: Database, store: ObjectStore, folder: Path) -> PublishedLog:
    """Let a log grow to `SIZES`, with a clip admitted on the way to each from the third on."""
    clock = FixedClock(datetime(2026, 11, 22, 1, 30, tzinfo=UTC))
    ledger = Ledger(clock)
    keys = load_or_create_keys(folder / "keys", ORIGIN)
    publisher = Publisher(
        database, store, Signer(lambda: keys, folder / "signer-state.json", ORIGIN), clock
    )
    receipts, proofs = [], []
    for old, new in itertools.pairwise((0, *SIZES)):
        clips = []
        with database.write() as tx:
            if new >= 3:
                clips.append(admit_clip(tx, ledger, f"clip {new}"))
            facts = {"query": LONG_ENTRY if new == 300 else f"{new} 号"}
            event = Event(EventKind.LOG_READ, LOG_ITEM, facts)
            ledger.append_many(tx, ALICE, [event] * (new - old - len(clips)))
        assert publisher.run_once().size == new
        with database.read() as tx:
            receipts += [make_receipt(tx, store, keys, clip.id, clock.now()) for clip in clips]
            checkpoint = newest_checkpoint(tx)
        assert checkpoint is not None
        proofs += [
            LogProof(index, tuple(prove_entry(store, checkpoint, index)), checkpoint.note)
            for index in sorted({0, old, new - 1})
        ]
    return PublishedLog(_static_files(store, folder / "static"), keys, receipts, proofs)


def _static_files(store: ObjectStore, folder: Path) -> Path:
    """The log's objects as files: the local store's own, or those that a store is asked for."""
    if isinstance(store, LocalStore):
        shutil.copytree(store.root / "log", folder, copy_function=shutil.copyfile)
        return folder
    for stat in store.list(log_key("")):
        path = folder / stat.key.removeprefix(log_key(""))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(store.read_bytes(stat.key))
    return folder


def archived(size: int) -> str:
    """Where the folder keeps the checkpoint of this size."""
    return checkpoint_archive_key(size).removeprefix(log_key(""))
