import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.log.errors import LogError, ProofError
from custody.log.merkle import MAX_TREE_SIZE
from custody.log.proof import MAX_PROOF_BYTES, LogProof

HASH = bytes(range(32))
LINE = base64.b64encode(HASH).decode()

proofs = st.builds(
    LogProof,
    index=st.integers(0, MAX_TREE_SIZE - 1),
    hashes=st.lists(st.binary(min_size=32, max_size=32), max_size=63).map(tuple),
    checkpoint=st.text(min_size=1, max_size=80).filter(lambda text: not text.startswith("\n")),
    extra=st.none() | st.binary(max_size=40),
)


@given(proofs)
def test_a_proof_comes_back(proof):
    assert LogProof.parse(proof.encode()) == proof


@given(proofs, st.data())
def test_a_changed_character_is_refused_or_is_another_proof(proof, data):
    text = proof.encode()
    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + data.draw(st.characters()) + text[at + 1 :]
    try:
        other = LogProof.parse(changed)
    except LogError:
        return
    assert other.encode() == changed


def test_the_form_is_that_of_the_specification():
    proof = LogProof(5, (HASH, HASH), "test checkpoint\n")
    assert proof.encode() == f"c2sp.org/tlog-proof@v1\nindex 5\n{LINE}\n{LINE}\n\ntest checkpoint\n"
    with_extra = LogProof(0, (), "checkpoint\n", b"extra information")
    assert with_extra.encode() == (
        "c2sp.org/tlog-proof@v1\nextra ZXh0cmEgaW5mb3JtYXRpb24=\nindex 0\n\ncheckpoint\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v1\n",
        "c2sp.org/tlog-proof@v2\nindex 0\n\nc\n",
        "c2sp.org/tlog-proof@v1\n\nc\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n\n\nc\n",
        "c2sp.org/tlog-proof@v1\nindex 00\n\nc\n",
        "c2sp.org/tlog-proof@v1\nindex -1\n\nc\n",
        "c2sp.org/tlog-proof@v1\nindex\n\nc\n",
        "c2sp.org/tlog-proof@v1\nindex 9223372036854775807\n\nc\n",
        f"c2sp.org/tlog-proof@v1\nindex 0\n{LINE[:-1]}\n\nc\n",
        f"c2sp.org/tlog-proof@v1\nindex 0\n{LINE[:-4]}\n\nc\n",
        f"c2sp.org/tlog-proof@v1\nindex 0\n{LINE}" + f"\n{LINE}" * 63 + "\n\nc\n",
        "c2sp.org/tlog-proof@v1\nextra !\nindex 0\n\nc\n",
        "c2sp.org/tlog-proof@v1\nindex 0\nextra AAAA\n\nc\n",
        "c2sp.org/tlog-proof@v1\nextra AAAA\nextra AAAA\nindex 0\n\nc\n",
        "c2sp.org/tlog-proof@v1\r\nindex 0\r\n\r\nc\r\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n\n" + "c" * MAX_PROOF_BYTES,
    ],
)
def test_another_form_is_refused(text):
    with pytest.raises(ProofError):
        LogProof.parse(text)


@pytest.mark.parametrize(
    "fields",
    [
        (-1, (), "c"),
        (MAX_TREE_SIZE, (), "c"),
        (0, (HASH[:31],), "c"),
        (0, (HASH,) * 64, "c"),
        (0, (), ""),
    ],
)
def test_what_can_not_be_a_proof_is_not_made(fields):
    with pytest.raises(ProofError):
        LogProof(*fields)


@given(st.text(max_size=100))
def test_hostile_text_is_refused(text):
    with pytest.raises(ProofError):
        LogProof.parse(text)
