"""`liuhen-station status` names what is wrong, on whatever is left of a station."""

import contextlib
import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from station_agent import status_command
from station_agent.cli import main
from station_agent.config import Config, load_config
from station_agent.journal_schema import STEPS
from tests.integration.station_agent.fake_archive import FakeArchive
from tests.integration.station_agent.test_cli import command, config, wait_for
from tests.integration.station_agent.test_own_troubles import fill
from tests.services import disks

__all__ = ["config"]


@pytest.fixture
def home(config: Path, archive: FakeArchive) -> Path:
    """The home of a station that archived one file."""
    (config.parent / "dock" / "clip.mp4").write_bytes(b"bytes")
    assert command("scan", "--config", config, "--token", "good-token").returncode == 0
    return config.parent / "home"


def told(config: Path) -> tuple[int, dict[str, Any], str]:
    """Exit code, JSON and text; both ways say the same, and neither ends in a traceback.

    In this process: a new interpreter for each of a hundred looks is most of what they would cost.
    """
    said = []
    for options in (["--json"], []):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(["status", "--config", str(config), *options])
        assert err.getvalue() == ""
        said.append((code, out.getvalue()))
    (as_json_code, as_json), (code, text) = said
    assert as_json_code == code
    return code, json.loads(as_json), text


def test_all_is_well(config: Path, home: Path) -> None:
    code, value, text = told(config)
    assert code == 0
    alone = command("status", "--config", config)
    assert (alone.returncode, alone.stderr) == (0, "")
    assert (value["folders"], value["held"], value["problems"]) == ([], [], [])
    assert "archived  1" in text
    assert "looked after" not in text


def test_a_station_without_a_file_says_that_there_is_none(
    config: Path, archive: FakeArchive
) -> None:
    assert command("enrol", "--config", config, "--token", "good-token").returncode == 0
    code, value, text = told(config)
    assert (code, value["files"]) == (0, {})
    assert "files: none" in text


def test_a_refused_empty_file_is_named_and_no_alarm_whatever_is_watched(
    config: Path, home: Path
) -> None:
    (config.parent / "dock" / "empty.mp4").touch()
    (config.parent / "other").mkdir()
    assert command("scan", "--config", config).returncode == 1  # of this pass one was not taken
    for folder in ("dock", "other"):
        text = config.read_text(encoding="utf-8").replace('["dock"]', f'["{folder}"]')
        config.write_text(text, encoding="utf-8")
        command("scan", "--config", config)
        code, value, said = told(config)
        assert code == 0
        assert [(one["state"], one["reason"]) for one in value["refused"]] == [("refused", "empty")]
        assert "refused  empty" in said
        assert "nothing to be done" in said
        assert "files with trouble" not in said


