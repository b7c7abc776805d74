"""The log over the database of each engine and a store in memory."""

from pathlib import Path

import pytest

from custody import viewings
from custody.clock import FixedClock
from custody.ledger import Ledger
from custody.publishing.checked_signer import CheckedSigner
from custody.publishing.key_lock import KeyLock
from custody.publishing.keys import LogKeys, load_or_create_keys
from custody.publishing.publisher import Publisher
from custody.publishing.signer import Signer
from custody.viewings import Grant
from storage.database import Database
from storage.memory import MemoryStore
from tests.services.custody import ALICE, admit_clip

ORIGIN = "test.example/custody"


@pytest.fixture
def ledger(clock: FixedClock) -> Ledger:
    return Ledger(clock)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def keys(tmp_path: Path) -> LogKeys:
    return load_or_create_keys(tmp_path / "keys", ORIGIN)


@pytest.fixture
def signer(keys: LogKeys, store: MemoryStore, tmp_path: Path) -> CheckedSigner:
    signer = Signer(lambda: keys, tmp_path / "signer-state.json", ORIGIN)
    return CheckedSigner(signer, store, KeyLock(tmp_path / "keys").hold)


@pytest.fixture
def publisher(
    database: Database, store: MemoryStore, signer: CheckedSigner, clock: FixedClock
) -> Publisher:
    return Publisher(database, store, signer, clock)


@pytest.fixture
def clip_ids(database: Database, ledger: Ledger) -> list[str]:
    with database.write() as tx:
        return [admit_clip(tx, ledger, seed).id for seed in ("a", "b")]


@pytest.fixture
def grant(database: Database, ledger: Ledger, clock: FixedClock, clip_ids: list[str]) -> Grant:
    with database.write() as tx:
        return viewings.open_viewing(tx, ledger, clock, ALICE, clip_ids[0], " 案件办理 ")
