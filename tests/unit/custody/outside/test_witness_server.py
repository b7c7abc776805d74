"""The witness as a program: over HTTP, with its state on disk, and never with two histories."""

import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from custody.log.cosignature import Cosigner, open_cosigned
from custody.log.merkle import prove_consistency, root_of
from custody.log.witness import MAX_REQUEST_BYTES, AddCheckpoint
from custody.outside.witness_server import Witness, WitnessServer
from custody.outside.witness_state import (
    WitnessBusyError,
    WitnessStateError,
    open_state,
)
from tests.unit.custody.log.samples import LOG_KEY, ORIGIN, SampleLog, chain

LOG = SampleLog(chain("clip:other", 100))
FORGED = SampleLog(chain("clip:forged", 100))
COSIGNERS = [
    Cosigner("witness.example", Ed25519PrivateKey.from_private_bytes(bytes(32))),
    Cosigner("witness.example", MLDSA44PrivateKey.from_seed_bytes(bytes(32))),
]
VERIFIERS = [cosigner.verifier for cosigner in COSIGNERS]
LOGS = {ORIGIN: [LOG_KEY.verifier]}
NOW = 1_790_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def connection(folder: Path) -> Iterator[http.client.HTTPConnection]:
    with open_state(folder) as state:
        witness = Witness(COSIGNERS, LOGS, state, lambda: NOW + 0.9)
        with WitnessServer(witness, "127.0.0.1", 0) as server:
            thread = threading.Thread(target=server.serve_forever, args=[0.02])
            thread.start()
            host, port = server.server_address[:2]
            connection = http.client.HTTPConnection(str(host), port, timeout=10)
            yield connection
            connection.close()
            server.shutdown()
            thread.join()


def body(old: int, new: int, log: SampleLog = LOG) -> bytes:
    def read(level: int, index: int) -> bytes:
        return root_of(log.leaves[index << level : (index + 1) << level])

    proof = prove_consistency(old, new, read)
    return AddCheckpoint(old, tuple(proof), log.note(new)).encode()


def post(
    connection: http.client.HTTPConnection, data: bytes, path: str = "/add-checkpoint"
) -> tuple[int, str, str]:
    connection.request("POST", path, data)
    with connection.getresponse() as answer:
        return answer.status, answer.headers["Content-Type"], answer.read().decode()


def test_what_continues_is_cosigned_by_every_key(connection: http.client.HTTPConnection) -> None:
    for old, new in ((0, 5), (5, 5), (5, 100)):
        status, _, lines = post(connection, body(old, new))
        assert status == 200
        note = LOG.note(new) + lines
        checkpoint, cosignatures = open_cosigned(note, LOG_KEY.verifier, VERIFIERS)
        assert checkpoint == LOG.checkpoint(new)
        assert [(one.verifier, one.timestamp) for one in cosignatures] == [
            (verifier, NOW) for verifier in VERIFIERS
        ]


def test_a_wrong_old_size_is_told_the_right_one(connection: http.client.HTTPConnection) -> None:
    post(connection, body(0, 5))
    assert post(connection, body(0, 9)) == (409, "text/x.tlog.size", "5\n")
    assert post(connection, body(5, 9))[0] == 200


def test_a_second_history_is_not_cosigned(connection: http.client.HTTPConnection) -> None:
    post(connection, body(0, 5))
    assert post(connection, body(5, 5, FORGED))[:2] == (409, "text/x.tlog.size")
    assert post(connection, body(5, 9, FORGED))[0] == 422
    assert post(connection, body(0, 9, FORGED))[0] == 409


def test_its_memory_outlives_it(connection: http.client.HTTPConnection, folder: Path) -> None:
    post(connection, body(0, 5))
    (file,) = folder.glob("*.json")
    assert json.loads(file.read_text(encoding="utf-8")) == {
        "origin": ORIGIN,
        "size": 5,
        "root": LOG.checkpoint(5).root.hex(),
        "note": LOG.note(5),
    }


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"size": "x"}', '{"size": 5, "root": "zz"}'])
def test_a_witness_that_forgot_cosigns_nothing(
    connection: http.client.HTTPConnection, folder: Path, text: str
) -> None:
    post(connection, body(0, 5))
    (file,) = folder.glob("*.json")
    file.write_text(text, encoding="utf-8")
    assert post(connection, body(0, 9, FORGED))[0] == 500


def test_of_another_log_nothing_is_remembered(
    connection: http.client.HTTPConnection, folder: Path
) -> None:
    request = body(0, 5).replace(ORIGIN.encode(), b"other.example")
    assert post(connection, request)[0] == 404
    assert list(folder.glob("*.json")) == []


def test_hostile_requests_are_refused(connection: http.client.HTTPConnection) -> None:
    assert post(connection, b"")[0] == 400
    assert post(connection, b"\xff" * 100)[0] == 400
    assert post(connection, body(0, 5), "/other")[0] == 404
    assert post(connection, b"x" * (MAX_REQUEST_BYTES + 1))[0] == 413
    for length in ("-1", "x", "1e3", "٣"):
        connection.putrequest("POST", "/add-checkpoint")
        connection.putheader("Content-Length", length.encode())
        connection.endheaders()
        with connection.getresponse() as answer:
            assert answer.status == 411
            answer.read()
    connection.request("GET", "/keys")
    with connection.getresponse() as answer:
        assert answer.read().decode().split() == [verifier.vkey for verifier in VERIFIERS]
    connection.request("GET", "/etc")
    with connection.getresponse() as answer:
        assert answer.status == 404
        answer.read()
    assert post(connection, body(0, 5))[0] == 200


def test_of_many_at_once_one_history_is_cosigned(folder: Path) -> None:
    with open_state(folder) as state:
        witness = Witness(COSIGNERS, LOGS, state)
        cosigned: list[SampleLog] = []

        def submit(log: SampleLog) -> None:
            try:
                witness.add_checkpoint(body(0, 7, log))
            except Exception:  # noqa: BLE001 - refused, whatever for
                return
            cosigned.append(log)

        threads = [
            threading.Thread(target=submit, args=[log]) for log in (LOG, FORGED) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(cosigned) == 1


def test_one_process_has_the_state(folder: Path) -> None:
    with open_state(folder), pytest.raises(WitnessBusyError), open_state(folder):
        pass
    with open_state(folder) as state, state.hold(ORIGIN) as held:
        assert held.seen.size == 0


def test_a_state_of_another_log_is_none(folder: Path) -> None:
    with open_state(folder) as state:
        Witness(COSIGNERS, LOGS, state).add_checkpoint(body(0, 5))
        (file,) = folder.glob("*.json")
        value = json.loads(file.read_text(encoding="utf-8")) | {"origin": "other.example"}
        file.write_text(json.dumps(value), encoding="utf-8")
        with pytest.raises(WitnessStateError), state.hold(ORIGIN):
            pass
