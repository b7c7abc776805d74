"""Key files: made once, kept to ourselves, refused when they are not what they should be."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from custody.errors import KeyFileError, KeyMissingError
from custody.log.note import NoteVerifier
from custody.publishing.keys import load_keys, load_or_create_keys, load_public_halves

ORIGIN = "test.example/custody"


def test_keys_are_made_once(tmp_path: Path) -> None:
    made = load_or_create_keys(tmp_path / "keys", ORIGIN)
    loaded = load_or_create_keys(tmp_path / "keys", ORIGIN)
    assert (made.log.name, made.receipts.name) == (ORIGIN, f"{ORIGIN}/receipts")
    assert made.log.verifier == loaded.log.verifier
    assert made.receipts.verifier == loaded.receipts.verifier
    assert made.log.sign("text\n") == loaded.log.sign("text\n")


def test_private_keys_are_ours_and_verifier_keys_everybodys(tmp_path: Path) -> None:
    keys = load_or_create_keys(tmp_path / "keys", ORIGIN)
    files = sorted(path.name for path in (tmp_path / "keys").iterdir())
    assert files == [
        "log-ml-dsa.key",
        "log-ml-dsa.pub",
        "log.key",
        "log.pub",
        "receipts.key",
        "receipts.pub",
    ]
    for name in ("log.key", "log-ml-dsa.key", "receipts.key"):
        assert (tmp_path / "keys" / name).stat().st_mode & 0o777 == 0o600
    public = (tmp_path / "keys" / "log.pub").read_text()
    assert NoteVerifier.parse(public.strip()) == keys.log.verifier


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    load_or_create_keys(tmp_path, ORIGIN)
    (tmp_path / "log.key").chmod(mode)
    with pytest.raises(KeyFileError, match="chmod 600"):
        load_or_create_keys(tmp_path, ORIGIN)


def test_a_key_of_another_log_is_refused(tmp_path: Path) -> None:
    load_or_create_keys(tmp_path, ORIGIN)
    with pytest.raises(KeyFileError, match=r"expected 'other\.example'"):
        load_or_create_keys(tmp_path, "other.example")


@pytest.mark.parametrize("content", ["", "not a key", "PRIVATE+KEY+a+b+c"])
def test_a_damaged_key_is_refused_without_showing_it(tmp_path: Path, content: str) -> None:
    load_or_create_keys(tmp_path, ORIGIN)
    (tmp_path / "receipts.key").write_text(content)
    with pytest.raises(KeyFileError, match=r"receipts\.key"):
        load_or_create_keys(tmp_path, ORIGIN)


def test_a_verifier_key_that_is_not_the_keys_is_refused(tmp_path: Path) -> None:
    load_or_create_keys(tmp_path, ORIGIN)
    (tmp_path / "log.pub").write_text((tmp_path / "receipts.pub").read_text())
    with pytest.raises(KeyFileError, match=r"log\.pub"):
        load_or_create_keys(tmp_path, ORIGIN)


def test_a_lost_verifier_key_is_written_again(tmp_path: Path) -> None:
    keys = load_or_create_keys(tmp_path, ORIGIN)
    (tmp_path / "log.pub").unlink()
    load_or_create_keys(tmp_path, ORIGIN)
    assert (tmp_path / "log.pub").read_text() == keys.log.verifier.vkey + "\n"


def test_of_racing_makers_one_wins(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: load_or_create_keys(tmp_path / "keys", ORIGIN), range(8)))
    assert len({keys.log.verifier.vkey for keys in made}) == 1
    assert len({keys.receipts.verifier.vkey for keys in made}) == 1
    assert len(list((tmp_path / "keys").iterdir())) == 6


@pytest.mark.parametrize("lost", ["log.key", "log-ml-dsa.key", "receipts.key"])
def test_a_lost_key_is_not_made_anew(tmp_path: Path, lost: str) -> None:
    load_or_create_keys(tmp_path, ORIGIN)
    (tmp_path / lost).unlink()
    for load in (load_keys, load_or_create_keys):
        with pytest.raises(KeyMissingError, match=lost):
            load(tmp_path, ORIGIN)
    assert not (tmp_path / lost).exists()


def test_keys_that_were_half_made_are_finished(tmp_path: Path) -> None:
    """A crash between the two leaves one key, and nothing was signed with it yet."""
    made = load_or_create_keys(tmp_path, ORIGIN)
    for name in ("receipts.key", "receipts.pub"):
        (tmp_path / name).unlink()
    with pytest.raises(KeyMissingError):
        load_keys(tmp_path, ORIGIN)
    assert load_or_create_keys(tmp_path, ORIGIN).log.verifier == made.log.verifier


def test_a_public_half_verifies_and_signs_nothing(tmp_path: Path) -> None:
    whole = load_or_create_keys(tmp_path, ORIGIN)
    (tmp_path / "log.key").unlink()
    halves = load_public_halves(tmp_path, ORIGIN)
    assert halves.log.verifier == whole.log.verifier
    assert halves.receipts.verifier == whole.receipts.verifier
    for sign in (lambda: halves.log.sign("text\n"), halves.log.secret_text):
        with pytest.raises(KeyMissingError, match=r"log\.key"):
            sign()
    (tmp_path / "log.pub").unlink()
    with pytest.raises(KeyMissingError, match=r"log\.key"):
        load_public_halves(tmp_path, ORIGIN)
