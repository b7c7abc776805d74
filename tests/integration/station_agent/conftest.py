"""A station on a fake archive, enrolled, with an empty dock."""

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from custody.log.checkpoint import open_checkpoint
from station_agent import enrolment as enrolments
from station_agent import renewal
from station_agent.agent import Agent, Outcome
from station_agent.config import Config
from station_agent.enrolment import load_enrolment, load_key
from station_agent.events import Event
from station_agent.journal import File, Journal, State, open_journal
from station_agent.pauses import Pauses
from station_agent.transport import Transport
from tests.integration.station_agent.fake_archive import ORIGIN, FakeArchive, serving


@dataclass
class Station:
    """Runs passes of the agent over ``dock``; ``events`` is all it said."""

    config: Config
    dock: Path
    events: list[Event] = field(default_factory=list)
    #: What happens to the files when the agent says something.
    react: Callable[[Event], None] = lambda _: None

    def enrol(self) -> None:
        transport = Transport(self.config.server, timeout_s=5)
        enrolments.enrol(self.config.home, self.config.server, "alice", "good-token", transport)
        transport.close()
        renewal.finish(self.config.home, None)

    def agent(self, journal: Journal | None = None) -> Agent:
        home = self.config.home
        return Agent(
            self.config,
            load_enrolment(home),
            load_key(home),
            journal or open_journal(self.config.journal_file)[0],
            self.hear,
            pauses=Pauses(file_s=(0.05, 0.2), server_s=(0.05, 0.2)),
        )

    def hear(self, event: Event) -> None:
        self.events.append(event)
        self.react(event)

    def scan(self, *, patience_s: float = 10.0, tries: int = 3) -> Outcome:
        """One pass with a test's short pauses; a test about giving up sets its own patience."""
        journal = open_journal(self.config.journal_file)[0]
        try:
            return self.agent(journal).run_once(patience_s=patience_s, tries=tries)
        finally:
            journal.close()

    def files(self) -> dict[bytes, File]:
        journal = Journal(self.config.journal_file, read_only=True)
        try:
            return {file.path: file for file in journal.files(*State)}
        finally:
            journal.close()

    def states(self) -> dict[str, str]:
        """State by name in the dock."""
        return {
            os.fsdecode(path.rsplit(b"/", 1)[-1]): file.state for path, file in self.files().items()
        }

    def with_config(self, **changes: object) -> "Station":
        return replace(self, config=replace(self.config, **changes))  # type: ignore[arg-type]


def put(station: Station, name: str | bytes, data: bytes) -> Path:
    path = station.dock / os.fsdecode(name)
    path.write_bytes(data)
    return path


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def last_seen(station: Station, archive: FakeArchive) -> int:
    """The size of the log that the station saw last."""
    note = json.loads((station.config.home / "trust.json").read_text())["checkpoint"]
    return open_checkpoint(note, archive.log_key.verifier, origin=ORIGIN).size


@pytest.fixture
def archive() -> FakeArchive:
    return FakeArchive()


@pytest.fixture
def address(archive: FakeArchive) -> Iterator[str]:
    with serving(archive) as address:
        yield address


@pytest.fixture
def station(address: str, tmp_path: Path) -> Station:
    dock = tmp_path / "dock"
    dock.mkdir()
    config = Config(
        server=address,
        home=tmp_path / "station",
        watch=(dock,),
        name="alice",
        settle_s=0.05,
        rescan_s=0.2,
        timeout_s=5,
        language="en",
    )
    station = Station(config, dock)
    station.enrol()
    return station
