"""The reference cases of proofs: the good ones hold, and each kind of bad one is refused.

`tests/assets/log/proofs.json` is made by other people's code: Go's `golang.org/x/mod/sumdb/tlog`
builds the tree and the good proofs, and judges every case before it is written
(`.venv/verifiers/log-check -vectors`; `tests/verifiers` holds the file against that). The test data
of `github.com/transparency-dev/merkle` comes with no registry that the project's tests may ask, so
its cases are made anew from what its generator (`cmd/proofgen`) says of them: the same leaves,
places, kinds and names, in its format, so that its own files can be given to `judge` as well.
Where it takes two equal roots that are no hashes for consistent, we refuse; ours are hashes there.
"""

import base64
import json

import pytest

from custody.log.errors import ProofError
from custody.log.merkle import verify_consistency, verify_inclusion
from tests.unit.custody.log.samples import ASSETS

CASES = json.loads((ASSETS / "proofs.json").read_text(encoding="utf-8"))
#: The kinds, without the place of the hash that was altered: of inclusion, then of consistency.
KINDS = {"inclusion": 22, "consistency": 33}


def judge(case):
    """Raise `ProofError` where the proof does not hold; ``case`` is of either sort."""
    proof = [base64.b64decode(value) for value in case["proof"] or ()]
    if "leafIdx" in case:
        leaf, root = (base64.b64decode(case[name]) for name in ("leafHash", "root"))
        verify_inclusion(case["leafIdx"], case["treeSize"], leaf, proof, root)
    else:
        old, new = (base64.b64decode(case[name]) for name in ("root1", "root2"))
        verify_consistency(case["size1"], case["size2"], old, new, proof)


def label(case):
    numbers = "leafIdx treeSize" if "leafIdx" in case else "size1 size2"
    return f"{[case[name] for name in numbers.split()]} {case['desc']}"


@pytest.mark.parametrize("case", [one for several in CASES.values() for one in several], ids=label)
def test_each_case_is_judged_as_it_says(case):
    if case["wantErr"]:
        with pytest.raises(ProofError):
            judge(case)
    else:
        judge(case)


@pytest.mark.parametrize("sort", KINDS)
def test_every_kind_is_there(sort):
    kinds = {case["desc"].partition("@")[0] for case in CASES[sort]}
    assert len(kinds) == KINDS[sort], sorted(kinds)
    assert sum(not case["wantErr"] for case in CASES[sort]) == 6
