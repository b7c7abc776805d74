"""Codes on the pages: one form of each however it is typed, and one at a time."""

import html
import re
import shutil
from pathlib import Path

import httpx
import pytest

from api.verification_runs import context_of
from api.web.locale import translate
from custody.actors import Actor, Role, Via
from custody.cases import Stage, find_case, link_clip
from custody.clips import Clip, get_clip
from custody.history import history_of
from custody.verification import LOG_ONLY, verify_all
from ingest.folder_import import import_paths
from tests.assets.media import media
from tests.integration.api.signed_in import submit
from tests.services.custody import admit_clip
from tests.services.house import CASE_NUMBER, House

SMALL = "ta00716_jx0227_20261122093000.mp4"
OPERATOR = Actor("operator", Role.OPERATOR, Via.SHELL, "localhost", "operator")


@pytest.fixture
def small(house: House, tmp_path: Path) -> Clip:
    """A recording whose name has its codes in small letters, imported on the day of the case."""
    folder, services = tmp_path / "small", house.services
    folder.mkdir()
    shutil.copy(media("plain.mp4"), folder / SMALL)
    for _ in import_paths(
        services.database,
        services.store,
        services.staging,
        services.ledger,
        services.clock,
        OPERATOR,
        [folder],
        lambda *_: None,
        zone=services.config.zone,
        lock_days=services.config.lock_days,
    ):
        pass
    return house.clips()[0]


def clip_of(house: House, clip_id: str) -> Clip:
    with house.services.database.read() as tx:
        return get_clip(tx, clip_id)


def kinds(house: House, clip_id: str) -> list[str]:
    with house.services.database.read() as tx:
        return [event.kind for event in history_of(tx, f"clip:{clip_id}")]


def unnamed(house: House, name: str = "FILE0001.mp4") -> str:
    with house.services.database.write() as tx:
        return admit_clip(tx, house.services.ledger, name, name=name).id


def field_of(page: str, name: str) -> str:
    """The label with the field ``name`` that is marked as wrong."""
    labels = re.findall(r"<label>.*?</label>", page, re.DOTALL)
    return html.unescape(
        next(one for one in labels if f'name="{name}"' in one and "aria-invalid" in one)
    )


def test_a_recording_named_in_small_letters_is_its_officers_everywhere(
    house: House, legal: httpx.Client, small: Clip
) -> None:
    case = house.add_case()  # of JX0227 and JX0228, that day
    assert (small.officer, small.recorder) == ("JX0227", "TA00716")
    assert (small.name, small.name_raw) == (SMALL, SMALL.encode())
    assert f"/cases/{case.id}" in legal.get(f"/clips/{small.id}").text  # suggested
    for asked in ("officer=JX0227", "officer=jx0227", "officer=ＪＸ０２２７", "recorder=ta00716"):
        assert f'href="/clips/{small.id}"' in legal.get(f"/clips?{asked}").text, asked
    assert f'href="/clips/{small.id}"' in legal.get("/clips?text=jx0227").text
    for asked in ("officer=jx0227", "text=ｊｘ０２２７"):
        assert CASE_NUMBER in legal.get(f"/cases?{asked}").text
    with house.services.database.write() as tx:
        link_clip(tx, house.services.ledger, OPERATOR, case.id, small.id, Stage.INVESTIGATION)
    page = legal.get(f"/cases/{case.id}").text
    assert missing(page) == "没有这些执法人员的录像：JX0228。"
    assert "案件未列" not in page
    house.publish()
    assert verify_all(context_of(house.services), LOG_ONLY).findings == []


def missing(page: str) -> str:
    """What the page of a case says of officers without a recording."""
    text = html.unescape(re.sub(r"<[^>]+>", "", page))
    found = re.search(r"没有这些执法人员的录像：[^。]*。", text)
    return found[0] if found else ""


@pytest.mark.parametrize("typed", ["jx0227", " JX0227 ", "ＪＸ０２２７"])
def test_an_officer_is_assigned_in_one_form(house: House, legal: httpx.Client, typed: str) -> None:
    clip_id, other = unnamed(house), unnamed(house, "FILE0002.mp4")
    form: dict[str, str | list[str]] = {"officer": typed, "recorder": "ta00716"}
    submit(house, legal, f"/clips/{clip_id}/assign", **form)
    submit(house, legal, "/unassigned", clip_id=[other], **form)
    for one in (clip_id, other):
        assert (clip_of(house, one).officer, clip_of(house, one).recorder) == ("JX0227", "TA00716")
    answer = submit(house, legal, f"/clips/{clip_id}/assign", officer="Jx0227", recorder="TA00716")
    said = legal.get(answer.headers["location"]).text
    assert translate("zh", "done.assigned_nothing") in said
    assert kinds(house, clip_id) == ["clip.admitted", "clip.assigned"]


