"""A key that is gone is put back, never made anew: not where anything was signed or stored."""

import shutil
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Liuhen

COMMANDS = (
    ("verify", "--all"),
    ("clips", "list"),
    ("log", "vkey"),
    ("init",),
    ("import", "."),
    ("serve", "--port", "0"),
)


def files_of(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("lost", ["log.key", "log-ml-dsa.key", "receipts.key"])
def test_no_command_makes_a_lost_key(
    liuhen: Liuhen, home: Path, lost: str, arguments: tuple[str, ...]
) -> None:
    (home / "keys" / lost).rename(home / lost)
    left = files_of(home / "keys")
    done = liuhen(*arguments)
    assert done.code == 2
    assert str(home / "keys" / lost) in done.err
    assert "put the file back from the copy kept apart" in done.err
    assert "Traceback" not in done.err
    assert files_of(home / "keys") == left
    (home / lost).rename(home / "keys" / lost)
    assert liuhen("verify", "--all").code == 0


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_no_command_makes_lost_keys(liuhen: Liuhen, home: Path, arguments: tuple[str, ...]) -> None:
    shutil.rmtree(home / "keys")
    done = liuhen(*arguments)
    assert done.code == 2
    assert str(home / "keys/log.key") in done.err
    assert files_of(home / "keys") == []


def test_neither_where_only_rows_or_only_objects_are_left(liuhen: Liuhen, home: Path) -> None:
    shutil.rmtree(home / "keys")
    objects = home / "objects"
    objects.rename(home / "elsewhere")
    assert liuhen("clips", "list").code == 2
    shutil.rmtree(objects)  # opening it again had made an empty one
    (home / "elsewhere").rename(objects)
    (home / "liuhen.db").unlink()
    assert liuhen("init").code == 2
    assert files_of(home / "keys") == []


def test_an_empty_home_gets_keys_at_its_first_start(liuhen: Liuhen, home: Path) -> None:
    """A crash of `init` right after the configuration was written leaves this."""
    for name in ("keys", "objects"):
        shutil.rmtree(home / name)
    for path in home.glob("liuhen.db*"):
        path.unlink()
    assert liuhen("clips", "list").code == 0
    assert files_of(home / "keys")[2:4] == ["log.key", "log.pub"]
