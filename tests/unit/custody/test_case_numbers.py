"""Document numbers: every writing of one number is stored alike, and rubbish is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.case_numbers import MAX_INPUT_CHARACTERS, normalize_case_number
from custody.errors import CaseNumberError

NORMAL = "零城执罚决字〔2024〕第12号"
FULL_WIDTH = str.maketrans("0123456789()[]", "０１２３４５６７８９（）［］")


@pytest.mark.parametrize(
    "text",
    [
        "零城执罚决字〔2024〕第012号",
        "零城执罚决字〔2024〕第12号",
        "零城执罚决字〔2024〕12号",
        "零城执罚决字〔2024〕第12",
        "零城执罚决字〔2024〕12",
        "零城执罚决字[2024]第12号",
        "零城执罚决字［2024］第12号",
        "零城执罚决字（2024）第12号",
        "零城执罚决字(2024)0000012号",
        "零城执罚决字【2024】第12号",
        "零城执罚决字〖2024〗第12号",
        "零城执罚决字﹝2024﹞第12号",
        "零城执罚决字〔２０２４〕第０１２号",
        " 零城执罚决字 〔2024〕 第 12 号 ",
        "零城执罚决字\u3000〔2024〕第12号",
    ],
)
def test_every_writing_has_one_form(text: str) -> None:
    assert normalize_case_number(text) == NORMAL


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12",
        "零城执罚决字",
        "零城执罚决字2024第12号",
        "零城执罚决字〔2024第12号",
        "零城执罚决字〔2024]第12号",
        "零城执罚决字【2024]第12号",
        "零城执罚决字〔2024】第12号",
        "零城执罚决字「2024」第12号",
        "零城执罚决字〔24〕第12号",
        "零城执罚决字〔0000〕第12号",
        "零城执罚决字〔1900〕第12号",
        "零城执罚决字〔2024〕第0号",
        "零城执罚决字〔2024〕第号",
        "零城执罚决字〔2024〕第-1号",
        "零城执罚决字〔2024〕第123456789号",
        "零城执罚决字〔2024〕第12号号",
        "零城执罚决字〔2024〕第12号\n",
        "字〔2024〕第12号",
        "零城执罚决〔2024〕第12号",
        "零城执罚决字〔٢٠٢٤〕第12号",
        "零城执罚决字〔2024〕第²号",
        "零城'; DROP TABLE cases;--字〔2024〕第12号",
        "零城\x00字〔2024〕第12号",
        "x" * 10_000,
        "零" * 41 + "字〔2024〕第12号",
    ],
)
def test_rubbish_is_refused(text: str) -> None:
    with pytest.raises(CaseNumberError):
        normalize_case_number(text)


def test_the_message_does_not_repeat_a_whole_book() -> None:
    with pytest.raises(CaseNumberError) as refused:
        normalize_case_number("零" * 100_000)
    assert len(str(refused.value)) < 200


heads = st.text(
    st.characters(categories=(), include_characters="零城执罚决强催告立甲乙丙AB𠮷"),
    min_size=1,
    max_size=39,
)
brackets = st.sampled_from(["〔〕", "[]", "()", "（）", "［］", "【】", "〖〗", "﹝﹞"])


@given(
    head=heads,
    year=st.integers(1949, 2099),
    number=st.integers(1, 99_999_999),
    zeros=st.integers(0, 5),
    pair=brackets,
    ordinal=st.booleans(),
    end=st.booleans(),
    wide=st.booleans(),
    space=st.sampled_from(["", " ", "\u3000"]),
)
def test_writing_it_another_way_changes_nothing(
    head: str, year: int, number: int, zeros: int, pair: str, ordinal: bool, end: bool,
    wide: bool, space: str,
) -> None:  # fmt: skip
    text = space.join(
        [
            f"{head}字",
            f"{pair[0]}{year}{pair[1]}",
            "第" * ordinal,
            "0" * zeros + str(number),
            "号" * end,
        ]
    )
    if wide:
        text = text.translate(FULL_WIDTH)
    normal = normalize_case_number(text)
    assert normal == f"{head}字〔{year}〕第{number}号"
    assert normalize_case_number(normal) == normal
    assert len(normal) <= MAX_INPUT_CHARACTERS


@given(st.text())
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        normal = normalize_case_number(text)
    except CaseNumberError:
        return
    assert normalize_case_number(normal) == normal
