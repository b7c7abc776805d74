"""What this station believes of the archive: receipts by pinned keys, and one history of the log.

The last checkpoint seen stands in ``trust.json``, apart from the journal, so that a lost journal
does not let the archive tell another history. A checkpoint that is not consistent with it raises
an alarm: both signed notes are kept as evidence, and no receipt is believed any more until the
station is enrolled anew. Thread-safe.
"""

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from custody.log.checkpoint import Checkpoint, open_checkpoint
from custody.log.errors import LogError, ProofError
from custody.log.merkle import prove_consistency, tree_root, verify_consistency
from custody.log.plain_json import read_json_object
from custody.log.tiles import TileReader
from custody.log.verify import verify_extension
from station_agent import reasons, wire
from station_agent.durable import free_name, write_file
from station_agent.enrolment import Enrolment
from station_agent.errors import (
    LogForkedError,
    ReceiptWrongError,
    RefusedError,
    ServerAwayError,
    TrustUnreadableError,
)
from station_agent.hashing import Digests
from station_agent.log_keys import KEYS_FILE, LogKeys
from station_agent.regular_files import read_small_file

TRUST_FILE = "trust.json"
_REMEMBERED = 256

logger = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Alarm:
    """Two signed tree heads that can't both be of one log, and what did not fit."""

    text: str
    earlier: str
    later: str


