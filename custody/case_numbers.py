"""Document numbers (文号): many ways to write one, one way to store it.

``零城执罚决字〔2024〕第12号``: office code and kind of document, 字, the year in 〔〕, 第, the
number without leading zeros, 号 (domain.md, "Case numbers and documents").
"""

import re

from custody.errors import CaseNumberError

#: Longer input is not looked at.
MAX_INPUT_CHARACTERS = 128

#: What people type around the year, as an input method gives it: for ``[`` most give 【.
BRACKETS = {"〔": "〕", "[": "]", "(": ")", "【": "】", "〖": "〗", "﹝": "﹞"}
# Full-width ASCII (U+FF01 to U+FF5E) to ASCII: digits, letters, parentheses, brackets.
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200b\u3000]+")
_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_NUMBER = re.compile(
    rf"(?P<head>[{_HAN}A-Za-z]{{1,40}}字)"
    r"(?P<open>[〔\[(【〖﹝])(?P<year>[0-9]{4})(?P<close>[〕\])】〗﹞])"
    r"第?0*(?P<number>[1-9][0-9]{0,7})号?\Z"
)
_YEARS = range(1949, 2100)


def normalize_case_number(text: str) -> str:
    """The normal form of a document number. Raises `CaseNumberError`.

    Accepts `BRACKETS` in pairs, the full-width ［］ and （） too, full-width digits, spaces, with
    and without 第 and 号, leading zeros. Normalizing the normal form changes nothing.
    """
    if len(text) > MAX_INPUT_CHARACTERS:
        raise CaseNumberError(f"{text[:40]}…")
    match = _NUMBER.match(_SPACES.sub("", text.translate(_NARROW)))
    if match is None or BRACKETS[match["open"]] != match["close"]:
        raise CaseNumberError(text)
    year = match["year"]
    if int(year) not in _YEARS:
        raise CaseNumberError(f"{text}: year {year}")
    return f"{match['head']}〔{year}〕第{match['number']}号"
