"""`liuhen log recover`: an older copy is noticed by every command, and brought up to the log."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.integration.cli.conftest import NUMBER, Liuhen


def back_up(home: Path, copy: Path) -> None:
    """As SQLite itself makes a backup."""
    with (
        closing(sqlite3.connect(home / "liuhen.db")) as live,
        closing(sqlite3.connect(copy)) as kept,
    ):
        live.backup(kept)


def put_back(home: Path, copy: Path) -> None:
    for path in home.glob("liuhen.db*"):
        path.unlink()
    shutil.copy(copy, home / "liuhen.db")


def test_last_nights_file_is_noticed_and_recovered(
    liuhen: Liuhen, home: Path, footage: Path, tmp_path: Path
) -> None:
    assert liuhen("users", "add", "alice", "--role", "admin").code == 0
    back_up(home, tmp_path / "then.db")
    assert liuhen("import", str(footage)).code == 0
    assert liuhen("cases", "create", NUMBER, "--title", "占道经营").code == 0
    put_back(home, tmp_path / "then.db")

    # 1. Nothing is taken in, and it is said why and what to do.
    refused = liuhen("import", str(footage))
    assert refused.code == 2
    assert "liuhen log recover" in refused.err
    verified = liuhen("verify", "--all", "--json")
    assert verified.code == 1
    assert verified.json["restored"] == "database"
    assert "older than the published log" in verified.err

    # 2. A trial writes nothing.
    tried = liuhen("log", "recover", "--dry-run")
    assert tried.code == 1
    assert "nothing was written" in tried.out
    assert liuhen("import", str(footage)).code == 2

    # 3. It is recovered; what is gone is named, with who must do what.
    done = liuhen("log", "recover", "--json")
    assert done.code == 1
    assert done.json["older"] == "database"
    assert done.json["replayed"]["followed"] > 0  # what the commands above appended
    gone = {one["kind"] for one in done.json["gone"]}
    assert gone >= {"clip", "case"}
    assert all(one["original"] == "whole" for one in done.json["gone"] if one["kind"] == "clip")

    # 4. Recordings whose rows are gone can be handed in again; nothing says that they are there.
    taken = liuhen("import", str(footage), "--json")
    assert taken.code == 0
    assert {one["outcome"] for one in taken.json} == {"archived"}
    assert liuhen("log", "recover").code == 0
    codes = {one["code"] for one in liuhen("verify", "--all", "--json").json["findings"]}
    assert codes == {"details_lost", "clip_row_missing", "case_row_missing"}


def test_in_words(liuhen: Liuhen, home: Path, footage: Path, tmp_path: Path) -> None:
    back_up(home, tmp_path / "then.db")
    assert liuhen("import", str(footage)).code == 0
    put_back(home, tmp_path / "then.db")
    told = liuhen("log", "recover", "--receipts", str(tmp_path / "footage"))
    assert told.code == 1
    assert "the copy ended at 1" in told.out
    assert "hand the same file in again" in told.out
    whole = liuhen("log", "recover")
    assert (whole.code, "nothing to recover" in whole.out) == (0, True)


def test_a_mirror_that_is_none(liuhen: Liuhen, footage: Path, tmp_path: Path) -> None:
    assert liuhen("import", str(footage)).code == 0
    refused = liuhen("log", "recover", "--from", str(tmp_path / "nowhere"))
    assert refused.code == 2
