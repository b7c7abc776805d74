"""What each setting may be: rules without I/O, asked once when the configuration is loaded.

A value that would fail later, in some thread or at some page, is refused here, by its name.
"""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

#: The least and the most of each number, both allowed.
BOUNDS: Mapping[str, tuple[float, float]] = {
    "port": (0, 65_535),
    "lock_days": (1, 36_500),
    "max_upload_bytes": (1, 2**53 - 1),  # an entry of the log can hold no larger number
    "media_workers": (0, 64),  # none where other hosts do that work
    "media_ceiling_minutes": (1, 10_080),
    "publish_interval_s": (0.01, 30.0),
    # Longer than the longest turn of the publisher, or a log that is well would be called ill.
    "merge_lag_alarm_s": (45, 86_400),
    "witness_interval_s": (0.01, 3_600.0),
    "timestamp_interval_hours": (1, 8_760),
    "key_overlap_days": (1, 3_650),
    "viewing_minutes": (1, 1_440),
    "session_hours": (1, 720),
    "session_idle_minutes": (1, 43_200),
}
#: Of what lets a server ask its signer over the network: it can't be guessed then.
MIN_SECRET_CHARACTERS = 20
_POSTGRESQL = frozenset({"postgresql", "postgres", "postgresql+psycopg"})
_SQLITE = frozenset({"sqlite", "sqlite+pysqlite"})


def complaint_about(name: str, value: object) -> str | None:
    """What is wrong with ``value`` and what is allowed; None where it can be used."""
    if name in BOUNDS and isinstance(value, int | float):
        return _number(value, *BOUNDS[name])
    if isinstance(value, str):
        match name:
            case "host":
                return _host(value)
            case "trusted_proxies":
                return _proxies(value)
            case "database_url":
                return _database(value)
            case "signer":
                return _signer(value)
            case "signer_secret":
                return _secret(value)
    return None


def _number(value: float, least: float, most: float) -> str | None:
    if value < least:
        return f"expected at least {least}, found {value}"
    if not value <= most:  # also what is no number at all
        return f"expected at most {most}, found {value}"
    return None


def _host(value: str) -> str | None:
    if value.isprintable() and value.strip() == value != "" and " " not in value:
        return None
    return f"expected an address or a name to listen on, such as 127.0.0.1, found {value!r}"


def _proxies(value: str) -> str | None:
    parts = [part.strip() for part in value.split(",")] if value.strip() else []
    for part in parts:
        if part != "*" and not _is_network(part):
            return (
                "expected addresses or networks parted by commas, such as 10.0.0.5 or "
                f"10.0.0.0/24, or * for all, found {part!r}"
            )
    return None


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def _signer(value: str) -> str | None:
    kind, parted, rest = value.partition(":")
    if not value or (kind == "unix" and rest.startswith("/") and rest.strip("/")):
        return None
    if parted and kind in {"http", "https"} and _is_server(value):
        return None
    return (
        "expected unix:/path/to/socket or http://host:port, as `liuhen signer` says where it "
        f"listens, found {value[:80]!r}"
    )


def _is_server(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and parts.port != 0 and parts.path in {"", "/"}
    except ValueError:
        return False


def _secret(value: str) -> str | None:
    """Nothing of the value is shown."""
    if not value or (len(value) >= MIN_SECRET_CHARACTERS and value.isascii() and _is_word(value)):
        return None
    return f"expected at least {MIN_SECRET_CHARACTERS} ASCII characters without spaces"


def _is_word(value: str) -> bool:
    """Whether there is neither a space nor anything unseen in it."""
    return value.isprintable() and " " not in value


def _database(value: str) -> str | None:
    """The address may hold a password, so that no more of it is shown than what it begins with."""
    scheme, parted, rest = value.partition("://")
    if not value or (parted and scheme in _POSTGRESQL):
        return None
    file = rest.partition("?")[0]
    if parted and scheme in _SQLITE and file.startswith("/") and file.strip("/"):
        return None if file != "/:memory:" else "SQLite needs a file: sqlite:////path/to/file"
    return (
        "expected postgresql://user@host/name or sqlite:////path/to/file, found one that begins "
        f"with {scheme[:20] + parted!r}"
    )
