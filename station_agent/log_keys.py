"""The keys of the archive's log as this station knows them: from those it was given at enrolment,
by what the log says of its keys.

What is learned stands in ``log-keys.json``, beside the enrolment. A key counts once keys that were
trusted before have signed the entry that announces it, and the entry stands in a checkpoint of the
same history, which such keys have signed; so a station that slept through a whole change of keys
goes from one archived checkpoint to the next. Not thread-safe: `station_agent.trust` has a lock.
"""

import json
from collections.abc import Callable
from pathlib import Path

from custody.log import forms
from custody.log.canonical import Json
from custody.log.checkpoint import Checkpoint, open_checkpoint
from custody.log.entry import Entry
from custody.log.errors import LogError, NoteError
from custody.log.key_history import KeyHistory, follow_keys
from custody.log.merkle import prove_inclusion
from custody.log.note import NoteVerifier
from custody.log.plain_json import read_json_object
from custody.log.tiles import TileReader
from custody.log.trust import MAX_KEYS, MAX_VKEY, TrustedKeys, is_signed_by_stranger
from custody.log.verify import verify_entry_in_tree
from station_agent.durable import write_file
from station_agent.enrolment import Enrolment
from station_agent.errors import TrustUnreadableError
from station_agent.regular_files import read_small_file

KEYS_FILE = "log-keys.json"


class LogKeys:
    """See the module. ``trust`` says who signs which checkpoint, ``receipts`` who receipts."""

    def __init__(self, home: Path, enrolment: Enrolment) -> None:
        self._path = home / KEYS_FILE
        self._origin = enrolment.origin
        self.trust = enrolment.log_trust
        self.receipts = enrolment.receipt_verifiers
        self._load()

    def _load(self) -> None:
        try:
            value = read_json_object(read_small_file(self._path))
            trust = TrustedKeys.from_json(value["log_keys"])
            receipts = _receipt_keys(value["receipt_keys"])
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, LogError) as error:
            raise TrustUnreadableError(f"{self._path}: {error}") from error
        # Of an archive that the station was enrolled with anew, the file says nothing.
        if all(one in trust.verifiers for one in self.trust.verifiers):
            self.trust, self.receipts = trust, receipts

    def is_strange(self, note: str | bytes) -> bool:
        """Whether a key that is not known signs as the log here: it may have been announced."""
        return is_signed_by_stranger(note, self.trust)

    def learn(
        self, fetch: Callable[[str], bytes], accept: Callable[[Checkpoint, str], None]
    ) -> bool:
        """Follow the log's entries about its keys; whether there was anything new.

        ``fetch`` reads ``keys``, ``checkpoints/…`` and ``tile/…`` of the log, ``accept`` holds a
        checkpoint against all that was seen before. Raises `LogError` for what does not hold, and
        what both raise.
        """
        first = self.trust.verifiers[0]
        if not isinstance(first, NoteVerifier):
            return False
        entries: list[tuple[int, Entry]] = []
        history: KeyHistory | None = None
        for index, size in _read_places(fetch("keys")):
            entries.append((index, self._entry(index, size, history, fetch, accept)))
            history = follow_keys(first, entries)
        if history is None:
            return False
        trust = history.trusted
        receipts = tuple(one.receipts for one in history.generations if one.receipts is not None)
        # What was known stays known, whatever was left out of the list.
        if trust == self.trust or not all(one in trust.verifiers for one in self.trust.verifiers):
            return False
        value = {"log_keys": trust.to_json(), "receipt_keys": [one.vkey for one in receipts]}
        write_file(self._path, json.dumps(value, indent=1).encode())
        self.trust, self.receipts = trust, receipts
        return True

    def _entry(
        self,
        index: int,
        size: int,
        history: KeyHistory | None,
        fetch: Callable[[str], bytes],
        accept: Callable[[Checkpoint, str], None],
    ) -> Entry:
        """The entry ``index`` in the checkpoint of ``size`` entries."""
        note = fetch(f"checkpoints/{size:012}")
        # 1. Keys that we know, or that the entries before have announced, have signed it.
        try:
            checkpoint = open_checkpoint(note, self.trust, origin=self._origin)
        except NoteError:
            if history is None or history.newest.ml_dsa is None:
                raise
            # The newest by the entries before: it signs whatever this one says of older keys.
            newest = TrustedKeys.all_of([history.newest.log, history.newest.ml_dsa])
            checkpoint = open_checkpoint(note, newest, origin=self._origin)
        # 2. It is of the history that we have seen.
        accept(checkpoint, note.decode())
        # 3. The entry stands in its tree.
        reader = TileReader(fetch, checkpoint.size)
        proof = prove_inclusion(index, checkpoint.size, reader.read)
        return verify_entry_in_tree(reader.entry(index), index, proof, checkpoint)


def _receipt_keys(value: Json) -> tuple[NoteVerifier, ...]:
    texts = forms.list_of(value, MAX_KEYS)
    return tuple(NoteVerifier.parse(forms.text_of(one, MAX_VKEY)) for one in texts)


def _read_places(data: bytes) -> list[tuple[int, int]]:
    """Index, and size of a checkpoint with it, of every entry about keys. Raises `LogError`."""
    try:
        value = read_json_object(data)
    except ValueError as error:
        raise NoteError("not a list of entries about keys") from error
    names = frozenset({"index", "size"})
    places = []
    for item in forms.list_of(value.get("entries"), MAX_KEYS):
        one = forms.fields_of(item, names)
        places.append((forms.count_of(one["index"]), forms.count_of(one["size"])))
    return sorted(places)
