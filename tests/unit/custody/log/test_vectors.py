"""The published vectors: made anew they are the same, and read with the public keys they hold."""

import hashlib
import json

from custody.log.canonical import canonical_json
from custody.log.entry import Entry, commit_details
from custody.log.merkle import hash_leaf, verify_consistency, verify_inclusion
from custody.log.note import NoteVerifier
from custody.log.proof import LogProof
from custody.log.sample_statement import open_sample_statement
from custody.log.verify import verify_item_chain, verify_proof
from station_agent.wire import open_manifest, open_receipt
from tests.assets.log import make_vectors
from tests.unit.custody.log.samples import ASSETS

VECTORS = json.loads((ASSETS / "vectors.json").read_text(encoding="utf-8"))
KEYS = {name: NoteVerifier.parse(key["vkey"]) for name, key in VECTORS["keys"].items()}


def test_the_formats_have_not_changed():
    assert make_vectors.text() == (ASSETS / "vectors.json").read_text(encoding="utf-8")


def test_the_entries_read_and_follow_one_another():
    entries = [one["entry"].encode() for one in VECTORS["entries"]]
    for one, entry in zip(VECTORS["entries"], entries, strict=True):
        assert Entry.decode(entry).encode() == entry
        assert hash_leaf(entry).hex() == one["leaf_hash"]
        # Canonical JSON is what a plain encoder writes when it is told how.
        plain = json.dumps(
            json.loads(entry), sort_keys=True, ensure_ascii=False, separators=(",", ":")
        )
        assert plain.encode() == entry == canonical_json(json.loads(entry))
    assert len(verify_item_chain(entries[1:])) == 2


def test_the_commitment_comes_out():
    commitment = VECTORS["commitment"]
    made = commit_details(commitment["details"], bytes.fromhex(commitment["salt"]))
    assert made == commitment["commitment"]
    assert Entry.decode(VECTORS["entries"][1]["entry"].encode()).commitment == made


def test_the_proof_the_receipt_and_the_manifest_hold():
    entry = VECTORS["entries"][1]["entry"].encode()
    proof = LogProof.parse(VECTORS["proof_of_entry_1"])
    assert verify_proof(proof, entry, KEYS["log"]).encode() == entry
    receipt = open_receipt(VECTORS["receipt"], KEYS["receipts"], KEYS["log"])
    assert receipt.entry == entry
    assert receipt.sha256 == hashlib.sha256(b"abc").hexdigest()
    assert len(open_manifest(VECTORS["manifest"], KEYS["station"]).files) == 2


def test_the_proofs_of_the_large_tree_hold():
    tree = VECTORS["tree"]
    roots = {int(size): bytes.fromhex(root) for size, root in tree["roots"].items()}
    for one in tree["inclusion"]:
        leaf = hash_leaf(one["index"].to_bytes(4, "big"))
        proof = [bytes.fromhex(node) for node in one["proof"]]
        verify_inclusion(one["index"], one["size"], leaf, proof, roots[one["size"]])
    for one in tree["consistency"]:
        if one["old"] in roots:
            proof = [bytes.fromhex(node) for node in one["proof"]]
            verify_consistency(one["old"], one["new"], roots[one["old"]], roots[one["new"]], proof)


def test_the_seeds_pick_what_they_should() -> None:
    """As docs/formats/statements.md says it, in a few lines of somebody else's."""
    sample = VECTORS["sample"]
    root, leaves = bytes.fromhex(sample["root"]), [hash_leaf(e.encode()) for e in sample["entries"]]
    for seed, picked in sample["picked_in_order"].items():
        ranks = [
            hashlib.sha256(b"liuhen sample v1\n" + root + leaf + seed.encode()).digest()
            for leaf in leaves
        ]
        assert sorted(range(len(ranks)), key=ranks.__getitem__) == picked
        assert ranks[0].hex() == sample["rank_of_index_0"][seed]
    statement, tree = open_sample_statement(sample["statement"], KEYS["receipts"], KEYS["log"])
    assert tree.root == root
    assert [clip.index for clip in statement.clips] == sample["picked_in_order"]["4 6 1"][:3]
