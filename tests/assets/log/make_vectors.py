"""Writes vectors.json: what a second implementation of docs/formats should reproduce.

Run as ``python -m tests.assets.log.make_vectors``. The keys are for tests only.
"""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from custody.log.checkpoint import Checkpoint
from custody.log.entry import ActorSnapshot, Entry, Json, commit_details
from custody.log.merkle import hash_leaf, prove_consistency, prove_inclusion, root_of
from custody.log.note import NoteSigner, sign_note
from custody.log.proof import LogProof
from custody.log.receipt import Receipt, sign_receipt
from custody.log.rereads import Rereads
from custody.log.sample import Asked, draw, find_admission, rank_of
from custody.log.sample_statement import (
    ReadClip,
    SampleStatement,
    Verdict,
    sign_sample_statement,
)
from custody.log.tile_writer import extend_bundles, extend_tiles
from custody.log.tiles import TileReader
from station_agent.wire import Manifest, ManifestFile, sign_manifest, station_key_name

TARGET = Path(__file__).parent / "vectors.json"

ORIGIN = "liuhen.example/log"
CLIP = "0193533c-0000-7000-8000-000000000001"
SALT = bytes(range(32))
AT = datetime(2026, 11, 22, 1, 21, 38, 123000, tzinfo=UTC)
DETAILS: dict[str, Json] = {
    "name": '一号 "a"\n.mp4',
    "name_raw": "0ru6xS5tcDQ=",
    "officer": "000123",
    "recorder": None,
    "important": False,
    "actor_name": "北街采集站",
}
#: Digests of the three bytes "abc", which both standards give.
FACTS: dict[str, Json] = {
    "clip": CLIP,
    "sha256": hashlib.sha256(b"abc").hexdigest(),
    "sm3": "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
    "size_bytes": 3,
}
TREE_SIZE = 70_000


