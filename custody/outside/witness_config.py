"""The configuration of a witness: one TOML file beside its keys.

    name = "witness.procuratorate.example"
    listen = "127.0.0.1:8480"
    logs = ["liuhen.example/log+1a2b3c4d+AS…"]

`keys` and `state` stand beside the file, in folders of these names.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from custody.errors import CustodyError
from custody.log.cosignature import Cosigner
from custody.log.errors import NoteError
from custody.log.note import check_name
from custody.log.trust import LogVerifier, parse_log_key
from storage.durable import make_folder, write_file
from storage.regular_files import read_small_file

CONFIG_FILE = "witness.toml"
DEFAULT_LISTEN = "127.0.0.1:8480"
#: File names of the private keys, by the type of signature they make.
KEY_FILES = ("ed25519.key", "ml-dsa-44.key")


class WitnessConfigError(CustodyError):
    """The witness's configuration or key can't be used."""


@dataclass(frozen=True, slots=True)
class WitnessConfig:
    """``logs``: the keys trusted for each origin; several while a log changes its key."""

    folder: Path
    name: str
    host: str
    port: int
    logs: Mapping[str, Sequence[LogVerifier]]

    @property
    def state(self) -> Path:
        return self.folder / "state"


def make_witness(folder: Path, name: str, logs: Sequence[str], listen: str) -> WitnessConfig:
    """Write configuration and new keys; what stands there already is kept as it is.

    Raises `WitnessConfigError`, `OSError`.
    """
    try:
        check_name(name)
    except NoteError as error:
        raise WitnessConfigError(str(error)) from error
    lines = [f"name = {_quoted(name)}", f"listen = {_quoted(listen)}", "logs = ["]
    lines += [f"    {_quoted(log)}," for log in logs]
    text = "\n".join([*lines, "]"]) + "\n"
    _parse(folder, text)
    make_folder(folder / "keys", mode=0o700)
    made = (
        Cosigner(name, Ed25519PrivateKey.generate()),
        Cosigner(name, MLDSA44PrivateKey.generate()),
    )
    for file, cosigner in zip(KEY_FILES, made, strict=True):
        path = folder / "keys" / file
        if not path.exists():
            write_file(path, f"{cosigner.secret_text()}\n".encode(), mode=0o600)
    if not (folder / CONFIG_FILE).exists():
        write_file(folder / CONFIG_FILE, text.encode())
    return load_witness(folder)


def load_witness(folder: Path) -> WitnessConfig:
    """The configuration in ``folder``. Raises `WitnessConfigError`."""
    path = folder / CONFIG_FILE
    try:
        return _parse(folder, read_small_file(path).decode())
    except (OSError, UnicodeDecodeError) as error:
        raise WitnessConfigError(f"{path}: {error}") from error


def load_cosigners(config: WitnessConfig) -> list[Cosigner]:
    """The keys, one for each type of signature. Raises `WitnessConfigError`, with no secret."""
    cosigners = []
    for file in KEY_FILES:
        path = config.folder / "keys" / file
        try:
            cosigner = Cosigner.parse(read_small_file(path).decode().strip())
        except (OSError, UnicodeDecodeError, NoteError) as error:
            raise WitnessConfigError(f"{path}: {error}") from error
        if cosigner.name != config.name:
            raise WitnessConfigError(f"{path}: the key of {cosigner.name}, not of {config.name}")
        cosigners.append(cosigner)
    return cosigners


def _parse(folder: Path, text: str) -> WitnessConfig:
    where = folder / CONFIG_FILE
    try:
        value = tomllib.loads(text)
        name, listen, logs = value.pop("name"), value.pop("listen"), value.pop("logs")
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise WitnessConfigError(f"{where}: {error}") from error
    if value:
        raise WitnessConfigError(f"{where}: unknown setting {sorted(value)[0]}")
    if not (isinstance(name, str) and isinstance(listen, str) and isinstance(logs, list)):
        raise WitnessConfigError(f"{where}: name and listen are texts, logs a list of keys")
    host, colon, port = listen.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65_535:
        raise WitnessConfigError(f"{where}: listen = {_quoted(DEFAULT_LISTEN)}")
    trusted: dict[str, list[LogVerifier]] = {}
    for log in logs:
        try:
            check_name(name)
            verifier = parse_log_key(str(log))
        except NoteError as error:
            raise WitnessConfigError(f"{where}: {error}") from error
        trusted.setdefault(verifier.name, []).append(verifier)
    if not trusted:
        raise WitnessConfigError(f"{where}: no log to watch")
    return WitnessConfig(folder, name, host, int(port), trusted)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
