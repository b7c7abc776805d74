"""The signer behind its door: what it answers to whom, and that nothing it is sent breaks it."""

import http.client
import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custody.errors import (
    SignerAwayError,
    SignerStateError,
    SigningRefusedError,
    StoredEntriesError,
)
from custody.exchange import UnixConnection
from custody.log.checkpoint import Checkpoint
from custody.log.note import generate, sign_note
from custody.plain_http import PlainServer
from custody.publishing import signer_desk, signer_server
from custody.publishing.signer import Signer
from custody.publishing.signer_client import RemoteSigner
from custody.publishing.signer_desk import SignerDesk
from custody.publishing.signer_protocol import (
    MAX_REQUEST_BYTES,
    SignerRequest,
    SignerRequestError,
)
from custody.publishing.signer_server import SignerServer, UnixSignerServer
from storage.errors import StoreUnavailableError
from storage.memory import MemoryStore, no_faults
from tests.services.key_sets import alone
from tests.unit.custody.log.samples import LOG_KEY, ORIGIN, SampleLog, chain
from tests.unit.custody.publishing.signing_logs import proof, stored

SIZE = 70
LOG = SampleLog(chain("clip:other", SIZE))
FORGED = SampleLog(chain("clip:forged", SIZE))
SECRET = "a secret of twenty characters"


@dataclass
class Process:
    """A signer that listens, and who may ask it."""

    folder: Path
    store: MemoryStore
    client: RemoteSigner

    @property
    def state(self) -> Path:
        return self.folder / "state.json"

    @property
    def socket(self) -> Path:
        return self.folder / "signer.sock"


@contextmanager
def serving(server: PlainServer) -> Iterator[PlainServer]:
    with server:
        thread = threading.Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def desk_in(folder: Path, store: MemoryStore) -> SignerDesk:
    return SignerDesk(Signer(alone(LOG_KEY), folder / "state.json", ORIGIN), store)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    store = stored(LOG)
    path = tmp_path / "signer.sock"
    with serving(UnixSignerServer(desk_in(tmp_path, store), path)):
        yield Process(tmp_path, store, RemoteSigner(f"unix:{path}", alone(LOG_KEY), ORIGIN))
    assert not path.exists()


def ask(process: Process, path: str, body: bytes, **headers: str) -> tuple[int, str]:
    connection = UnixConnection(str(process.socket), 10)
    connection.request("POST", path, body, headers)
    with connection.getresponse() as answer:
        found = answer.status, answer.read().decode()
    connection.close()
    return found


# --- asked as if it were here --------------------------------------------------------------------


def test_it_is_asked_as_if_it_were_here(process: Process) -> None:
    client = process.client
    assert client.is_at_hand
    assert client.last() is None
    note = client.sign(LOG.checkpoint(), [])
    assert note == LOG.note()
    assert client.sign(LOG.checkpoint(), []) == note
    last = client.last()
    assert last is not None
    assert (last.size, last.root, last.note) == (SIZE, LOG.checkpoint().root, note)
    client.adopt(note, [])
    assert process.state.stat().st_mode & 0o077 == 0


