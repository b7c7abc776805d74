"""A database that is away: said as what it is, and nothing claimed of the log."""

import pytest

from tests.integration.cli.conftest import Liuhen

AWAY = "postgresql://127.0.0.1:1/nowhere"


@pytest.mark.parametrize("command", [("verify", "--all"), ("clips", "list"), ("users", "list")])
def test_of_a_database_that_is_away_nothing_is_claimed(
    liuhen: Liuhen, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("LIUHEN_DATABASE_URL", AWAY)
    done = liuhen(*command)
    assert done.code == 2
    assert "the database can't be used" in done.err
    assert "it is in the log" not in done.err
