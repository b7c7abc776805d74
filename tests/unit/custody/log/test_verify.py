import dataclasses

import pytest

from custody.log.checkpoint import Checkpoint
from custody.log.entry import Entry
from custody.log.errors import (
    ChainError,
    CheckpointError,
    CommitmentError,
    EntryError,
    LogError,
    NoteError,
    ProofError,
)
from custody.log.merkle import hash_leaf, prove_consistency, prove_inclusion
from custody.log.proof import LogProof
from custody.log.verify import (
    ChainHead,
    verify_commitment,
    verify_entry_in_tree,
    verify_extension,
    verify_item_chain,
    verify_item_link,
    verify_proof,
    verify_tree,
)
from tests.unit.custody.log.samples import (
    DETAILS,
    LOG_KEY,
    RECEIPT_KEY,
    SALT,
    SampleLog,
    admission,
    chain,
    sample_log,
)

LOG = sample_log()
SIZE = len(LOG.entries)
PROOF = prove_inclusion(41, SIZE, LOG.reader().read)


def test_every_entry_stands_in_its_tree():
    checkpoint = LOG.checkpoint()
    for index, entry in enumerate(LOG.entries):
        proof = prove_inclusion(index, SIZE, LOG.reader().read)
        assert verify_entry_in_tree(entry, index, proof, checkpoint).encode() == entry


def test_an_altered_entry_does_not():
    for at in range(len(LOG.entries[41])):
        altered = bytearray(LOG.entries[41])
        altered[at] ^= 1 << at % 8
        with pytest.raises(LogError):
            verify_entry_in_tree(bytes(altered), 41, PROOF, LOG.checkpoint())


def test_bytes_that_are_no_entry_do_not_though_they_are_in_the_tree():
    log = SampleLog([b"not an entry"])
    with pytest.raises(EntryError):
        verify_entry_in_tree(b"not an entry", 0, [], log.checkpoint())


def test_a_proof_taken_along_verifies_with_the_logs_key_alone():
    proof = LogProof.parse(LogProof(41, tuple(PROOF), LOG.note(), b"extra").encode())
    assert verify_proof(proof, admission(), LOG_KEY.verifier) == Entry.decode(admission())
    with pytest.raises(ProofError):
        verify_proof(dataclasses.replace(proof, index=40), admission(), LOG_KEY.verifier)
    with pytest.raises(ProofError):
        verify_proof(proof, LOG.entries[40], LOG_KEY.verifier)
    with pytest.raises(NoteError):
        verify_proof(proof, admission(), RECEIPT_KEY.verifier)


def test_any_changed_character_of_a_proof_is_refused_or_changes_nothing():
    text = LogProof(41, tuple(PROOF), LOG.note(), b"extra").encode()
    entry = Entry.decode(admission())
    for at in range(len(text)):
        for other in "0A\n":
            if text[at] == other:
                continue
            changed = text[:at] + other + text[at + 1 :]
            try:
                found = verify_proof(LogProof.parse(changed), admission(), LOG_KEY.verifier)
            except LogError:
                continue
            assert found == entry
            assert text.index("extra ") <= at < text.index("index ")


def test_a_later_tree_extends_every_earlier_one():
    for old in range(SIZE + 1):
        proof = prove_consistency(old, SIZE, LOG.reader().read)
        verify_extension(LOG.checkpoint(old), LOG.checkpoint(), proof)


def test_a_forked_shortened_or_foreign_tree_does_not():
    old, new = LOG.checkpoint(40), LOG.checkpoint()
    proof = prove_consistency(40, SIZE, LOG.reader().read)
    fork = SampleLog([*chain("clip:fork", 5), *LOG.entries[5:]])
    fork_proof = prove_consistency(40, SIZE, fork.reader().read)
    with pytest.raises(ProofError):
        verify_extension(old, fork.checkpoint(), fork_proof)
    with pytest.raises(ProofError):
        verify_extension(old, fork.checkpoint(40), [])
    with pytest.raises(ProofError):
        verify_extension(new, old, proof)
    with pytest.raises(CheckpointError):
        verify_extension(old, Checkpoint("example.com/other", new.size, new.root), proof)


def test_exactly_the_signed_leaves_make_the_tree():
    verify_tree(LOG.leaves, LOG.checkpoint())
    for leaves in [
        LOG.leaves[:-1],
        [*LOG.leaves, LOG.leaves[0]],
        [LOG.leaves[1], LOG.leaves[0], *LOG.leaves[2:]],
        [hash_leaf(b"another"), *LOG.leaves[1:]],
        [],
    ]:
        with pytest.raises(ProofError):
            verify_tree(iter(leaves), LOG.checkpoint())


def test_a_chain_is_followed_from_its_first_entry():
    entries = chain("clip:1", 5)
    assert [entry.item_seq for entry in verify_item_chain(entries)] == [0, 1, 2, 3, 4]
    assert verify_item_chain([]) == []


@pytest.mark.parametrize(
    "entries",
    [
        chain("clip:1", 5)[1:],
        chain("clip:1", 5)[::-1],
        [*chain("clip:1", 2), *chain("clip:1", 4)[3:]],
        [*chain("clip:1", 2), chain("clip:1", 2)[1]],
        [*chain("clip:1", 1), *chain("clip:2", 2)[1:]],
        [admission(), *chain("clip:1", 2)[1:]],
    ],
    ids=["no first", "backwards", "a gap", "one twice", "two items", "another first"],
)
def test_a_broken_chain_is_refused(entries):
    with pytest.raises(ChainError):
        verify_item_chain(entries)


def test_an_altered_entry_breaks_the_chain_after_it():
    entries = chain("clip:1", 3)
    entries[1] = dataclasses.replace(Entry.decode(entries[1]), facts={}).encode()
    with pytest.raises(ChainError, match="another predecessor"):
        verify_item_chain(entries)
    with pytest.raises(EntryError):
        verify_item_chain([b"{}"])


def test_a_chain_can_be_followed_from_a_known_head():
    entries = chain("clip:1", 3)
    _, head = verify_item_link(None, entries[0])
    assert head == ChainHead("clip:1", 0, hash_leaf(entries[0]).hex())
    _, head = verify_item_link(head, entries[1])
    entry, _ = verify_item_link(head, entries[2])
    assert entry.item_seq == 2


def test_a_commitment_holds_for_exactly_its_details():
    entry = Entry.decode(admission())
    verify_commitment(entry, DETAILS, SALT)
    for details, salt in [
        ({**DETAILS, "name": "二号.mp4"}, SALT),
        ({}, SALT),
        (DETAILS, bytes(32)),
        (DETAILS, b""),
    ]:
        with pytest.raises(CommitmentError):
            verify_commitment(entry, details, salt)
    with pytest.raises(CommitmentError):
        verify_commitment(dataclasses.replace(entry, commitment=None), DETAILS, SALT)
