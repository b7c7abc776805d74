"""The published vectors of a change of keys: each checkpoint opens under its keys."""

import json

from custody.log.checkpoint import open_checkpoint
from custody.log.cosignature import Cosigner
from custody.log.entry import Entry
from custody.log.key_history import follow_keys
from custody.log.merkle import hash_leaf, root_of
from custody.log.note import NoteSigner, NoteVerifier
from custody.log.trust import TrustedKeys
from tests.unit.custody.log.samples import ASSETS

VECTORS = json.loads((ASSETS / "keys.json").read_text(encoding="utf-8"))
FIRST = NoteVerifier.parse(VECTORS["keys"][0]["vkey"])


def test_the_keys_are_those_of_their_secrets() -> None:
    for one, kind in zip(VECTORS["keys"], (NoteSigner, Cosigner) * 2, strict=True):
        assert kind.parse(one["secret"]).verifier.vkey == one["vkey"]


def test_the_entries_lead_from_the_first_key_to_the_last() -> None:
    entries = [Entry.decode(one.encode()) for one in VECTORS["entries"]]
    history = follow_keys(FIRST, enumerate(entries))
    assert history.refused == ()
    assert history.trusted == TrustedKeys.from_json(VECTORS["trusted"])


def test_each_checkpoint_is_signed_as_it_must_be() -> None:
    trusted = TrustedKeys.from_json(VECTORS["trusted"])
    leaves = [hash_leaf(one.encode()) for one in VECTORS["entries"]]
    for size, one in enumerate(VECTORS["checkpoints"], 1):
        assert open_checkpoint(one["note"], trusted).root == root_of(leaves[:size])
        assert [key.vkey for key in trusted.required(size)] == one["required"]
