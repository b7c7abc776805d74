"""A home of before checkpoints were signed with ML-DSA-44 too: the next start gives it the key."""

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.cli.announcements import announce_keys
from api.config import Config
from api.services import SIGNER_STATE, Services, compose
from api.verification_runs import context_of
from custody.actors import Actor, Role, Via
from custody.clock import SystemClock
from custody.errors import KeyMissingError
from custody.events import LOG_ITEM, EventKind
from custody.ledger import Event
from custody.log.checkpoint import open_checkpoint
from custody.log.entry import Json
from custody.log.errors import SignatureMissingError
from custody.log.trust import TrustedKeys
from custody.object_keys import CHECKPOINT_KEY, checkpoint_archive_key
from custody.publishing.keys import LogKeys
from custody.publishing.publisher import Publisher
from custody.publishing.signer import Signer
from custody.tables import checkpoints
from custody.verification import FindingCode, verify_all
from storage.database import Database
from storage.memory import MemoryStore

OPERATOR = Actor("shell:alice", Role.OPERATOR, Via.SHELL, "archive")


@pytest.fixture
def older(database: Database, memory_store: MemoryStore, tmp_path: Path) -> Services:
    """A home that has published under the first key alone, started anew."""
    config = Config(home=tmp_path)
    services = compose(config, database, memory_store, SystemClock())
    keys = services.keys
    facts: dict[str, Json] = {
        "log_key": keys.log.verifier.vkey,
        "receipt_key": keys.receipts.verifier.vkey,
    }
    with database.write() as tx:
        services.ledger.append(tx, OPERATOR, Event(EventKind.KEY_ANNOUNCED, LOG_ITEM, facts))
    _publish_with_the_first_key(services)
    for path in config.keys_folder.glob("log-ml-dsa.*"):
        path.unlink()
    return compose(config, database, memory_store, SystemClock())


def _publish_with_the_first_key(services: Services) -> None:
    keys = services.keys.newest
    alone = LogKeys((replace(keys, ml_dsa=None),))
    state_file = services.config.keys_folder / SIGNER_STATE
    signer = Signer(lambda: alone, state_file, services.config.origin)
    Publisher(services.database, services.store, signer, services.clock).run_once()


def lines_of(note: str) -> int:
    return len(note.partition("\n\n")[2].splitlines())


def newest(services: Services) -> str:
    return services.store.read_bytes(CHECKPOINT_KEY).decode()


def test_it_gets_the_key_and_announces_it_once(older: Services) -> None:
    assert lines_of(newest(older)) == 1
    assert announce_keys(older, OPERATOR)
    assert not announce_keys(older, OPERATOR)
    older.publisher.run_once()
    both = TrustedKeys.all_of(key.verifier for key in older.keys.newest.signers)
    assert open_checkpoint(newest(older), both).size == 2
    # The old checkpoint stays as it was signed, and nothing of this is a finding.
    assert verify_all(context_of(older)).findings == []


def test_the_key_that_was_announced_is_not_made_anew(older: Services) -> None:
    announce_keys(older, OPERATOR)
    for path in older.config.keys_folder.glob("log-ml-dsa.*"):
        path.unlink()
    with pytest.raises(KeyMissingError, match=r"log-ml-dsa\.key"):
        compose(older.config, older.database, older.store, older.clock)


def test_a_checkpoint_without_the_second_signature_is_found(
    older: Services, memory_store: MemoryStore
) -> None:
    announce_keys(older, OPERATOR)
    older.publisher.run_once()
    note = newest(older)
    stripped = "\n".join(note.splitlines()[:-1]) + "\n"
    with older.database.write() as tx:
        tx.execute(sa.update(checkpoints).where(checkpoints.c.size == 2).values(note=stripped))
    memory_store.replace_bytes(CHECKPOINT_KEY, stripped.encode())
    found = verify_all(context_of(older)).findings
    assert {(one.code, one.subject) for one in found} >= {
        (FindingCode.CHECKPOINT_SIGNATURE, CHECKPOINT_KEY),
        (FindingCode.CHECKPOINT_SIGNATURE, "checkpoint:2"),
    }
    assert all(SignatureMissingError.__doc__ in one.message for one in found[:1])  # type: ignore[operator]
    # The archived one still has both lines.
    assert checkpoint_archive_key(2) not in {one.subject for one in found}
