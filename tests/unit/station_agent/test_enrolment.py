"""The station's key and the keys it pins."""

from pathlib import Path
from typing import Any

import pytest

from custody.log.note import generate
from custody.log.trust import TrustedKeys
from station_agent.enrolment import enrol, load_enrolment, load_key, load_or_create_key
from station_agent.errors import NotEnrolledError, ServerAwayError, StationKeyError
from station_agent.renewal import finish
from station_agent.wire import station_key_name
from tests.services.key_sets import ORIGIN, generation


class Archive:
    """Answers an enrolment; notes what it was told."""

    def __init__(self, **changes: Any) -> None:
        self.keys: list[str] = []
        self.answer: dict[str, Any] = {
            "station_id": "id",
            "origin": "log.test",
            "log_key": generate("log.test").verifier.vkey,
            "receipt_key": generate("log.test/receipts").verifier.vkey,
            **changes,
        }
        self.away = False

    def enrol(self, token: str, name: str, verifier_key: str) -> dict[str, Any]:
        self.keys.append(verifier_key)
        if self.away:
            raise ServerAwayError("cut")
        return self.answer


def test_the_key_is_made_once_and_is_ours_alone(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    signer = load_or_create_key(home)
    assert signer.name == station_key_name(signer.private.public_key())
    assert load_or_create_key(home).secret_text() == signer.secret_text()
    assert (home / "station.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_others_can_read_is_not_used(tmp_path: Path, mode: int) -> None:
    load_or_create_key(tmp_path)
    (tmp_path / "station.key").chmod(mode)
    with pytest.raises(StationKeyError, match="0600"):
        load_key(tmp_path)


def test_the_secret_is_in_no_message(tmp_path: Path) -> None:
    signer = load_or_create_key(tmp_path)
    secret = signer.secret_text().split("+", 4)[4]  # base64 has plus signs too
    (tmp_path / "station.key").write_text(signer.secret_text()[:-4] + "AAAA\n")
    with pytest.raises(StationKeyError) as caught:
        load_key(tmp_path)
    assert secret[:20] not in str(caught.value)


def test_enrolment_pins_what_the_archive_answers(tmp_path: Path) -> None:
    archive = Archive()
    done = enrol(tmp_path, "http://archive", "alice", "token", archive)
    assert load_enrolment(tmp_path) == done
    assert done.log_verifier.name == "log.test"
    finish(tmp_path, None)
    assert archive.keys == [load_key(tmp_path).verifier.vkey]


def test_an_answer_that_was_lost_is_asked_for_with_the_same_key(tmp_path: Path) -> None:
    archive = Archive()
    archive.away = True
    with pytest.raises(ServerAwayError):
        enrol(tmp_path, "http://archive", "alice", "token", archive)
    archive.away = False
    enrol(tmp_path, "http://archive", "alice", "token", archive)
    assert len(set(archive.keys)) == 1


def test_an_answer_without_keys_pins_nothing(tmp_path: Path) -> None:
    with pytest.raises(StationKeyError):
        enrol(tmp_path, "http://archive", "alice", "token", Archive(log_key="not a key"))
    with pytest.raises(NotEnrolledError):
        load_enrolment(tmp_path)


def test_all_keys_of_the_log_are_pinned(tmp_path: Path) -> None:
    keys = generation(1)
    trusted = TrustedKeys.all_of(key.verifier for key in keys.signers)
    named = {"origin": ORIGIN, "log_key": keys.log.verifier.vkey, "log_keys": trusted.to_json()}
    enrol(tmp_path, "http://archive", "alice", "token", Archive(**named))
    assert load_enrolment(tmp_path).log_trust == trusted
    # Of an archive that says nothing of it, the one key is asked for.
    other = enrol(tmp_path, "http://archive", "bob", "token", Archive())
    assert other.log_trust.verifiers == (other.log_verifier,)
    for broken in ([{}], "x", [*trusted.to_json()[1:]]):
        with pytest.raises(StationKeyError):
            enrol(tmp_path, "http://archive", "c", "t", Archive(**named | {"log_keys": broken}))
