"""Enrolling anew: a key of its own, and nothing goes on under the old one."""

from pathlib import Path

import pytest

from station_agent import renewal
from station_agent.enrolment import enrol, load_enrolment, load_key
from station_agent.errors import RefusedError, ServerAwayError
from station_agent.journal import Journal, State
from tests.unit.station_agent.conftest import found, seen
from tests.unit.station_agent.test_enrolment import Archive


def enrolled(home: Path, token: str = "token", archive: Archive | None = None) -> None:
    enrol(home, "http://archive", "alice", token, archive or Archive())


def test_a_new_enrolment_has_a_new_key_and_keeps_what_was_there(tmp_path: Path) -> None:
    enrolled(tmp_path)
    renewal.finish(tmp_path, None)
    first, pinned = load_key(tmp_path), (tmp_path / "enrolment.json").read_bytes()
    (tmp_path / "trust.json").write_text("evidence")
    enrolled(tmp_path, "another")
    assert load_key(tmp_path).name == first.name, "the old key stands until the rest is done"
    renewal.finish(tmp_path, None)
    assert load_key(tmp_path).name == load_enrolment(tmp_path).key_name != first.name
    kept = (tmp_path / "station.key.before-1").read_text()
    assert kept.strip() == first.secret_text()
    assert (tmp_path / "enrolment.json.before-1").read_bytes() == pinned
    assert (tmp_path / "trust.json.before-1").read_text() == "evidence"
    assert not renewal.is_due(tmp_path, load_enrolment(tmp_path))


def test_a_crash_before_the_answer_leaves_the_old_enrolment_in_force(tmp_path: Path) -> None:
    enrolled(tmp_path)
    renewal.finish(tmp_path, None)
    before = load_enrolment(tmp_path)
    archive = Archive()
    archive.away = True
    with pytest.raises(ServerAwayError):
        enrolled(tmp_path, "another", archive)
    assert load_enrolment(tmp_path) == before
    assert not renewal.is_due(tmp_path, before)
    assert load_key(tmp_path).name == before.key_name


def test_a_crash_after_the_answer_is_made_up_for(tmp_path: Path) -> None:
    enrolled(tmp_path)
    renewal.finish(tmp_path, None)
    enrolled(tmp_path, "another")  # and dies here
    pinned = load_enrolment(tmp_path)
    assert renewal.is_due(tmp_path, pinned)
    # It dies again with the old key set aside already.
    (tmp_path / "station.key").rename(tmp_path / "station.key.before-1")
    assert renewal.is_due(tmp_path, pinned)
    renewal.finish(tmp_path, None)
    assert load_key(tmp_path).name == pinned.key_name


def test_a_key_that_the_archive_knows_already_is_kept_and_another_one_made(tmp_path: Path) -> None:
    """The answer to one token was lost, and another token is tried."""

    class Knows(Archive):
        def enrol(self, token: str, name: str, verifier_key: str) -> dict[str, str]:
            if verifier_key in self.keys:
                raise RefusedError(409, "enrolled already")
            return super().enrol(token, name, verifier_key)

    archive = Knows()
    archive.away = True
    with pytest.raises(ServerAwayError):
        enrolled(tmp_path, "lost", archive)
    archive.away = False
    enrolled(tmp_path, "another", archive)
    renewal.finish(tmp_path, None)
    assert len(set(archive.keys)) == 2
    assert (tmp_path / "station.key.before-1").exists()
    assert load_key(tmp_path).verifier.vkey == archive.keys[-1]


@pytest.mark.parametrize(
    ("state", "begins_at"),
    [
        (State.SEEN, State.SEEN),
        (State.SETTLED, State.SETTLED),
        (State.HASHED, State.HASHED),
        (State.SENDING, State.HASHED),
        (State.SENT, State.HASHED),
        (State.REFUSED, State.REFUSED),
    ],
)
def test_what_is_on_its_way_is_announced_anew(
    tmp_path: Path, journal: Journal, state: State, begins_at: State
) -> None:
    enrolled(tmp_path)
    (file,) = seen(journal, found(b"one.mp4"))
    with journal.transaction() as connection:
        connection.execute(
            "INSERT INTO manifests (id, root, sha256, note, session_id)"
            " VALUES (1, x'2f', 'a', 'signed by the old key', 'b')"
        )
    journal.advance(
        file,
        state,
        attempts=2,
        sha256="a" * 64,
        sm3="b" * 64,
        upload_path="/api/uploads/1",
        upload_sha256="a" * 64,
        manifest_id=1,
    )
    for _ in range(2):  # as after a crash
        with journal.transaction():
            pass
        renewal.finish(tmp_path, journal)
        enrolled(tmp_path)
    after = journal.get(file.id)
    assert (after.state, after.attempts) == (begins_at, 0)
    assert (after.manifest_id, after.upload_path, after.upload_sha256) == (None, None, None)
    assert (after.sha256, after.sm3) == ("a" * 64, "b" * 64)
    ((delivered, note),) = journal.read("SELECT delivered, note FROM manifests")
    assert (delivered, note) == (1, "signed by the old key")


def test_what_is_archived_stays_archived(tmp_path: Path, journal: Journal) -> None:
    enrolled(tmp_path)
    (file,) = seen(journal, found(b"one.mp4"))
    sent = journal.advance(file, State.SENT, upload_path="/api/uploads/1", sha256="a" * 64)
    journal.receive(sent, "receipt", "clip", "2026-11-20T12:00:00+00:00")
    renewal.finish(tmp_path, journal)
    after = journal.get(file.id)
    assert (after.state, after.clip_id) == (State.RECEIVED, "clip")
    assert after.upload_path == "/api/uploads/1"
