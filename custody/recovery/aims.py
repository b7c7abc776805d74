"""Up to where a recovery goes: the largest tree that was signed by whom it must be.

A checkpoint is believed as a verification believes it: by the keys that the entries about keys in
its own tree name, and never because some key of the house has signed it. Those entries prove
themselves, so they are read before anything else is believed of the files; what is written from
them afterwards has to hold the same.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from custody.errors import RecoveryRefusedError
from custody.log.checkpoint import Checkpoint, open_checkpoint
from custody.log.errors import LogError
from custody.log.key_history import follow_keys
from custody.log.merkle import Frontier
from custody.log.tiles import Fetch
from custody.log.trust import TrustedKeys
from custody.object_keys import log_key
from custody.outside.errors import SourceMissingError, TamperedLogError
from custody.outside.key_watch import KeyEntries, key_entries_in, read_key_entries
from custody.publishing.signing import TreeSigner
from custody.recovery.entries import numbered_tree
from custody.recovery.heads import Head
from custody.recovery.proven import ProvenLog
from storage.errors import ObjectNotFoundError
from storage.objects import ObjectStore


@dataclass(frozen=True, slots=True)
class Numbered:
    """What the numbered rows hold: their tree, their entries about keys, and the root at the size
    that the signer signed last (None: they are fewer, or it has signed nothing)."""

    tree: Frontier
    keys: KeyEntries
    signed_root: bytes | None


@dataclass(frozen=True, slots=True)
class Aim:
    """The head to recover up to, who signs its log, and its entries about keys."""

    head: Head
    trusted: TrustedKeys
    keys: KeyEntries

    def require_keys(self, first: int, entries: list[bytes]) -> None:
        """Raise `TamperedLogError` unless the ``entries`` from index ``first`` on say of the keys
        what was read when the head was judged."""
        end = first + len(entries)
        expected = [one for one in self.keys if first <= one[0] < end]
        if list(key_entries_in(entries, first)) != expected:
            raise TamperedLogError(f"other entries about keys below {end} than were read before")


def find_aim(
    heads: Iterable[Head], numbered: Numbered, fetch: Fetch, signer: TreeSigner, left: list[str]
) -> Aim | None:
    """The first of ``heads`` that its own keys have signed; the sources of others go to ``left``.

    ``fetch`` gives the files of what the rows have not.
    """
    for head in heads:
        size = head.checkpoint.size
        keys = tuple(one for one in numbered.keys if one[0] < size)
        if size > numbered.tree.size:
            keys += tuple(read_key_entries(_missing(fetch), size, numbered.tree.size))
        trusted = follow_keys(signer.first, keys).trusted
        try:
            open_checkpoint(head.note, trusted, origin=signer.origin)
        except LogError:
            left.append(head.source)
            continue
        return Aim(head, trusted, keys)
    return None


def require_signed(
    aim: Checkpoint, signed: tuple[int, bytes] | None, numbered: Numbered, log: ProvenLog | None
) -> None:
    """Raise `RecoveryRefusedError` unless the tree of ``aim`` holds what the signer signed last.

    ``log`` has its files, where the rows do not go so far.
    """
    if signed is None:
        return
    size, root = signed
    if size > aim.size:
        raise RecoveryRefusedError(
            f"the signer has signed {size} entries, and nothing at hand that is signed by whom it "
            f"must be has more than {aim.size} of them"
        )
    why = (
        f"the {size} entries that the signer signed last are not the beginning of these; "
        "verify the log"
    )
    if log is not None:
        log.check_begins_with(size, root, why)
    elif numbered.signed_root != root:
        raise RecoveryRefusedError(why)


def check_heads(tx: Connection, heads: Sequence[Head], shown: int) -> dict[int, bytes]:
    """The roots of the rows at the sizes of ``heads``, each of which must have signed its own, and
    at ``shown``. Raises `RecoveryRefusedError`."""
    sizes = (shown, *(one.checkpoint.size for one in heads))
    made: dict[int, bytes] = dict.fromkeys(sizes, b"")
    numbered_tree(tx, made)
    for one in heads:
        if made[one.checkpoint.size] != one.checkpoint.root:
            raise RecoveryRefusedError(
                f"the checkpoint of {one.checkpoint.size} entries ({one.source}) is of another "
                "tree than the rows; verify the log"
            )
    return made


def files_of(store: ObjectStore, mirror: Fetch | None) -> Fetch:
    """The files of the mirror, and of the store what the mirror has not."""

    def fetch(path: str) -> bytes:
        if mirror is not None:
            try:
                return mirror(path)
            except SourceMissingError:
                pass
        return store.read_bytes(log_key(path))

    return fetch


def _missing(fetch: Fetch) -> Callable[[str], bytes]:
    def read(path: str) -> bytes:
        try:
            return fetch(path)
        except ObjectNotFoundError as error:
            raise SourceMissingError(path) from error

    return read
