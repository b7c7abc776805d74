"""The log changes its keys: announced under the old, signed by both, then by the new alone."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from api.cli.announcements import announce_keys
from api.services import Services, compose
from api.verification_runs import context_of
from custody.actors import Actor, Role, Via, service_actor
from custody.errors import KeyMissingError
from custody.events import EventKind
from custody.key_rows import read_key_history
from custody.ledger import Event
from custody.log.checkpoint import open_checkpoint
from custody.log.errors import RetiredKeyError, SignatureMissingError
from custody.log.note import sign_note
from custody.object_keys import CHECKPOINT_KEY
from custody.publishing import rotation
from custody.publishing.keys import destroy_generation
from custody.tables import checkpoints
from custody.verification import FindingCode, verify_all
from ingest import stations
from ingest.receipts import find_or_issue
from station_agent.enrolment import Enrolment
from station_agent.hashing import Digests
from station_agent.trust import Trust
from storage.memory import MemoryStore
from tests.services.custody import admit_clip
from tests.services.http_server import client_of
from tests.services.station_client import new_station_key

OPERATOR = Actor("shell:alice", Role.OPERATOR, Via.SHELL, "archive")


def newest(services: Services) -> str:
    return services.store.read_bytes(CHECKPOINT_KEY).decode()


def lines_of(note: str) -> int:
    return len(note.partition("\n\n")[2].splitlines())


def go_on(services: Services) -> str:
    with services.database.write() as tx:
        services.ledger.append(tx, OPERATOR, Event(EventKind.LOG_READ, "log"))
    services.publisher.run_once()
    return newest(services)


def rotate(services: Services) -> rotation.Rotation:
    with services.database.write() as tx:
        return rotation.announce_next(tx, services.ledger, OPERATOR, services.key_folder)


def retire(services: Services) -> int:
    with services.database.write() as tx:
        return len(rotation.retire_previous(tx, services.ledger, OPERATOR, services.key_folder))


def destroy(services: Services) -> int:
    size = open_checkpoint(newest(services), services.key_folder).size
    with services.database.read() as tx:
        return rotation.destroy_retired(tx, services.key_folder, size)


def files(services: Services) -> set[str]:
    folder = services.config.keys_folder
    return {str(path.relative_to(folder)) for path in folder.rglob("*.*") if path.is_file()}


def receipt(services: Services, seed: str) -> None:
    """A clip with its receipt."""
    with services.database.write() as tx:
        clip = admit_clip(tx, services.ledger, seed)
    services.publisher.run_once()
    with services.database.write() as tx:
        find_or_issue(tx, services.store, services.key_folder.keys(), services.clock, clip.id)


@pytest.fixture
def begun(services: Services) -> Services:
    """A log that has announced its first keys."""
    announce_keys(services, OPERATOR)
    services.publisher.run_once()
    return services


def test_a_whole_change_of_keys(begun: Services) -> None:
    first = begun.keys.first
    receipt(begun, "a")
    assert lines_of(newest(begun)) == 2
    done = rotate(begun)
    assert (done.begun, done.old, rotate(begun).begun) == (True, first.key_set, False)
    assert lines_of(go_on(begun)) == 4
    receipt(begun, "b")
    with begun.database.read() as tx:
        overlap = rotation.find_overlap(tx, begun.key_folder)
        assert overlap is not None
        assert overlap.index == read_key_history(tx, first.log.verifier).newest.announced
    # A server that is started in between signs with both as well.
    again = compose(begun.config, begun.database, begun.store, begun.clock)
    assert lines_of(go_on(again)) == 4
    assert retire(begun) == 1
    assert destroy(begun) == 0  # not published yet
    assert lines_of(go_on(begun)) == 2
    assert (destroy(begun), destroy(begun), retire(begun)) == (1, 0, 0)
    receipt(begun, "c")
    assert {name for name in files(begun) if name.endswith(".key")} == {
        "log-2.key",
        "log-ml-dsa-2.key",
        "receipts-2.key",
    }
    assert {"retired/log.pub", "retired/log-ml-dsa.pub", "retired/receipts.pub"} < files(begun)
    # Every old checkpoint and receipt stays good, for this process and the next.
    again = compose(begun.config, begun.database, begun.store, begun.clock)
    for one in (begun, again):
        report = verify_all(context_of(one))
        # The clips are made up; what matters here is the log and the receipts.
        assert {finding.code for finding in report.findings} == {
            FindingCode.CLIP_OBJECT_MISSING,
            FindingCode.CLIP_ROW_ALTERED,
        }
    assert rotate(again).begun


@pytest.mark.parametrize("left", [(), ("log-2.key",)])
def test_a_kill_while_the_keys_are_made(begun: Services, left: tuple[str, ...]) -> None:
    """Also between the files and the entry, where the transaction was rolled back."""
    with begun.database.write() as tx:
        rotation.announce_next(tx, begun.ledger, OPERATOR, begun.key_folder)
        tx.rollback()
    for name in files(begun):
        if "-2." in name and name not in left and left:
            (begun.config.keys_folder / name).unlink()
    go_on(begun)
    assert verify_all(context_of(begun)).findings == []
    assert rotate(begun).begun
    go_on(begun)
    assert verify_all(context_of(begun)).findings == []


@pytest.mark.parametrize("kept", [2, 3])
def test_a_kill_while_the_old_keys_are_destroyed(begun: Services, kept: int) -> None:
    rotate(begun)
    go_on(begun)
    retire(begun)
    go_on(begun)
    folder = begun.config.keys_folder
    (folder / "retired").mkdir(mode=0o700)
    for name in ("log.pub", "log-ml-dsa.pub", "receipts.pub")[:kept]:
        (folder / "retired" / name).write_bytes((folder / name).read_bytes())
    again = compose(begun.config, begun.database, begun.store, begun.clock)
    assert lines_of(go_on(again)) == 2
    assert destroy(again) == 1
    assert not (folder / "log.key").exists()
    go_on(again)
    assert verify_all(context_of(again)).findings == []


def test_a_host_without_the_new_keys_publishes_nothing(begun: Services) -> None:
    rotate(begun)
    for name in files(begun):
        if "-2." in name:
            (begun.config.keys_folder / name).unlink()
    before = newest(begun)
    with pytest.raises(KeyMissingError):
        go_on(begun)
    assert newest(begun) == before


def test_what_a_checkpoint_lacks_or_a_retired_key_signed_is_found(
    begun: Services, memory_store: MemoryStore
) -> None:
    """The insider with the old keys, who kept them."""
    old = begun.keys.first
    rotate(begun)
    both = go_on(begun)
    retire(begun)
    go_on(begun)
    last = go_on(begun)
    new = begun.keys.newest
    destroy_generation(begun.config.keys_folder, begun.config.origin, 1)

    def found_with(note: str, signers: object, size: int) -> list[str]:
        text = note.partition("\n\n")[0] + "\n"
        forged = sign_note(text, signers)  # type: ignore[arg-type]
        with begun.database.write() as tx:
            tx.execute(sa.update(checkpoints).where(checkpoints.c.size == size).values(note=forged))
        findings = verify_all(context_of(begun)).findings
        with begun.database.write() as tx:
            tx.execute(sa.update(checkpoints).where(checkpoints.c.size == size).values(note=note))
        assert {(one.code, one.subject) for one in findings} == {
            (FindingCode.CHECKPOINT_SIGNATURE, f"checkpoint:{size}")
        }
        return [one.message for one in findings]

    overlap = open_checkpoint(both, begun.key_folder).size
    after = open_checkpoint(last, begun.key_folder).size
    missing, retired = str(SignatureMissingError.__doc__), str(RetiredKeyError.__doc__)
    assert missing in found_with(both, old.signers, overlap)[0]
    assert missing in found_with(both, new.signers, overlap)[0]
    assert retired in found_with(last, old.signers, after)[0]
    assert retired in found_with(last, [*old.signers, *new.signers], after)[0]
    assert verify_all(context_of(begun)).findings == []


@pytest.mark.parametrize("awake", [True, False])
def test_a_station_follows_and_is_followed_by_its_receipts(
    begun: Services, address: str, tmp_path: Path, awake: bool
) -> None:
    key = new_station_key()
    with begun.database.write() as tx:
        token = stations.create_enrolment_token(
            tx, begun.clock, begun.ledger, service_actor("test"), "一号站"
        )
    body = {"token": token, "name": "alice", "verifier_key": key.verifier.vkey}
    with client_of(address) as http:

        def fetch(path: str) -> bytes:
            answer = http.get(f"/log/{path}")
            assert answer.status_code == 200, path
            return answer.content

        told = http.post("/api/stations/enrol", json=body).json()
        enrolment = Enrolment(server=address, name="alice", **told)
        trust = Trust(tmp_path, enrolment, fetch)
        trust.look()
        rotate(begun)
        go_on(begun)
        if awake:
            trust.look()
        retire(begun)
        go_on(begun)
        with begun.database.write() as tx:
            clip = admit_clip(tx, begun.ledger, "d")
        begun.publisher.run_once()
        with begun.database.write() as tx:
            note = find_or_issue(tx, begun.store, begun.keys, begun.clock, clip.id)
        trust.accept(note, Digests(clip.sha256, clip.sm3, clip.size_bytes))
        trust.look()
    size = open_checkpoint(newest(begun), begun.key_folder).size
    assert (trust.alarm, trust.last_size) == (None, size)
