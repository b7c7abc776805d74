"""The signer dies, or who asked it does, between a signature and its publication: one note only.

Two trees of one size under one key would be proof against the archive for ever. So whatever was
signed once, and whether or not anybody saw it, is what the next turn publishes.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from api.config import load_config
from api.services import Services, create_home, open_services
from api.verification_runs import context_of
from custody.errors import SignerAwayError
from custody.object_keys import CHECKPOINT_KEY, checkpoint_archive_key
from custody.publishing.keys import LogKeys
from custody.publishing.published import newest_checkpoint
from custody.publishing.signer_client import RemoteSigner
from custody.verification.run import verify_all
from tests.services.custody import append_events
from tests.services.processes import end
from tests.services.signers import SignerHome, part_signer

PATIENCE_S = 60.0


@pytest.fixture
def homes(tmp_path: Path, database_url: str) -> tuple[Path, dict[str, str], SignerHome]:
    """A home with one published entry whose key has gone to a signer of its own."""
    home = tmp_path / "home"
    config = load_config(home, environment={}, database_url=database_url)
    create_home(config)
    with open_services(config) as services:
        append(services)
        services.publisher.run_once()
    config, signer = part_signer(config, tmp_path / "signer")
    environment = {"LIUHEN_DATABASE_URL": database_url, "LIUHEN_SIGNER": config.signer}
    return home, environment, signer


def append(services: Services) -> None:
    with services.database.write() as tx:
        append_events(tx, services.ledger, ["log"])


def dying(step: str, *arguments: object, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    own = [sys.executable, "-m", "tests.crash.dying_command", step, *map(str, arguments)]
    return subprocess.Popen(own, env={**os.environ, **environment}, stderr=subprocess.DEVNULL)


def wait_for_answers(address: str, keys: LogKeys, origin: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not RemoteSigner(address, lambda: keys, origin, optional=True).is_at_hand:
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def published_size(services: Services) -> int:
    with services.database.read() as tx:
        newest = newest_checkpoint(tx)
    assert newest is not None
    return newest.size


def check_that_it_went_on(services: Services, signer: SignerHome, before: int) -> None:
    """What the signer remembers is published to the letter, the log grows, and all verifies."""
    with signer.listening():
        last = services.signer.last()
        assert last is not None
        size = services.publisher.run_once().size
        assert size > before
        if last.size > before:
            assert (
                services.store.read_bytes(checkpoint_archive_key(last.size)) == last.note.encode()
            )
            with services.database.read() as tx:
                newest = newest_checkpoint(tx)
            assert newest is not None
            assert (newest.size, newest.note) == (last.size, last.note)
        append(services)
        assert services.publisher.run_once().size == size + 1
        last = services.signer.last()
        assert last is not None
        assert services.store.read_bytes(CHECKPOINT_KEY) == last.note.encode()
        report = verify_all(context_of(services))
        assert (report.findings, report.unchecked) == ([], [])


@pytest.mark.parametrize(
    ("step", "database_url", "is_signed"),
    [
        ("asked, not remembered", "sqlite", False),
        ("remembered, not answered", "sqlite", True),
        ("remembered, not answered", "postgresql", True),
    ],
    indirect=["database_url"],
)
def test_the_signer_dies(
    homes: tuple[Path, dict[str, str], SignerHome], step: str, is_signed: bool
) -> None:
    home, environment, signer = homes
    config = load_config(home, environment=environment)
    with open_services(config) as services:
        before = published_size(services)
        append(services)
        process = dying(step, "signer", "--home", signer.folder, environment={})
        try:
            wait_for_answers(config.signer, services.keys, config.origin)
            with pytest.raises(SignerAwayError):
                services.publisher.run_once()
            assert process.wait(PATIENCE_S) == -signal.SIGKILL
        finally:
            end(process, ask=signal.SIGTERM, patience_s=PATIENCE_S)
        assert published_size(services) == before
        assert (f'"size": {before + 1}' in signer.state.read_text()) is is_signed
        # Its socket is still there, and the next one takes its place.
        assert signer.socket.exists()
        check_that_it_went_on(services, signer, before)


def test_who_asked_dies(homes: tuple[Path, dict[str, str], SignerHome], tmp_path: Path) -> None:
    home, environment, signer = homes
    file = tmp_path / "TA00716_JX0227_20261122093621.mp4"
    file.write_bytes(b"a recording")
    config = load_config(home, environment=environment)
    with signer.listening():
        step = "answered, not handed out"
        process = dying(step, "import", file, "--home", home, environment=environment)
        try:
            assert process.wait(PATIENCE_S) == -signal.SIGKILL
        finally:
            end(process, ask=signal.SIGTERM, patience_s=PATIENCE_S)
    with open_services(config) as services:
        before = published_size(services)
        assert f'"size": {before + 1}' in signer.state.read_text()
        check_that_it_went_on(services, signer, before)
        # Nothing in the server's home could have signed by itself.
        assert not (config.keys_folder / "log.key").exists()
