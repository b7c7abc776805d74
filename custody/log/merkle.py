"""The tree of RFC 6962 section 2.1 (RFC 9162 the same): hashes, right edge, proofs. No I/O.

Hashes are 32 bytes of SHA-256. A node (level, index) is the root of the complete subtree over the
leaves ``index << level`` up to ``(index + 1) << level``.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence

from custody.log.errors import ProofError

HASH_BYTES = 32
#: No log gets there; it bounds what a stranger may claim.
MAX_TREE_SIZE = 2**63 - 1
EMPTY_ROOT = hashlib.sha256(b"").digest()

#: Gives the hash of a complete subtree; may raise what its source raises.
NodeReader = Callable[[int, int], bytes]

_sha256 = hashlib.sha256


def hash_leaf(data: bytes) -> bytes:
    """The leaf hash of an entry's bytes."""
    return _sha256(b"\x00" + data).digest()


def hash_leaves(entries: Iterable[bytes]) -> list[bytes]:
    """The leaf hash of each; a call for every one would be felt in a long log."""
    return [_sha256(b"\x00" + entry).digest() for entry in entries]


def hash_children(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return _sha256(b"\x01" + left + right).digest()


def hash_pairs(hashes: Sequence[bytes]) -> list[bytes]:
    """The layer above: one hash for each whole pair."""
    joined = b"".join(hashes)
    pair = 2 * HASH_BYTES
    ends = range(pair, len(joined) + 1, pair)
    return [_sha256(b"\x01" + joined[end - pair : end]).digest() for end in ends]


def complete_root(hashes: Sequence[bytes]) -> bytes:
    """The root of the complete subtree over these 2**n hashes."""
    while len(hashes) > 1:
        hashes = hash_pairs(hashes)
    return hashes[0]


class Frontier:
    """The right edge of a growing tree: the roots of its complete subtrees, the largest first."""

    __slots__ = ("_nodes", "size")

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        """Start empty, or from the ``nodes`` of a tree of ``size`` leaves. Raises `ProofError`."""
        self.size = size
        self._nodes = list(nodes)
        if not 0 <= size <= MAX_TREE_SIZE or len(self._nodes) != size.bit_count():
            raise ProofError("not the right edge of a tree of this size")
        _check_hashes(self._nodes)

    @classmethod
    def read(cls, size: int, read: NodeReader) -> "Frontier":
        """The right edge of an existing tree."""
        return cls(size, [read(level, index) for level, index in _complete(0, size)])

    @property
    def nodes(self) -> tuple[bytes, ...]:
        """What it takes to go on later: ``Frontier(size, nodes)``."""
        return tuple(self._nodes)

    def append(self, leaf_hash: bytes) -> None:
        """Add one leaf."""
        self.append_subtree(0, leaf_hash)

    def append_subtree(self, level: int, root: bytes) -> None:
        """Add ``2 ** level`` leaves by the root over them.

        Raises `ProofError` where no such subtree begins at the end of the tree.
        """
        if self.size & ((1 << level) - 1):
            raise ProofError(f"no subtree of 2**{level} leaves begins at {self.size}")
        nodes = self._nodes
        size = self.size >> level
        while size & 1:
            root = _sha256(b"\x01" + nodes.pop() + root).digest()
            size >>= 1
        nodes.append(root)
        self.size += 1 << level

    def extend(self, leaf_hashes: Sequence[bytes]) -> None:
        """Add many leaves, as many at once as make a complete subtree."""
        start = 0
        while start < len(leaf_hashes):
            level = (len(leaf_hashes) - start).bit_length() - 1
            while self.size & ((1 << level) - 1):
                level -= 1
            end = start + (1 << level)
            self.append_subtree(level, complete_root(leaf_hashes[start:end]))
            start = end

    def root(self) -> bytes:
        """The root of the tree as it stands."""
        return _fold(self._nodes)


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    """The root over these leaf hashes."""
    frontier = Frontier()
    frontier.extend(list(leaf_hashes))
    return frontier.root()


def tree_root(size: int, read: NodeReader) -> bytes:
    """The root of the first ``size`` leaves of an existing tree."""
    return Frontier.read(size, read).root()


def prove_inclusion(index: int, size: int, read: NodeReader) -> list[bytes]:
    """The audit path of leaf ``index`` in the tree of ``size`` leaves, from the leaf upward.

    RFC 6962 section 2.1.1. Raises `ProofError` if there is no such leaf.
    """
    if not 0 <= index < size <= MAX_TREE_SIZE:
        raise ProofError(f"no leaf {index} in a tree of {size}")
    proof = []
    start, end = 0, size
    while end - start > 1:
        split = start + _split(end - start)
        if index < split:
            proof.append(_subtree_root(split, end, read))
            end = split
        else:
            proof.append(_subtree_root(start, split, read))
            start = split
    proof.reverse()
    return proof


def prove_consistency(old: int, new: int, read: NodeReader) -> list[bytes]:
    """The proof that the first ``old`` leaves are the beginning of the first ``new``.

    RFC 6962 section 2.1.2; empty where there is nothing to prove (``old`` 0 or equal to ``new``).
    Raises `ProofError` if ``old`` is larger than ``new``.
    """
    if not 0 <= old <= new <= MAX_TREE_SIZE:
        raise ProofError(f"{new} is not a later size than {old}")
    if old in {0, new}:
        return []
    proof = []
    start, end = 0, new
    while old != end:
        split = start + _split(end - start)
        if old <= split:
            proof.append(_subtree_root(split, end, read))
            end = split
        else:
            proof.append(_subtree_root(start, split, read))
            start = split
    if start:  # otherwise this is the old tree itself, whose root the verifier has
        proof.append(_subtree_root(start, end, read))
    proof.reverse()
    return proof


def verify_inclusion(
    index: int, size: int, leaf_hash: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Raise `ProofError` unless ``proof`` leads from leaf to ``root`` (RFC 9162, 2.1.3.2)."""
    # 1. The leaf is inside the tree, and everything is a hash.
    if not 0 <= index < size <= MAX_TREE_SIZE:
        raise ProofError(f"no leaf {index} in a tree of {size}")
    _check_hashes((leaf_hash, root, *proof))
    # 2. Walk up: `node` and `last` are the indexes of our node and of the right-most one.
    node, last, value = index, size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            raise ProofError("the proof is too long")
        if node & 1 or node == last:
            value = hash_children(sibling, value)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            value = hash_children(value, sibling)
        node >>= 1
        last >>= 1
    # 3. We are at the top, and it is the root.
    if last != 0:
        raise ProofError("the proof is too short")
    if value != root:
        raise ProofError("another root")


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Raise `ProofError` unless the new tree begins with the old one (RFC 9162, 2.1.4.2)."""
    # 1. The sizes are in order, and everything is a hash.
    if not 0 <= old <= new <= MAX_TREE_SIZE:
        raise ProofError(f"{new} is not a later size than {old}")
    _check_hashes((old_root, new_root, *proof))
    # 2. Nothing to prove: then there is no proof, and the roots speak for themselves.
    if old in {0, new}:
        if proof:
            raise ProofError("the proof is too long")
        if old == 0 and old_root != EMPTY_ROOT:
            raise ProofError("not the root of an empty tree")
        if new in {0, old} and new_root != (EMPTY_ROOT if new == 0 else old_root):
            raise ProofError("two roots for one size")
        return
    # 3. Where the old tree is one complete subtree, its root begins the path.
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        raise ProofError("the proof is too short")
    # 4. Skip the levels on which both trees share their right-most node.
    node, last = old - 1, new - 1
    while node & 1:
        node >>= 1
        last >>= 1
    # 5. Rebuild both roots from the same nodes.
    old_value = new_value = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofError("the proof is too long")
        if node & 1 or node == last:
            old_value = hash_children(sibling, old_value)
            new_value = hash_children(sibling, new_value)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            new_value = hash_children(new_value, sibling)
        node >>= 1
        last >>= 1
    # 6. We are at the top, and both roots came out.
    if last != 0:
        raise ProofError("the proof is too short")
    if old_value != old_root or new_value != new_root:
        raise ProofError("the later tree does not begin with the earlier one")


def _check_hashes(hashes: Iterable[bytes]) -> None:
    for value in hashes:
        if len(value) != HASH_BYTES:
            raise ProofError(f"a hash has {HASH_BYTES} bytes")


def _split(width: int) -> int:
    """The largest power of two below ``width`` (at least 2)."""
    return 1 << ((width - 1).bit_length() - 1)


def _complete(start: int, end: int) -> list[tuple[int, int]]:
    """The complete subtrees over ``start`` to ``end``, left to right.

    ``start`` is a multiple of a power of two not below the width, as every split of the tree gives.
    """
    nodes = []
    for level in range((end - start).bit_length() - 1, -1, -1):
        if (end - start) >> level & 1:
            nodes.append((level, start >> level))
            start += 1 << level
    return nodes


def _fold(nodes: Sequence[bytes]) -> bytes:
    if not nodes:
        return EMPTY_ROOT
    value = nodes[-1]
    for node in reversed(nodes[:-1]):
        value = hash_children(node, value)
    return value


def _subtree_root(start: int, end: int, read: NodeReader) -> bytes:
    return _fold([read(level, index) for level, index in _complete(start, end)])
