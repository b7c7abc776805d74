"""A real server, two real witnesses, a real station: witnessed, one gone, and back again."""

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from custody.log.cosignature import CosignatureVerifier, open_cosigned
from custody.log.note import NoteVerifier
from tests.services.processes import end, free_ports
from tests.services.witnesses import write_policy

pytestmark = pytest.mark.timeout(600)

#: How long anything may take on a busy machine before the test gives up.
PATIENCE_S = 120.0
PROGRAMS = {
    "liuhen": "api.cli.main",
    "liuhen-witness": "custody.outside.witness_cli",
    "liuhen-station": "station_agent.cli",
    "liuhen-verify": "custody.outside.cli",
}


def command(program: str, *arguments: object) -> list[str]:
    return [sys.executable, "-m", PROGRAMS[program], *map(str, arguments)]


def call(program: str, *arguments: object, code: int = 0) -> str:
    done = subprocess.run(command(program, *arguments), capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout


@contextmanager
def running(log: Path, program: str, *arguments: object) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that writes what it says to ``log``; ended by its own id."""
    with log.open("ab") as output:
        process = subprocess.Popen(command(program, *arguments), stdout=output, stderr=output)
        try:
            yield process
        finally:
            end(process, ask=signal.SIGTERM, patience_s=30)


def fetch(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=30) as answer:
        data: bytes = answer.read()
        return data


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            if condition():
                return
        except OSError:  # it is not up yet
            pass
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.2)


class Scene:
    """A home with a policy of three witnesses, of whom two are enough and the third never was."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.port, *self.ports = free_ports(4)
        call("liuhen", "init", "--home", self.home)
        self.log_key = call("liuhen", "log", "vkey", "--home", self.home).splitlines()[0]
        self.keys = []
        for number in range(3):
            listen = f"127.0.0.1:{self.ports[number]}"
            where = ("--name", f"w{number}.example", "--log", self.log_key, "--listen", listen)
            told = call("liuhen-witness", "init", folder / f"w{number}", *where)
            self.keys.append(told.splitlines()[0])
        lines = [
            f"witness w{number} {key} http://127.0.0.1:{port}"
            for number, (key, port) in enumerate(zip(self.keys, self.ports, strict=True))
        ]
        write_policy(self.home / "witnesses.policy", lines, 2, ["w0", "w1", "w2"])

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serve(self) -> Any:
        arguments = ("serve", "--home", self.home, "--port", self.port)
        return running(self.folder / "serve.log", "liuhen", *arguments)

    def witness(self, number: int) -> Any:
        folder = self.folder / f"w{number}"
        return running(self.folder / f"w{number}.log", "liuhen-witness", "serve", folder)

    def health(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(fetch(f"{self.address}/healthz"))
        assert value["status"] == "ok"
        return value["witnesses"]

    def witnesses(self) -> dict[str, Any]:
        told = call("liuhen", "log", "witnesses", "--home", self.home, "--json")
        value: dict[str, Any] = json.loads(told)
        return value

    def import_a_file(self, name: str) -> None:
        """A command beside the server: the log grows."""
        path = self.folder / name
        path.write_bytes(name.encode() * 1000)
        call("liuhen", "import", path, "--home", self.home)

    def cosigners(self) -> tuple[int, set[str]]:
        """Size of the served checkpoint, and the names of the witnesses under it."""
        verifiers = [CosignatureVerifier.parse(key) for key in self.keys]
        note = fetch(f"{self.address}/log/checkpoint")
        checkpoint, who = open_cosigned(note, NoteVerifier.parse(self.log_key), verifiers)
        return checkpoint.size, {one.verifier.name for one in who}


def test_witnessed_then_one_gone_then_back(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    both = {"w0.example", "w1.example"}
    with scene.serve() as server, scene.witness(0):
        with scene.witness(1):
            scene.import_a_file("TA00716_JX0227_20261122093621.mp4")
            # Two of three are enough; the third has never been there and keeps nobody waiting.
            wait_for(lambda: scene.health()["met"] and scene.cosigners()[1] == both)
            first = scene.cosigners()[0]
            check_what_outsiders_take(scene)
            bring_a_station(scene)
            wait_for(lambda: scene.health()["met"] and scene.cosigners()[0] > first)
        # One gone: the service goes on, and says since when it is not witnessed.
        before = scene.cosigners()[0]
        scene.import_a_file("TA00716_JX0227_20261122101500.mp4")
        wait_for(lambda: scene.cosigners()[0] > before and not scene.health()["met"])
        wait_for(lambda: scene.health()["unwitnessed_s"] > 0)
        assert scene.cosigners()[1] == set()
        shown = scene.witnesses()
        behind = {one["name"]: one["behind_since"] is not None for one in shown["cosigners"]}
        assert (behind["w1"], behind["w2"]) == (True, True)
        assert shown["met"] is False
        assert before <= shown["size"]
        assert server.poll() is None
        call("liuhen", "verify", "--all", "--home", scene.home)
        with scene.witness(1):  # and back: it goes on from what it had cosigned
            wait_for(lambda: scene.health()["met"] and scene.cosigners()[1] == both)
            wait_for(lambda: scene.health()["behind"] == 1)
    report = json.loads(call("liuhen", "log", "verify", "--home", scene.home, "--json"))
    assert report["findings"] == []


def check_what_outsiders_take(scene: Scene) -> None:
    """A mirror, its check by the policy, a proof and ourselves: all take the witnessed note."""
    mirror, policy = scene.folder / "mirror", scene.home / "witnesses.policy"
    where = ("--from", f"{scene.address}/log", "--vkey", scene.log_key)
    call("liuhen", "log", "mirror", mirror, *where)
    checked = ("--log", scene.log_key, "--policy", policy, "--json")
    told = json.loads(call("liuhen-verify", "mirror", mirror, *checked))
    assert told["problems"] == []
    proof = scene.folder / "0.tlog-proof"
    call("liuhen", "log", "prove", 0, "-o", proof, "--home", scene.home)
    told = json.loads(call("liuhen", "log", "checkpoint", "--home", scene.home, "--json"))
    assert [one["name"] for one in told["cosignatures"]] in (["w0", "w1"], [])
    kept = scene.folder / "kept"
    kept.write_bytes(fetch(f"{scene.address}/log/checkpoint"))
    call("liuhen", "verify", "--home", scene.home, "--against", kept)


def bring_a_station(scene: Scene) -> None:
    """Enrol one, let it send a file, and see its cosignature among the others."""
    folder, dock = scene.folder / "station", scene.folder / "dock"
    dock.mkdir()
    (dock / "TA00933_JX0228_20261122093700.mp4").write_bytes(b"a recording" * 9999)
    told = call("liuhen", "stations", "enrol-token", "东区采集站", "--home", scene.home)
    token = told.strip().rpartition("：")[2]
    config = scene.folder / "station.toml"
    config.write_text(
        f'server = "{scene.address}"\nhome = "{folder}"\nwatch = ["{dock}"]\n'
        'name = "东区采集站"\nsettle_s = 0.1\n',
        encoding="utf-8",
    )
    call("liuhen-station", "enrol", "--config", config, "--token", token)
    call("liuhen-station", "scan", "--once", "--config", config)

    def cosigned() -> bool:
        listed = scene.witnesses()["cosigners"]
        return ("station", "东区采集站") in {(one["kind"], one["name"]) for one in listed}

    wait_for(cosigned)
