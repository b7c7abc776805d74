"""Policies: read strictly, and met by exactly those who must have cosigned."""

from contextlib import suppress
from itertools import chain, combinations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from custody.log.cosignature import Cosignature, Cosigner
from custody.log.errors import PolicyError
from custody.log.policy import MAX_POLICY_BYTES, Policy, read_policy
from tests.unit.custody.log.samples import LOG_KEY, signer

WITNESSES = {
    name: Cosigner(
        f"witness.example/{name}",
        Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32)),
    ).verifier
    for name in ("x1", "x2", "x3", "y1", "y2")
}
LINES = [f"witness {name} {verifier.vkey}" for name, verifier in WITNESSES.items()]


def policy(*lines: str) -> Policy:
    return read_policy("".join(f"{line}\n" for line in lines).encode())


def met_by(read: Policy) -> set[frozenset[str]]:
    """Every set of witnesses that is enough."""
    names = list(WITNESSES)
    subsets = chain.from_iterable(combinations(names, size) for size in range(len(names) + 1))
    return {
        frozenset(subset)
        for subset in subsets
        if read.is_met([Cosignature(WITNESSES[name], 1) for name in subset])
    }


def test_two_levels_of_groups():
    """The specification's example."""
    read = policy(
        f"log {LOG_KEY.verifier.vkey} https://log.example/",
        *LINES,
        "group X 2 x1 x2 x3",
        "group Y any y1 y2",
        "group X-and-Y all X Y",
        "quorum X-and-Y",
    )
    expected = {
        subset
        for subset in met_by(policy(*LINES, "quorum none"))
        if len(subset & {"x1", "x2", "x3"}) >= 2 and subset & {"y1", "y2"}
    }
    assert met_by(read) == expected
    assert [(one.verifier, one.url) for one in read.logs] == [
        (LOG_KEY.verifier, "https://log.example/")
    ]


def test_one_witness_or_none():
    assert met_by(policy(*LINES, "quorum x2")) == {
        subset for subset in met_by(policy(*LINES, "quorum none")) if "x2" in subset
    }
    assert len(met_by(policy(*LINES, "quorum none"))) == 32
    assert policy("quorum none").quorum is None


def test_the_same_witness_counts_once():
    read = policy(*LINES, "group X 2 x1 x2", "quorum X")
    assert not read.is_met([Cosignature(WITNESSES["x1"], at) for at in (1, 2)])


def test_blank_lines_comments_tabs_and_any_name():
    read = policy(
        "",
        "  # 检察院",
        f"\twitness  检察院\t{WITNESSES['x1'].vkey}  https://w.example/ ",
        "quorum 检察院",
    )
    assert read.witnesses[0].url == "https://w.example/"
    assert read.is_met([Cosignature(WITNESSES["x1"], 1)])
    raw = b"witness \xe9\xff " + WITNESSES["x1"].vkey.encode() + b"\nquorum \xe9\xff\n"
    assert read_policy(raw).is_met([Cosignature(WITNESSES["x1"], 1)])


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["quorum"],
        ["quorum x1"],
        ["quorum none", "quorum none"],
        ["quorum x1", LINES[0]],
        [LINES[0], LINES[0], "quorum none"],
        [LINES[0], LINES[1].replace(" x2 ", " x1 "), "quorum none"],
        [LINES[0].replace(" x1 ", " none "), "quorum none"],
        [f"witness x1 {LOG_KEY.verifier.vkey}", "quorum none"],
        [f"log {WITNESSES['x1'].vkey}", "quorum none"],
        [f"log {LOG_KEY.verifier.vkey}"] * 2 + ["quorum none"],
        [f"log {LOG_KEY.verifier.vkey} url more", "quorum none"],
        ["witness x1 nonsense", "quorum none"],
        ["hello", "quorum none"],
        [*LINES, "group X 0 x1", "quorum X"],
        [*LINES, "group X 2 x1", "quorum X"],
        [*LINES, "group X 01 x1", "quorum X"],
        [*LINES, "group X most x1 x2", "quorum X"],
        [*LINES, "group X all", "quorum X"],
        [*LINES, "group X any none", "quorum X"],
        [*LINES, "group X any X", "quorum X"],
        [*LINES, "group X any x1 x1", "quorum X"],
        [*LINES, "group X any x1", "group Y any x1", "quorum X"],
        [*LINES, "group X any Y", "group Y any x1", "quorum X"],
        [*LINES, "group x1 any x2", "quorum x1"],
    ],
)
def test_what_is_no_policy(lines):
    with pytest.raises(PolicyError):
        policy(*lines)


def test_one_key_under_two_names_is_one_witness():
    twin = Cosigner("other.example", Ed25519PrivateKey.from_private_bytes(b"x1".ljust(32)))
    with pytest.raises(PolicyError, match="line 2"):
        policy(LINES[0], f"witness twin {twin.verifier.vkey}", "quorum none")


def test_a_key_may_be_a_logs_and_a_witness_of_its_own():
    key = signer("log.example")
    own = Cosigner("log.example", key.private)
    assert policy(f"log {key.verifier.vkey}", f"witness w {own.verifier.vkey}", "quorum w")


@pytest.mark.parametrize(
    "data", [b"quorum none", b"quorum\x0bnone\n", b"quorum none\r\n", b"\x00\n", b"\x7f\n"]
)
def test_bytes_that_no_policy_has(data):
    with pytest.raises(PolicyError):
        read_policy(data)


def test_a_policy_is_bounded():
    with pytest.raises(PolicyError):
        read_policy(b"#" * MAX_POLICY_BYTES + b"\nquorum none\n")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    with suppress(PolicyError):
        read_policy(data + b"\nquorum none\n")
