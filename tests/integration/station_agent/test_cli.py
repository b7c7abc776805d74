"""The command as people and programs meet it: a process, its output, its exit code, its signals."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.station_agent.fake_archive import FakeArchive

#: Runs the command where nothing but the agent's own dependencies can be imported.
ALONE = """
import sys

class Refuse:
    refused = {"sqlalchemy", "boto3", "fastapi", "click", "rich", "starlette", "uvicorn", "httpx",
               "requests", "alembic", "jinja2", "av", "api", "ingest", "storage"}
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in self.refused:
            raise ImportError("the station must do without " + name)

sys.meta_path.insert(0, Refuse())
from station_agent.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def config(tmp_path: Path, address: str) -> Path:
    (tmp_path / "dock").mkdir()
    path = tmp_path / "station.toml"
    path.write_text(
        f'server = "{address}"\nname = "alice"\nhome = "home"\nwatch = ["dock"]\n'
        'settle_s = 0.05\nrescan_s = 0.2\ntimeout_s = 5\nlanguage = "en"\n'
    )
    return path


def command(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", ALONE, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )


def test_first_scan_enrols_archives_and_ends_with_zero(config: Path, archive: FakeArchive) -> None:
    (config.parent / "dock" / "clip.mp4").write_bytes(b"bytes")
    done = command("scan", "--once", "--config", config, "--token", "good-token")
    assert (done.returncode, done.stderr) == (0, "")
    assert "✓ archived  clip.mp4  5 B" in done.stdout
    assert set(archive.originals.values()) == {b"bytes"}
    assert (config.parent / "home" / "station.key").stat().st_mode & 0o777 == 0o600
    again = command("scan", "--once", "--config", config)
    assert again.returncode == 0


def test_progress_as_json_is_one_object_a_line(config: Path, archive: FakeArchive) -> None:
    name = "执法\n.mp4"
    (config.parent / "dock" / name).write_bytes(b"bytes")
    (config.parent / "dock" / "empty.mp4").touch()
    done = command(
        "scan", "--config", config, "--progress", "json", LIUHEN_STATION_TOKEN="good-token"
    )
    assert done.returncode == 1  # the empty one was refused
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    states = [line["state"] for line in lines if line["event"] == "state" and name in line["path"]]
    assert states == ["seen", "settled", "hashed", "sending", "sent", "received"]
    (refused,) = [line for line in lines if line.get("state") == "refused"]
    assert refused["reason"] == "empty"
    assert lines[-1] == {"event": "summary", "files": {"received": 1, "refused": 1}, "exit": 1}
    assert all(set(line) >= {"path", "state", "bytes", "total", "reason"} for line in lines[:-1])


def test_files_of_one_content_and_what_is_no_file_are_counted_and_named(
    config: Path, archive: FakeArchive
) -> None:
    dock = config.parent / "dock"
    for name, data in (("a.mp4", b"one"), ("b.mp4", b"one"), ("c.mp4", b"two")):
        (dock / name).write_bytes(data)
    (dock / "link.mp4").symlink_to(dock / "a.mp4")
    os.mkfifo(dock / "pipe.mp4")
    (dock / "folder.mp4").mkdir()
    (dock / ".DS_Store").write_bytes(b"litter")
    done = command("scan", "--config", config, "--token", "good-token")
    assert done.returncode == 0
    assert "files archived: 3, of which archived already (same content): 1" in done.stdout
    assert "3 skipped: links, FIFOs and the like" in done.stdout
    told = command("status", "--config", config)
    assert told.returncode == 0
    assert "files archived: 3, of which archived already (same content): 1" in told.stdout
    assert "skipped, not taken (3):" in told.stdout
    assert re.search(r"folder\.mp4  a folder", told.stdout)
    assert re.search(r"link\.mp4  a symbolic link", told.stdout)
    assert re.search(r"pipe\.mp4  a FIFO", told.stdout)
    value = json.loads(command("status", "--json", "--config", config).stdout)
    assert (value["archived_before"], value["skipped_count"]) == (1, 3)
    assert len(archive.originals) == 2
    (dock / "link.mp4").unlink()
    (dock / "d.mp4").write_bytes(b"two")  # sent by an earlier pass: the archive has it already
    assert command("scan", "--config", config).returncode == 0
    value = json.loads(command("status", "--json", "--config", config).stdout)
    assert (value["archived_before"], value["skipped_count"]) == (2, 2)


def test_both_languages(config: Path) -> None:
    (config.parent / "dock" / "clip.mp4").write_bytes(b"bytes")
    done = command("scan", "--config", config, "--token", "good-token", "--lang", "zh")
    assert "✓ 已入库  clip.mp4" in done.stdout


def test_usage_and_missing_enrolment_are_64(config: Path) -> None:
    assert command().returncode == 64
    assert command("scan", "--nonsense").returncode == 64
    assert command("scan", "--config", config.parent / "missing.toml").returncode == 64
    unenrolled = command("scan", "--config", config)
    assert unenrolled.returncode == 64
    assert "token" in unenrolled.stderr


def test_a_bad_token_is_said(config: Path) -> None:
    done = command("enrol", "--config", config, "--token", "wrong")
    assert done.returncode == 2
    assert "not enrolled: the token is wrong, used or expired" in done.stderr
    assert "no such token" in done.stderr
    chinese = command("enrol", "--config", config, "--token", "wrong", "--lang", "zh")
    assert chinese.returncode == 2
    assert "登记没有成功：登记码不对" in chinese.stderr


def test_enrolling_twice_needs_a_token_again(config: Path) -> None:
    assert command("enrol", "--config", config, "--token", "good-token").returncode == 0
    key = (config.parent / "home" / "station.key").read_bytes()
    again = command("enrol", "--config", config)
    assert again.returncode == 0
    assert "already" in again.stdout
    assert (config.parent / "home" / "station.key").read_bytes() == key


def test_server_away_is_2(config: Path, archive: FakeArchive) -> None:
    assert command("enrol", "--config", config, "--token", "good-token").returncode == 0
    (config.parent / "dock" / "clip.mp4").write_bytes(b"bytes")
    away = command(
        "scan", "--config", config, "--patience", "0.5", LIUHEN_STATION_SERVER="http://127.0.0.1:9"
    )
    assert away.returncode == 2
    assert "away" in away.stdout
    assert "the server is away" in (config.parent / "home" / "station.log").read_text()
    assert command("scan", "--config", config).returncode == 0


def test_unsafe_key_file_is_refused(config: Path) -> None:
    assert command("enrol", "--config", config, "--token", "good-token").returncode == 0
    (config.parent / "home" / "station.key").chmod(0o644)
    done = command("scan", "--config", config)
    assert done.returncode == 2
    assert "0600" in done.stderr


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_stops_cleanly_and_shows_how_it_is(
    config: Path, archive: FakeArchive, number: signal.Signals
) -> None:
    (config.parent / "dock" / "clip.mp4").write_bytes(b"bytes")
    running = subprocess.Popen(
        [sys.executable, "-m", "station_agent.cli", "run", "--config", str(config)],
        env={**os.environ, "LIUHEN_STATION_TOKEN": "good-token"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(lambda: archive.originals and archive.statuses)
        second = command("scan", "--config", config)
        assert second.returncode == 2
        assert "Another agent" in second.stderr
        wait_for(
            lambda: (
                json.loads(command("status", "--config", config, "--json").stdout)["files"]
                == {"received": 1}
            )
        )
        status = json.loads(command("status", "--config", config, "--json").stdout)
        assert status["running"] is True
        assert status["alarm"] is None
        assert "archived  1" in command("status", "--config", config).stdout
    finally:
        running.send_signal(number)
        out, _ = running.communicate(timeout=20)
    assert running.returncode == 0
    assert "stopped" in out
    after = command("status", "--config", config, "--json")
    assert after.returncode == 0
    assert json.loads(after.stdout)["running"] is False


def test_killed_at_any_moment_it_goes_on(config: Path, archive: FakeArchive) -> None:
    """SIGKILL at growing delays until a pass gets through; every file once, whole."""
    contents = {os.urandom(300_000 + n) for n in range(6)}
    for number, data in enumerate(sorted(contents)):
        (config.parent / "dock" / f"clip{number}.mp4").write_bytes(data)
    assert command("enrol", "--config", config, "--token", "good-token").returncode == 0
    arguments = [sys.executable, "-m", "station_agent.cli", "scan", "--config", str(config)]
    for round_number in range(40):
        process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(0.35 + round_number * 0.05)
            break
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    assert process.returncode == 0
    assert set(archive.originals.values()) == contents
    assert len(archive.clips) == len(contents)


def test_config_prints_a_file_that_can_be_used(tmp_path: Path, config: Path) -> None:
    printed = command("config").stdout
    path = tmp_path / "printed.toml"
    path.write_text(printed)
    done = command("status", "--config", path)
    assert done.returncode == 64  # read, and the station in it is not enrolled
    assert "token" in done.stderr or "登记码" in done.stderr
