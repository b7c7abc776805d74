"""`liuhen-witness`: keys of its own, a configuration that is read strictly, and no secret shown."""

from pathlib import Path

import pytest

from custody.log.cosignature import CosignatureVerifier
from custody.outside.witness_cli import main
from custody.outside.witness_config import (
    KEY_FILES,
    WitnessConfigError,
    load_cosigners,
    load_witness,
)
from tests.unit.custody.log.samples import LOG_KEY, ORIGIN, signer

NAME = "witness.example/w1"
INIT = ["--name", NAME, "--log", LOG_KEY.verifier.vkey]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "witness"
    assert main(["init", str(folder), *INIT]) == 0
    return folder


def test_init_makes_two_keys_that_nobody_else_may_read(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["vkey", str(folder)]) == 0
    vkeys = capsys.readouterr().out.split()
    assert [CosignatureVerifier.parse(vkey).name for vkey in vkeys] == [NAME] * 2
    assert {(folder / "keys" / file).stat().st_mode & 0o777 for file in KEY_FILES} == {0o600}
    assert (folder / "keys").stat().st_mode & 0o777 == 0o700


def test_init_again_keeps_what_is_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert main(["init", str(folder), *INIT, "--listen", "127.0.0.1:9"]) == 0
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_what_was_written_is_read(folder: Path) -> None:
    config = load_witness(folder)
    assert (config.name, config.host, config.port) == (NAME, "127.0.0.1", 8480)
    assert config.logs == {ORIGIN: [LOG_KEY.verifier]}


def test_two_keys_of_one_log_are_trusted_while_it_changes_them(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    keys = [LOG_KEY.verifier.vkey, signer("b").verifier.vkey]
    assert main(["init", str(folder), "--name", NAME, "--log", keys[0], "--log", keys[1]]) == 0
    assert set(load_witness(folder).logs) == {ORIGIN, "b"}


@pytest.mark.parametrize(
    "change",
    [
        ("name = ", "nme = "),
        ("listen = ", "more = 1\nlisten = "),
        ("127.0.0.1:8480", "127.0.0.1"),
        ("127.0.0.1:8480", "127.0.0.1:99999"),
        ("127.0.0.1:8480", ":8480"),
        (NAME, "a b"),
        ("logs = [", "logs = 5\nrest = ["),
        (LOG_KEY.verifier.vkey, "nonsense"),
        ("logs = [", "logs = [\n["),
    ],
)
def test_a_configuration_that_is_none(folder: Path, change: tuple[str, str]) -> None:
    file = folder / "witness.toml"
    file.write_text(file.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    with pytest.raises(WitnessConfigError):
        load_witness(folder)
    assert main(["vkey", str(folder)]) == 64


def test_no_log_is_no_configuration(folder: Path) -> None:
    (folder / "witness.toml").write_text(
        f'name = "{NAME}"\nlisten = "127.0.0.1:1"\nlogs = []\n', encoding="utf-8"
    )
    with pytest.raises(WitnessConfigError):
        load_witness(folder)


@pytest.mark.parametrize("file", KEY_FILES)
def test_a_damaged_key_is_told_without_its_secret(
    folder: Path, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "keys" / file
    secret = path.read_text(encoding="utf-8").strip()
    path.write_text(secret[:-2], encoding="utf-8")
    assert main(["vkey", str(folder)]) == 64
    assert secret[-20:-4] not in capsys.readouterr().err
    path.unlink()
    assert main(["serve", str(folder)]) == 64


def test_a_key_of_another_witness_is_refused(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert main(["init", str(other), "--name", "b", "--log", LOG_KEY.verifier.vkey]) == 0
    (folder / "keys" / KEY_FILES[0]).write_bytes((other / "keys" / KEY_FILES[0]).read_bytes())
    with pytest.raises(WitnessConfigError):
        load_cosigners(load_witness(folder))


@pytest.mark.parametrize("name", ["", "a b", "a+b", 'a"b\n'])
def test_names_that_no_witness_can_have(tmp_path: Path, name: str) -> None:
    assert main(["init", str(tmp_path / "w"), "--name", name, "--log", LOG_KEY.verifier.vkey]) == 64
    assert not (tmp_path / "w").exists()
