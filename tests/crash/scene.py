"""One home, one station with footage, and servers that come and go on one port."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from api.config import Config, load_config
from api.services import create_home, open_services
from api.verification_runs import context_of
from custody.actors import Actor, Role, Via
from custody.object_keys import original_key
from custody.tables import clips
from custody.verification.run import verify_all
from ingest.stations import create_enrolment_token
from ingest.tables import uploads

BIN = Path(sys.executable).parent
SHELL = Actor("shell:alice", Role.OPERATOR, Via.SHELL, "localhost", "alice")
START_S = 30.0


@dataclass
class Scene:
    """A home with an enrolled station to be; `database_url` empty means SQLite."""

    folder: Path
    environment: dict[str, str]

    def __post_init__(self) -> None:
        self.home = self.folder / "home"
        self.dock = self.folder / "dock"
        self.dock.mkdir(parents=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.environment = {**os.environ, "LIUHEN_MEDIA_WORKERS": "0", **self.environment}
        create_home(self.config())
        with open_services(self.config()) as services, services.database.write() as tx:
            token = create_enrolment_token(tx, services.clock, services.ledger, SHELL, "dock-alice")
        self.station = self.folder / "station.toml"
        self.station.write_text(
            f'server = "http://127.0.0.1:{self.port}"\nname = "dock-alice"\nhome = "station"\n'
            f'watch = ["dock"]\nsettle_s = 0.0\nrescan_s = 0.5\ntoken = "{token}"\n',
            encoding="utf-8",
        )

    def config(self) -> Config:
        return load_config(self.home, environment=self.environment)

    def start_server(self, *, dying_at: str | None = None) -> "subprocess.Popen[bytes]":
        """Start a server (one that kills itself at a step, if named) and wait until it answers."""
        own = [BIN / "liuhen", "serve", "--home", self.home, "--port", str(self.port)]
        dying = [
            *(sys.executable, "-m", "tests.crash.dying_server"),
            *(dying_at or "", self.home, str(self.port)),
        ]
        with (self.folder / "server.log").open("ab") as log:
            server = subprocess.Popen(
                dying if dying_at else own, env=self.environment, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and server.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2):
                    return server
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        if server.poll() == -signal.SIGKILL:
            return server  # its step came before it could answer
        raise RuntimeError((self.folder / "server.log").read_text(errors="replace"))

    def start_agent(self) -> "subprocess.Popen[bytes]":
        """The real agent, watching until it is stopped."""
        with (self.folder / "agent.log").open("ab") as log:
            return subprocess.Popen(
                [BIN / "liuhen-station", "run", "--config", self.station, "--progress", "json"],
                stdout=log,
                stderr=log,
            )

    def scan_once(self) -> int:
        """Let the agent bring what is there to its end; its exit code."""
        with (self.folder / "agent.log").open("ab") as log:
            return subprocess.run(
                [BIN / "liuhen-station", "scan", "--once", "--config", self.station],
                stdout=log,
                stderr=log,
                check=False,
                timeout=120,
            ).returncode

    def logs(self) -> str:
        parts = [self.folder / "server.log", self.folder / "agent.log"]
        return "\n".join(p.read_text(errors="replace")[-4000:] for p in parts if p.exists())

    def check_archived(self, expected: dict[str, bytes]) -> None:
        """Every file is one clip with the right bytes; nothing is left over; all verifies."""
        with open_services(self.config()) as services:
            services.publisher.run_once()
            with services.database.read() as tx:
                rows = tx.execute(sa.select(clips.c.name, clips.c.sha256)).all()
                open_uploads = tx.scalar(
                    sa.select(sa.func.count()).where(uploads.c.state == "receiving")
                )
            assert sorted(row.name for row in rows) == sorted(expected)
            for row in rows:
                assert services.store.read_bytes(original_key(row.sha256)) == expected[row.name]
            stored = {stat.key for stat in services.store.list("originals/")}
            assert stored == {original_key(row.sha256) for row in rows}
            assert open_uploads == 0
            assert not list(services.staging.entries())
            report = verify_all(context_of(services))
            assert report.findings == []
            assert report.clips_checked == len(expected)
