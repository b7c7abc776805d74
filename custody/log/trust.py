"""Which of a log's keys must have signed a checkpoint of a given size.

A log signs with two kinds of key side by side: Ed25519 (`custody.log.note`) and ML-DSA-44
(`custody.log.cosignature`). Keys come and go (`custody.log.key_history`), and what they signed
stays good: of every key it is known from which size on it signs, and up to which.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Self

from custody.log import forms
from custody.log.canonical import Json
from custody.log.cosignature import CosignatureVerifier
from custody.log.encoding import decode_base64
from custody.log.errors import NoteError, RetiredKeyError, SignatureMissingError
from custody.log.key_types import Verifier
from custody.log.note import NoteVerifier, read_vkey

#: Characters of the longest verifier key, of ML-DSA-44 under a name of 255, and some.
MAX_VKEY = 2304
#: Keys in one list: two a year for a hundred years, and some.
MAX_KEYS = 256
_JSON_KEYS = frozenset({"key", "since", "until"})

#: A key of a log, of either kind.
LogVerifier = NoteVerifier | CosignatureVerifier


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A log's key. Every checkpoint of ``since`` to ``until`` entries, both included, bears its
    signature, and none of more; with ``until`` None it is in use.
    """

    verifier: LogVerifier
    since: int = 0
    until: int | None = None

    def signs(self, size: int) -> bool:
        """Whether a checkpoint of ``size`` entries must bear this key's signature."""
        return self.since <= size and (self.until is None or size <= self.until)


@dataclass(frozen=True, slots=True)
class TrustedKeys:
    """The keys of one log, the first trusted one first. Raises `NoteError` for keys of two."""

    keys: tuple[TrustedKey, ...]

    def __post_init__(self) -> None:
        if len({one.verifier.name for one in self.keys}) != 1:
            raise NoteError("not the keys of one log")

    @classmethod
    def all_of(cls, verifiers: Iterable[LogVerifier]) -> Self:
        """Keys of which each must have signed every checkpoint."""
        return cls(tuple(TrustedKey(one) for one in verifiers))

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Read what `to_json` wrote. Raises `LogError`."""
        keys = []
        for item in forms.list_of(value, MAX_KEYS):
            one = forms.fields_of(item, _JSON_KEYS)
            until = None if one["until"] is None else forms.count_of(one["until"])
            verifier = parse_log_key(forms.text_of(one["key"], MAX_VKEY))
            keys.append(TrustedKey(verifier, forms.count_of(one["since"]), until))
        return cls(tuple(keys))

    def to_json(self) -> list[Json]:
        """The keys as they are handed on and kept."""
        return [
            {"key": one.verifier.vkey, "since": one.since, "until": one.until} for one in self.keys
        ]

    @property
    def name(self) -> str:
        return self.keys[0].verifier.name

    @property
    def verifiers(self) -> tuple[LogVerifier, ...]:
        return tuple(one.verifier for one in self.keys)

    def required(self, size: int) -> tuple[LogVerifier, ...]:
        """The keys whose signature a checkpoint of ``size`` entries must bear."""
        return tuple(one.verifier for one in self.keys if one.signs(size))

    def ended(self, size: int) -> tuple[LogVerifier, ...]:
        """The keys that sign no checkpoint of ``size`` entries any more."""
        return tuple(
            one.verifier for one in self.keys if one.until is not None and size > one.until
        )

    def check(self, size: int, signed: Collection[Verifier]) -> None:
        """Raise unless a checkpoint of ``size`` entries is signed by whom it must be.

        ``signed`` are the keys whose signature was verified. A key that signs before it must does
        no harm: it is at hand before it is announced. Raises `SignatureMissingError`,
        `RetiredKeyError`.
        """
        # 1. No key signs after its end: whoever has it then is not the log.
        for one in self.keys:
            if one.until is not None and size > one.until and one.verifier in signed:
                raise RetiredKeyError(f"{short(one.verifier)} signed {size}, ends at {one.until}")
        # 2. Everyone who must has signed, and somebody must.
        required = self.required(size)
        missing = [one for one in required if one not in signed]
        if missing or not required:
            raise SignatureMissingError(", ".join(map(short, missing)) or f"of {size} entries")


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Keys of one log of which any one is enough, whatever the size: for the log's own house."""

    verifiers: tuple[LogVerifier, ...]

    @property
    def name(self) -> str:
        return self.verifiers[0].name

    def check(self, size: int, signed: Collection[Verifier]) -> None:
        """Raise `SignatureMissingError` unless one of the keys is among those that ``signed``."""
        if not any(one in signed for one in self.verifiers):
            raise SignatureMissingError(f"of {size} entries")


