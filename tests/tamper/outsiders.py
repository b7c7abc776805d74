"""Who looks at the log from outside and keeps what they saw, each asked to look again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.verification_runs import context_of
from custody.log.checkpoint import Checkpoint, open_checkpoint
from custody.log.cosignature import Cosignature, Cosigner, open_cosigned
from custody.log.merkle import prove_consistency
from custody.log.tiles import TileReader
from custody.log.witness import AddCheckpoint, WitnessRefusedError
from custody.object_keys import CHECKPOINT_KEY, log_key
from custody.outside.errors import ShrunkLogError, SourceMissingError, SplitViewError
from custody.outside.mirror import Mirror
from custody.outside.sources import FolderSource
from custody.outside.witness_server import Witness
from custody.outside.witness_state import WitnessState, open_state
from custody.verification.against import SUBJECT, check_against
from station_agent.enrolment import Enrolment
from station_agent.errors import LogForkedError, RefusedError
from station_agent.trust import TRUST_FILE, Trust
from tests.tamper.worlds import World

COSIGNER = Cosigner("witness.example", Ed25519PrivateKey.from_private_bytes(bytes(32)))

KEPT = "a kept checkpoint"
MIRROR = "a mirror"
WITNESS = "a witness"
STATION = "a station"


def published(world: World) -> bytes:
    """The checkpoint that the archive shows."""
    return world.services.store.read_bytes(CHECKPOINT_KEY)


def source(world: World) -> FolderSource:
    """The static files of the log, as everybody may read them."""
    return FolderSource(world.objects / "log")


def _served(world: World, path: str) -> bytes:
    """A file of the log as a station's transport reads it."""
    try:
        return source(world).fetch(path)
    except SourceMissingError as error:
        raise RefusedError(404, str(error)) from error


class Outsiders:
    """An auditor with a checkpoint and a mirror, a witness, a station; all of one log."""

    def __init__(self, world: World, folder: Path, state: WitnessState) -> None:
        self._world = world
        keys = world.services.keys
        self._log = keys.log.verifier
        self._clock = world.services.clock
        self.checkpoint: Checkpoint | None = None
        self.mirror = Mirror(folder / "mirror", self._log)
        logs = {self._log.name: [self._log]}
        self._witness = Witness([COSIGNER], logs, state, lambda: self._clock.now().timestamp())
        self._cosigned = 0
        enrolment = Enrolment(
            server="",
            name="",
            station_id="",
            origin=self._log.name,
            log_key=self._log.vkey,
            receipt_key=keys.receipts.verifier.vkey,
        )
        home = folder / "station"
        home.mkdir()
        self.trust = Trust(home, enrolment, lambda path: _served(world, path))
        self._trust_file = home / TRUST_FILE

    def keep(self) -> None:
        """Everybody looks at the log as it stands and keeps what they see."""
        self.checkpoint = open_checkpoint(published(self._world), self._log)
        self.mirror.follow(source(self._world))
        self.submit()
        self.trust.look()

    def submit(self) -> Cosignature:
        """Ask the witness for its cosignature. Raises `WitnessRefusedError`."""
        note = published(self._world)
        shown = open_checkpoint(note, self._log)
        proof: list[bytes] = []
        if shown.size > self._cosigned:
            store = self._world.services.store
            reader = TileReader(lambda path: store.read_bytes(log_key(path)), shown.size)
            proof = prove_consistency(self._cosigned, shown.size, reader.read)
        request = AddCheckpoint(self._cosigned, tuple(proof), note.decode())
        lines = self._witness.add_checkpoint(request.encode())
        self._cosigned = shown.size
        _, (cosignature,) = open_cosigned(note.decode() + lines, self._log, [COSIGNER.verifier])
        return cosignature

    def look_again(self, who: str) -> str | None:
        """As what one of them sees that the log is another; None where it is not seen."""
        if who == KEPT:
            return self._hold_against()
        try:
            if who == MIRROR:
                self.mirror.follow(source(self._world))
            elif who == WITNESS:
                self.submit()
            else:
                self.trust.look()
        except (ShrunkLogError, SplitViewError) as error:
            return type(error).__name__
        except WitnessRefusedError as refused:
            return f"HTTP {refused.status.value}"
        except LogForkedError:
            assert json.loads(self._trust_file.read_text(encoding="utf-8"))["alarm"]
            return "alarm"
        return None

    def _hold_against(self) -> str | None:
        assert self.checkpoint is not None
        report = self._world.verify()
        check_against(context_of(self._world.services), self.checkpoint, report)
        found = [one.code.value for one in report.findings if one.subject == SUBJECT]
        assert len(found) <= 1
        return found[0] if found else None


@contextmanager
def outside(world: World, folder: Path) -> Iterator[Outsiders]:
    """Outsiders with a folder of their own."""
    folder.mkdir()
    with open_state(folder / "witness") as state:
        yield Outsiders(world, folder, state)
