"""Linking clips on the pages: what is said of those in the case already, and moving them."""

import html
import re
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from api.verification_runs import context_of
from custody.actors import service_actor
from custody.cases import Case, CaseOfficer, NewCase, Stage, create_case, link_clip
from custody.history import history_of
from custody.links import stages_in_case
from custody.verification import LOG_ONLY, verify_all
from tests.integration.api.signed_in import submit
from tests.services.custody import admit_clip
from tests.services.house import CASE_NUMBER, House

SUMMARY_NUMBER = "零城当罚决字〔2026〕第345号"


@pytest.fixture
def case(house: House) -> Case:
    return house.add_case()


@pytest.fixture
def clip_ids(house: House, tmp_path: Path) -> list[str]:
    """Five of them."""
    house.add_footage(tmp_path / "footage", work=False)
    return [clip.id for clip in house.clips()][:5]


def link(house: House, case: Case, clip_ids: list[str], stage: Stage) -> None:
    with house.services.database.write() as tx:
        for clip_id in clip_ids:
            actor = service_actor("test")
            link_clip(tx, house.services.ledger, actor, case.id, clip_id, stage)


def stages(house: House, case: Case, clip_ids: list[str]) -> list[Stage]:
    with house.services.database.read() as tx:
        found = stages_in_case(tx, case.id, clip_ids)
    return [found[clip_id] for clip_id in clip_ids]


def test_of_many_it_is_said_which_stood_elsewhere_and_they_can_be_moved(
    house: House, legal: httpx.Client, case: Case, clip_ids: list[str]
) -> None:
    link(house, case, clip_ids[:2], Stage.INVESTIGATION)
    answer = submit(
        house,
        legal,
        "/links",
        clip_id=clip_ids,
        case=CASE_NUMBER,
        stage="service",
        back="/clips?important=1",
    )
    assert answer.status_code == 303
    rest = answer.headers["location"]
    page = legal.get(rest).text
    assert "3 条已关联到“送达”" in page
    assert "2 条原已关联到这个案件的其他环节" in page
    assert [f'value="{one}" checked' in page for one in clip_ids] == [True] * 2 + [False] * 3
    assert page.count("调查取证</td>") == 2
    assert f'name="back" value="{rest.replace("&", "&amp;")}"' in page  # for language and theme
    moved = submit(
        house,
        legal,
        "/links/stage",
        clip_id=clip_ids[:1],
        case=case.id,
        stage="service",
        back="/clips?important=1",
    )
    assert moved.headers["location"] == "/clips?important=1"
    assert "1 条已换环节，并写入日志" in legal.get("/clips?important=1").text
    assert stages(house, case, clip_ids) == [Stage.SERVICE, Stage.INVESTIGATION] + 3 * [
        Stage.SERVICE
    ]
    with house.services.database.read() as tx:
        kinds = [event.kind for event in history_of(tx, f"clip:{clip_ids[0]}")]
    assert kinds[-3:] == ["link.made", "link.removed", "link.made"]
    assert "没有要换的" in legal.get(f"/links?case={case.id}&stage=service").text
    house.publish()
    assert verify_all(context_of(house.services), LOG_ONLY).findings == []


def test_one_that_stands_elsewhere_is_asked_about_on_a_page_of_its_own(
    house: House, legal: httpx.Client, case: Case, clip_ids: list[str]
) -> None:
    clip_id = clip_ids[0]
    link(house, case, [clip_id], Stage.REVIEW)
    form = {"clip_id": clip_id, "case": CASE_NUMBER, "back": f"/clips/{clip_id}"}
    answer = submit(house, legal, "/links", stage="decision", **form)
    assert answer.status_code == 409
    assert "1 条原已关联到这个案件的其他环节" in answer.text
    assert '<option value="decision" selected>' in answer.text
    assert f'name="back" value="/clips/{clip_id}"' in answer.text
    assert stages(house, case, [clip_id]) == [Stage.REVIEW]


def test_what_stands_where_it_was_asked_for_is_counted(
    house: House, legal: httpx.Client, case: Case, clip_ids: list[str]
) -> None:
    link(house, case, clip_ids[:2], Stage.REVIEW)
    form: dict[str, str | list[str]] = {"case": CASE_NUMBER, "stage": "review"}
    submit(house, legal, "/links", clip_id=clip_ids[:2], **form)
    assert "2 条原已在这个案件的这个环节" in legal.get("/clips").text
    submit(house, legal, "/links", clip_id=clip_ids, **form)
    assert "3 条已关联，并写入日志；2 条原已在这个环节" in legal.get("/clips").text


def test_an_address_of_that_page_leads_nowhere_else(
    house: House, legal: httpx.Client, case: Case, clip_ids: list[str]
) -> None:
    link(house, case, clip_ids[:1], Stage.REVIEW)
    query = {"case": case.id, "stage": "service", "clip_id": clip_ids[0]}
    page = legal.get("/links", params=query | {"back": "//evil.example/"})
    assert "evil.example/" not in page.text.partition('action="/links/stage"')[2]
    assert parse_qs(urlsplit(str(page.url)).query)["clip_id"] == [clip_ids[0]]
    assert legal.get("/links").headers["location"] == "/clips"
    assert legal.get("/links", params=query | {"case": "nobody"}).status_code == 404
    none = submit(house, legal, "/links/stage", case=case.id, stage="review")
    assert none.status_code == 422
    gone = submit(house, legal, "/links/stage", case=case.id, stage="review", clip_id=clip_ids[1])
    assert gone.status_code == 409


