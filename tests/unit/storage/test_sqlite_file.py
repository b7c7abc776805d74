"""A database file that loses its name is noticed, and neither written nor replaced by a new one."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.database import Database
from storage.errors import DatabaseReplacedError


def delete(path: Path) -> None:
    path.unlink()


def move(path: Path) -> None:
    path.rename(path.with_name("elsewhere.db"))


def replace_by_a_copy(path: Path) -> None:
    copy = path.with_name("copy.db")
    shutil.copy(path, copy)
    copy.replace(path)


def lose_the_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("unmounted"))


CHANGES = (delete, move, replace_by_a_copy, lose_the_folder)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_the_file_is_not_the_one_that_was_opened(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    path = folder / "liuhen.db"
    database = Database(f"sqlite:///{path}")
    with database.write() as tx:
        tx.execute(sa.text("CREATE TABLE notes (text TEXT)"))
    database.check()
    change(path)
    stood = path.exists()
    with pytest.raises(DatabaseReplacedError):
        database.check()
    with pytest.raises(DatabaseReplacedError), database.write() as tx:
        tx.execute(sa.text("INSERT INTO notes VALUES ('lost')"))
    with database.read() as tx:  # what is open can still be looked at
        assert list(tx.scalars(sa.text("SELECT text FROM notes"))) == []
        with pytest.raises(DatabaseReplacedError), database.read():
            pass  # a second connection would be one to the other file
    assert path.exists() is stood
    database.close()


def test_the_file_put_back_is_the_database_again(tmp_path: Path) -> None:
    path = tmp_path / "liuhen.db"
    database = Database(f"sqlite:///{path}")
    with database.write() as tx:
        tx.execute(sa.text("CREATE TABLE notes (text TEXT)"))
    path.rename(tmp_path / "elsewhere")
    with pytest.raises(DatabaseReplacedError):
        database.check()
    (tmp_path / "elsewhere").rename(path)
    database.check()
    with database.write() as tx:
        tx.execute(sa.text("INSERT INTO notes VALUES ('kept')"))
    database.close()
