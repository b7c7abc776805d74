"""What `make run` says where it can't begin: one sentence, and exit code 2."""

import json
import socket
import sys
from pathlib import Path

import pytest

from api.cli.failures import CommandError
from api.demo import children, station
from api.demo.children import NOTHING_WRITTEN, Child, last_line, require_running, sole_run, start
from api.web.locale import LANGUAGES
from tests.integration.cli.conftest import Liuhen

WORD = {"zh": "已被占用", "en": "is taken"}
IN_USE = {"zh": "正在使用", "en": "another make run uses"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_port_that_is_taken(liuhen: Liuhen, language: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port: int = taken.getsockname()[1]
        done = liuhen("demo", "--port", str(port), "--lang", language)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert WORD[language] in done.err
    assert str(port) in done.err


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_home_that_another_run_uses(
    liuhen: Liuhen, home: Path, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "PREVIOUS_S", 0.0)
    with sole_run(home, lambda: None):
        done = liuhen("demo", "--lang", language)
    assert done.code == 2
    refused = done.err.splitlines()[-1]
    assert refused.startswith("liuhen: ")
    assert IN_USE[language] in refused
    assert str(home) in refused


def test_a_run_that_is_ending_is_waited_for_and_that_is_said_once(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "PREVIOUS_S", 1.0)
    said: list[str] = []
    with (
        sole_run(home, lambda: said.append("first")),
        pytest.raises(CommandError),
        sole_run(home, lambda: said.append("second")),
    ):
        pass
    assert said == ["second"]


def test_a_server_that_ended_is_told_with_its_last_line(home: Path, tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    with sole_run(home, lambda: None) as lock:
        server = start(["no_such_module_of_ours"], lock, log=log)
        assert isinstance(server, Child)
        server.process.wait(30)
        with pytest.raises(CommandError) as refused:
            require_running(server)
        server.stop()
    assert f"exit code {server.process.returncode}" in str(refused.value)
    assert f"{Path(sys.executable).name}: No module named no_such_module_of_ours" in str(
        refused.value
    )


def test_what_a_station_leaves_out_is_apart_from_what_it_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = {
        "files": {"received": 2, "released": 1},
        "archived_before": 1,
        "refused": [{"name": "/dock/a.mp4", "reason": "empty"}],
        "skipped": [{"name": "/dock/link", "reason": "symlink"}],
        "skipped_count": 3,
    }
    monkeypatch.setattr(station, "_run", lambda *_: (1, json.dumps(status)))
    docked = station.docked(tmp_path / "station.toml", 0)
    assert (docked.received, docked.before, docked.skipped_count) == (3, 1, 3)
    assert docked.refused == (("/dock/a.mp4", "empty"),)
    assert docked.skipped == (("/dock/link", "symlink"),)


def test_a_log_without_a_line(tmp_path: Path) -> None:
    empty = tmp_path / "empty.log"
    empty.write_text("\n \n")
    assert last_line(empty) == last_line(tmp_path / "none") == last_line(None) == NOTHING_WRITTEN
