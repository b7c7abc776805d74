"""The service's configuration: one TOML file in the home folder, and `LIUHEN_*` variables over it.

This is one of the two files in the house that read the environment (the other is
`station_agent/config.py`); everything else is handed a frozen `Config`.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from api.config_bounds import complaint_about
from custody.details.rules import DetailsRule, DetailsRuleError, read_rules
from storage.regular_files import read_small_file

FILE_NAME = "liuhen.toml"
POLICY_FILE = "witnesses.policy"
LANGUAGES = ("zh", "en")
_KINDS = {int: "a whole number", float: "a number", str: "text in quotes"}


class ConfigError(Exception):
    """The configuration can't be used."""


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that can be set. Durations carry their unit in the name.

    The figures that no statute fixes are the bureau's choice (domain.md) and therefore stand here.
    """

    home: Path
    bureau: str = "示范区城市管理行政执法局"
    #: The name of the log in its checkpoints; unique in the world, never changed once chosen.
    origin: str = "liuhen.local/custody"
    office_code: str = "零城"
    zone_name: str = "Asia/Shanghai"
    language: str = "zh"
    host: str = "127.0.0.1"
    port: int = 8470
    #: Empty: SQLite in the home folder. Otherwise a SQLAlchemy URL (`postgresql://…`).
    database_url: str = ""
    #: Empty: `objects/` in the home folder. Otherwise a folder, or `s3://bucket/prefix`.
    objects: str = ""
    s3_endpoint: str = ""
    s3_region: str = "us-east-1"
    s3_access_key: str = ""
    s3_secret_key: str = ""
    #: How long the store itself refuses to delete an original (Object Lock), in days; the
    #: shortest floor of the retention table.
    lock_days: int = 180
    #: COMPLIANCE: nobody can shorten it. GOVERNANCE: a privileged account of the store can.
    lock_mode: str = "COMPLIANCE"
    max_upload_bytes: int = 64 * 1024**3
    media_workers: int = 1
    #: The longest that one try to make a recording playable may take, whatever the file claims.
    media_ceiling_minutes: int = 360
    publish_interval_s: float = 1.0
    #: Entries are published within a turn; where one has waited this long, publishing stands still.
    merge_lag_alarm_s: int = 60
    #: Empty: this process signs, with keys/log.key. Otherwise where `liuhen signer` listens:
    #: `unix:/path/to/socket`, or `http(s)://host:port` with its secret.
    signer: str = ""
    signer_secret: str = ""
    #: The policy that names the witnesses. Empty: `witnesses.policy` in the home, if it is there.
    witness_policy: str = ""
    #: How long after a witness has answered it is asked about the next checkpoint.
    witness_interval_s: float = 2.0
    #: The list of time-stamping authorities (RFC 3161), a TOML file beside this one; empty: none.
    timestamp_authorities: str = ""
    #: How often each of them is asked for a token of the newest checkpoint.
    timestamp_interval_hours: int = 24
    #: By which details are destroyed: tables ``[[details_rule]]`` in the file, and nowhere else.
    details_rules: tuple[DetailsRule, ...] = ()
    #: How long old and new keys of the log sign side by side before the old may be retired.
    key_overlap_days: int = 30
    viewing_minutes: int = 30
    session_hours: int = 10
    session_idle_minutes: int = 60
    #: Behind TLS (a proxy): cookies are marked Secure.
    secure_cookies: bool = False
    #: The addresses of proxies whose X-Forwarded-For and -Proto are believed, parted by commas.
    #: Empty: nobody's, and the log names the address that connected.
    trusted_proxies: str = ""

    @property
    def merge_lag_alarm(self) -> timedelta:
        return timedelta(seconds=self.merge_lag_alarm_s)

    @property
    def database_address(self) -> str:
        return self.database_url or f"sqlite:///{self.home / 'liuhen.db'}"

    @property
    def objects_address(self) -> str:
        return self.objects or str(self.home / "objects")

    @property
    def authorities_file(self) -> Path | None:
        return self.home / self.timestamp_authorities if self.timestamp_authorities else None

    @property
    def keys_folder(self) -> Path:
        return self.home / "keys"

    @property
    def staging_folder(self) -> Path:
        return self.home / "staging"

    @property
    def signer_socket(self) -> Path:
        """Where `liuhen signer` of this home listens, unless it is told otherwise."""
        return self.home / "signer.sock"

    @property
    def scratch_folder(self) -> Path:
        return self.home / "scratch"

    @property
    def witness_policy_file(self) -> Path:
        return self.home / (self.witness_policy or POLICY_FILE)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone_name)


def default_home(environment: Mapping[str, str] = os.environ) -> Path:
    """The home folder where none is named: ``LIUHEN_HOME``, else ``var`` here."""
    return Path(environment.get("LIUHEN_HOME") or "var")


def find_language(
    home: Path | None, given: str = "", *, environment: Mapping[str, str] = os.environ
) -> str:
    """``given``, else what the configuration says; Chinese where that can't be read.

    For what is said before, or instead of, a command's own work; raises nothing.
    """
    if given in LANGUAGES:
        return given
    try:
        return load_config(home or default_home(environment), environment=environment).language
    except (ConfigError, OSError, ValueError):
        said = environment.get("LIUHEN_LANGUAGE", "")
        return said if said in LANGUAGES else LANGUAGES[0]


def load_config(
    home: Path, *, environment: Mapping[str, str] = os.environ, **overrides: Any
) -> Config:
    """Read ``home``'s file, put ``LIUHEN_*`` (or ``LIUHEN_*_FILE``) over it, then ``overrides``.

    A missing file means defaults. Raises `ConfigError` naming the setting that can't be used.
    """
    config = Config(home=home.absolute())
    types = {field.name: type(getattr(config, field.name)) for field in fields(Config)}
    del types["details_rules"]  # tables, which no variable holds
    path = config.home / FILE_NAME
    settings: dict[str, Any] = {}
    if path.exists():
        try:
            settings.update(tomllib.loads(read_small_file(path).decode()))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"{path}: {error}") from error
        except RecursionError as error:
            raise ConfigError(f"{path}: values nested deeper than any setting is") from error
    config = replace(config, details_rules=_rules(path, settings.pop("details_rule", [])))
    for name in types:
        value = _from_environment(f"LIUHEN_{name.upper()}", environment)
        if value is not None and name != "home":
            settings[name] = value
    settings.update({name: value for name, value in overrides.items() if value is not None})
    for name, value in settings.items():
        if name not in types or name == "home":
            raise ConfigError(f"unknown setting: {name} (in {path} or LIUHEN_{name.upper()})")
        converted: Any = _convert(name, value, types[name])
        config = replace(config, **{name: converted})
    return _checked(config)


def load_config_without_rows(
    home: Path, *, environment: Mapping[str, str] = os.environ, **overrides: Any
) -> Config:
    """As `load_config`, for a process that opens no database: its address is not even read."""
    kept = {
        name: value
        for name, value in environment.items()
        if not name.startswith("LIUHEN_DATABASE_URL")
    }
    return load_config(home, environment=kept, **overrides, database_url="")


def _rules(path: Path, listed: object) -> tuple[DetailsRule, ...]:
    try:
        return read_rules(listed)
    except DetailsRuleError as error:
        raise ConfigError(f"{path}: details_rule: {error}") from error


def _from_environment(name: str, environment: Mapping[str, str]) -> str | None:
    if file := environment.get(f"{name}_FILE"):
        # Whoever starts the service names this file; it may well be a pipe that holds the secret.
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{name}_FILE: {error}") from error
    return environment.get(name)


def _convert(name: str, value: object, kind: type) -> object:
    if kind is bool:
        text = str(value).lower()
        if text in {"1", "true", "yes", "on"}:
            return True
        if text in {"0", "false", "no", "off"}:
            return False
        raise ConfigError(f"{name}: expected true or false, found {value!r}")
    # TOML has types of its own: neither is true a port, nor a list the bureau's name.
    fits = isinstance(value, str) or (
        kind in {int, float} and isinstance(value, int | float) and not isinstance(value, bool)
    )
    try:
        converted = kind(value) if fits else None
    except (TypeError, ValueError, OverflowError):
        converted = None
    if converted is None or (kind is int and isinstance(value, float) and converted != value):
        raise ConfigError(f"{name}: expected {_KINDS[kind]}, found {str(value)[:80]!r}")
    return converted


def _checked(config: Config) -> Config:
    try:
        ZoneInfo(config.zone_name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigError(f"zone_name: no such time zone: {config.zone_name}") from error
    if config.language not in LANGUAGES:
        raise ConfigError(f"language: expected zh or en, found {config.language!r}")
    if config.lock_mode not in {"COMPLIANCE", "GOVERNANCE"}:
        raise ConfigError(f"lock_mode: COMPLIANCE or GOVERNANCE, found {config.lock_mode!r}")
    if not config.origin or any(c.isspace() or c == "+" for c in config.origin):
        raise ConfigError("origin: a name without spaces and plus signs (C2SP signed-note)")
    for field in fields(Config):
        complaint = complaint_about(field.name, getattr(config, field.name))
        if complaint is not None:
            raise ConfigError(f"{field.name}: {complaint}")
    if config.signer.startswith("http") and not config.signer_secret:
        raise ConfigError("signer_secret: a signer on a port wants its secret")
    return config
