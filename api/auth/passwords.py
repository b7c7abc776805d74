"""Passwords: argon2id hashes, one-time passwords, and what a new password must be."""

import hashlib
import secrets
import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from api.auth.errors import TooBusyError, WeakPasswordError

#: NIST SP 800-63B section 3.1.1.2: length is what counts; no rules about kinds of characters.
MIN_LENGTH = 10
#: Longer ones only cost time; argon2 itself has no such limit.
MAX_LENGTH = 256

#: Without letters and digits that are taken for one another when read aloud or from paper.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

#: The library's defaults are RFC 9106's second choice (64 MiB, 3 passes, 4 lanes).
_hasher = PasswordHasher()

#: So many checks at once, of 64 MiB each, however many people knock; how long another one waits
#: for its turn, in seconds.
CHECKS_AT_ONCE = 2
PATIENCE_S = 3.0
_turns = threading.BoundedSemaphore(CHECKS_AT_ONCE)


def hash_password(password: str) -> str:
    """The argon2id hash in its encoded form (``$argon2id$v=19$…``). About 0.1 s."""
    return _hasher.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether ``password`` belongs to the hash. ``None`` (no such user) costs the same time.

    Raises `TooBusyError` where its turn does not come.
    """
    if not _turns.acquire(timeout=PATIENCE_S):
        raise TooBusyError
    try:
        _hasher.verify(password_hash or _nobodys_hash(), password[:MAX_LENGTH])
    except (VerificationError, InvalidHashError):
        return False
    finally:
        _turns.release()
    return password_hash is not None


def password_digest(password_hash: str) -> str:
    """What the log commits to of a hash, so that one put in its place is found.

    The hash has 16 random bytes of salt in it: its SHA-256 lets nobody guess a password.
    """
    return hashlib.sha256(password_hash.encode()).hexdigest()


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe(32))


def warm_up() -> None:
    """Make the hash that stands in for unknown names, so that the first of them takes no longer."""
    _nobodys_hash()


def one_time_password() -> str:
    """Sixteen characters in groups of four, 79 bits; to be read aloud or copied from paper."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


def check_new_password(new: str, old: str) -> None:
    """Raise `WeakPasswordError` where ``new`` can't replace ``old``."""
    if len(new) < MIN_LENGTH:
        raise WeakPasswordError("short")
    if len(new) > MAX_LENGTH:
        raise WeakPasswordError("long")
    if new == old:
        raise WeakPasswordError("same")
