"""A station enrolled anew: what was on its way under the old key arrives under the new one."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.services import Services
from custody.actors import service_actor
from ingest.stations import create_enrolment_token
from ingest.tables import stations
from station_agent import cli
from station_agent.agent import Agent
from station_agent.enrolment import load_enrolment, load_key
from station_agent.events import Event
from station_agent.journal import File, Journal, State, open_journal
from tests.integration.api.docked import DockedStation

MIB = 1 << 20


def interrupted(docked: DockedStation) -> File:
    """One pass that ends in the middle of sending; the file as the journal has it then."""
    journal = open_journal(docked.config.journal_file)[0]
    config = replace(docked.config, concurrency=1)
    agents: list[Agent] = []

    def hear(event: Event) -> None:
        if event.event == "progress" and event.state == "sending":
            agents[0].request_stop()

    try:
        agents.append(
            Agent(config, load_enrolment(config.home), load_key(config.home), journal, hear)
        )
        agents[0].run_once(patience_s=5)
        return next(file for file in journal.files(*State) if file.upload_path is not None)
    finally:
        journal.close()


def enrol_anew(services: Services, docked: DockedStation, folder: Path, name: str) -> int:
    """As the operations page says it: a new token, on the command line."""
    config = folder / "station.toml"
    config.write_text(
        f'server = "{docked.config.server}"\nhome = "{docked.config.home}"\n'
        f'watch = ["{docked.config.watch[0]}"]\nlanguage = "en"\n'
    )
    with services.database.write() as tx:
        token = create_enrolment_token(
            tx, services.clock, services.ledger, service_actor("test"), name
        )
    return cli.main(["enrol", "--config", str(config), "--token", token])


def test_files_on_their_way_arrive_after_enrolling_anew(
    services: Services, address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {f"MOV_000{n}.mp4": os.urandom(6 * MIB) for n in range(2)}
    docked = DockedStation.enrolled(services, address, tmp_path, files)
    file = interrupted(docked)
    assert file.manifest_id is not None
    old_key = load_key(docked.config.home).name
    assert enrol_anew(services, docked, tmp_path, "东区采集站（重新登记）") == 0
    assert "is enrolled as" in capsys.readouterr().out
    assert load_key(docked.config.home).name != old_key
    with services.database.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(stations)) == 2
    assert docked.scan() == {"received": 2}
    journal = Journal(docked.config.journal_file, read_only=True)
    try:
        assert {file.reason for file in journal.files(*State)} == {None}
    finally:
        journal.close()


def test_a_token_that_was_spent_on_this_enrolment_enrols_nothing_anew(
    services: Services, address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    docked = DockedStation.enrolled(services, address, tmp_path, {})
    key = load_key(docked.config.home).name
    config = tmp_path / "station.toml"
    config.write_text(f'server = "{address}"\nhome = "{docked.config.home}"\nlanguage = "en"\n')
    arguments = ["enrol", "--config", str(config), "--token"]
    assert cli.main([*arguments, docked.config.token]) == 0
    assert "enrolled already" in capsys.readouterr().out
    assert cli.main([*arguments, "another-that-nobody-gave"]) == 2
    assert load_key(docked.config.home).name == key
    assert load_enrolment(docked.config.home).key_name == key
