"""Trust policies (C2SP tlog-policy): which logs, which witnesses, and how many of them it takes."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from custody.log.cosignature import Cosignature, CosignatureVerifier
from custody.log.errors import NoteError, PolicyError
from custody.log.trust import LogVerifier, parse_log_key

MAX_POLICY_BYTES = 1 << 20
#: Logs, witnesses and groups, each; a cosignature of ML-DSA-44 takes 1.8 kB of a file.
MAX_LISTED = 256

_NONE = "none"
_SPACE = re.compile(r"[ \t]+")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_COUNT = re.compile(r"[1-9][0-9]{0,2}")


@dataclass(frozen=True, slots=True)
class PolicyLog:
    """A log whose checkpoints count; ``url`` is where it is read, if the policy says."""

    verifier: LogVerifier
    url: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyWitness:
    """A witness under the name that the policy gives it; ``url`` is its submission prefix."""

    name: str
    verifier: CosignatureVerifier
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Witnesses or groups of which ``least`` make the group."""

    least: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Made by `read_policy`. ``quorum`` names a witness or a group; None asks for nobody."""

    logs: tuple[PolicyLog, ...]
    witnesses: tuple[PolicyWitness, ...]
    groups: Mapping[str, Group]
    quorum: str | None

    def is_met(self, cosignatures: Collection[Cosignature]) -> bool:
        """Whether verified cosignatures on one checkpoint are enough of them."""
        keys = {cosignature.verifier.vkey for cosignature in cosignatures}
        if self.quorum is None:
            return True
        met = {one.name: one.verifier.vkey in keys for one in self.witnesses}
        for name, group in self.groups.items():  # a group names what stands before it
            met[name] = sum(met[member] for member in group.members) >= group.least
        return met[self.quorum]


def read_policy(data: bytes) -> Policy:
    """Read a policy file. Raises `PolicyError` with the line that can't be read."""
    if len(data) > MAX_POLICY_BYTES:
        raise PolicyError(f"longer than {MAX_POLICY_BYTES} bytes")
    # Octets above 0x7F are opaque: as surrogates they compare as what they are.
    text = data.decode("utf-8", "surrogateescape")
    if text and not text.endswith("\n"):
        raise PolicyError("the last line does not end")
    if _FORBIDDEN.search(text):
        raise PolicyError("a control character")
    reader = _Reader()
    for number, line in enumerate(text.split("\n")[:-1], 1):
        words = [word for word in _SPACE.split(line) if word]
        if not words or words[0].startswith("#"):
            continue
        try:
            reader.read(words)
        except (NoteError, PolicyError) as error:
            raise PolicyError(f"line {number}: {_detail(error)}") from error
    return reader.policy()


@dataclass(slots=True)
class _Reader:
    logs: list[PolicyLog] = field(default_factory=list)
    witnesses: list[PolicyWitness] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=dict)
    quorums: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    keys: set[tuple[str, bytes]] = field(default_factory=set)

    def read(self, words: Sequence[str]) -> None:
        verbs: Mapping[str, Callable[..., None]] = {
            "log": self._log,
            "witness": self._witness,
            "group": self._group,
            "quorum": self._quorum,
        }
        verb, *rest = words
        if verb not in verbs:
            raise PolicyError(f"no line begins with {verb[:40]!r}")
        verbs[verb](rest)

    def policy(self) -> Policy:
        if len(self.quorums) != 1:
            raise PolicyError(f"{len(self.quorums)} lines say the quorum, one must")
        (quorum,) = self.quorums
        return Policy(
            tuple(self.logs),
            tuple(self.witnesses),
            self.groups,
            None if quorum == _NONE else quorum,
        )

    def _log(self, words: list[str]) -> None:
        if len(words) not in {1, 2} or len(self.logs) >= MAX_LISTED:
            raise PolicyError("log VKEY [URL]")
        verifier = parse_log_key(words[0])
        self._take_key("log", verifier.public.public_bytes_raw())
        self.logs.append(PolicyLog(verifier, *words[1:]))

    def _witness(self, words: list[str]) -> None:
        if len(words) not in {2, 3} or len(self.witnesses) >= MAX_LISTED:
            raise PolicyError("witness NAME VKEY [URL]")
        verifier = CosignatureVerifier.parse(words[1])
        self._take_key("witness", verifier.public.public_bytes_raw())
        self._take_name(words[0])
        self.witnesses.append(PolicyWitness(words[0], verifier, *words[2:]))

    def _group(self, words: list[str]) -> None:
        if len(words) < 3 or len(self.groups) >= MAX_LISTED:
            raise PolicyError("group NAME all|any|NUMBER MEMBER…")
        name, least, *members = words
        for member in members:
            if member not in self.names:
                raise PolicyError(f"{member[:40]!r} is not defined above")
            if member in self.taken:
                raise PolicyError(f"{member[:40]!r} is in a group already")
            self.taken.add(member)
        count = {"any": 1, "all": len(members)}.get(least)
        if count is None:
            count = int(least) if _COUNT.fullmatch(least) else 0
        if not 1 <= count <= len(members):
            raise PolicyError(f"{least[:40]!r} of {len(members)}")
        self._take_name(name)
        self.groups[name] = Group(count, tuple(members))

    def _quorum(self, words: list[str]) -> None:
        if len(words) != 1:
            raise PolicyError("quorum NAME")
        if words[0] != _NONE and words[0] not in self.names:
            raise PolicyError(f"{words[0][:40]!r} is not defined above")
        self.quorums.append(words[0])

    def _take_name(self, name: str) -> None:
        if name == _NONE or name in self.names:
            raise PolicyError(f"the name {name[:40]!r} is taken")
        self.names.add(name)

    def _take_key(self, kind: str, public: bytes) -> None:
        if (kind, public) in self.keys:
            raise PolicyError(f"a {kind} with this key stands above")
        self.keys.add((kind, public))


def _detail(error: NoteError | PolicyError) -> str:
    return error.args[0] if error.args else str(error)
