"""Transactions, times and locks behave alike on both engines."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from storage import database as module
from storage.database import Database, UtcDateTime

notes = sa.Table(
    "notes",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=True),
)


@pytest.fixture(autouse=True)
def table(database: Database) -> None:
    with database.write() as tx:
        notes.create(tx)


def _texts(database: Database) -> list[str]:
    with database.read() as tx:
        return list(tx.scalars(sa.select(notes.c.text).order_by(notes.c.id)))


def test_a_transaction_commits_whole_or_not_at_all(database: Database) -> None:
    with database.write() as tx:
        tx.execute(notes.insert().values(text="kept"))

    def fail() -> None:
        with database.write() as tx:
            tx.execute(notes.insert().values(text="lost"))
            tx.execute(sa.text("CREATE TABLE also_lost (id INTEGER)"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert _texts(database) == ["kept"]
    with database.read() as tx:
        assert "also_lost" not in sa.inspect(tx).get_table_names()


def test_what_is_not_committed_is_not_seen(database: Database) -> None:
    with database.write() as tx:
        tx.execute(notes.insert().values(text="not yet"))
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(_texts, database).result() == []
    assert _texts(database) == ["not yet"]


def test_a_writer_that_read_first_never_fails_for_it(database: Database) -> None:
    """Read, then write: with a deferred BEGIN, SQLite refuses the second of two such writers."""
    with database.write() as tx:
        tx.execute(notes.insert().values(text="0"))

    def increment(_: int) -> None:
        with database.write() as tx:
            value = int(tx.execute(sa.select(notes.c.text).with_for_update()).scalar_one())
            time.sleep(0.001)
            tx.execute(notes.update().values(text=str(value + 1)))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(increment, range(40)))
    assert _texts(database) == ["40"]


def test_writers_of_several_processes_take_turns(database: Database) -> None:
    script = """
import sys
import sqlalchemy as sa
from storage.database import Database
database = Database(sys.argv[1])
for _ in range(50):
    with database.write() as tx:
        tx.execute(sa.text("INSERT INTO notes (text) VALUES ('x')"))
"""
    url = database.url.render_as_string(hide_password=False)
    children = [subprocess.Popen([sys.executable, "-c", script, url]) for _ in range(2)]
    for _ in range(50):
        with database.write() as tx:
            tx.execute(notes.insert().values(text="y"))
    assert [child.wait(timeout=60) for child in children] == [0, 0]
    assert len(_texts(database)) == 150


def test_a_writer_that_never_ends_is_named(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not database.is_sqlite:  # PostgreSQL has many writers; its own timeouts are settings there
        with database.write(), database.write() as tx:
            assert tx.scalar(sa.select(1)) == 1
        return
    monkeypatch.setattr(module, "SQLITE_BUSY_MS", 50)
    with database.write(), pytest.raises(sa.exc.TimeoutError, match="50 ms"), database.write():
        pytest.fail("two writers at once")
    with database.write() as tx:
        tx.execute(notes.insert().values(text="and then all is well"))


def test_times_come_back_in_utc(database: Database) -> None:
    shanghai = timezone(timedelta(hours=8))
    moment = datetime(2026, 11, 22, 9, 21, 38, 123456, tzinfo=shanghai)
    with database.write() as tx:
        tx.execute(notes.insert().values(text="a", at=moment))
        tx.execute(notes.insert().values(text="b", at=None))
    with database.read() as tx:
        first, second = tx.scalars(sa.select(notes.c.at).order_by(notes.c.id))
        assert tx.scalar(sa.select(notes.c.text).where(notes.c.at == moment)) == "a"
        assert tx.scalar(sa.select(notes.c.text).where(notes.c.at < moment)) is None
    assert first == moment
    assert first.tzinfo is UTC
    assert second is None


def test_a_naive_time_is_refused(database: Database) -> None:
    naive = datetime(2026, 11, 22, 9, 21)  # noqa: DTZ001
    with pytest.raises(sa.exc.StatementError, match="naive"), database.write() as tx:
        tx.execute(notes.insert().values(text="a", at=naive))


def test_one_owner_among_threads(database: Database) -> None:
    inside = 0
    most = 0

    def enter(_: int) -> None:
        nonlocal inside, most
        with database.exclusive("log") as got:
            assert got
            inside += 1
            most = max(most, inside)
            time.sleep(0.002)
            inside -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(enter, range(24)))
    assert most == 1


def test_who_does_not_wait_is_told(database: Database) -> None:
    def attempt(name: str) -> bool:
        with database.exclusive(name, wait=False) as got:
            return got

    with ThreadPoolExecutor(1) as pool:
        with database.exclusive("log"):
            assert pool.submit(attempt, "log").result() is False
            assert pool.submit(attempt, "another").result() is True
        assert pool.submit(attempt, "log").result() is True


def test_ownership_ends_with_an_error(database: Database) -> None:
    with pytest.raises(RuntimeError, match="inside"), database.exclusive("log"):
        raise RuntimeError("inside")
    with database.exclusive("log", wait=False) as got:
        assert got


def test_waiting_for_oneself_is_refused(database: Database) -> None:
    with database.exclusive("log"):
        with pytest.raises(RuntimeError, match="'log' already"), database.exclusive("log"):
            pytest.fail("entered twice")
        with database.exclusive("another") as got:
            assert got


def test_an_owner_that_is_killed_owns_no_more(database: Database) -> None:
    script = """
import sys, time
from storage.database import Database
with Database(sys.argv[1]).exclusive("log"):
    print("got", flush=True)
    time.sleep(60)
"""
    url = database.url.render_as_string(hide_password=False)
    child = subprocess.Popen([sys.executable, "-c", script, url], stdout=subprocess.PIPE)
    assert child.stdout is not None
    with child.stdout:
        assert child.stdout.readline() == b"got\n"
        with database.exclusive("log", wait=False) as got:
            assert not got
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    waited = threading.Event()

    def wait() -> None:
        with database.exclusive("log"):
            waited.set()

    thread = threading.Thread(target=wait)
    thread.start()
    thread.join(timeout=30)
    assert waited.is_set()


def test_a_forked_child_does_not_keep_the_ownership(database: Database) -> None:
    """The child has a copy of the lock's descriptor; the owner's end must count all the same."""
    script = """
import os, signal, sys
from storage.database import Database
database = Database(sys.argv[1])
with database.exclusive("log"):
    child = os.fork()
    if child == 0:
        signal.pause()
with database.exclusive("log", wait=False) as got:
    print(got)
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
"""
    url = database.url.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-c", script, url], stdout=subprocess.PIPE, timeout=60, check=True
    )
    assert done.stdout == b"True\n"


def test_sqlite_is_set_up_to_survive_a_power_cut(database: Database) -> None:
    if not database.is_sqlite:
        with database.read() as tx:
            assert tx.scalar(sa.text("SHOW transaction_isolation")) == "read committed"
        return
    with database.read() as tx:
        pragmas = {
            name: tx.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "trusted_schema")
        }
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "trusted_schema": 0,
    }
