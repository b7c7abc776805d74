"""What the way in needs, without a server: a ledger, a store that can fail, a staging folder."""

from pathlib import Path

import pytest

from custody.actors import Actor, Role, Via
from custody.clock import FixedClock
from custody.ledger import Ledger
from ingest.stations import Station, create_enrolment_token, enrol
from storage.database import Database
from storage.memory import MemoryStore
from storage.staging import Staging
from tests.services.station_client import new_station_key

ALICE = Actor("alice", Role.ADMIN, Via.PASSWORD, "127.0.0.1", name="Alice")
OPERATOR = Actor("bob", Role.OPERATOR, Via.SHELL, "localhost", name="Bob")


@pytest.fixture
def ledger(clock: FixedClock) -> Ledger:
    return Ledger(clock)


@pytest.fixture
def memory_store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def staging(tmp_path: Path) -> Staging:
    return Staging(tmp_path / "staging")


@pytest.fixture
def alice() -> Actor:
    """An administrator."""
    return ALICE


@pytest.fixture
def operator() -> Actor:
    """Bob, at the server's shell."""
    return OPERATOR


@pytest.fixture
def station_row(database: Database, ledger: Ledger, clock: FixedClock) -> Station:
    """An enrolled station."""
    with database.write() as tx:
        token = create_enrolment_token(tx, clock, ledger, ALICE, "采集站 1")
        return enrol(
            tx,
            ledger,
            clock,
            token=token,
            name="dock-1",
            verifier_key=new_station_key().verifier.vkey,
            origin="10.0.0.7",
        )
