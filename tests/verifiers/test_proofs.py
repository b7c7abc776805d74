"""Proofs that we make, judged by verifiers that others wrote, and by ours beside them."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.verifiers import judges
from tests.verifiers.claims import (
    Claim,
    Consistency,
    Inclusion,
    Judge,
    altered,
    consistencies,
    inclusions,
    reference_claims,
)
from tests.verifiers.published import PublishedLog

VECTORS = Path(__file__).parents[1] / "assets" / "log" / "proofs.json"
OF_INCLUSION = [judges.ours, judges.go, judges.sigstore, judges.transmute]
OF_CONSISTENCY = [judges.ours, judges.go, judges.transmute]


def blind(judge: Judge, claim: Claim) -> bool:
    """What a verifier is known to believe although it should not."""
    # It compares leaf_index > tree_size where RFC 9162 section 2.1.3.2 has >=.
    return judge is judges.transmute and isinstance(claim, Inclusion) and claim.index == claim.size


def assert_judged(judge: Judge, claims: Sequence[Claim]) -> None:
    """Every claim holds, and none does with anything changed about it."""
    reasons = judge(claims)
    assert [f"{one}: {why}" for one, why in zip(claims, reasons, strict=True) if why] == []
    wrong = [
        (f"{claim}, {word}", changed)
        for claim in claims
        for word, changed in altered(claim)
        if not blind(judge, changed)
    ]
    reasons = judge([changed for _, changed in wrong])
    assert [name for (name, _), why in zip(wrong, reasons, strict=True) if not why] == []


@pytest.mark.parametrize("judge", OF_INCLUSION, ids=lambda judge: judge.__name__)
def test_inclusion_proofs(judge: Judge, log: PublishedLog) -> None:
    assert_judged(judge, inclusions(log.tiles()))


@pytest.mark.parametrize("judge", OF_CONSISTENCY, ids=lambda judge: judge.__name__)
def test_consistency_proofs(judge: Judge, log: PublishedLog) -> None:
    assert_judged(judge, consistencies(log.tiles()))


@pytest.mark.parametrize("judge", OF_INCLUSION, ids=lambda judge: judge.__name__)
def test_the_proofs_of_the_reference_tree(judge: Judge) -> None:
    claims = [
        claim
        for claim in reference_claims()
        if isinstance(claim, Inclusion) or judge in OF_CONSISTENCY
    ]
    assert_judged(judge, claims)


def test_go_makes_the_same_proofs_from_the_same_tiles(log: PublishedLog) -> None:
    claims: list[Inclusion | Consistency] = [
        *inclusions(log.tiles()),
        *consistencies(log.tiles()),
    ]
    made = judges.run_go(
        "-prove",
        log.folder,
        log.keys.log.verifier.vkey,
        given=json.dumps([claim.json() for claim in claims]),
    )
    for claim, proof in zip(claims, json.loads(made), strict=True):
        assert tuple(map(base64.b64decode, proof)) == claim.proof, claim


def test_the_reference_cases_are_those_that_go_makes() -> None:
    """And judges: its tlog has to agree with each before it is written."""
    assert judges.run_go("-vectors") == VECTORS.read_text(encoding="utf-8")
