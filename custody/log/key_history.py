"""The keys of a log through the years: from the first trusted one, by what the log says of them.

Somebody who has the first key of a log, and its entries about keys with their indexes, knows which
keys must have signed a checkpoint of any size. An entry counts only if the newest generation of
keys at its place has signed it (`custody.log.key_entries`): one who has the database, or a key
that was followed by another, announces nothing. An entry that doesn't count changes nothing; it is
remembered, with the reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from custody.log.cosignature import CosignatureVerifier
from custody.log.entry import Entry
from custody.log.errors import KeyEntryError
from custody.log.key_entries import ANNOUNCED, KeyEntry, KeySet, is_plain, read_key_entry
from custody.log.note import NoteVerifier
from custody.log.trust import TrustedKey, TrustedKeys


@dataclass(frozen=True, slots=True)
class Generation:
    """Keys that came together. ``announced`` and ``retired`` are the indexes of the entries.

    The first generation has only its Ed25519 key until an entry names the others: ``ml_dsa`` and
    ``receipts`` are None before, and ``announced`` is of that entry.
    """

    log: NoteVerifier
    ml_dsa: CosignatureVerifier | None = None
    receipts: NoteVerifier | None = None
    announced: int | None = None
    retired: int | None = None


@dataclass(frozen=True, slots=True)
class RefusedKeys:
    """An entry about keys that does not count, and why."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class KeyHistory:
    """Every generation, the oldest first, and the entries that announce or retire none."""

    generations: tuple[Generation, ...]
    refused: tuple[RefusedKeys, ...] = ()

    @property
    def newest(self) -> Generation:
        return self.generations[-1]

    @property
    def trusted(self) -> TrustedKeys:
        """Which keys sign a checkpoint of which size.

        One that holds the entry (of more than ``index`` entries) is signed as the entry wants it.
        """
        keys = []
        for number, one in enumerate(self.generations):
            since = 0 if one.announced is None else one.announced + 1
            # The first Ed25519 key has signed from the beginning, announced or not.
            keys.append(TrustedKey(one.log, since if number else 0, one.retired))
            if one.ml_dsa is not None:
                keys.append(TrustedKey(one.ml_dsa, since, one.retired))
        return TrustedKeys(tuple(keys))


def follow_keys(first: NoteVerifier, entries: Iterable[tuple[int, Entry]]) -> KeyHistory:
    """The history that the entries about keys tell, by ascending index, to who trusts ``first``.

    Whether the entries stand in the log is for the caller to prove; until he has, believe of it
    only what he could lose: that more signatures are asked for.
    """
    history = KeyHistory((Generation(first),))
    for index, entry in entries:
        try:
            history = _follow(history, index, entry)
        except KeyEntryError as error:
            reason = error.args[0] if error.args else str(error)
            history = replace(history, refused=(*history.refused, RefusedKeys(index, reason)))
    return history


def _follow(history: KeyHistory, index: int, entry: Entry) -> KeyHistory:
    first = history.generations[0]
    # 1. An announcement of before they were signed names the first key, and counts for nothing.
    #    It stands before any that is signed: whoever writes one later has the database and no key.
    if is_plain(entry):
        if (entry.item, entry.outcome) != ("log", "ok"):
            raise KeyEntryError(f"{entry.item} {entry.outcome}")
        if entry.facts["log_key"] != first.log.vkey or first.ml_dsa is not None:
            raise KeyEntryError("announced under no key")
        return history
    stated = read_key_entry(entry, first.log.name)
    if stated.kind == ANNOUNCED:
        return _announce(history, index, stated)
    return _retire(history, index, stated)


def _announce(history: KeyHistory, index: int, stated: KeyEntry) -> KeyHistory:
    newest, keys = history.newest, stated.keys
    # 2. It is of the newest generation: an older key has given its place away.
    if stated.signer != newest.log.vkey:
        raise KeyEntryError("it does not follow the newest key")
    if newest.ml_dsa is None:
        # 3. The first key names those beside it, each of which has signed.
        if keys.log != newest.log:
            raise KeyEntryError("the first key has to name those beside it before others follow")
        stated.verify(newest.log, keys.ml_dsa)
        first = replace(newest, ml_dsa=keys.ml_dsa, receipts=keys.receipts, announced=index)
        return replace(history, generations=(first,))
    stated.verify(newest.log, newest.ml_dsa)
    # 4. The same once more says nothing new (a server announces what it has at its start).
    if keys == KeySet(newest.log, newest.ml_dsa, newest.receipts or keys.receipts):
        return history
    # 5. A key is announced once; none comes back.
    for one in history.generations:
        if one.log == keys.log or one.ml_dsa == keys.ml_dsa or one.receipts == keys.receipts:
            raise KeyEntryError("it announces a key that the log has had")
    generation = Generation(keys.log, keys.ml_dsa, keys.receipts, index)
    return replace(history, generations=(*history.generations, generation))


def _retire(history: KeyHistory, index: int, stated: KeyEntry) -> KeyHistory:
    newest = history.newest
    # 2. It is of the newest generation, and signed by it.
    if stated.signer != newest.log.vkey or newest.ml_dsa is None:
        raise KeyEntryError("not retired by the newest key")
    stated.verify(newest.log, newest.ml_dsa)
    # 3. It is of an older one that is still in use.
    generations = list(history.generations)
    for number, one in enumerate(generations[:-1]):
        if (one.log, one.ml_dsa, one.receipts) == (
            stated.keys.log,
            stated.keys.ml_dsa,
            stated.keys.receipts,
        ):
            if one.retired is not None:
                raise KeyEntryError("it retires a key that was retired before")
            generations[number] = replace(one, retired=index)
            return replace(history, generations=tuple(generations))
    raise KeyEntryError("it retires no older key of the log")