def test_a_reader_that_goes_away_ends_it_quietly(config: Path, home: Path) -> None:
    """As `status --json | head` does, once it has what it wants."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        for options in (["--json"], []):
            status = ["station_agent.cli", "status", "--config", str(config), *options]
            done = subprocess.run(
                [sys.executable, "-m", *status],
                stdout=writing,
                stderr=subprocess.PIPE,
                check=False,
            )
            assert (done.returncode, done.stderr) == (141, b"")
    finally:
        os.close(writing)


def test_a_missing_folder_is_named(config: Path, home: Path) -> None:
    shutil.rmtree(config.parent / "dock")
    # By itself, before any agent looked again; and as the agent saw it.
    for _ in range(2):
        code, value, text = told(config)
        assert code == 1
        (folder,) = value["folders"]
        assert folder["name"] == str(config.parent / "dock")
        assert f"{config.parent / 'dock'}  No such file or directory" in text
        assert command("scan", "--config", config, "--patience", "1").returncode == 1


def test_what_a_pass_could_not_list_is_named(config: Path, home: Path) -> None:
    """Deeper than a path may be: `scandir` refuses, whoever asks."""
    dock = config.parent / "dock"
    here = os.open(dock, os.O_RDONLY)
    name = "d" * 250
    for _ in range(18):
        os.mkdir(name, dir_fd=here)
        deeper = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    try:
        assert command("scan", "--config", config, "--patience", "1").returncode == 1
        code, value, text = told(config)
        assert code == 1
        assert value["folders_count"] == 1
        assert value["folders"][0]["reason"] == "File name too long"
        assert "could not be listed or read (1):" in text
    finally:
        subprocess.run(["rm", "-rf", str(dock)], check=True)


def test_a_file_held_back_is_named(config: Path, home: Path, archive: FakeArchive) -> None:
    (config.parent / "dock" / "large.mp4").write_bytes(b"a large file")
    archive.refuse_larger_than = 5
    assert command("scan", "--config", config, "--patience", "1").returncode == 2
    code, value, text = told(config)
    assert code == 1
    assert [one["state"] for one in value["held"]] == ["hashed"]
    assert "the archive's disk has no room for this file" in text


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("station.key", b"PRIVATE+KEY", "the station's key can't be used"),
        ("station.key", None, "the station's key can't be used"),
        ("enrolment.json", b"{", "the enrolment can't be read"),
        ("enrolment.json", None, "not enrolled"),
        ("trust.json", b'{"checkpoint": "li', "tell the auditor"),
        ("trust.json", b"\xff", "tell the auditor"),
        ("journal.db", b"no journal " * 1000, "start the agent, which deals with it"),
    ],
)
def test_a_broken_file_of_the_home_is_named(
    config: Path, home: Path, name: str, data: bytes | None, words: str
) -> None:
    path = home / name
    path.unlink()
    if data is not None:
        path.write_bytes(data)
        path.chmod(0o600)
    code, value, text = told(config)
    assert code == 1
    assert value["problems"]
    assert words in text
    if name != "enrolment.json" or data is not None:
        assert str(path) in text


def test_a_truncated_trust_says_which_file_and_what_to_do(config: Path, home: Path) -> None:
    (home / "trust.json").write_bytes(b"{")
    for name in ("scan", "run"):
        done = command(name, "--config", config)
        assert done.returncode == 2
        assert str(home / "trust.json") in done.stderr
        assert "enrol the station anew" in done.stderr
    chinese = command("scan", "--config", config, "--lang", "zh")
    assert "重新登记采集站" in chinese.stderr


def test_the_remedy_for_a_truncated_trust_works(config: Path, home: Path) -> None:
    (home / "trust.json").write_bytes(b"{")
    text = (home / "enrolment.json").read_text()
    (home / "enrolment.json").write_text(text.replace("token_sha256", "unknown"))
    assert command("enrol", "--config", config, "--token", "good-token").returncode == 0
    assert (home / "trust.json.before-1").read_bytes() == b"{"
    assert command("scan", "--config", config).returncode == 0
    assert told(config)[0] == 0


def running(config: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "station_agent.cli", "run", "--config", str(config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_a_frozen_agent_is_stale(
    config: Path,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    agent = running(config)

    def status() -> tuple[int, dict[str, Any]]:
        code = status_command.status(*_asked(config))
        return code, json.loads(capsys.readouterr().out)

    try:
        wait_for(lambda: status()[1]["running"] and status()[1]["age_s"] is not None)
        wait_for(lambda: status()[1]["age_s"] <= 3)
        code, value = status()
        assert (code, value["stale"]) == (0, False)
        agent.send_signal(signal.SIGSTOP)
        monkeypatch.setattr(status_command, "STALE_S", 0)
        wait_for(lambda: status()[1]["stale"])
        code, value = status()
        assert code == 1
        assert value["problems"][0]["reason"] == "stale"
        assert value["age_s"] > 5  # the time-out of this station
    finally:
        agent.send_signal(signal.SIGCONT)
        agent.terminate()
        agent.wait(20)


def _asked(config: Path) -> tuple[Config, Namespace]:
    return load_config(config), Namespace(json=True)


def spoil_empty(path: Path) -> None:
    path.write_text("{}")


def spoil_types(path: Path) -> None:
    value = json.loads(path.read_text())
    path.write_text(json.dumps({**value, "files": [], "current": [{"name": 1}]}))


def spoil_list(path: Path) -> None:
    path.write_text("[1, 2]")


@pytest.mark.parametrize("spoil", [spoil_empty, spoil_types, spoil_list])
def test_a_status_file_of_another_form_is_passed_over(
    config: Path, home: Path, spoil: Callable[[Path], None]
) -> None:
    agent = running(config)
    try:
        wait_for(lambda: told(config)[1]["running"])
        agent.send_signal(signal.SIGSTOP)
        time.sleep(0.2)
        spoil(home / "status.json")
        _, value, text = told(config)
        assert value["files"] == {"received": 1}
        assert "archived  1" in text
    finally:
        agent.send_signal(signal.SIGCONT)
        agent.terminate()
        agent.wait(20)
    spoil(home / "status.json")
    assert told(config)[0] == 0


@pytest.mark.parametrize(("reason", "expected"), [("empty", 0), ("server_refused: 413", 1)])
def test_a_journal_of_an_earlier_version_is_read_and_left_as_it_is(
    config: Path, home: Path, reason: str, expected: int
) -> None:
    path = home / "journal.db"
    path.unlink()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(STEPS[0])
    connection.execute("PRAGMA user_version = 1")
    connection.execute(
        "INSERT INTO files (root, path, size_bytes, mtime_ns, inode, important, state, reason)"
        " VALUES (x'2f', x'2f61', 1, 1, '1', 0, 'refused', ?)",
        (reason,),
    )
    connection.close()
    before = path.read_bytes()
    code, value, _ = told(config)
    assert code == expected
    assert value["files"] == {"refused": 1}
    assert path.read_bytes() == before


def test_a_journal_that_a_full_disk_cut_short_says_so(config: Path, tmp_path: Path) -> None:
    with disks.small_disk(tmp_path / "home", 1 << 20) as folder:
        assert command("enrol", "--config", config, "--token", "good-token").returncode == 0
        (folder / "journal.db").touch()
        fill(folder)
        code, value, text = told(config)
        assert code == 1
        assert value["files"] == {}
        assert [one["reason"] for one in value["problems"]] == ["disk_full"]
        assert "the disk of this station is full, make room" in text
