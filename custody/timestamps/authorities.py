"""The time-stamping authorities that are asked and believed: a list in a file, roots beside it."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from custody.errors import CustodyError
from custody.object_keys import AUTHORITY_NAME
from storage.regular_files import read_small_file

#: Each has a thread of its own.
MAX_AUTHORITIES = 8
_KEYS = {"name", "url", "roots"}


class AuthorityListError(CustodyError):
    """The list of time-stamping authorities can't be used."""


@dataclass(frozen=True, slots=True)
class Authority:
    """One authority: what we call it, where it answers, and the root certificates pinned for it.

    An empty ``url``: it is asked no more, and its tokens are still held against its roots.
    """

    name: str
    url: str
    roots: tuple[x509.Certificate, ...]
    roots_pem: bytes


def load_authorities(file: Path | None) -> tuple[Authority, ...]:
    """The authorities in ``file`` (TOML, ``[[authority]]``), in its order; none where it is None.

    Files of roots are looked for beside it. Raises `AuthorityListError` with what is wrong.
    """
    if file is None:
        return ()
    try:
        content = tomllib.loads(read_small_file(file).decode())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise AuthorityListError(f"{file}: {error}") from error
    listed = content.get("authority")
    if not isinstance(listed, list) or content.keys() != {"authority"} or not listed:
        raise AuthorityListError(f"{file}: expected [[authority]] and nothing else")
    if len(listed) > MAX_AUTHORITIES:
        raise AuthorityListError(f"{file}: more than {MAX_AUTHORITIES}")
    authorities = tuple(_read(file, one) for one in listed)
    names = [one.name for one in authorities]
    if len(set(names)) < len(names):
        raise AuthorityListError(f"{file}: a name that stands twice")
    return authorities


def _read(file: Path, listed: object) -> Authority:
    if not isinstance(listed, dict) or listed.keys() != _KEYS:
        raise AuthorityListError(f"{file}: an authority has name, url and roots")
    name, url, roots = (listed[key] for key in ("name", "url", "roots"))
    if not isinstance(name, str) or not AUTHORITY_NAME.fullmatch(name):
        raise AuthorityListError(f"{file}: a name is of a-z, 0-9 and -, found {name!r}")
    if not isinstance(url, str) or (url and not _is_address(url)):
        raise AuthorityListError(f"{file}: {name}: an address begins with http:// or https://")
    if not isinstance(roots, str) or not roots:
        raise AuthorityListError(f"{file}: {name}: roots is the name of a PEM file")
    path = file.parent / roots
    try:
        pem = read_small_file(path)
        return Authority(name, url, tuple(x509.load_pem_x509_certificates(pem)), pem)
    except (OSError, ValueError) as error:
        raise AuthorityListError(f"{path}: {error}") from error


def _is_address(url: str) -> bool:
    """An address without credentials, which would stand in a list that others may read."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url and not parts.fragment
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and plain and "@" not in url
