"""A home that can't be written: the agent can't say so, `status` looks for itself."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from station_agent import journal_files
from station_agent.errors import JournalReadOnlyError
from station_agent.journal import Journal, open_journal
from tests.integration.station_agent.fake_archive import FakeArchive
from tests.integration.station_agent.test_cli import command, config, wait_for
from tests.integration.station_agent.test_own_troubles import fill
from tests.integration.station_agent.test_status import home, running, told
from tests.services import disks

__all__ = ["config", "home"]

#: Another account than the one who asks: whoever runs the tests as root may write everything.
NOBODY = 65534


@pytest.fixture
def agent(config: Path, home: Path) -> Iterator[subprocess.Popen[bytes]]:
    agent = running(config)
    try:
        wait_for(lambda: told(config)[1]["age_s"] is not None)
        yield agent
    finally:
        agent.send_signal(signal.SIGCONT)
        agent.terminate()
        agent.wait(20)


def folder(journal: Path) -> None:
    journal.unlink()
    journal.mkdir()


def fifo(journal: Path) -> None:
    journal.unlink()
    os.mkfifo(journal)


def read_only_journal(journal: Path) -> None:
    give_away(journal)
    journal.chmod(0o444)


def read_only_home(journal: Path) -> None:
    give_away(journal.parent)
    journal.parent.chmod(0o555)


def give_away(path: Path) -> None:
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (folder, "something else stands in the place of the journal"),
        (fifo, "something else stands in the place of the journal"),
        (read_only_journal, "the journal is read-only"),
        (read_only_home, "the station's folder is read-only"),
    ],
)
def test_status_looks_at_the_home_itself(
    config: Path,
    home: Path,
    agent: subprocess.Popen[bytes],
    change: Callable[[Path], None],
    words: str,
) -> None:
    agent.send_signal(signal.SIGSTOP)  # what it left says that all is well
    change(home / "journal.db")
    try:
        code, value, text = told(config)
        assert code == 1
        assert value["running"]
        assert words in text
        assert "restart it" not in text
        assert "server: unknown" in text
    finally:
        home.chmod(0o700)


def test_a_full_disk_is_named_whatever_the_agent_left(
    config: Path, archive: FakeArchive, tmp_path: Path
) -> None:
    with disks.small_disk(tmp_path / "home", 1 << 20) as folder:
        assert command("enrol", "--config", config, "--token", "good-token").returncode == 0
        agent = running(config)
        try:
            wait_for(lambda: told(config)[1]["age_s"] is not None)
            agent.send_signal(signal.SIGSTOP)
            fill(folder)
            code, value, text = told(config)
            assert code == 1
            assert value["free_bytes"] < 128 * 1024
            assert "the disk of this station is full" in text
        finally:
            agent.send_signal(signal.SIGCONT)
            agent.kill()
            agent.wait(20)


@pytest.mark.parametrize("name", ["journal.db", "."])
def test_a_read_only_journal_is_not_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    path = home / "journal.db"
    Journal(path).close()
    before = path.read_bytes()
    allowed = os.access
    # Root may write everything, and only root can make a file immutable.
    monkeypatch.setattr(
        journal_files.os, "access", lambda one, mode: one != home / name and allowed(one, mode)
    )
    with pytest.raises(JournalReadOnlyError):
        open_journal(path)
    assert [one.name for one in home.iterdir()] == ["journal.db"]
    assert path.read_bytes() == before
    Journal(path, read_only=True).close()