def test_the_case_that_clips_are_looked_for_stays_through_filters_and_pages(
    house: House, legal: httpx.Client, case: Case, clip_ids: list[str]
) -> None:
    with house.services.database.write() as tx:
        for n in range(51):
            admit_clip(tx, house.services.ledger, f"more-{n}", officer="JX0227")
    link(house, case, clip_ids[:1], Stage.REVIEW)
    page = legal.get(f"/cases/{case.id}").text
    [first, _] = re.findall(r'class="button(?: long)?" href="(/clips\?[^"]*)"', page)
    assert parse_qs(urlsplit(html.unescape(first)).query) == {
        "case": [case.id],
        "officer": ["JX0227"],
        "from": ["2026-11-22"],
        "to": ["2026-11-22"],
    }
    page = legal.get(html.unescape(first)).text
    assert f'<input type="hidden" name="case" value="{CASE_NUMBER}">' in page  # to be linked to
    assert f'href="/cases/{case.id}">回到案件</a>' in page
    filters = page.partition('class="filters"')[2].partition("</form>")[0]
    assert f'name="case" value="{case.id}"' in filters
    for kind in ('class="chip on" href', "<th[^>]*><a href"):
        leading = re.findall(kind + r'="(/clips\?[^"]*)"', page)
        assert leading
        assert all(f"case={case.id}" in one for one in leading)
    whole = legal.get(f"/clips?case={case.id}").text
    assert re.search(rf'rel="next" href="/clips\?case={case.id}&amp;offset=50"', whole)
    assert whole.count("已在本案") == 1
    back = re.search(r'name="back" value="([^"]*)">\n<div class="table', whole)
    assert back is not None
    form: dict[str, str | list[str]] = {"case": CASE_NUMBER, "stage": "review"}
    made = submit(house, legal, "/links", clip_id=clip_ids[1:3], back=back[1], **form)
    assert made.headers["location"] == f"/clips?case={case.id}"
    assert "已关联 3 条" in legal.get(made.headers["location"]).text


def summary_case(house: House) -> Case:
    officers = (CaseOfficer("JX0227"),)
    new = NewCase(SUMMARY_NUMBER, "summary", "占道", None, date(2026, 11, 22), officers)
    with house.services.database.write() as tx:
        return create_case(tx, house.services.ledger, service_actor("test"), new)


def offered(page: str, form: str) -> list[str]:
    """The stages that a form of the page offers."""
    return re.findall(r'<option value="([a-z]+)"', page.partition(form)[2].partition("</form>")[0])


def test_of_a_summary_case_only_its_own_stages_are_asked_for(
    house: House, legal: httpx.Client, clip_ids: list[str]
) -> None:
    case = summary_case(house)
    own = ["investigation", "decision", "service", "enforcement"]
    [clip] = house.clips("093621")
    assert offered(legal.get(f"/clips?case={case.id}").text, 'action="/links"') == own
    assert offered(legal.get(f"/clips/{clip.id}").text, 'action="/links"') == own  # suggested
    form: dict[str, str | list[str]] = {"clip_id": clip.id, "case": SUMMARY_NUMBER}
    answer = submit(house, legal, "/links", stage="review", **form)
    assert answer.status_code == 422
    assert "没有这个环节" in answer.text
    assert offered(answer.text, 'action="/links"') == own
    assert submit(house, legal, "/links", stage="decision", **form).status_code == 303
    page = legal.get(f"/cases/{case.id}").text
    assert "这些环节还没有录像：调查取证、送达。" in page
    heads = re.findall(r"<h2>(\S+) <span class=\"none\">(\d)</span></h2>", page)
    assert heads == [("调查取证", "0"), ("决定", "1"), ("送达", "0"), ("执行", "0")]
    assert page.count("不要求这个环节的录像") == 1
    moving = legal.get(f"/links?case={case.id}&stage=service&clip_id={clip.id}").text
    assert offered(moving, 'action="/links/stage"') == own


def test_what_a_summary_case_has_in_another_stage_stays_in_sight(
    house: House, legal: httpx.Client, clip_ids: list[str]
) -> None:
    case = summary_case(house)
    link(house, case, clip_ids[:1], Stage.REVIEW)
    page = legal.get(f"/cases/{case.id}").text
    assert "stages of-5" in page
    assert re.search(r"<h2>审核 <span class=\"none\">1</span>", page)


def test_days_at_either_end_of_the_calendar_are_no_days(
    house: House, legal: httpx.Client, clip_ids: list[str]
) -> None:
    for query in ("from=0001-01-01", "to=9999-12-31", "from=0001-01-01&to=0001-01-01"):
        assert legal.get(f"/clips?{query}").status_code == 422, query


def test_a_case_that_is_none_is_asked_for_by_its_number(
    house: House, legal: httpx.Client, clip_ids: list[str]
) -> None:
    for address in ("/clips?case=nobody", "/clips"):
        page = legal.get(address).text
        assert '<input name="case"' in page
        assert "回到案件" not in page


def test_an_address_that_one_engine_could_not_look_for_is_refused_on_both(
    house: House, legal: httpx.Client, clip_ids: list[str]
) -> None:
    for value in ("%00", "%F0%9F", "%ED%A0%80"):
        for page in (
            *("links?clip_id=", "links?case=x&clip_id=", "clips?case=", "clips?officer="),
            *("cases?text=", "log?who="),
        ):
            answer = legal.get(f"/{page}{value}")
            assert answer.status_code == 400, page
            assert "地址里有不是文字的内容" in answer.text
    for page in ("links?case=x&clip_id=", "clips?text=", "log?actor=", "search?text="):
        answer = legal.get(f"/{page}{'x' * 10_000}")
        assert answer.status_code == 414
        assert "地址太长" in answer.text
