"""The rules by which the log is believed: no I/O, numbered steps, every doubt raises.

The server, the station agent and offline verifiers run these same functions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from custody.log.checkpoint import Checkpoint, LogTrust, open_checkpoint
from custody.log.entry import Entry, Json, commit_details
from custody.log.errors import ChainError, CheckpointError, CommitmentError, ProofError
from custody.log.merkle import hash_leaf, root_of, verify_consistency, verify_inclusion
from custody.log.note import NoteVerifier
from custody.log.proof import LogProof


def verify_entry_in_tree(
    entry_bytes: bytes, index: int, proof: Sequence[bytes], checkpoint: Checkpoint
) -> Entry:
    """The entry, if these bytes stand at ``index`` of the tree of ``checkpoint``.

    The checkpoint must come from `open_checkpoint`. Raises `EntryError` or `ProofError`.
    """
    # 1. The bytes are an entry in canonical form.
    entry = Entry.decode(entry_bytes)
    # 2. The audit path leads from them to the signed root.
    verify_inclusion(index, checkpoint.size, hash_leaf(entry_bytes), proof, checkpoint.root)
    return entry


def verify_proof(proof: LogProof, entry_bytes: bytes, log: NoteVerifier | LogTrust) -> Entry:
    """The entry, if a proof taken along shows it in a checkpoint signed by ``log``.

    Raises `NoteError`, `EntryError` or `ProofError`.
    """
    # 1. The checkpoint is this log's and signed.
    checkpoint = open_checkpoint(proof.checkpoint, log)
    # 2. The entry stands in its tree.
    return verify_entry_in_tree(entry_bytes, proof.index, proof.hashes, checkpoint)


def verify_extension(old: Checkpoint, new: Checkpoint, proof: Sequence[bytes]) -> None:
    """Raise unless the tree of ``new`` begins with the tree of ``old``.

    Raises `CheckpointError` for two logs, `ProofError` for two histories.
    """
    # 1. Both are of one log.
    if old.origin != new.origin:
        raise CheckpointError(f"of another log: {new.origin[:80]!r}")
    # 2. The later one is not shorter, and nothing before it was rewritten.
    verify_consistency(old.size, new.size, old.root, new.root, proof)


def verify_tree(leaf_hashes: Iterable[bytes], checkpoint: Checkpoint) -> None:
    """Raise `ProofError` unless exactly these leaves, in this order, make the signed tree."""
    # 1. As many as were signed.
    hashes = list(leaf_hashes)
    if len(hashes) != checkpoint.size:
        raise ProofError(f"{len(hashes)} leaves, {checkpoint.size} are signed")
    # 2. They hash to the signed root.
    if root_of(hashes) != checkpoint.root:
        raise ProofError("another root")


@dataclass(frozen=True, slots=True)
class ChainHead:
    """How far the chain of an item has been followed: the last entry's number and hex leaf hash."""

    item: str
    item_seq: int
    leaf_hash: str


def verify_item_link(previous: ChainHead | None, entry_bytes: bytes) -> tuple[Entry, ChainHead]:
    """The next entry of an item's chain and the head it makes; ``previous`` is None at the start.

    Raises `EntryError` or `ChainError`.
    """
    # 1. The bytes are an entry in canonical form.
    entry = Entry.decode(entry_bytes)
    if previous is None:
        # 2. The first of an item says so (the form of an entry ties item_prev to this).
        if entry.item_seq != 0:
            raise ChainError(f"{entry.item} begins with number {entry.item_seq}")
    else:
        # 3. It is the same item's, the next number, and names the hash of the one before.
        if entry.item != previous.item:
            raise ChainError(f"{entry.item} follows {previous.item}")
        if entry.item_seq != previous.item_seq + 1:
            raise ChainError(f"{entry.item}: number {entry.item_seq} follows {previous.item_seq}")
        if entry.item_prev != previous.leaf_hash:
            raise ChainError(f"{entry.item}: number {entry.item_seq} names another predecessor")
    return entry, ChainHead(entry.item, entry.item_seq, hash_leaf(entry_bytes).hex())


def verify_item_chain(entries: Iterable[bytes]) -> list[Entry]:
    """The entries of one item from its first on, in order, none left out between them.

    That none is missing at the end only the log can tell. Raises `EntryError` or `ChainError`.
    """
    chain = []
    head = None
    for entry_bytes in entries:
        entry, head = verify_item_link(head, entry_bytes)
        chain.append(entry)
    return chain


def verify_commitment(entry: Entry, details: Mapping[str, Json], salt: bytes) -> None:
    """Raise `CommitmentError` unless the entry was committed to exactly these details."""
    # 1. There is a commitment.
    if entry.commitment is None:
        raise CommitmentError("the entry has none")
    # 2. Details and salt make the same one.
    if commit_details(details, salt) != entry.commitment:
        raise CommitmentError("another one comes out")