def test_it_adopts_and_goes_on(process: Process, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    note = Signer(alone(LOG_KEY), tmp_path / "elsewhere" / "state.json", ORIGIN).sign(
        LOG.checkpoint(), []
    )
    process.client.adopt(note, [])
    last = process.client.last()
    assert last is not None
    assert last.note == note


@pytest.mark.parametrize(
    ("log", "size", "message"),
    [
        (FORGED, SIZE, "70 entries are to be signed under"),
        (LOG, 29, "29 entries, 30 were signed already"),
        (FORGED, 30, "at 30 entries"),
    ],
)
def test_a_refusal_comes_through_with_its_reason(
    process: Process, log: SampleLog, size: int, message: str
) -> None:
    Signer(alone(LOG_KEY), process.state, ORIGIN).sign(LOG.checkpoint(30), [])
    with pytest.raises(SigningRefusedError, match=message) as refused:
        process.client.sign(log.checkpoint(size), proof(log, min(30, size), size))
    assert isinstance(refused.value, StoredEntriesError) == (size == SIZE)
    last = process.client.last()
    assert last is not None
    assert last.size == 30


def test_other_refusals_keep_their_kind(process: Process) -> None:
    other = Checkpoint("other.example", SIZE, LOG.checkpoint().root)
    with pytest.raises(SigningRefusedError, match="origin"):
        process.client.sign(other, [])
    with pytest.raises(SigningRefusedError, match="not ours"):
        process.client.adopt(sign_note(LOG.checkpoint().encode(), [generate(ORIGIN)]), [])
    with pytest.raises(SigningRefusedError, match="more than 63 hashes"):
        process.client.sign(LOG.checkpoint(), [bytes(32)] * 64)
    Signer(alone(LOG_KEY), process.state, ORIGIN).sign(LOG.checkpoint(30), [])
    with pytest.raises(SigningRefusedError, match="do not continue"):
        process.client.sign(LOG.checkpoint(), [])
    process.state.write_text("{")
    for refused in (process.client.last, lambda: process.client.sign(LOG.checkpoint(), [])):
        with pytest.raises(SignerStateError, match=r"state\.json"):
            refused()


def test_a_store_that_is_away_is_no_refusal(process: Process) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailableError("/secret/place")

    process.store.faults = away
    with pytest.raises(SignerAwayError, match="503 the signer can't read the store"):
        process.client.sign(LOG.checkpoint(), [])
    process.store.faults = no_faults
    assert process.client.sign(LOG.checkpoint(), []) == LOG.note()


def test_a_disk_that_takes_no_memory_gets_no_signature(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object, **_kwargs: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("custody.publishing.signer.write_file", full)
        with pytest.raises(SignerAwayError, match="can't remember"):
            process.client.sign(LOG.checkpoint(), [])
    assert process.client.last() is None


def test_it_works_on_one_request_at_a_time(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signer_desk, "TURN_S", 0.01)
    begun, go_on = threading.Event(), threading.Event()

    def wait(*_: object) -> None:
        begun.set()
        go_on.wait(30)

    process.store.faults = wait
    signing = threading.Thread(target=process.client.sign, args=[LOG.checkpoint(), []])
    signing.start()
    assert begun.wait(30)
    with pytest.raises(SignerAwayError, match="Another request"):
        process.client.sign(LOG.checkpoint(), [])
    go_on.set()
    signing.join()
    assert process.client.sign(LOG.checkpoint(), []) == LOG.note()


# --- a signer that is not there, or is none ------------------------------------------------------


def test_nobody_at_the_other_end(tmp_path: Path) -> None:
    for address in (f"unix:{tmp_path}/none.sock", f"unix:/{'x' * 200}", "http://127.0.0.1:1"):
        client = RemoteSigner(address, alone(LOG_KEY), ORIGIN)
        assert client.is_at_hand  # it should be, and a verification says that it is not
        with pytest.raises(SignerAwayError):
            client.last()
        copy = RemoteSigner(address, alone(LOG_KEY), ORIGIN, optional=True)
        assert not copy.is_at_hand


def test_an_answer_that_the_key_did_not_sign_is_none(tmp_path: Path) -> None:
    """Whoever takes the socket's place has no key, and may know older notes."""
    stranger = generate(ORIGIN)
    desk = SignerDesk(Signer(alone(stranger), tmp_path / "state.json", ORIGIN), stored(LOG))
    path = tmp_path / "signer.sock"
    client = RemoteSigner(f"unix:{path}", alone(LOG_KEY), ORIGIN)
    with serving(UnixSignerServer(desk, path)):
        for asked in (lambda: client.sign(LOG.checkpoint(), []), client.last):
            with pytest.raises(SignerAwayError, match="not ours"):
                asked()

    class Parrot(SignerDesk):
        def reply(self, path: str, body: bytes) -> signer_desk.Reply:
            return signer_desk.Reply(http.HTTPStatus.OK, LOG.note(30))

    with (
        serving(
            UnixSignerServer(Parrot(Signer(alone(stranger), path, ORIGIN), MemoryStore()), path)
        ),
        pytest.raises(SignerAwayError, match="another checkpoint"),
    ):
        client.sign(LOG.checkpoint(), [])


# --- who may ask ---------------------------------------------------------------------------------


def test_the_socket_is_its_owners_alone(process: Process) -> None:
    assert stat.S_IMODE(process.socket.stat().st_mode) == 0o600
    if os.geteuid() == 0:  # for whom modes mean nothing; somebody else is refused by the system
        process.folder.chmod(0o755)
        for folder in process.folder.parents:
            if folder.stat().st_mode & 0o001 == 0:
                return
        script = "import socket,sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", script, str(process.socket)],
            user=65_534,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "PermissionError" in done.stderr


def test_a_group_may_be_let_in(tmp_path: Path) -> None:
    path = tmp_path / "signer.sock"
    with serving(UnixSignerServer(desk_in(tmp_path, stored(LOG)), path, group=os.getegid())):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert path.stat().st_gid == os.getegid()


def test_on_a_port_it_wants_the_secret(tmp_path: Path) -> None:
    with serving(SignerServer(desk_in(tmp_path, stored(LOG)), "127.0.0.1", 0, SECRET)) as server:
        address = f"http://127.0.0.1:{server.server_address[1]}"
        for secret in ("", SECRET[:-1], SECRET + "x", "ü" * 20):
            stranger = RemoteSigner(address, alone(LOG_KEY), ORIGIN)
            if secret:
                stranger._headers["Authorization"] = f"Bearer {secret}"
            with pytest.raises(SignerAwayError, match="401"):
                stranger.sign(LOG.checkpoint(), [])
            assert not (tmp_path / "state.json").exists()
        client = RemoteSigner(address, alone(LOG_KEY), ORIGIN, secret=SECRET)
        assert client.sign(LOG.checkpoint(), []) == LOG.note()


def test_the_socket_of_a_killed_signer_is_taken_over_and_a_live_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "signer.sock"
    with socket.socket(socket.AF_UNIX) as left_over:
        left_over.bind(str(path))
    with serving(UnixSignerServer(desk_in(tmp_path, stored(LOG)), path)):
        with pytest.raises(OSError, match="in use"):
            UnixSignerServer(desk_in(tmp_path, stored(LOG)), path)
        assert RemoteSigner(f"unix:{path}", alone(LOG_KEY), ORIGIN).last() is None
    path.write_text("a file of somebody's")
    with pytest.raises(OSError, match="in use"):
        UnixSignerServer(desk_in(tmp_path, stored(LOG)), path)
    assert path.read_text() == "a file of somebody's"


# --- whatever is sent ----------------------------------------------------------------------------


def test_what_is_no_request_is_answered_by_name(process: Process) -> None:
    right = SignerRequest((), LOG.checkpoint().encode()).encode()
    for path, body, status, named in (
        ("/sign", b"", 400, "first line"),
        ("/sign", b"\xff" * 100, 400, "a hash or text that is none"),
        ("/sign", right.replace(b"/v1", b"/v2"), 400, "first line is not liuhen-signer/v1"),
        ("/sign", right.replace(b"\n\n", b"\nAA\n\n"), 400, "a hash or text that is none"),
        ("/sign", right.replace(b"\n\n", b"\nAAAA\n\n"), 400, "a hash has 32 bytes"),
        ("/sign", right + b"more\n", 409, "lines after the root"),
        ("/sign", right[:-1], 400, "three lines"),
        ("/adopt", right, 409, "not ours"),
        ("/last", right, 400, "a body that says nothing"),
        ("/other", right, 400, "nothing is asked"),
        ("/sign", b"x" * (MAX_REQUEST_BYTES + 1), 413, "Request Entity Too Large"),
    ):
        found, text = ask(process, path, body)
        assert (found, named in text) == (status, True), (path, body[:80], text)
    assert not process.state.exists()
    assert ask(process, "/sign", right)[0] == 200


def test_a_request_that_never_ends_is_cut_off(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signer_server._Handler, "deadline_s", 0.2)
    beginnings = (
        b"",
        b"POST /sign HTTP/1.1\r\n",
        b"POST /sign HTTP/1.1\r\nContent-Length: 9\r\n\r\n",
    )
    for beginning in beginnings:
        with socket.socket(socket.AF_UNIX) as slow:
            slow.connect(str(process.socket))
            slow.settimeout(30)
            slow.sendall(beginning)
            with suppress(ConnectionError):
                while slow.recv(4096):
                    pass
    assert process.client.last() is None


def test_there_are_only_so_many_at_a_time(process: Process) -> None:
    idle = [socket.socket(socket.AF_UNIX) for _ in range(signer_server.MAX_CONNECTIONS)]
    for one in idle:
        one.connect(str(process.socket))
    with pytest.raises(SignerAwayError):
        process.client.last()
    for one in idle:
        one.close()
    while True:  # until the places are free again
        with suppress(SignerAwayError):
            assert process.client.last() is None
            return


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    folder = tmp_path_factory.mktemp("hostile")
    store, path = stored(LOG), folder / "signer.sock"
    with serving(UnixSignerServer(desk_in(folder, store), path)):
        yield Process(folder, store, RemoteSigner(f"unix:{path}", alone(LOG_KEY), ORIGIN))


_LINES = st.lists(
    st.sampled_from(
        [
            b"POST /sign HTTP/1.1", b"POST /last HTTP/1.0", b"GET /", b"\x16\x03\x01", b"",
            b"Content-Length: 5", b"Content-Length: 99999999999999999999", b"Content-Length: -1",
            b"Transfer-Encoding: chunked", b"Expect: 100-continue", b"liuhen-signer/v1",
            b"\xff" * 40, b"A" * 70_000, LOG.checkpoint().encode().encode(),
        ]
    )
)  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sent=st.one_of(st.binary(max_size=300), _LINES.map(b"\r\n".join)))
def test_whatever_bytes_come_it_stands(hostile: Process, sent: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.settimeout(30)
        stranger.connect(str(hostile.socket))
        with suppress(ConnectionError):
            stranger.sendall(sent)
            stranger.shutdown(socket.SHUT_WR)
            while stranger.recv(65_536):
                pass
    assert hostile.client.last() is None
    assert not hostile.state.exists()


@given(hashes=st.lists(st.binary(min_size=32, max_size=32), max_size=63), text=st.text(min_size=1))
def test_a_request_is_read_as_it_was_written(hashes: list[bytes], text: str) -> None:
    request = SignerRequest(tuple(hashes), text)
    assert SignerRequest.parse(request.encode()) == request


@pytest.mark.parametrize("wrong", [((), ""), ((b"short",), "x"), ((bytes(32),) * 64, "x")])
def test_what_can_not_be_sent(wrong: Any) -> None:
    with pytest.raises(SignerRequestError):
        SignerRequest(*wrong)
