"""The keys of a log as somebody outside follows them: from those he has, by the log's own entries.

An entry about keys proves itself: keys that are trusted already have signed it. So it may be read
before the checkpoint it stands under can be believed, as by one who slept while the log changed its
keys and has never seen the one that signs now.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from custody.log.checkpoint import Checkpoint, LogTrust, open_checkpoint
from custody.log.entry import Entry
from custody.log.errors import LogError, NoteError
from custody.log.key_entries import ANNOUNCED, RETIRED
from custody.log.key_history import Generation, RefusedKeys, follow_keys
from custody.log.note import NoteVerifier
from custody.log.tiles import WIDTH, Tile, TileReader
from custody.log.trust import TrustedKey, TrustedKeys
from custody.outside.errors import SourceMissingError

#: How an entry about keys looks in its canonical bytes.
_MARK = b'"kind":"key.'

KeyEntries = tuple[tuple[int, Entry], ...]


@dataclass(frozen=True, slots=True)
class Followed:
    """What stands for the log, and the entries about its keys that count for nothing."""

    trust: NoteVerifier | LogTrust
    refused: tuple[RefusedKeys, ...] = ()
    generations: tuple[Generation, ...] = ()

    def receipt_keys(self, given: NoteVerifier, size: int) -> tuple[NoteVerifier, ...]:
        """The receipts' keys of which any may have signed what speaks of a log of ``size`` entries.

        Those of the log that are not retired in it, if ``given`` is one of the log's; of a key that
        its entries don't know nothing is followed.
        """
        if all(one.receipts != given for one in self.generations):
            return (given,)
        return tuple(
            one.receipts
            for one in self.generations
            if one.receipts is not None and (one.retired is None or one.retired >= size)
        )


def claimed_size(note: bytes) -> int:
    """How many entries an unopened checkpoint speaks of. Raises `NoteError`."""
    try:
        text = note.decode().partition("\n\n")[0] + "\n"
    except UnicodeDecodeError as error:
        raise NoteError("not Unicode") from error
    return Checkpoint.parse(text).size


def follow(given: NoteVerifier | LogTrust, entries: KeyEntries) -> Followed:
    """The keys that followed those ``given``, of which the first Ed25519 key is the beginning.

    Whatever else is given must have signed every checkpoint, unless an entry says from when on.
    Of one who trusts a house's folder of keys nothing is followed: he has them all.
    """
    if not isinstance(given, NoteVerifier | TrustedKeys):
        return Followed(given)
    verifiers = (given,) if isinstance(given, NoteVerifier) else given.verifiers
    first = next((one for one in verifiers if isinstance(one, NoteVerifier)), None)
    if first is None:
        return Followed(given)
    history = follow_keys(first, entries)
    if history.newest.ml_dsa is None:
        # By its entries the log has no other keys, or this is not the first: then they are of those
        # before, and nothing is known of them.
        return Followed(given)
    known = history.trusted
    others = tuple(TrustedKey(one) for one in verifiers if one not in known.verifiers)
    return Followed(TrustedKeys(known.keys + others), history.refused, history.generations)


def key_entries_in(entries: Iterable[bytes], first: int) -> Iterator[tuple[int, Entry]]:
    """Those of ``entries``, the log's from index ``first`` on, that are about its keys."""
    for index, data in enumerate(entries, first):
        if _MARK not in data:
            continue
        try:
            entry = Entry.decode(data)
        except LogError:
            continue  # found where entries are read
        if entry.kind in {ANNOUNCED, RETIRED}:
            yield index, entry


def read_key_entries(
    fetch: Callable[[str], bytes], size: int, begin: int = 0
) -> Iterator[tuple[int, Entry]]:
    """The entries about keys of a log of ``size`` entries from index ``begin`` on, by its bundles.

    The size may be a lie: it ends where a bundle is missing or is none, since whoever answers with
    anything would keep us for ever. Raises what else ``fetch`` does.
    """
    reader = TileReader(fetch, size)
    for number in range(begin // WIDTH, -(-size // WIDTH)):
        try:
            entries = reader.bundle(Tile(0, number, min(WIDTH, size - number * WIDTH)))
        except (SourceMissingError, LogError):
            return  # found where bundles are held against the tree
        yield from (one for one in key_entries_in(entries, number * WIDTH) if one[0] >= begin)


def open_following(
    note: bytes,
    given: NoteVerifier | LogTrust,
    entries: Callable[[int], Iterable[tuple[int, Entry]]],
    *,
    origin: str | None = None,
) -> Followed:
    """What stands for the log at the checkpoint in ``note``, which opens under it.

    ``entries`` gives those about keys of a log of that size. Raises `LogError`.
    """
    followed = follow(given, ())
    if isinstance(given, NoteVerifier | TrustedKeys):
        followed = follow(given, tuple(entries(claimed_size(note))))
    open_checkpoint(note, followed.trust, origin=origin)
    return followed
