"""What was found is told in both languages, in the bureau's zone, and by the names people use."""

import string
from zoneinfo import ZoneInfo

import pytest

from api.web.locale import LANGUAGES, catalogue, has_text
from api.web.telling import COLUMNS, PLACES, Teller, items_in
from custody.cells import Misfit, described
from custody.log.errors import NoteError
from custody.said import TEXTS, Said, said
from custody.tables import metadata
from custody.verification.findings import Finding, FindingCode

ZONE = ZoneInfo("Asia/Shanghai")
#: The tables whose rows are held against entries.
EVIDENCE = {
    *("clips", "clip_names", "renditions", "cases", "case_officers", "links", "access_grants"),
    *("log_entries", "checkpoints", "receipts", "stations", "dock_sessions", "users"),
}
CASE_ID = "01jd8000000000000000000001"


@pytest.fixture(params=LANGUAGES)
def teller(request: pytest.FixtureRequest) -> Teller:
    return Teller(request.param, ZONE)


def in_column(column: str, value: object) -> Said:
    return said("column", column=column, value=described(value))


def test_the_english_catalogue_says_what_programs_read() -> None:
    english = catalogue("en")
    assert {code: english[f"said.{code}"] for code in TEXTS} == TEXTS


def test_every_column_of_the_evidence_has_a_word() -> None:
    columns = {
        column.name
        for table in metadata.sorted_tables
        for column in table.columns
        if table.name in EVIDENCE
    }
    lacking = {one for one in columns if not has_text(f"column.{one}") | has_text(f"fact.{one}")}
    assert lacking == set()


def test_the_families_are_families() -> None:
    families = {
        family for several in (PLACES, COLUMNS) for one in several.values() for family in one
    }
    for family in families:
        assert any(key.startswith(family) for key in catalogue("zh")), family


def test_a_moment_is_told_in_the_zone_and_to_its_last_digit(teller: Teller) -> None:
    told = teller.tell(in_column("recorded_at", "2026-11-22T09:21:38.120000Z"))
    assert told.endswith("2026-11-22 17:21:38.12")
    told = teller.tell(in_column("recorded_at", "2026-11-22T09:21:38Z"))
    assert told.endswith("2026-11-22 17:21:38")


def test_words_for_codes_and_values_as_they_stand() -> None:
    teller = Teller("zh", ZONE)
    assert teller.tell(in_column("stage", "decision")) == "环节：决定"
    assert teller.tell(in_column("stage", "nonsense")) == "环节：“nonsense”"
    assert teller.tell(in_column("party", None)) == "当事人：无"
    assert teller.tell(in_column("important", True)) == "重点标记：是"
    assert teller.tell(in_column("recorded_at", Misfit("time", "garbage"))) == (
        "录制时间：“garbage”，不是时间"
    )
    officers = [
        {"officer": "JX0227", "certificate_number": "0012"},
        {"officer": "JX0301", "certificate_number": None},
    ]
    assert teller.tell(in_column("officers", officers)) == (
        "执法人员：JX0227 (执法证号 0012)、JX0301 (未填执法证号)"
    )
    assert teller.tell(in_column("officers", [{"officer": 1}])) == '执法人员：[{"officer": 1}]'


@pytest.mark.parametrize(
    ("code", "values", "expected"),
    [
        ("stored_bytes", {"stored": "proxy", "clip": "c1"}, "The stored playable copy of clip c1"),
        ("stored_gone", {"stored": "original", "clip": "c1"}, "The stored original of clip c1"),
        ("rendition_gone", {"rendition": "sheet", "entry": 7}, "made this contact sheet;"),
    ],
)
def test_a_rendition_inside_a_sentence_is_no_title(
    code: str, values: dict[str, object], expected: str
) -> None:
    assert expected in Teller("en", ZONE).tell(said(code, **values))


def test_things_are_named_beside_their_ids() -> None:
    finding = Finding(
        FindingCode.LINK_MISSING,
        "link:x",
        said("link_gone", standing="stands"),
        expected=said("case_stage", case=CASE_ID, stage="decision"),
        clip_id="c1",
    )
    assert {"clip:c1", f"case:{CASE_ID}"} <= items_in(finding)
    names = {f"case:{CASE_ID}": "零城执罚决字〔2026〕第12号", "clip:c1": "a.mp4"}
    teller = Teller("zh", ZONE, names)
    assert teller.name(finding) == "a.mp4"
    assert teller.tell(finding.expected or "") == (
        f"案件 零城执罚决字〔2026〕第12号 ({CASE_ID})，决定"
    )
    assert teller.tell(finding.message) == "按日志，这项关联有效；数据库里的登记不见了。"


def test_an_error_inside_a_finding_is_told_in_the_language() -> None:
    text = said("error", error=NoteError("x"))
    assert Teller("zh", ZONE).tell(text) == "不是认识的密钥签名的文本（x）"
    assert Teller("en", ZONE).tell(text) == text


def test_why_nothing_was_recorded_is_told_in_the_language(teller: Teller) -> None:
    reason = str(NoteError("no signatures"))
    wanted = {"zh": "不是认识的密钥签名的文本（没有签名）", "en": reason}
    assert teller.error(reason) == wanted[teller.language]
    assert teller.error("disk I/O error") == "disk I/O error"


def test_the_items_of_what_is_missing_are_named() -> None:
    tail = said("tail_of", end=3, signed=5, items="service, log, clip:c1, clip:c2")
    finding = Finding(FindingCode.ENTRY_TAIL_MISSING, "log", tail)
    assert {"clip:c1", "clip:c2"} <= items_in(finding)
    told = Teller("zh", ZONE, {"clip:c1": "a.mp4"}).tell(tail)
    assert told.endswith("缺的条目涉及：本系统、日志本身、a.mp4 (clip:c1)、clip:c2。")


def test_what_an_altered_row_holds_makes_no_text_of_its_own(teller: Teller) -> None:
    hostile = "{column} %s said.no 2026-11-22T09:21:38Z}"
    assert hostile in teller.tell(in_column("name", hostile))
    assert teller.tell(hostile) == hostile


def test_a_text_holds_on_to_no_exception() -> None:
    text = said("unreadable", error=OSError("no such device"))
    assert text == "no such device"
    assert [type(value) for value in text.values.values()] == [str]


@pytest.mark.parametrize("code", TEXTS)
def test_every_text_can_be_told(teller: Teller, code: str) -> None:
    places = {name for _, name, _, _ in string.Formatter().parse(TEXTS[code]) if name}
    told = teller.tell(said(code, **dict.fromkeys(places, "7")))
    assert told
    assert "{" not in told
