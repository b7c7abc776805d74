"""`liuhen demo`: server, station, footage and people on one machine, new or going on.

Every step looks at what is there and does the rest, so a run that was killed anywhere is simply
started again. Children end with this process (`api.demo.leash`).
"""

import errno
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

import click
import sqlalchemy as sa

from api.cli.failures import CommandError
from api.cli.output import visible
from api.cli.shell import Shell
from api.cli.words import say, say_clip_reason, say_reason
from api.config import Config
from api.demo import footage as samples
from api.demo import people, station
from api.demo.children import Child, last_line, require_running, sole_run, start, wait_until_healthy
from api.demo.display import Display, make_display
from api.services import Services, create_home, open_services
from custody.tables import clips

POLL_S = 0.5
#: The pause before an agent that ended is started again.
AGENT_PAUSE_S = 5.0
#: The station's reason for litter of operating systems (``Thumbs.db``).
IGNORED = "ignored"
LAST_PORT = 65535


class _StopSignal(BaseException):
    """SIGTERM or Ctrl-C."""


def run_demo(shell: Shell, config: Config, footage: Path | None) -> None:
    """Set everything up, show the summary, then keep serving until SIGTERM or Ctrl-C."""

    def tell_waiting() -> None:
        shell.say("demo.waiting", error=True, home=str(config.home))

    with _stop_signals(), sole_run(config.home, tell_waiting) as lock:
        _check_port(config)
        new = create_home(config)
        shell.say("home_made" if new else "home_there", home=str(config.home))
        with open_services(config) as services, ExitStack() as stack:
            try:
                _run(shell, services, footage, lock, stack)
            except _StopSignal:
                shell.say("stopping")


def _run(
    shell: Shell, services: Services, footage: Path | None, lock: int, stack: ExitStack
) -> None:
    config, actor = services.config, shell.actor
    accounts = people.ensure_accounts(services, actor)
    address = f"http://{config.host}:{config.port}/"
    server = start(_serve_arguments(config), lock, log=config.home / "server.log")
    stack.callback(server.stop)
    wait_until_healthy(server, address)
    folder = footage.absolute() if footage is not None else _sample_footage(shell, config)
    station_file = station.write_config(config.home / "station", address, folder, config.language)
    if station.ensure_enrolled(services, actor, station_file, lock):
        shell.say("demo.enrolled", name=station.NAME)
    shell.say("demo.scanning", folder=str(folder))
    display = make_display(shell.language)
    try:
        litter = _scan(station_file, config, lock, display, server)
        if footage is None:
            people.ensure_case(services, actor, config.zone)
        _wait_for_media(shell, services, display, server)
    finally:
        display.close()
    _summary(shell, services, station.docked(station_file, lock), litter, address, accounts)
    _serve_on(shell, config, station_file, lock, server)


def _serve_arguments(config: Config) -> list[str]:
    return [
        *("api.cli.main", "serve", "--home", str(config.home)),
        *("--host", config.host, "--port", str(config.port)),
    ]


def _sample_footage(shell: Shell, config: Config) -> Path:
    """The sample footage; what is there already is not made again."""
    folder = config.home / "footage"

    def tell(number: int, total: int, name: str) -> None:
        click.echo(f"  {number}/{total}  {visible(name)}")

    if not folder.exists():
        shell.say("demo.footage", folder=str(folder))
    samples.make_footage(folder, progress=tell)
    return folder


def _scan(
    station_file: Path, config: Config, lock: int, display: Display, server: Child
) -> list[tuple[str, str]]:
    """Archive what is there; name and reason of the litter of systems, which only events name."""
    litter: list[tuple[str, str]] = []
    agent, events = station.scan(station_file, lock, config.home / "station" / "agent.log")
    try:
        for event in events:
            display.event(event)
            if event.get("event") == "skipped" and event.get("reason") == IGNORED:
                litter.append((str(event["name"]), IGNORED))
        agent.process.wait()
    finally:
        agent.stop()
    require_running(server)
    return litter


def _wait_for_media(shell: Shell, services: Services, display: Display, server: Child) -> None:
    while True:
        counts = _states(services)
        left, total = counts.get("archived", 0), sum(counts.values())
        if not left:
            return
        display.left(say(shell.language, "demo.media", left=left), total - left, total)
        require_running(server)
        time.sleep(POLL_S)


def _states(services: Services) -> dict[str, int]:
    with services.database.read() as tx:
        total = sa.func.count().label("total")
        rows = tx.execute(sa.select(clips.c.state, total).group_by(clips.c.state))
        return {row.state: row.total for row in rows}


def _broken(services: Services) -> list[tuple[str, str | None]]:
    """(name, reason) of every clip that can't be played whole."""
    wanted = sa.select(clips.c.name, clips.c.reason).where(
        clips.c.state.in_(("damaged", "quarantined"))
    )
    with services.database.read() as tx:
        return [(row.name, row.reason) for row in tx.execute(wanted.order_by(clips.c.name))]


def _summary(
    shell: Shell,
    services: Services,
    docked: station.Docked,
    litter: list[tuple[str, str]],
    address: str,
    accounts: list[people.Account],
) -> None:
    counts = _states(services)
    click.echo()
    shell.say(
        "demo.summary",
        archived=sum(counts.values()),
        ready=counts.get("ready", 0),
        damaged=counts.get("damaged", 0),
        quarantined=counts.get("quarantined", 0),
    )
    for name, reason in _broken(services):
        why = say_clip_reason(shell.language, reason) if reason else ""
        shell.say("demo.broken", name=name, reason=why)
    shell.say("demo.files", received=docked.received, before=docked.before)
    skipped = (*docked.skipped, *litter)
    for key, named in (("demo.refused", docked.refused), ("demo.skipped", skipped)):
        for name, code in named:
            reason = say_reason(shell.language, code)
            shell.say(key, name=name.rpartition("/")[2], reason=reason)
    if docked.skipped_count > len(docked.skipped):
        shell.say("demo.skipped_more", count=docked.skipped_count - len(docked.skipped))
    shell.say("demo.open", address=address)
    for account in accounts:
        key = "demo.user_set" if account.password is None else "demo.user"
        role = shell.word(f"role.{account.role.value}")
        shell.say(key, name=account.name, role=role, password=account.password)
    shell.say("demo.serving")


def _serve_on(shell: Shell, config: Config, station_file: Path, lock: int, server: Child) -> None:
    log = config.home / "station" / "agent.log"
    while True:
        agent = station.watch(station_file, lock, log)
        try:
            while not agent.failed():
                time.sleep(POLL_S)
                require_running(server)
        finally:
            agent.stop()
        code = agent.process.poll()
        shell.say("demo.agent_ended", error=True, code=code, log=str(log), last=last_line(log))
        time.sleep(AGENT_PAUSE_S)


def _check_port(config: Config) -> None:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.host, config.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CommandError(
                    "failure.demo_port_taken",
                    port=config.port,
                    host=config.host,
                    other=config.port + 1 if config.port < LAST_PORT else config.port - 1,
                ) from error
            raise CommandError(
                "failure.no_listening", host=config.host, port=config.port, reason=error
            ) from error


@contextmanager
def _stop_signals() -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise _StopSignal

    numbers = (signal.SIGTERM, signal.SIGINT)
    previous = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    except _StopSignal:
        return
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
