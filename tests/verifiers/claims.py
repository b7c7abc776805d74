"""Proofs to be judged, and the same with something wrong about them.

What can be wrong is what the tests of the reference implementation try
(github.com/transparency-dev/merkle, proof/verify_test.go); its test data comes with no package
registry, so the cases are made here anew, over any tree.
"""

import base64
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from custody.log.merkle import (
    EMPTY_ROOT,
    hash_leaf,
    prove_consistency,
    prove_inclusion,
    tree_root,
)
from custody.log.tiles import TileReader

REFERENCE = Path(__file__).parents[1] / "assets" / "log" / "rfc6962.json"
SOME_HASH = hash_leaf(b"in no tree")
#: Powers of two and the borders of tiles, each with its neighbours.
EDGES = sorted({(1 << power) + near for power in range(10) for near in (-1, 0, 1)} - {0})


@dataclass(frozen=True)
class Inclusion:
    """That ``entry`` stands at ``index`` in the tree of ``size`` under ``root``."""

    index: int
    size: int
    entry: bytes
    root: bytes
    proof: tuple[bytes, ...]

    def __str__(self) -> str:
        return f"entry {self.index} of {self.size}"

    def json(self) -> dict[str, Any]:
        return {
            "index": self.index,
            "size": self.size,
            "entry": _text(self.entry),
            "root": _text(self.root),
            "proof": [_text(value) for value in self.proof],
        }


@dataclass(frozen=True)
class Consistency:
    """That the tree of ``size`` under ``root`` begins with that of ``old`` under ``old_root``."""

    old: int
    size: int
    old_root: bytes
    root: bytes
    proof: tuple[bytes, ...]

    def __str__(self) -> str:
        return f"{self.old} entries grown to {self.size}"

    def json(self) -> dict[str, Any]:
        return {
            "old": self.old,
            "size": self.size,
            "old_root": _text(self.old_root),
            "root": _text(self.root),
            "proof": [_text(value) for value in self.proof],
        }


Claim = Inclusion | Consistency
#: Answers each claim with a reason to refuse it, empty where it holds.
Judge = Callable[[Sequence[Claim]], list[str]]


def inclusions(tree: TileReader, seed: int = 9162) -> list[Inclusion]:
    """Claims that hold, about the first, the last and other entries of trees of many sizes."""
    chance = random.Random(seed)
    sizes = [size for size in EDGES if size <= tree.size]
    sizes += [chance.randint(1, tree.size) for _ in range(30)] + [tree.size]
    pairs = {
        (index, size)
        for size in sizes
        for index in {0, size - 1, size // 2, chance.randrange(size), chance.randrange(size)}
    }
    return [
        Inclusion(
            index,
            size,
            tree.entry(index),
            tree_root(size, tree.read),
            tuple(prove_inclusion(index, size, tree.read)),
        )
        for index, size in sorted(pairs)
    ]


def consistencies(tree: TileReader, seed: int = 6962) -> list[Consistency]:
    """Claims that hold, about trees of many sizes and smaller ones (not empty) before them."""
    chance = random.Random(seed)
    sizes = [size for size in EDGES if size <= tree.size] + [tree.size]
    pairs = {(old, tree.size) for old in sizes}
    pairs |= {(chance.choice(sizes), chance.choice(sizes)) for _ in range(150)}
    pairs |= {(chance.randint(1, tree.size), chance.randint(1, tree.size)) for _ in range(50)}
    return [
        Consistency(
            old,
            size,
            tree_root(old, tree.read),
            tree_root(size, tree.read),
            tuple(prove_consistency(old, size, tree.read)),
        )
        for old, size in sorted(pairs)
        if old < size
    ]


def reference_claims() -> list[Claim]:
    """The proofs that the reference implementation's tests know, over their eight leaves."""
    known = json.loads(REFERENCE.read_text(encoding="utf-8"))
    leaves, roots = ([bytes.fromhex(one) for one in known[name]] for name in ("leaves", "roots"))

    def proof(one: dict[str, Any]) -> tuple[bytes, ...]:
        return tuple(bytes.fromhex(value) for value in one["proof"])

    return [
        Inclusion(
            one["index"], one["size"], leaves[one["index"]], roots[one["size"] - 1], proof(one)
        )
        for one in known["inclusion"]
    ] + [
        Consistency(
            one["old"], one["new"], roots[one["old"] - 1], roots[one["new"] - 1], proof(one)
        )
        for one in known["consistency"]
        if one["old"] < one["new"]
    ]


def altered(claim: Claim) -> Iterator[tuple[str, Claim]]:
    """What no longer holds, each with a word on what was done to it."""
    yield from _with_other_numbers(claim)
    yield from _with_other_roots(claim)
    yield from _with_other_proofs(claim)
    if isinstance(claim, Inclusion):
        yield "an entry grown", replace(claim, entry=claim.entry + b"\x00")
        if claim.entry:
            yield "a bit of the entry", replace(claim, entry=_flipped(claim.entry))
            yield "an entry cut short", replace(claim, entry=claim.entry[:-1])


def _with_other_numbers(claim: Claim) -> Iterator[tuple[str, Claim]]:
    yield "size * 2", replace(claim, size=claim.size * 2)
    yield "size / 2", replace(claim, size=claim.size // 2)
    if isinstance(claim, Inclusion):
        if claim.index:  # below zero no index can be written down
            yield "index - 1", replace(claim, index=claim.index - 1)
        yield "index + 1", replace(claim, index=claim.index + 1)
        yield "index ^ 2", replace(claim, index=claim.index ^ 2)
    else:
        yield "old - 1", replace(claim, old=claim.old - 1)
        yield "old + 1", replace(claim, old=claim.old + 1)
        yield "old ^ 2", replace(claim, old=claim.old ^ 2)


def _with_other_roots(claim: Claim) -> Iterator[tuple[str, Claim]]:
    yield "the empty root", replace(claim, root=EMPTY_ROOT)
    yield "another root", replace(claim, root=SOME_HASH)
    yield "a root that is no hash", replace(claim, root=b"WrongRoot")
    if isinstance(claim, Consistency):
        yield "another old root", replace(claim, old_root=SOME_HASH)
        yield "an old root that is no hash", replace(claim, old_root=b"WrongRoot")
        yield "swapped roots", replace(claim, old_root=claim.root, root=claim.old_root)


def _with_other_proofs(claim: Claim) -> Iterator[tuple[str, Claim]]:
    proof = claim.proof
    strangers = {"nothing": b"", "the root": claim.root}
    if isinstance(claim, Consistency):
        strangers["the old root"] = claim.old_root
    if proof:
        strangers["the first again"] = proof[0]
        yield "no proof", replace(claim, proof=())
        yield "the last removed", replace(claim, proof=proof[:-1])
        yield "the first removed", replace(claim, proof=proof[1:])
        yield "one put in", replace(claim, proof=(proof[0], SOME_HASH, *proof[1:]))
    for name, value in strangers.items():
        yield f"{name} behind", replace(claim, proof=(*proof, value))
        yield f"{name} before", replace(claim, proof=(value, *proof))
    for at, value in enumerate(proof):
        wrong = (*proof[:at], _flipped(value), *proof[at + 1 :])
        yield f"a bit of hash {at}", replace(claim, proof=wrong)


def _flipped(data: bytes) -> bytes:
    return bytes([data[0] ^ 8]) + data[1:]


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
