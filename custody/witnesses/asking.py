"""Asks one witness for its cosignature on the newest checkpoint. A loop's turn, with transactions.

Nobody waits for it: not the publisher, not another witness, not footage. What a kill leaves is an
answer that was not kept; the same checkpoint is asked about again, and cosigned again.
"""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from custody.asked_states import Sort, note_answer, note_failure
from custody.clock import Clock
from custody.errors import WitnessAwayError, WitnessContradictsError, WitnessRefusesError
from custody.exchange import Answer
from custody.log.checkpoint import Checkpoint, LogTrust, open_checkpoint
from custody.log.errors import LogError
from custody.log.merkle import prove_consistency
from custody.log.note import NoteVerifier
from custody.log.witness import SIZE_TYPE, AddCheckpoint, read_answer, read_known_size
from custody.publishing.published import PublishedCheckpoint, newest_checkpoint, tile_reader
from custody.witnesses import cosignatures
from custody.witnesses.cosignatures import KeptCosignature
from custody.witnesses.exchange import post
from custody.witnesses.policy import Asked
from storage.database import Database
from storage.objects import ObjectStore

#: How much of what a witness says of itself is told on.
_SHOWN = 120


class Trouble(StrEnum):
    """Why a witness has not cosigned what it was asked about last."""

    #: It did not answer as a witness does.
    AWAY = "away"
    #: It does not watch this log, or does not know its key.
    REFUSES = "refuses"
    #: It has cosigned another history of this log.
    CONTRADICTS = "contradicts"


@dataclass(frozen=True, slots=True)
class LogAsked:
    """The log whose checkpoints are to be cosigned, and where its rows and tiles are."""

    database: Database
    store: ObjectStore
    clock: Clock
    verifier: NoteVerifier | LogTrust
    origin: str


