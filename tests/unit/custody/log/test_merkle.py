import hashlib
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.log.errors import ProofError
from custody.log.merkle import (
    EMPTY_ROOT,
    MAX_TREE_SIZE,
    Frontier,
    complete_root,
    hash_children,
    hash_leaf,
    hash_leaves,
    hash_pairs,
    prove_consistency,
    prove_inclusion,
    root_of,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from tests.unit.custody.log.samples import ASSETS

KNOWN = json.loads((ASSETS / "rfc6962.json").read_text(encoding="utf-8"))
KNOWN_LEAVES = [hash_leaf(bytes.fromhex(leaf)) for leaf in KNOWN["leaves"]]
KNOWN_ROOTS = [bytes.fromhex(root) for root in KNOWN["roots"]]

EXHAUSTIVE = 70
LEAVES = [hash_leaf(number.to_bytes(4, "big")) for number in range(5000)]


def plain_root(leaves):
    """RFC 6962 section 2.1 word for word, slow: what everything else is held against."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hash_children(plain_root(leaves[:split]), plain_root(leaves[split:]))


def read(level, index):
    return plain_root(LEAVES[index << level : (index + 1) << level])


ROOTS = [plain_root(LEAVES[:size]) for size in range(EXHAUSTIVE + 2)]


def test_the_known_roots_come_out():
    assert bytes.fromhex(KNOWN["empty_root"]) == EMPTY_ROOT == root_of([])
    for size, root in enumerate(KNOWN_ROOTS, 1):
        assert root_of(KNOWN_LEAVES[:size]) == root


@pytest.mark.parametrize("known", KNOWN["inclusion"])
def test_the_known_inclusion_proofs_come_out(known):
    index, size = known["index"], known["size"]
    proof = [bytes.fromhex(value) for value in known["proof"]]
    verify_inclusion(index, size, KNOWN_LEAVES[index], proof, KNOWN_ROOTS[size - 1])
    assert proof == prove_inclusion(
        index, size, lambda level, at: plain_root(KNOWN_LEAVES[at << level : (at + 1) << level])
    )


@pytest.mark.parametrize("known", KNOWN["consistency"])
def test_the_known_consistency_proofs_come_out(known):
    old, new = known["old"], known["new"]
    proof = [bytes.fromhex(value) for value in known["proof"]]
    verify_consistency(old, new, KNOWN_ROOTS[old - 1], KNOWN_ROOTS[new - 1], proof)
    assert proof == prove_consistency(
        old, new, lambda level, at: plain_root(KNOWN_LEAVES[at << level : (at + 1) << level])
    )


def test_the_frontier_has_the_root_at_every_size():
    frontier = Frontier()
    for size in range(EXHAUSTIVE + 1):
        assert (frontier.size, frontier.root()) == (size, ROOTS[size])
        assert Frontier(size, frontier.nodes).root() == ROOTS[size]
        assert Frontier.read(size, read).nodes == frontier.nodes
        assert tree_root(size, read) == ROOTS[size]
        frontier.append(LEAVES[size])


@given(st.lists(st.integers(0, 600), max_size=6))
def test_in_whatever_runs_leaves_come_the_tree_is_the_same(runs):
    frontier, one_by_one = Frontier(), Frontier()
    for run in runs:
        leaves = LEAVES[frontier.size : frontier.size + run]
        frontier.extend(leaves)
        for leaf in leaves:
            one_by_one.append(leaf)
        assert (frontier.size, frontier.nodes) == (one_by_one.size, one_by_one.nodes)
    assert frontier.root() == plain_root(LEAVES[: frontier.size])


def test_a_subtree_is_added_by_its_root_where_one_begins():
    for level in range(6):
        width = 1 << level
        assert complete_root(LEAVES[:width]) == plain_root(LEAVES[:width])
        for size in range(EXHAUSTIVE - width):
            frontier = Frontier.read(size, read)
            root = complete_root(LEAVES[size : size + width])
            if size % width:
                with pytest.raises(ProofError):
                    frontier.append_subtree(level, root)
                assert (frontier.size, frontier.root()) == (size, ROOTS[size])
            else:
                frontier.append_subtree(level, root)
                assert (frontier.size, frontier.root()) == (size + width, ROOTS[size + width])


def test_many_are_hashed_as_one_by_one():
    entries = [number.to_bytes(4, "big") for number in range(300)]
    assert hash_leaves(entries) == LEAVES[:300]
    for count in range(10):
        pairs = zip(LEAVES[:count:2], LEAVES[1:count:2], strict=False)
        assert hash_pairs(LEAVES[:count]) == [hash_children(*pair) for pair in pairs]


@pytest.mark.parametrize(("size", "nodes"), [(1, 0), (0, 1), (3, 1), (-1, 64), (2**64, 1)])
def test_a_frontier_of_the_wrong_width_is_refused(size, nodes):
    with pytest.raises(ProofError):
        Frontier(size, [bytes(32)] * nodes)


def test_a_frontier_of_other_hashes_is_refused():
    with pytest.raises(ProofError):
        Frontier(1, [bytes(31)])


def test_every_leaf_of_every_small_tree_is_proved_and_nothing_else():
    for size in range(1, EXHAUSTIVE + 1):
        root = ROOTS[size]
        for index in range(size):
            leaf = LEAVES[index]
            proof = prove_inclusion(index, size, read)
            verify_inclusion(index, size, leaf, proof, root)
            refused = [
                (index, size, LEAVES[index + 1], proof, root),
                (index, size, leaf, proof, ROOTS[size - 1]),
                (index, size, leaf, [*proof, root], root),
                (index, size, leaf, [root, *proof], root),
            ]
            if proof:
                swapped = [*proof[:-1], hash_leaf(proof[-1])]
                refused += [
                    (index, size, leaf, proof[:-1], root),
                    (index, size, leaf, proof[1:], root),
                    (index, size, leaf, swapped, root),
                ]
            # The same proof for any other place in the same tree, or beside it.
            refused += [
                (other, size, leaf, proof, root) for other in range(-1, size + 2) if other != index
            ]
            for arguments in refused:
                with pytest.raises(ProofError):
                    verify_inclusion(*arguments)


def test_a_proof_for_another_size_needs_another_root():
    # A size whose right-most path has the same shape takes the same hashes; the root is signed
    # together with its size, so what counts is that no other root comes out.
    for size, other in itertools.permutations(range(1, 34), 2):
        for index in range(min(size, other)):
            proof = prove_inclusion(index, size, read)
            with pytest.raises(ProofError):
                verify_inclusion(index, other, LEAVES[index], proof, ROOTS[other])


def test_every_small_tree_is_proved_to_grow_into_every_later_one():
    for old in range(EXHAUSTIVE + 1):
        for new in range(old, EXHAUSTIVE + 1):
            proof = prove_consistency(old, new, read)
            verify_consistency(old, new, ROOTS[old], ROOTS[new], proof)
            refused = [
                (old, new, ROOTS[old], ROOTS[new], [*proof, ROOTS[new]]),
                (old, new, ROOTS[old], ROOTS[new], [ROOTS[old], *proof]),
                (old, new, ROOTS[old + 1], ROOTS[new], proof),
            ]
            if old:
                refused.append((old, new, ROOTS[old], ROOTS[new + 1], proof))
            if new > old:
                refused.append((new, old, ROOTS[new], ROOTS[old], proof))
            if proof:
                refused += [
                    (old, new, ROOTS[old], ROOTS[new], proof[:-1]),
                    (old, new, ROOTS[old], ROOTS[new], proof[1:]),
                    (old, new, ROOTS[old], ROOTS[new], []),
                    (old, new, ROOTS[new], ROOTS[old], proof),
                    (old, new, ROOTS[old], ROOTS[new], [hash_leaf(proof[0]), *proof[1:]]),
                ]
            for arguments in refused:
                with pytest.raises(ProofError):
                    verify_consistency(*arguments)


def test_a_consistency_proof_serves_no_other_earlier_size():
    for new in range(2, 34):
        for old, other in itertools.permutations(range(1, new), 2):
            proof = prove_consistency(old, new, read)
            with pytest.raises(ProofError):
                verify_consistency(other, new, ROOTS[other], ROOTS[new], proof)


@given(st.integers(1, len(LEAVES)), st.data())
def test_proofs_in_larger_trees(size, data):
    index = data.draw(st.integers(0, size - 1))
    root = root_of(LEAVES[:size])
    proof = prove_inclusion(index, size, read)
    verify_inclusion(index, size, LEAVES[index], proof, root)
    old = data.draw(st.integers(0, size))
    verify_consistency(old, size, root_of(LEAVES[:old]), root, prove_consistency(old, size, read))
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        proof[at] = (int.from_bytes(proof[at], "big") ^ (1 << bit)).to_bytes(32, "big")
        with pytest.raises(ProofError):
            verify_inclusion(index, size, LEAVES[index], proof, root)


@given(
    st.integers(-2, 2**70),
    st.integers(-2, 2**70),
    st.lists(st.binary(min_size=31, max_size=33), max_size=70),
)
def test_made_up_proofs_are_refused(one, other, proof):
    with pytest.raises(ProofError):
        verify_inclusion(one, other, LEAVES[0], proof, ROOTS[3])
    if (one, other) != (0, 0):
        with pytest.raises(ProofError):
            verify_consistency(one, other, ROOTS[2], ROOTS[3], proof)


@pytest.mark.parametrize(
    ("index", "size"), [(0, 0), (1, 1), (-1, 5), (5, 5), (0, MAX_TREE_SIZE + 1)]
)
def test_there_is_no_proof_for_a_leaf_that_is_not_there(index, size):
    with pytest.raises(ProofError):
        prove_inclusion(index, size, read)


@pytest.mark.parametrize(("old", "new"), [(2, 1), (-1, 1), (1, MAX_TREE_SIZE + 1)])
def test_there_is_no_proof_of_shrinking(old, new):
    with pytest.raises(ProofError):
        prove_consistency(old, new, read)


def test_growing_from_nothing_needs_the_empty_root_and_no_proof():
    verify_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    verify_consistency(0, 5, EMPTY_ROOT, ROOTS[5], [])
    for arguments in [
        (0, 5, ROOTS[1], ROOTS[5], []),
        (0, 0, EMPTY_ROOT, ROOTS[1], []),
        (0, 5, EMPTY_ROOT, ROOTS[5], [ROOTS[5]]),
        (5, 5, ROOTS[5], ROOTS[4], []),
    ]:
        with pytest.raises(ProofError):
            verify_consistency(*arguments)
