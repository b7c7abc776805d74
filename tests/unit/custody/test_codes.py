"""Codes of officers and recorders: one form of each, however it is written; one code, not more."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.codes import (
    MAX_CODE_CHARACTERS,
    SHOWN_CHARACTERS,
    find_code,
    normalize_code,
    read_code,
    read_optional_code,
)
from custody.errors import CodeHiddenError, CodeListError, CodeLongError

#: What codes are made of, in their normal form.
NORMAL = st.text("ABCXYZ0123456789-()零城", min_size=1, max_size=MAX_CODE_CHARACTERS)
SPACES = st.text(" \t\u00a0\u3000", max_size=3)


def in_full_width(text: str) -> str:
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("jx0227", "JX0227"),
        (" Jx0227\u3000", "JX0227"),
        ("ＪＸ０２２７", "JX0227"),
        ("ｊｘ０２２７", "JX0227"),
        ("ta00716", "TA00716"),
        ("dsj-a8-0012", "DSJ-A8-0012"),
        ("000227", "000227"),  # leading zeros count
        ("零a-7（2）", "零A-7(2)"),
        ("张三", "张三"),
        ("JX\ufffd0227", "JX\ufffd0227"),  # it stands for what no database takes, and is seen
    ],
)
def test_a_code_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert read_code(typed) == read_optional_code(typed) == find_code(typed) == kept


def test_normalizing_any_character_twice_changes_nothing() -> None:
    for number in range(0x110000):
        once = normalize_code(chr(number))
        assert normalize_code(once) == once


@given(st.text(st.characters(codec=None)))
def test_normalizing_any_text_twice_changes_nothing(text: str) -> None:
    once = normalize_code(text)
    assert normalize_code(once) == once


@given(NORMAL, SPACES, SPACES)
def test_however_a_code_is_written_it_is_the_same(code: str, before: str, after: str) -> None:
    for written in (code, code.lower(), in_full_width(code), in_full_width(code.lower())):
        assert read_code(before + written + after) == code


@given(NORMAL, NORMAL)
def test_two_codes_stay_two(one: str, other: str) -> None:
    assert (normalize_code(one) == normalize_code(other)) == (one == other)


@given(st.text(st.characters(codec=None)), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_what_unicode_calls_equal_stays_equal(text: str, form: str) -> None:
    other = unicodedata.normalize(form, text)  # type: ignore[arg-type]
    assert normalize_code(other) == normalize_code(text)


@given(st.text(st.characters(codec=None), max_size=2 * MAX_CODE_CHARACTERS))
def test_what_is_a_code_can_be_stored_and_is_its_own_code(text: str) -> None:
    code = find_code(text)
    if code is not None:
        assert 0 < len(code) <= MAX_CODE_CHARACTERS
        assert "\x00" not in code
        assert code.encode()
        assert find_code(code) == code


@pytest.mark.parametrize("sign", [" ", "\u3000", "\t", "\n", "\u2028", *"、､,，;；:：/／"])
def test_what_may_be_several_is_no_code(sign: str) -> None:
    with pytest.raises(CodeListError, match="张三"):
        read_code(f"张三{sign}李四")
    assert find_code(f"JX0227{sign}JX0311") is None


@pytest.mark.parametrize(
    "hidden",
    [*"\x00\x07\x7f\u00ad\u034f\u115f\u200b\u200e\u202a\u202e\u2060\u2066\u2800\u3164\ufe0f\ufeff",
     "\uffa0", "\ue000", "\U000e0100"],
)  # fmt: skip
@pytest.mark.parametrize("place", [0, 2, 6])
def test_a_code_hides_no_character(hidden: str, place: int) -> None:
    with pytest.raises(CodeHiddenError):
        read_code("JX0311"[:place] + hidden + "JX0311"[place:])


@pytest.mark.parametrize("text", ["", "  ", "\u200b", "\ufffd", "\u3164"])
def test_a_code_has_something_to_be_seen(text: str) -> None:
    with pytest.raises(CodeHiddenError):
        read_code(text)


@pytest.mark.parametrize("text", [None, "", " ", "\u3000\t"])
def test_what_may_be_left_empty_is_none_then(text: str | None) -> None:
    assert read_optional_code(text) is None


def test_a_code_that_no_column_takes_is_refused_and_not_cut() -> None:
    longest = "七" * MAX_CODE_CHARACTERS
    assert read_code(longest) == longest
    # In its normal form this is four characters: 株式会社.
    for text in (longest + "七", "㍿" * (MAX_CODE_CHARACTERS // 4 + 1)):
        with pytest.raises(CodeLongError):
            read_code(text)


def test_of_a_long_text_the_beginning_is_repeated() -> None:
    with pytest.raises(CodeLongError) as caught:
        read_code("7" * 100)
    assert Exception.__str__(caught.value) == "7" * SHOWN_CHARACTERS + "…"