class Asker:
    """One for each address of the policy; any number of processes may try at the same time."""

    def __init__(
        self, log: LogAsked, asked: Asked, exchange: Callable[[str, bytes], Answer] = post
    ) -> None:
        self._log = log
        self._asked = asked
        self._exchange = exchange
        self._lock = f"witness-{hashlib.sha256(asked.address.encode()).hexdigest()[:16]}"
        #: What it said it had cosigned last, where our rows say something else.
        self._known: int | None = None
        #: The last size it has answered for, maybe without one of its keys.
        self._answered = 0

    @property
    def name(self) -> str:
        return self._asked.name

    def run_once(self) -> bool:
        """Ask about the newest checkpoint, unless this witness has cosigned it or is being asked.

        True if a cosignature was kept. Raises `WitnessAwayError`, `WitnessRefusesError`
        (`WitnessContradictsError` where it saw another history), and as rows and store do.
        """
        with self._log.database.exclusive(self._lock, wait=False) as owned:
            if not owned:
                return False
            try:
                return self._ask_newest()
            except (WitnessAwayError, WitnessRefusesError) as error:
                now, trouble = self._log.clock.now(), _trouble_of(error)
                with self._log.database.write() as tx:
                    note_failure(tx, Sort.WITNESS, self.name, now, trouble)
                raise

    def ask_size(self) -> int:
        """How many entries it has cosigned by its own word, where that is more than the newest
        checkpoint in rows has; else 0. For a house that may have forgotten something.

        Raises `WitnessAwayError`, and as rows do.
        """
        with self._log.database.read() as tx:
            newest = newest_checkpoint(tx)
        if newest is None:
            return 0
        # From nothing: whoever has cosigned anything answers with what it knows.
        answer = self._exchange(self._asked.address, AddCheckpoint(0, (), newest.note).encode())
        if answer.status != HTTPStatus.CONFLICT or answer.media_type != SIZE_TYPE:
            return 0
        size = self._size_in(answer)
        return size if size > newest.size else 0

    def _ask_newest(self) -> bool:
        keys = {cosignatures.key_id(one) for one in self._asked.verifiers}
        with self._log.database.read() as tx:
            newest = newest_checkpoint(tx)
            kept = cosignatures.newest_by_key(tx)
        # A row that was altered is nothing to go on from.
        signed = {key: kept[key].size for key in keys & kept.keys() if self._holds(kept[key])}
        if newest is None or newest.size == self._answered:
            return False
        if keys == {key for key, size in signed.items() if size == newest.size}:
            return False
        # What is sent out is ours: the key has signed it.
        checkpoint = open_checkpoint(newest.note, self._log.verifier, origin=self._log.origin)
        old = max(signed.values(), default=0) if self._known is None else self._known
        answer = self._send(newest, min(old, newest.size))
        if answer.status == HTTPStatus.CONFLICT and answer.media_type == SIZE_TYPE:
            # It knows another size than we thought: from there, once.
            self._known = self._size_in(answer)
            if self._known > newest.size:
                raise WitnessContradictsError(
                    f"{self.name}: it cosigned {self._known} entries, there are {newest.size}"
                )
            answer = self._send(newest, self._known)
        self._check(answer, newest)
        return self._keep(answer, checkpoint)

    def _holds(self, kept: KeptCosignature) -> bool:
        try:
            cosignatures.open_kept(kept, self._log.origin)
        except LogError:
            return False
        return True

    def _send(self, newest: PublishedCheckpoint, old: int) -> Answer:
        read = tile_reader(self._log.store, newest.size).read
        proof = prove_consistency(old, newest.size, read)
        body = AddCheckpoint(old, tuple(proof), newest.note).encode()
        return self._exchange(self._asked.address, body)

    def _size_in(self, answer: Answer) -> int:
        try:
            return read_known_size(answer.body)
        except LogError as error:
            raise WitnessAwayError(f"{self.name}: {error}") from error

    def _check(self, answer: Answer, newest: PublishedCheckpoint) -> None:
        """Raise unless the answer is one that holds cosignatures."""
        if answer.status == HTTPStatus.OK:
            return
        text = answer.body[:_SHOWN].decode("utf-8", "replace")
        said = "".join(one if one.isprintable() else " " for one in text).strip()
        detail = f"{self.name}: {answer.status} {said}".rstrip()
        if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY or (
            # From the very size it has cosigned, and it does not go on: another tree of that size.
            answer.status == HTTPStatus.CONFLICT and self._known == newest.size
        ):
            raise WitnessContradictsError(detail)
        if answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN, HTTPStatus.BAD_REQUEST}:
            raise WitnessRefusesError(detail)
        raise WitnessAwayError(detail)

    def _keep(self, answer: Answer, checkpoint: Checkpoint) -> bool:
        try:
            signed = read_answer(answer.body, checkpoint.encode(), self._asked.verifiers)
        except LogError as error:
            raise WitnessAwayError(f"{self.name}: {error}") from error
        now = self._log.clock.now()
        with self._log.database.write() as tx:
            kept = [cosignatures.keep(tx, checkpoint, one, now) for one in signed]
            note_answer(tx, Sort.WITNESS, self.name, now)
        self._known, self._answered = checkpoint.size, checkpoint.size
        return any(kept)


def largest_known(askers: Sequence[Asker]) -> int:
    """The largest of `Asker.ask_size`, all asked at once; one that does not answer says nothing."""
    if not askers:
        return 0

    def ask(asker: Asker) -> int:
        try:
            return asker.ask_size()
        except WitnessAwayError:
            return 0

    with ThreadPoolExecutor(len(askers), "ask-witness") as pool:
        return max(pool.map(ask, askers))


def _trouble_of(error: WitnessAwayError | WitnessRefusesError) -> Trouble:
    if isinstance(error, WitnessContradictsError):
        return Trouble.CONTRADICTS
    return Trouble.REFUSES if isinstance(error, WitnessRefusesError) else Trouble.AWAY