class Trust:
    """See the module.

    ``fetch`` reads ``checkpoint`` and ``tile/…`` of the log, and raises as the transport does.
    """

    def __init__(self, home: Path, enrolment: Enrolment, fetch: Callable[[str], bytes]) -> None:
        self._path = home / TRUST_FILE
        self._origin = enrolment.origin
        self._keys = LogKeys(home, enrolment)
        self._fetch = fetch
        self._lock = threading.Lock()
        #: Size and root of checkpoints that were found consistent since the start.
        self._believed: dict[int, bytes] = {}
        self._note: str | None = None
        self._last: Checkpoint | None = None
        self.alarm: Alarm | None = None
        self._load()

    def _load(self) -> None:
        try:
            value = read_json_object(read_small_file(self._path))
            self._note = value["checkpoint"]
            self.alarm = None if value["alarm"] is None else Alarm(**value["alarm"])
            if self._note is not None:
                self._last = open_checkpoint(self._note, self._keys.trust, origin=self._origin)
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, LogError) as error:
            raise TrustUnreadableError(f"{self._path}: {error}") from error

    @property
    def last_size(self) -> int | None:
        """The size of the log at the last checkpoint seen."""
        return None if self._last is None else self._last.size

    def cosignable(self) -> Checkpoint | None:
        """The newest checkpoint seen, which is on disk and continues all before it; None before
        the first, and once there is an alarm.
        """
        with self._lock:
            return None if self.alarm is not None else self._last

    def accept(self, note: str, digests: Digests) -> wire.Receipt:
        """The receipt in ``note``, if it proves that the archive holds these bytes.

        Raises `ReceiptWrongError`, `LogForkedError` (now and ever after), and what fetching raises.
        """
        with self._lock:
            # 1. Nothing contradicts what we saw of this log before.
            if self.alarm is not None:
                raise LogForkedError(self.alarm.text)
            try:
                # 2. Signature, entry, commitment, checkpoint, inclusion: all of it (wire).
                receipt = self._following(note, lambda: self._open_receipt(note))
                # 3. It is about these bytes.
                wire.check_receipt_for(receipt, digests.sha256, digests.sm3, digests.size_bytes)
                checkpoint = self._open(receipt.checkpoint)
            except LogError as error:
                raise ReceiptWrongError(str(error)) from error
            # 4. Its checkpoint and the last one are of one history.
            self._extend(checkpoint, receipt.checkpoint)
            return receipt

    def look(self) -> None:
        """Hold the newest checkpoint that the archive shows against the last one seen; keep it.

        An archive put back to an older copy shows it here, though no receipt would. Raises
        `LogForkedError` when that raises the alarm, and what fetching raises.
        """
        # Fetched under the lock: whatever was seen before was signed before we ask.
        with self._lock:
            if self.alarm is not None:
                return
            note, newest = self._newest()
            last = self._last
            if last is not None and newest.size < last.size:
                note, newest = self._newest()  # not for one stale answer of a cache on the way
                if newest.size < last.size:
                    detail = f"{newest.size} < {last.size}"
                    self._raise_alarm(reasons.compose(reasons.LOG_ROLLED_BACK, detail), note)
            self._extend(newest, note)

    def _newest(self) -> tuple[str, Checkpoint]:
        note = self._fetch("checkpoint")
        try:
            text = note.decode()
            return text, self._following(text, lambda: self._open(text))
        except (LogError, UnicodeDecodeError) as error:
            # Anybody on the way can say anything; only what the log's key signed is evidence.
            raise ServerAwayError(f"the log's checkpoint: {error}") from error

    def _open(self, note: str | bytes) -> Checkpoint:
        return open_checkpoint(note, self._keys.trust, origin=self._origin)

    def _open_receipt(self, note: str) -> wire.Receipt:
        return wire.open_receipt(note, self._keys.receipts, self._keys.trust)

    def _following(self, note: str, opened: Callable[[], T]) -> T:
        """What is ``opened`` of ``note`` by the keys that we know, or by those that came since."""
        # A key that we do not know signs beside ours: while it does, we can learn it in one step.
        if self._keys.is_strange(note):
            self._learn_keys()
        try:
            return opened()
        except LogError:
            # A key that we know has ended, or we slept through the whole change.
            if not self._learn_keys():
                raise
            return opened()

    def _learn_keys(self) -> bool:
        """Ask whether the log has changed its keys; what does not hold changes nothing.

        Raises `LogForkedError` where it shows another history, and `ServerAwayError`.
        """
        try:
            return self._keys.learn(self._fetch, self._compare)
        except (LogError, RefusedError, UnicodeDecodeError) as error:
            logger.warning("the log's keys could not be followed: %s", error)
            return False

    def _extend(self, checkpoint: Checkpoint, note: str) -> None:
        self._compare(checkpoint, note)
        last = self._last
        if last is None or checkpoint.size > last.size:
            self._save(note, None)
            self._last, self._note = checkpoint, note
        if len(self._believed) >= _REMEMBERED:
            self._believed.clear()
        self._believed[checkpoint.size] = checkpoint.root

    def _compare(self, checkpoint: Checkpoint, note: str) -> None:
        """Hold ``checkpoint`` against the last one seen, and keep nothing but the alarm."""
        last = self._last
        if last is None or self._believed.get(checkpoint.size) == checkpoint.root:
            return
        earlier, later = sorted((last, checkpoint), key=lambda one: one.size)
        try:
            self._check(earlier, later)
        except LogError as error:
            self._raise_alarm(f"{earlier.size} → {later.size}: {error}", note)

    def _check(self, earlier: Checkpoint, later: Checkpoint) -> None:
        """Raise `LogError` if ``later`` does not begin with ``earlier``.

        Nobody signs tiles: only what hashes to the later signed root is a word of the log. What
        does not was damaged on the way, or withheld; it is fetched once more, and proves nothing
        either way (`ServerAwayError`).
        """
        # 1. Two heads of one size need no tiles.
        if earlier.size == later.size:
            verify_extension(earlier, later, [])
            return
        # 2. How the later log really began, proved by its own root.
        try:
            root = self._read_root(earlier.size, later)
        except LogError:
            root = self._read_root(earlier.size, later, last_try=True)
        # 3. It began with what we saw.
        if root != earlier.root:
            raise ProofError("the later tree does not begin with the earlier one")

    def _read_root(self, size: int, later: Checkpoint, *, last_try: bool = False) -> bytes:
        """The root of the first ``size`` entries of the log that ``later`` is signed for."""
        reader = TileReader(self._fetch, later.size)
        try:
            root = tree_root(size, reader.read)
            proof = prove_consistency(size, later.size, reader.read)
            verify_consistency(size, later.size, root, later.root, proof)
        except RefusedError as error:
            raise ServerAwayError(f"the log can't be read: {error}") from error
        except LogError as error:
            if last_try:
                raise ServerAwayError(f"the log can't be read: {error}") from error
            raise
        return root

    def _raise_alarm(self, text: str, note: str) -> None:
        text = reasons.printable(text)
        self.alarm = Alarm(text, self._note or "", note)
        self._save(self._note, self.alarm)
        raise LogForkedError(text)

    def _save(self, note: str | None, alarm: Alarm | None) -> None:
        written = None
        if alarm is not None:
            written = {"text": alarm.text, "earlier": alarm.earlier, "later": alarm.later}
        value = {"checkpoint": note, "alarm": written}
        write_file(self._path, json.dumps(value, indent=1).encode())


def forget(home: Path) -> None:
    """Begin anew with an archive: called after an enrolment pinned its keys.

    The old file is set aside, not removed: it may be the evidence of a rewritten log.
    """
    for path in (home / TRUST_FILE, home / KEYS_FILE):
        if path.exists():
            path.rename(free_name(path, "before"))


def read_alarm(home: Path) -> str | None:
    """The alarm on record, for those who only look. Raises `TrustUnreadableError`."""
    path = home / TRUST_FILE
    try:
        alarm = read_json_object(read_small_file(path))["alarm"]
        return None if alarm is None else reasons.printable(str(alarm["text"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrustUnreadableError(f"{path}: {error}") from error