@dataclass(frozen=True, slots=True)
class OneGeneration:
    """Keys of one log by generation, for its own house, which may have keys that the entries at
    hand do not tell of yet: the rows may be older than what was signed.

    ``known`` are the keys by those entries. What they do not vouch for needs every key of one
    generation, and none that they say has ended.
    """

    generations: tuple[tuple[LogVerifier, ...], ...]
    known: TrustedKeys

    @property
    def name(self) -> str:
        return self.known.name

    @property
    def verifiers(self) -> tuple[LogVerifier, ...]:
        ours = tuple(one for keys in self.generations for one in keys)
        return ours + tuple(one for one in self.known.verifiers if one not in ours)

    def check(self, size: int, signed: Collection[Verifier]) -> None:
        """As `TrustedKeys.check`."""
        try:
            self.known.check(size, signed)
        except SignatureMissingError:
            if not any(all(key in signed for key in keys) for keys in self.generations):
                raise


@dataclass(frozen=True, slots=True)
class OneOfEachKind:
    """Keys of one log of which one of each kind must have signed, whatever the size: for who knows
    them, old and new, and not the log's entries.
    """

    verifiers: tuple[LogVerifier, ...]

    @property
    def name(self) -> str:
        return self.verifiers[0].name

    def check(self, size: int, signed: Collection[Verifier]) -> None:
        """Raise `SignatureMissingError` where no key of one of the kinds is among ``signed``."""
        for kind in (NoteVerifier, CosignatureVerifier):
            keys = [one for one in self.verifiers if isinstance(one, kind)]
            if keys and not any(one in signed for one in keys):
                raise SignatureMissingError(f"{short(keys[-1])}, {size} entries")


def parse_log_key(text: str) -> LogVerifier:
    """Read a verifier key of a log: Ed25519 (type 0x01) or ML-DSA-44 (0x06). Raises `NoteError`."""
    kind = read_vkey(text)[1][:1]
    if kind == b"\x01":
        return NoteVerifier.parse(text)
    if kind == b"\x06":
        return CosignatureVerifier.parse(text)
    raise NoteError("not a log's key")


def is_signed_by_stranger(note: str | bytes, log: TrustedKeys) -> bool:
    """Whether some line of ``note`` claims the log's name under a key that is none of ``log``'s.

    Says nothing about who wrote it: it may be a key of the log that came since.
    """
    text = note.decode(errors="replace") if isinstance(note, bytes) else note
    known = {one.key_hash for one in log.verifiers}
    for line in text.rpartition("\n\n")[2].splitlines():
        words = line.split(" ")
        if len(words) == 3 and words[1] == log.name:
            try:
                key_hash = decode_base64(words[2])[:4]
            except ValueError:
                continue
            if key_hash not in known:
                return True
    return False


def short(verifier: LogVerifier) -> str:
    """A key's name, hash and kind, for people: an ML-DSA key itself fills a page."""
    kind = "Ed25519" if isinstance(verifier, NoteVerifier) else "ML-DSA-44"
    return f"{verifier.name}+{verifier.key_hash.hex()} {kind}"
