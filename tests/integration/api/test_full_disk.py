"""A disk without room is said in words, on every page that writes something down."""

import errno
import sqlite3

import httpx
import psycopg.errors
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from api.errors import answer_for
from api.web.locale import translate
from tests.services.house import PASSWORD, House


def fill_disk(house: House) -> None:
    """Let the database's file not grow by a page."""
    engine = house.services.database.engine

    @sa.event.listens_for(engine, "begin")
    def no_more_pages(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_pages_say_that_the_disk_is_full(
    house: House, legal: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    fill_disk(house)
    form = {"name": "bob", "password": PASSWORD}
    answers = []
    while not answers or (answers[-1].status_code == 303 and len(answers) < 500):
        answers.append(legal.post("/sign-in", data=form))  # the last page has room for some rows
    assert answers[-1].status_code == 507
    page = answers[-1].text
    assert translate("zh", "error.disk_full.what") in page
    assert "INSERT" not in page
    said = [one for one in caplog.records if one.name == "api.errors"]
    assert said
    assert all(one.exc_info is None for one in said)
    assert all(one.getMessage().count("\n") == 0 for one in said)
    assert legal.get("/healthz").status_code == 200  # that it may yet read


@pytest.mark.parametrize(
    ("orig", "answer"),
    [
        (psycopg.errors.DiskFull(), (507, "disk_full")),
        (psycopg.errors.AdminShutdown(), (503, "database_unavailable")),
        (sqlite3.OperationalError("database is locked"), (503, "database_unavailable")),
    ],
    ids=str,
)
def test_what_a_database_says_is_told_apart(orig: Exception, answer: tuple[int, str]) -> None:
    found = answer_for(OperationalError("INSERT", None, orig))
    assert (found.status, found.key) == answer


def test_a_full_disk_of_ours_is_one_too() -> None:
    assert answer_for(OSError(errno.ENOSPC, "no room")).status == 507
    assert answer_for(OSError(errno.EACCES, "not ours")).status == 500
