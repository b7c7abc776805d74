"""New keys for the log, announced under the old ones; and the end of the old.

What a kill leaves, step by step; the same command again goes on from there:

1. `announce_next`: some files of the new generation. It counts once all are there; then it signs
   too, which harms nobody before it is announced.
2. The entry is committed: from the checkpoint that contains it on, old and new sign.
3. `retire_previous`: the entry is committed: from the checkpoint that contains it on, the new
   alone sign, although the private halves of the old lie there still.
4. `destroy_retired`, once that checkpoint is published: some files are gone. A generation whose
   verifier keys are all under ``retired/`` is retired whatever else of it is left.

Every function but the last takes a write transaction.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection

from custody.actors import Actor
from custody.errors import KeyMissingError
from custody.events import LOG_ITEM, EventKind
from custody.key_rows import read_coming_history, read_key_entries, read_key_history
from custody.ledger import Event, Ledger
from custody.log.cosignature import Cosigner
from custody.log.key_entries import KeySet, facts_of_announcement, facts_of_retirement
from custody.log.key_history import Generation, KeyHistory
from custody.log.note import NoteSigner
from custody.publishing.key_files import is_public
from custody.publishing.key_folder import KeyFolder
from custody.publishing.keys import create_generation, destroy_generation, is_destroyed


@dataclass(frozen=True, slots=True)
class Rotation:
    """The keys that follow, and those they follow; ``begun`` unless that was under way."""

    new: KeySet
    old: KeySet
    begun: bool


@dataclass(frozen=True, slots=True)
class Overlap:
    """Old keys that sign beside the newest, since the entry of ``since`` at ``index``.

    ``index`` is None while that entry has none.
    """

    old: tuple[Generation, ...]
    index: int | None
    since: datetime


def announce_next(tx: Connection, ledger: Ledger, actor: Actor, folder: KeyFolder) -> Rotation:
    """Make the next generation of keys and announce it, unless one is being announced already.

    Raises `KeyMissingError` where the log's own keys are not announced, or not at hand.
    """
    history = read_coming_history(tx, folder.keys().first.log.verifier)
    standing = _standing(history)
    if len(standing) > 1:
        return Rotation(_keys_of(standing[-1]), _keys_of(standing[0]), begun=False)
    old = _keys_of(history.newest)
    log, ml_dsa = _at_hand(folder, history.newest)
    number = len(history.generations) + 1
    create_generation(folder.path, folder.origin, number)
    new = folder.keys().generations[number - 1].key_set
    facts = facts_of_announcement(new, log, ml_dsa)
    ledger.append(tx, actor, Event(EventKind.KEY_ANNOUNCED, LOG_ITEM, facts))
    return Rotation(new, old, begun=True)


def find_overlap(tx: Connection, folder: KeyFolder) -> Overlap | None:
    """The old keys that still sign beside newer ones; None if there are none."""
    history = read_coming_history(tx, folder.keys().first.log.verifier)
    standing = _standing(history)
    if len(standing) < 2:
        return None
    # As they were followed: the entry that announced the newest is the last that names it.
    named = [
        (index, entry.at)
        for index, entry in read_key_entries(tx)
        if entry.facts.get("log_key") == history.newest.log.vkey and "follows" in entry.facts
    ]
    index, since = named[-1]
    return Overlap(tuple(standing[:-1]), index, since)


def retire_previous(
    tx: Connection, ledger: Ledger, actor: Actor, folder: KeyFolder, *, reason: str = ""
) -> list[KeySet]:
    """Retire every generation but the newest; none, if none is in use beside it.

    Raises `KeyMissingError` where the newest keys are not at hand.
    """
    history = read_coming_history(tx, folder.keys().first.log.verifier)
    retired = []
    for one in _standing(history)[:-1]:
        log, ml_dsa = _at_hand(folder, history.newest)
        keys = _keys_of(one)
        facts = facts_of_retirement(keys, log, ml_dsa)
        details = {"reason": reason} if reason else {}
        ledger.append(tx, actor, Event(EventKind.KEY_RETIRED, LOG_ITEM, facts, details))
        retired.append(keys)
    return retired


def destroy_retired(tx: Connection, folder: KeyFolder, published: int) -> int:
    """Destroy the private keys that are retired in the tree of ``published`` entries; how many
    generations. Idempotent."""
    history = read_key_history(tx, folder.keys().first.log.verifier, below=published)
    destroyed = 0
    for number, one in enumerate(history.generations, 1):
        if one.retired is None or is_destroyed(folder.path, folder.origin, number):
            continue
        destroy_generation(folder.path, folder.origin, number)
        destroyed += 1
    return destroyed


def _standing(history: KeyHistory) -> list[Generation]:
    return [one for one in history.generations if one.retired is None]


def _keys_of(one: Generation) -> KeySet:
    """Raises `KeyMissingError` for a first generation that was not announced."""
    if one.ml_dsa is None or one.receipts is None:
        raise KeyMissingError(f"{one.log.vkey}: not announced")
    return KeySet(one.log, one.ml_dsa, one.receipts)


def _at_hand(folder: KeyFolder, one: Generation) -> tuple[NoteSigner, Cosigner]:
    keys = folder.keys().of(one.log)
    if keys is None or keys.ml_dsa is None or is_public(keys.log):
        raise KeyMissingError(one.log.vkey)
    return keys.log, keys.ml_dsa
