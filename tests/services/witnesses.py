"""Witnesses to ask in the same process: real ones, each over a folder of its own, and a policy."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from custody.errors import WitnessAwayError
from custody.exchange import Answer
from custody.log.checkpoint import LogTrust
from custody.log.cosignature import Cosigner
from custody.log.note import NoteVerifier
from custody.log.witness import SIZE_TYPE, WitnessRefusedError
from custody.outside.witness_server import Witness
from custody.outside.witness_state import open_state
from custody.witnesses.policy import WitnessPolicy, load_policy

#: A moment after every clock of the tests.
NOW = 1_800_000_000


@dataclass
class NearWitness:
    """A witness without a network between; ``asked`` counts how often it was."""

    name: str
    witness: Witness
    away: bool = False
    asked: int = 0
    #: Given in place of its own answer.
    instead: Answer | None = None
    bodies: list[bytes] = field(default_factory=list)

    @property
    def cosigner(self) -> Cosigner:
        return self.witness.cosigners[0]

    @property
    def address(self) -> str:
        return f"http://w{self.name.encode().hex()[:40]}.example"

    def post(self, address: str, body: bytes) -> Answer:
        """As `custody.witnesses.exchange.post`."""
        assert address == f"{self.address}/add-checkpoint"
        self.asked += 1
        self.bodies.append(body)
        if self.away:
            raise WitnessAwayError("Connection refused")
        if self.instead is not None:
            return self.instead
        try:
            return Answer(HTTPStatus.OK, "text/plain", self.witness.add_checkpoint(body).encode())
        except WitnessRefusedError as refused:
            if refused.known_size is not None:
                return Answer(refused.status, SIZE_TYPE, f"{refused.known_size}\n".encode())
            return Answer(refused.status, "text/plain", f"{refused}\n".encode())


@contextmanager
def near_witness(folder: Path, name: str, log: NoteVerifier) -> Iterator[NearWitness]:
    """A witness of ``log`` that keeps what it saw in ``folder``; its key follows from its name."""
    private = Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32)[:32])
    with open_state(folder / name) as state:
        cosigners = [Cosigner(name, private)]
        yield NearWitness(name, Witness(cosigners, {log.name: [log]}, state, lambda: NOW))


def write_policy(path: Path, lines: list[str], least: int | str, names: list[str]) -> None:
    """A policy of ``lines`` with ``least`` of ``names`` for a quorum."""
    group = [f"group enough {least} {' '.join(names)}", "quorum enough"]
    path.write_text("".join(f"{line}\n" for line in [*lines, *group]), encoding="utf-8")


def policy_of(
    folder: Path, witnesses: list[NearWitness], least: int, log: NoteVerifier | LogTrust
) -> WitnessPolicy:
    lines = [f"witness {one.name} {one.cosigner.verifier.vkey} {one.address}" for one in witnesses]
    path = folder / "witnesses.policy"
    write_policy(path, lines, least, [one.name for one in witnesses])
    policy = load_policy(path, log, required=True)
    assert policy is not None
    return policy
