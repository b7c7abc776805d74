"""The demo's station: its configuration, its enrolment, the real agent at work."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.cli.failures import CommandError
from api.demo.children import Child, last_line, start
from api.services import Services
from custody.actors import Actor
from ingest.errors import StationExistsError
from ingest.stations import create_enrolment_token
from storage.durable import make_folder, write_file

MODULE = "station_agent.cli"
NAME = "demo-station"
#: Exit code of the agent: it is not enrolled and has no token (its wrong usage).
NOT_ENROLLED = 64


def write_config(folder: Path, server: str, footage: Path, language: str) -> Path:
    """Write ``station.toml`` anew: server and footage may differ from the last start."""
    make_folder(folder, mode=0o700)
    path = folder / "station.toml"
    # A JSON string is a TOML basic string as well.
    lines = {
        "server": server.rstrip("/"),
        "name": NAME,
        "home": str(folder / "state"),
        "watch": [str(footage)],
        "language": language,
    }
    text = "".join(
        f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in lines.items()
    )
    write_file(path, (text + "settle_s = 1.0\nrescan_s = 5.0\n").encode(), mode=0o600)
    return path


def ensure_enrolled(services: Services, actor: Actor, config: Path, lock: int) -> bool:
    """Make the station known to the server; False if it was. Raises `CommandError`."""
    log = config.parent / "agent.log"
    code, _ = _run(["enrol", "--config", str(config)], lock, log)
    known = code == 0
    if code == NOT_ENROLLED:
        token = _token(services, actor)
        code, _ = _run(["enrol", "--config", str(config), "--token", token], lock, log)
    if code != 0:
        raise CommandError("failure.not_enrolled", code=code, log=log, last=last_line(log))
    return not known


def _token(services: Services, actor: Actor) -> str:
    """A token for a name that is free: an enrolment that was cut short may have taken one."""
    number = 1
    while True:
        name = NAME if number == 1 else f"{NAME}-{number}"
        try:
            with services.database.write() as tx:
                return create_enrolment_token(tx, services.clock, services.ledger, actor, name)
        except StationExistsError:
            number += 1


def scan(config: Path, lock: int, log: Path) -> tuple[Child, Iterator[dict[str, Any]]]:
    """Let the agent archive what is there now; its events as they come."""
    arguments = [MODULE, "scan", "--once", "--config", str(config), "--progress", "json"]
    child = start(arguments, lock, log=log, output=subprocess.PIPE)
    return child, _events(child)


def watch(config: Path, lock: int, log: Path) -> Child:
    """Let the agent watch the folder until it is stopped."""
    return start(
        [MODULE, "run", "--config", str(config), "--progress", "none"],
        lock,
        log=log,
    )


@dataclass(frozen=True, slots=True)
class Docked:
    """What became of the files, as the agent's journal has it.

    ``before`` of the ``received`` were archived already. ``refused`` are names and reasons of files
    that are not archived, ``skipped`` those of links and the like, the first of
    ``skipped_count``.
    """

    received: int
    before: int
    refused: tuple[tuple[str, str], ...]
    skipped: tuple[tuple[str, str], ...]
    skipped_count: int


def docked(config: Path, lock: int) -> Docked:
    """Ask the agent; nothing where it does not answer."""
    _, output = _run(["status", "--json", "--config", str(config)], lock)
    try:
        status = json.loads(output)
    except ValueError:
        return Docked(0, 0, (), (), 0)
    files = status["files"]
    return Docked(
        received=files.get("received", 0) + files.get("released", 0),
        before=status["archived_before"],
        refused=_named(status["refused"]),
        skipped=_named(status["skipped"]),
        skipped_count=status["skipped_count"],
    )


def _named(listed: list[dict[str, Any]]) -> tuple[tuple[str, str], ...]:
    return tuple((str(one["name"]), str(one["reason"])) for one in listed)


def _events(child: Child) -> Iterator[dict[str, Any]]:
    if child.process.stdout is None:
        return
    for line in child.process.stdout:
        try:
            event = json.loads(line)
        except ValueError:
            continue  # a line for people
        if isinstance(event, dict):
            yield event


def _run(arguments: list[str], lock: int, log: Path | None = None) -> tuple[int, str]:
    child = start([MODULE, *arguments], lock, log=log, output=subprocess.PIPE)
    try:
        output = b"" if child.process.stdout is None else child.process.stdout.read()
        return child.process.wait(), output.decode(errors="replace")
    finally:
        child.stop()
