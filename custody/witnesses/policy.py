"""Whom the archive asks to cosign its checkpoints, and how many of them make one witnessed.

A C2SP tlog-policy file in the home. Without one nobody is asked, and the pages say so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from custody.errors import WitnessPolicyError
from custody.log.checkpoint import MAX_CHECKPOINT_BYTES, LogTrust, verifiers_of
from custody.log.cosignature import CosignatureVerifier
from custody.log.errors import LogError
from custody.log.note import MAX_SIGNATURES, NoteVerifier, signature_line
from custody.log.policy import Policy, PolicyWitness, read_policy
from custody.log.witness import PATH
from custody.witnesses.cosignatures import key_id
from storage.regular_files import read_small_file

#: Kept free on a note: for the log's own text and signatures, and for those of a next key.
_RESERVED_BYTES = 4096
_RESERVED_LINES = 4
#: The longest signature there is: eight bytes of time and one of ML-DSA-44.
_LONGEST_SIGNATURE = 8 + 2420


@dataclass(frozen=True, slots=True)
class Asked:
    """One address that is asked: whoever is there signs with one key or several.

    ``address`` is where to post; ``names`` are what the policy calls the keys.
    """

    address: str
    names: tuple[str, ...]
    verifiers: tuple[CosignatureVerifier, ...]

    @property
    def name(self) -> str:
        """The first name that the policy has for it."""
        return self.names[0]


@dataclass(frozen=True, slots=True)
class WitnessPolicy:
    """A policy that can be carried out; made by `load_policy`."""

    policy: Policy

    @property
    def keys(self) -> Mapping[str, PolicyWitness]:
        """The witnesses by `key_id`, in their order."""
        return {key_id(one.verifier): one for one in self.policy.witnesses}

    @property
    def asked(self) -> tuple[Asked, ...]:
        """Everybody who has an address, each address once."""
        together: dict[str, list[PolicyWitness]] = {}
        for one in self.policy.witnesses:
            if one.url is not None:
                together.setdefault(one.url.rstrip("/") + PATH, []).append(one)
        return tuple(
            Asked(address, tuple(one.name for one in ones), tuple(one.verifier for one in ones))
            for address, ones in together.items()
        )


def load_policy(
    path: Path, log: NoteVerifier | LogTrust, *, required: bool
) -> WitnessPolicy | None:
    """The policy in ``path`` for the log whose keys are ``log``.

    None where there is no such file, unless it is ``required``. Raises `WitnessPolicyError` with
    the line that can't be read, or what can't be carried out.
    """
    try:
        policy = read_policy(read_small_file(path))
    except FileNotFoundError as error:
        if not required:
            return None
        raise WitnessPolicyError(f"{path}: {error.strerror}") from error
    except OSError as error:
        raise WitnessPolicyError(f"{path}: {error.strerror or error}") from error
    except LogError as error:
        raise WitnessPolicyError(f"{path}: {error.args[0] if error.args else error}") from error
    # 1. Where it names logs, ours is one of them: it is no other log's policy.
    if policy.logs and not any(one.verifier in verifiers_of(log) for one in policy.logs):
        raise WitnessPolicyError(f"{path}: it names other logs, not {log.name}")
    # 2. Whoever is asked has an address that can be asked.
    for one in policy.witnesses:
        if one.url is not None and not _is_address(one.url):
            raise WitnessPolicyError(f"{path}: {one.name}: no http(s) address: {one.url[:80]}")
    # 3. All of them have room under one checkpoint.
    lines = [signature_line(one.verifier, bytes(_length(one))) for one in policy.witnesses]
    if (
        len(lines) > MAX_SIGNATURES - _RESERVED_LINES
        or sum(len(line.encode()) for line in lines) > MAX_CHECKPOINT_BYTES - _RESERVED_BYTES
    ):
        raise WitnessPolicyError(f"{path}: more witnesses than one checkpoint has room for")
    return WitnessPolicy(policy)


def _length(witness: PolicyWitness) -> int:
    is_short = len(witness.verifier.public.public_bytes_raw()) == 32
    return 8 + 64 if is_short else _LONGEST_SIGNATURE


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    plain = not (parts.query or parts.fragment or parts.username or parts.password)
    return parts.scheme in {"http", "https"} and bool(host) and plain and url.isascii()
