"""The station's configuration: one TOML file, and `LIUHEN_STATION_*` variables over it.

This is one of the two files in the house that read the environment (the other is
`api/config.py`); everything else is handed a frozen `Config`.
"""

import os
import socket
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from station_agent.errors import ConfigError
from station_agent.messages import LANGUAGES
from station_agent.regular_files import read_small_file

PREFIX = "LIUHEN_STATION_"

EXAMPLE = """\
# The collection station. Paths are taken from the folder of this file.
# Every setting can also be given as LIUHEN_STATION_<NAME>, or as LIUHEN_STATION_<NAME>_FILE
# naming a file that holds it. Lines with a # show the default.

# Where the archive answers.
server = "http://127.0.0.1:8470"

# How this station is called on the pages; the administrator makes the token for this name.
# Default: the name of this machine.
# name = "station-1"

# One-time token for the first start; not needed once the station is enrolled.
# token = ""

# The station's own folder: journal, key (mode 0600), pinned keys of the archive.
home = "station"

# The folders that recorders are mounted in, or that a docking program fills.
watch = ["dock"]

# Seconds a file must have stood still in size and time before it is taken.
# settle_s = 5.0

# Seconds between two looks at the folders; events of the system only make the next look earlier.
# rescan_s = 30.0

# Files worked on at once: one is hashed while another is sent.
# concurrency = 2

# Seconds without a sign of life after which a connection is given up.
# timeout_s = 60.0

# Certificates (PEM) that may sign the server's, where it is not one that the system knows.
# ca_file = ""

# debug, info, warning or error.
# log_level = "info"

# zh or en.
# language = "zh"
"""


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that can be set; `EXAMPLE` says what each means."""

    server: str
    home: Path
    watch: tuple[Path, ...] = ()
    name: str = ""
    token: str = ""
    settle_s: float = 5.0
    rescan_s: float = 30.0
    concurrency: int = 2
    timeout_s: float = 60.0
    ca_file: str = ""
    log_level: str = "info"
    language: str = "zh"

    @property
    def journal_file(self) -> Path:
        return self.home / "journal.db"


def config_path(given: str | None, environment: Mapping[str, str] = os.environ) -> Path:
    """The configuration file: the one named, else ``LIUHEN_STATION_CONFIG``, else here."""
    return Path(given or environment.get(f"{PREFIX}CONFIG") or "station.toml")


def find_language(
    path: Path, given: str | None, *, environment: Mapping[str, str] = os.environ
) -> str:
    """``given``, else what the configuration says; Chinese where that can't be read.

    For what is said before, or instead of, a command's own work; raises nothing.
    """
    if given in LANGUAGES:
        return str(given)
    said = environment.get(f"{PREFIX}LANGUAGE", "")
    try:
        return load_config(path, environment=environment).language
    except (ConfigError, ValueError):
        return said if said in LANGUAGES else LANGUAGES[0]


def load_config(
    path: Path, *, environment: Mapping[str, str] = os.environ, **overrides: Any
) -> Config:
    """Read the file, put the environment over it, then ``overrides`` (where not None).

    Raises `ConfigError` naming the setting that can't be used.
    """
    try:
        settings: dict[str, Any] = tomllib.loads(read_small_file(path).decode())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    names = {field.name for field in fields(Config)}
    for name in names:
        value = _from_environment(f"{PREFIX}{name.upper()}", environment)
        if value is not None:
            settings[name] = value.split(os.pathsep) if name == "watch" else value
    settings.update({name: value for name, value in overrides.items() if value is not None})
    if unknown := sorted(set(settings) - names):
        raise ConfigError(f"{path}: unknown setting: {', '.join(unknown)}")
    if missing := sorted({"server", "home"} - set(settings)):
        raise ConfigError(f"{path}: missing setting: {', '.join(missing)}")
    folder = path.absolute().parent
    values: dict[str, Any] = {
        name: _convert(name, value, folder) for name, value in settings.items()
    }
    return _checked(Config(**values))


def _from_environment(name: str, environment: Mapping[str, str]) -> str | None:
    if file := environment.get(f"{name}_FILE"):
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{name}_FILE: {error}") from error
    return environment.get(name)


def _convert(name: str, value: object, folder: Path) -> object:
    try:
        if name == "watch":
            if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
                raise ConfigError(f"watch: expected a list of folders, found {value!r}")
            return tuple(_absolute(folder, item) for item in value)
        if name == "home":
            return _absolute(folder, str(value))
        if name in {"settle_s", "rescan_s", "timeout_s"}:
            return float(str(value))
        if name == "concurrency":
            return int(str(value))
    except ValueError as error:
        raise ConfigError(f"{name}: expected a number, found {value!r}") from error
    if not isinstance(value, str):
        raise ConfigError(f"{name}: expected text, found {value!r}")
    return value


def _absolute(folder: Path, text: str) -> Path:
    """Normal, but with links kept as they are: a dock may be a link to where it is mounted."""
    return Path(os.path.normpath(folder / Path(text).expanduser()))


def _checked(config: Config) -> Config:
    parts = urlsplit(config.server)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(f"server: expected http://… or https://…, found {config.server!r}")
    for name, least in (("settle_s", 0), ("rescan_s", 0.1), ("timeout_s", 1), ("concurrency", 1)):
        if not least <= getattr(config, name) <= 86_400:
            raise ConfigError(f"{name}: expected at least {least}, found {getattr(config, name)}")
    if config.language not in LANGUAGES:
        raise ConfigError(f"language: expected zh or en, found {config.language!r}")
    if config.log_level not in {"debug", "info", "warning", "error"}:
        raise ConfigError(f"log_level: debug, info, warning or error, found {config.log_level!r}")
    if any(
        one != other and one.is_relative_to(other) for one in config.watch for other in config.watch
    ) or len(set(config.watch)) != len(config.watch):
        raise ConfigError("watch: one folder lies inside another; name the outer one only")
    return replace(
        config, server=config.server.rstrip("/"), name=config.name or socket.gethostname()
    )
