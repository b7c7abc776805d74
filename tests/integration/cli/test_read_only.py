"""A home that can't be written, or a copy that must not be, can be verified all the same."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from api import services
from storage import sqlite_file
from tests.integration.cli.conftest import Liuhen

COMMANDS = (("verify",), ("log", "verify"))


def everything_in(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Each file with its size, its time and its bytes."""
    return {
        str(path.relative_to(folder)): (
            path.stat().st_size,
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def unwritable(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The system says of the home what it says of a disk that is mounted to be read."""

    def refuse() -> None:
        asked = os.access

        def access(path: Path, mode: int) -> bool:
            return False if Path(path) == home and mode & os.W_OK else asked(path, mode)

        monkeypatch.setattr(services.os, "access", access)
        monkeypatch.setattr(sqlite_file.os, "access", access)

    return refuse


@pytest.fixture
def filled(liuhen: Liuhen, footage: Path) -> None:
    assert liuhen("import", str(footage)).code == 0


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.usefixtures("filled")
def test_nothing_is_written_and_that_is_said(
    liuhen: Liuhen, home: Path, command: tuple[str, ...]
) -> None:
    before = everything_in(home)
    done = liuhen(*command, "--read-only")
    assert done.code == 0, done.err
    assert "the log has no entry of it" in done.err
    assert liuhen(*command, "--read-only", "--json").json["recorded"] is False
    assert everything_in(home) == before
    assert liuhen(*command, "--json").json["recorded"] is True


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.usefixtures("filled")
def test_so_it_is_by_itself_where_nothing_can_be_written(
    liuhen: Liuhen, home: Path, unwritable: Callable[[], None], command: tuple[str, ...]
) -> None:
    before = everything_in(home)
    unwritable()
    done = liuhen(*command)
    assert done.code == 0, done.err
    assert "the log has no entry of it" in done.err
    assert everything_in(home) == before


@pytest.mark.usefixtures("filled")
def test_what_does_not_verify_is_found_there_too(liuhen: Liuhen, home: Path) -> None:
    with sqlite3.connect(home / "liuhen.db") as connection:
        connection.execute("UPDATE clips SET name = 'another'")
    connection.close()
    done = liuhen("verify", "--read-only", "--json")
    assert done.code == 1
    assert {one["code"] for one in done.json["findings"]} == {"clip_row_altered"}


@pytest.mark.parametrize("arguments", [("clips", "list"), ("log", "show"), ("users", "list")])
@pytest.mark.usefixtures("filled")
def test_what_must_be_logged_says_why_it_cannot_be_done(
    liuhen: Liuhen, home: Path, unwritable: Callable[[], None], arguments: tuple[str, ...]
) -> None:
    unwritable()
    done = liuhen(*arguments)
    assert done.code == 2
    assert f"{home} can't be written, and what is done must be logged" in done.err


@pytest.mark.usefixtures("filled")
def test_a_log_beside_the_database_is_read_or_its_lack_is_told(
    liuhen: Liuhen, home: Path, tmp_path: Path, unwritable: Callable[[], None]
) -> None:
    """A copy of a database that is in use: what was committed last stands beside it."""
    kept = tmp_path / "kept"
    writer = sqlite3.connect(home / "liuhen.db", isolation_level=None)
    writer.execute("UPDATE clips SET name = 'another'")
    shutil.copytree(home, kept)
    writer.close()
    assert (kept / "liuhen.db-wal").stat().st_size > 0
    shutil.rmtree(home)
    kept.rename(home)
    assert liuhen("verify", "--read-only").code == 1
    (home / "liuhen.db-shm").unlink(missing_ok=True)
    unwritable()
    done = liuhen("verify")
    assert done.code == 2
    assert "liuhen.db-wal holds what is not in liuhen.db yet" in done.err


@pytest.mark.usefixtures("filled")
def test_no_key_is_made_there(liuhen: Liuhen, home: Path) -> None:
    for name in ("log.key", "log.pub"):
        (home / "keys" / name).unlink()
    before = everything_in(home)
    done = liuhen("verify", "--read-only")
    assert done.code == 2
    assert "keys/log.key" in done.err
    assert everything_in(home) == before


@pytest.mark.parametrize("memory", [True, False], ids=["with its memory", "without"])
@pytest.mark.usefixtures("filled")
def test_whoever_only_reads_needs_the_public_halves_alone(
    liuhen: Liuhen, home: Path, tmp_path: Path, memory: bool
) -> None:
    """A copy for an auditor carries no key that signs."""
    for name in ("log.key", "receipts.key", *(() if memory else ("signer-state.json",))):
        (home / "keys" / name).unlink()
    before = everything_in(home)
    for command in (*COMMANDS, ("verify", "--all")):
        done = liuhen(*command, "--read-only")
        assert done.code == 0, done.err
    proof = tmp_path / "1.tlog-proof"
    assert liuhen("log", "prove", "1", "-o", str(proof), "--read-only").code == 0
    assert proof.exists()
    assert liuhen("log", "mirror", str(tmp_path / "mirror")).code == 0
    assert everything_in(home) == before
    for arguments in (("clips", "list"), ("verify", "--all")):
        signing = liuhen(*arguments)
        assert signing.code == 2
        assert "keys/log.key" in signing.err
        assert "put the file back" in signing.err


@pytest.mark.usefixtures("filled")
def test_a_public_half_of_another_log_is_refused(liuhen: Liuhen, home: Path) -> None:
    (home / "keys/log.key").unlink()
    (home / "keys/log.pub").write_bytes((home / "keys/receipts.pub").read_bytes())
    done = liuhen("verify", "--read-only")
    assert done.code == 2
    assert "keys/log.pub" in done.err


@pytest.mark.usefixtures("filled")
def test_a_proof_is_made_where_nothing_can_be_written(
    liuhen: Liuhen, home: Path, tmp_path: Path, unwritable: Callable[[], None]
) -> None:
    before = everything_in(home)
    unwritable()
    assert liuhen("log", "prove", "1", "-o", str(tmp_path / "1.tlog-proof")).code == 0
    assert liuhen("log", "mirror", str(tmp_path / "mirror")).code == 0
    assert everything_in(home) == before
