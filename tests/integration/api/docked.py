"""The real station agent before the test's own server; every file sent is published at once."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from api.services import Services
from custody.actors import service_actor
from ingest.stations import create_enrolment_token
from station_agent.agent import Agent
from station_agent.config import Config
from station_agent.enrolment import enrol, load_enrolment, load_key
from station_agent.events import Event
from station_agent.journal import File, State, open_journal
from station_agent.pauses import Pauses
from station_agent.renewal import finish
from station_agent.transport import Transport

NAME = "采集站 3"


@dataclass(frozen=True)
class DockedStation:
    """Passes of the agent over one dock."""

    services: Services
    config: Config

    @classmethod
    def enrolled(
        cls, services: Services, address: str, folder: Path, files: Mapping[str, bytes]
    ) -> "DockedStation":
        """A station at home in ``folder``, with ``files`` in its dock."""
        dock = folder / "dock"
        dock.mkdir()
        for name, data in files.items():
            (dock / name).write_bytes(data)
        with services.database.write() as tx:
            token = create_enrolment_token(
                tx, services.clock, services.ledger, service_actor("test"), NAME
            )
        config = Config(
            server=address,
            home=folder / "station",
            watch=(dock,),
            name=NAME,
            token=token,
            settle_s=0.05,
            timeout_s=20,
        )
        transport = Transport(address, timeout_s=20)
        enrol(config.home, address, config.name, token, transport)
        transport.close()
        finish(config.home, None)
        return cls(services, config)

    def scan(self, on_sent: Callable[[], None] = lambda: None) -> dict[str, int]:
        """One pass; how many files are in which state after it."""

        # Two files are sent at once, and a publisher that finds another at work does nothing: the
        # entry that came last would be published by nobody, and its receipt never be ready.
        publishing = threading.Lock()

        def hear(event: Event) -> None:
            if event.event == "state" and event.state == "sent":
                on_sent()
                with publishing:
                    self.services.publisher.run_once()

        journal = open_journal(self.config.journal_file)[0]
        agent = Agent(
            self.config,
            load_enrolment(self.config.home),
            load_key(self.config.home),
            journal,
            hear,
            pauses=Pauses(file_s=(0.05, 0.2), server_s=(0.05, 0.2)),
        )
        try:
            return agent.run_once(patience_s=5).counts
        finally:
            journal.close()

    def files(self) -> list[File]:
        """The journal's files, as the last pass left them."""
        journal = open_journal(self.config.journal_file)[0]
        try:
            return list(journal.files(*State))
        finally:
            journal.close()
