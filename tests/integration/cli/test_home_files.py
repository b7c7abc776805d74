"""What stands in the home under the name of a file and is none: said at once, exit code 2."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Liuhen

IN_THE_WAY: dict[str, Callable[[Path], None]] = {
    "a named pipe": lambda path: os.mkfifo(path, 0o600),
    "a folder": lambda path: path.mkdir(mode=0o700),
}
FILES = (
    "liuhen.toml",
    "liuhen.db",
    "liuhen.db-wal",
    "keys/log.key",
    "keys/log.pub",
    "keys/receipts.key",
    "keys/receipts.pub",
)


@pytest.mark.parametrize("kind", IN_THE_WAY)
@pytest.mark.parametrize("name", FILES)
def test_verify_names_it(liuhen: Liuhen, home: Path, name: str, kind: str) -> None:
    (home / name).unlink(missing_ok=True)
    IN_THE_WAY[kind](home / name)
    done = liuhen("verify")
    assert done.code == 2
    assert str(home / name) in done.err
    assert f"found {kind}, expected a regular file; set it aside and put the file back" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("kind", IN_THE_WAY)
def test_a_signers_memory_that_is_no_file_is_a_finding(
    liuhen: Liuhen, home: Path, footage: Path, kind: str
) -> None:
    assert liuhen("import", str(footage)).code == 0
    (home / "keys/signer-state.json").unlink()
    IN_THE_WAY[kind](home / "keys/signer-state.json")
    done = liuhen("verify", "--json")
    assert done.code == 1
    [finding] = done.json["findings"]
    assert finding["code"] == "signer_memory"
    assert f"found {kind}, expected a regular file" in finding["found"]


def test_a_lock_that_is_a_pipe_holds_nobody(liuhen: Liuhen, home: Path, footage: Path) -> None:
    (home / "liuhen.db.log.lock").unlink(missing_ok=True)
    os.mkfifo(home / "liuhen.db.log.lock")
    done = liuhen("import", str(footage))
    assert done.code == 0  # archived; that nothing can be published is told
    assert "found a named pipe" in done.err