def _key(number: int, name: str) -> NoteSigner:
    return NoteSigner(name, Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


def _station_key() -> NoteSigner:
    private = Ed25519PrivateKey.from_private_bytes(bytes([3]) * 32)
    return NoteSigner(station_key_name(private.public_key()), private)


LOG_KEY = _key(1, ORIGIN)
RECEIPT_KEY = _key(2, f"{ORIGIN}/receipts")
STATION_KEY = _station_key()


def entries() -> list[bytes]:
    """Three entries: a denied attempt without details, an admission, a viewing that follows it."""
    station = ActorSnapshot("0193533c-0000-7000-8000-0000000000aa", "station", "station-key", "::1")
    denied = Entry(
        kind="access.denied",
        item="anonymous",
        item_seq=0,
        item_prev=None,
        at=AT.replace(year=1999),
        actor=ActorSnapshot("anonymous", "anonymous", "none", "192.0.2.7"),
        outcome="denied",
        facts={"right": "see_footage", "tries": [1, -2, 9007199254740991], "known": False},
        commitment=None,
    )
    admitted = Entry(
        kind="clip.admitted",
        item=f"clip:{CLIP}",
        item_seq=0,
        item_prev=None,
        at=AT,
        actor=station,
        outcome="ok",
        facts=FACTS,
        commitment=commit_details(DETAILS, SALT),
    )
    viewed = Entry(
        kind="clip.viewed",
        item=f"clip:{CLIP}",
        item_seq=1,
        item_prev=hash_leaf(admitted.encode()).hex(),
        at=AT.replace(second=59, microsecond=0),
        actor=ActorSnapshot("alice", "legal", "password", "192.0.2.8"),
        outcome="ok",
        facts={"grant": "g-1", "requests": 3, "bytes_sent": 0, "empty": {}, "note": 'é"\\/\x7f'},
        commitment=None,
    )
    return [denied.encode(), admitted.encode(), viewed.encode()]


def tree() -> dict[str, Any]:
    """A tree whose leaf i is the four bytes of i, big-endian."""
    data = [number.to_bytes(4, "big") for number in range(TREE_SIZE)]
    leaves = [hash_leaf(leaf) for leaf in data]
    files = dict(extend_tiles({}.__getitem__, 0, leaves))
    files.update(extend_bundles({}.__getitem__, 0, data))
    reader = TileReader(files.__getitem__, TREE_SIZE)
    sizes = [0, 1, 2, 3, 7, 8, 70, 255, 256, 257, 65_535, 65_536, 65_537, TREE_SIZE]
    last = [path for path in files if ".p/" in path]
    return {
        "leaf": "leaf i is the four bytes of i, big-endian",
        "roots": {str(size): root_of(leaves[:size]).hex() for size in sizes},
        "inclusion": [
            {
                "index": index,
                "size": TREE_SIZE,
                "proof": [node.hex() for node in prove_inclusion(index, TREE_SIZE, reader.read)],
            }
            for index in (0, 255, 256, 65_535, 65_536, TREE_SIZE - 1)
        ],
        "consistency": [
            {
                "old": old,
                "new": TREE_SIZE,
                "proof": [node.hex() for node in prove_consistency(old, TREE_SIZE, reader.read)],
            }
            for old in (1, 256, 257, 65_536, 69_999)
        ],
        "files_sha256": {
            path: hashlib.sha256(files[path]).hexdigest()
            for path in ["tile/0/000", "tile/0/272", "tile/1/000", "tile/entries/272", *last]
        },
    }


def sample() -> dict[str, Any]:
    """Ten clips under one checkpoint, which of them some seeds pick, and a statement on three."""
    station = ActorSnapshot("0193533c-0000-7000-8000-0000000000aa", "station", "station-key", "::1")
    log = []
    for number in range(10):
        clip_id = f"0193533c-0000-7000-8000-{number:012}"
        admitted = Entry(
            kind="clip.admitted",
            item=f"clip:{clip_id}",
            item_seq=0,
            item_prev=None,
            at=AT.replace(second=number),
            actor=station,
            outcome="ok",
            facts=FACTS | {"clip": clip_id, "sha256": f"{number:064x}", "size_bytes": number},
            commitment=None,
        )
        log.append(admitted.encode())
    leaves = [hash_leaf(entry) for entry in log]
    tree = Checkpoint(ORIGIN, len(log), root_of(leaves))
    found = [
        find_admission(Entry.decode(data), *at)
        for data, at in zip(log, enumerate(leaves), strict=True)
    ]
    clips = [one for one in found if one is not None]
    seeds = ("0", "4 6 1", "骰子")
    chosen = draw(clips, tree.root, seeds[1], 3)
    rereads = Rereads()
    for one in chosen:
        rereads.read(one.clip_id, AT.replace(minute=30))
    statement = SampleStatement(
        origin=ORIGIN,
        checkpoint=sign_note(tree.encode(), [LOG_KEY]),
        seed=seeds[1],
        asked=Asked.parse("25%"),
        per_officer=False,
        chosen=3,
        clips=tuple(
            ReadClip(one.clip_id, one.index, one.sha256, one.size_bytes, Verdict.HELD)
            for one in chosen
        ),
        findings={},
        unchecked=0,
        log_size=len(log),
        coverage=rereads.cover(clips, AT.replace(minute=30)),
        run=hashlib.sha256(b"run").hexdigest(),
        version="1",
    )
    return {
        "entries": [entry.decode() for entry in log],
        "root": tree.root.hex(),
        "picked_in_order": {
            seed: [one.index for one in draw(clips, tree.root, seed, len(log))] for seed in seeds
        },
        "rank_of_index_0": {seed: rank_of(tree.root, leaves[0], seed).hex() for seed in seeds},
        "statement": sign_sample_statement(statement, RECEIPT_KEY),
    }


def make() -> dict[str, Any]:
    """Everything that stands in vectors.json."""
    log = entries()
    leaves = [hash_leaf(entry) for entry in log]
    files = dict(extend_tiles({}.__getitem__, 0, leaves))
    proof = prove_inclusion(1, len(log), TileReader(files.__getitem__, len(log)).read)
    checkpoint = sign_note(Checkpoint(ORIGIN, len(log), root_of(leaves)).encode(), [LOG_KEY])
    receipt = Receipt(
        clip_id=CLIP,
        sha256=str(FACTS["sha256"]),
        sm3=str(FACTS["sm3"]),
        size_bytes=3,
        origin=ORIGIN,
        index=1,
        entry=log[1],
        salt=SALT,
        details=DETAILS,
        checkpoint=checkpoint,
        proof=proof,
        issued_at=AT.replace(second=40),
    )
    manifest = Manifest(
        session_id="0193533c-0000-7000-8000-000000000002",
        station=STATION_KEY.name,
        source="/media/recorder",
        opened_at=AT,
        free_bytes=None,
        previous_sha256=hashlib.sha256(b"previous").hexdigest(),
        files=(
            ManifestFile("DCIM/一号.mp4".encode("gbk"), 4, AT),
            ManifestFile(b"DCIM/a\nb\xff.mp4", 0, AT.replace(year=2016), "empty"),
        ),
    )
    keys = {"log": LOG_KEY, "receipts": RECEIPT_KEY, "station": STATION_KEY}
    return {
        "keys": {
            name: {"secret": key.secret_text(), "vkey": key.verifier.vkey}
            for name, key in keys.items()
        },
        "entries": [
            {"entry": entry.decode(), "leaf_hash": leaf.hex()}
            for entry, leaf in zip(log, leaves, strict=True)
        ],
        "commitment": {
            "details": DETAILS,
            "salt": SALT.hex(),
            "commitment": commit_details(DETAILS, SALT),
        },
        "checkpoint": checkpoint,
        "proof_of_entry_1": LogProof(1, tuple(proof), checkpoint).encode(),
        "receipt": sign_receipt(receipt, RECEIPT_KEY),
        "manifest": sign_manifest(manifest, STATION_KEY),
        "sample": sample(),
        "tree": tree(),
    }


def text() -> str:
    """The file as it should stand."""
    return json.dumps(make(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