def test_a_case_takes_its_officers_in_one_form(house: House, legal: httpx.Client) -> None:
    form = {"number": CASE_NUMBER, "procedure": "general", "title": "占道", "party": ""}
    submit(house, legal, "/cases", **form, officers="jx0227 0012\nＪＸ０２２８")
    with house.services.database.read() as tx:
        case = find_case(tx, CASE_NUMBER)
    assert case is not None
    assert [one.officer for one in case.officers] == ["JX0227", "JX0228"]
    answer = submit(
        house, legal, f"/cases/{case.id}/edit", **form, seen="0", officers="JX0227 0012\njx0228"
    )
    assert translate("zh", "done.case_unchanged") in legal.get(answer.headers["location"]).text
    hidden = submit(
        house, legal, f"/cases/{case.id}/edit", **form, seen="0", officers="JX0311\u202e 0012"
    )
    assert hidden.status_code == 422
    assert "“JX0311U+202E”里有看不见的字符" in hidden.text
    assert 'aria-invalid="true"' in hidden.text


WRONG = [
    ("officer", "张三 李四", "“张三 李四”不是一个编号"),
    ("officer", "JX0227、JX0311", "“JX0227、JX0311”不是一个编号"),
    ("officer", "JX0311\u202e", "“JX0311U+202E”里有看不见的字符"),
    ("officer", "\u200b", "“U+200B”里有看不见的字符"),
    ("officer", "㍿" * 17, "编号太长，最多 64 个字"),
    ("recorder", "TA00716 TA00933", "“TA00716 TA00933”不是一个编号"),
]


@pytest.mark.parametrize(("name", "typed", "said"), WRONG)
def test_what_is_no_code_is_said_at_its_field_and_assigns_nothing(
    house: House, legal: httpx.Client, name: str, typed: str, said: str
) -> None:
    clip_id = unnamed(house)
    form: dict[str, str | list[str]] = {"officer": "JX0300", "recorded_at": ""} | {name: typed}
    answer = submit(house, legal, f"/clips/{clip_id}/assign", **form, back="/unassigned?offset=50")
    assert answer.status_code == 422
    assert translate("zh", "assign.wrong_code") in answer.text
    field = field_of(answer.text, name)
    assert said in field
    assert f'value="{typed}"' in field
    assert translate("zh", f"assign.{name}_rule") in field
    assert answer.text.count('aria-invalid="true"') == answer.text.count("autofocus") == 1
    assert 'name="back" value="/unassigned?offset=50"' in answer.text
    assert clip_of(house, clip_id).officer is None
    assert kinds(house, clip_id) == ["clip.admitted"]


@pytest.mark.parametrize(("name", "typed", "said"), WRONG)
def test_of_many_too(house: House, legal: httpx.Client, name: str, typed: str, said: str) -> None:
    clip_ids = [unnamed(house, f"FILE000{n}.mp4") for n in range(2)]
    form: dict[str, str | list[str]] = {"officer": "JX0300"} | {name: typed}
    answer = submit(house, legal, "/unassigned", clip_id=clip_ids, **form)
    assert answer.status_code == 422
    assert translate("zh", "unassigned.wrong_code") in answer.text
    field = field_of(answer.text, name)
    assert said in field
    assert f'value="{typed}"' in field
    assert answer.text.count('aria-invalid="true"') == 1
    assert len(re.findall(r'name="clip_id"[^>]* checked', answer.text)) == 2
    assert [kinds(house, one) for one in clip_ids] == [["clip.admitted"]] * 2


def test_in_english_too(house: House, legal: httpx.Client) -> None:
    clip_id = unnamed(house)
    legal.cookies.set("liuhen_language", "en")
    form = {"officer": "张三 李四", "recorder": "TA00716\u200b"}
    page = submit(house, legal, f"/clips/{clip_id}/assign", **form).text
    assert "“张三 李四” is not one code" in field_of(page, "officer")
    assert "“TA00716U+200B” has characters in it" in field_of(page, "recorder")
    assert page.count("autofocus") == 1
