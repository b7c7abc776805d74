"""What is a digest as people type it, and what is something else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.web.formats import digest_groups, digest_in_full
from custody.typed_digests import FULL_CHARACTERS, TypedDigest, read_digest

DIGEST = "3f9a21c4" + "0" * 52 + "88d0"


@pytest.mark.parametrize(
    "typed",
    [
        DIGEST,
        DIGEST.upper(),
        digest_in_full(DIGEST),
        digest_in_full(DIGEST).upper(),
        f"SHA-256 {digest_in_full(DIGEST)}",
        f" sha256：{DIGEST}\n",
        f"SM3 {DIGEST}",
    ],
)
def test_a_whole_digest_however_it_is_grouped(typed: str) -> None:
    found = read_digest(typed)
    assert found == TypedDigest(DIGEST)
    assert found.is_one


@pytest.mark.parametrize("middle", [" … ", "…", " ... ", "\u00a0…\n"])
def test_a_digest_as_pages_show_it(middle: str) -> None:
    first, second, last = digest_groups(DIGEST)
    found = read_digest(f"SHA-256 {first} {second}{middle}{last}".upper())
    assert found == TypedDigest("3f9a21c4", "88d0")
    assert found.is_one


def test_a_part_may_be_something_else() -> None:
    found = read_digest("2026 1122")
    assert found == TypedDigest("20261122")
    assert not found.is_one


@pytest.mark.parametrize(
    "typed", ["", "…", "3f9a 21c", "3f9a …", DIGEST + "0", "3f9a %_21c4", "3f9a 21c4 … 88d0 …"]
)
def test_what_says_too_little_or_is_none(typed: str) -> None:
    assert read_digest(typed) is None


@given(st.text(max_size=200))
def test_any_text_is_read_and_gives_hexadecimal_digits_or_nothing(typed: str) -> None:
    found = read_digest(typed)
    if found is not None:
        assert set(found.beginning + found.end) <= set("0123456789abcdef")
        assert len(found.beginning + found.end) <= FULL_CHARACTERS
