"""What a database address may be."""

from pathlib import Path

import pytest

from storage.database import Database


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_an_sqlite_database_is_a_file(url: str) -> None:
    with pytest.raises(ValueError, match="needs a file"):
        Database(url)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_gets_the_same_driver(scheme: str, tmp_path: Path) -> None:
    database = Database(f"{scheme}://alice@/evidence?host={tmp_path}")
    assert database.engine.driver == "psycopg"
    assert not database.is_sqlite
    database.close()
