"""A case's page and its form, on both engines: what is shown, kept, refused and logged."""

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import sqlalchemy as sa

from api.auth.tables import sign_in_sessions
from custody.actors import Role, service_actor
from custody.cases import Case, NewCase, Stage, change_case, create_case, get_case, link_clip
from custody.clips import describe_clip
from custody.events import EventKind
from custody.history import HistoryEvent, history_of
from custody.ledger import Event
from tests.integration.api.signed_in import submit
from tests.services.custody import admit_clip
from tests.services.house import CASE_NUMBER, PASSWORD, House

FORM = {
    "number": CASE_NUMBER,
    "procedure": "general",
    "title": "占道经营案",
    "party": "示例餐饮店",
    "occurred_on": "2026-11-22",
    "officers": "JX0227 01020304\nJX0228",
}


@pytest.fixture
def case(house: House) -> Case:
    return house.add_case()


def save(house: House, client: httpx.Client, case: Case, seen: int, **form: str) -> httpx.Response:
    return submit(house, client, f"/cases/{case.id}/edit", **(FORM | {"seen": str(seen)} | form))


def alice_changes(house: House, case: Case, **changes: object) -> None:
    with house.services.database.write() as tx:
        now = get_case(tx, case.id)
        values: dict[str, object] = {
            name: getattr(now, name)
            for name in ("number", "procedure", "title", "party", "occurred_on", "officers")
        }
        new = NewCase(**(values | changes))  # type: ignore[arg-type]
        change_case(tx, house.services.ledger, house.actor(Role.ADMIN), case.id, new)


def history(house: House, case: Case) -> list[HistoryEvent]:
    with house.services.database.read() as tx:
        return history_of(tx, f"case:{case.id}")


def link(house: House, case: Case, name: str, *, seconds: int | None = 60, **clip: object) -> str:
    services = house.services
    with services.database.write() as tx:
        made = admit_clip(tx, services.ledger, name, name=name, **clip)
        length = None if seconds is None else seconds * 1000
        actor = service_actor("test")
        describe_clip(tx, services.ledger, actor, made.id, {}, length, "video")
        link_clip(tx, services.ledger, actor, case.id, made.id, Stage.INVESTIGATION)
    return made.id


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


def test_the_form_shows_the_case_and_what_was_changed_is_in_its_history(
    house: House, legal: httpx.Client, case: Case
) -> None:
    form = legal.get(f"/cases/{case.id}/edit").text
    assert (field(form, "number"), field(form, "title")) == (CASE_NUMBER, "占道经营案")
    assert (field(form, "occurred_on"), field(form, "seen")) == ("2026-11-22", "0")
    assert ">JX0227 01020304\nJX0228</textarea>" in form
    changed = {"number": "零城执罚决字[2026]013", "party": " ", "officers": "JX0227\u300001020305"}
    saved = save(house, legal, case, 0, **changed)
    assert saved.headers["location"] == f"/cases/{case.id}"
    page = legal.get(f"/cases/{case.id}").text
    assert "<h1>零城执罚决字〔2026〕第13号</h1>" in page
    assert "已修改，并写入日志" in page
    assert re.search(r"修改案件</td>.*?鲍勃.*?案号、当事人、执法人员", page, re.DOTALL)
    created, event = history(house, case)
    assert event.facts["changed"] == ["number", "party", "officers"]
    assert (created.details["number"], event.details["number"]) == (
        CASE_NUMBER,
        "零城执罚决字〔2026〕第13号",
    )


def test_a_time_set_by_hand_never_looks_like_the_recorders(
    house: House, legal: httpx.Client, case: Case
) -> None:
    clock_at, typed = datetime(2026, 11, 22, 1, tzinfo=UTC), "2026-11-22T10:30:00"
    clip_id = link(house, case, "a.mp4", officer="JX0227", recorded_at=clock_at)
    link(house, case, "b.mp4", officer="JX0228", recorded_at=clock_at)
    pages = [f"/cases/{case.id}", "/clips", f"/clips/{clip_id}"]
    for path in pages:
        assert "by-hand" not in (page := legal.get(path).text), path
        assert "人工指定" not in page, path
    submit(house, legal, f"/clips/{clip_id}/assign", officer="JX0227", recorded_at=typed)
    bars, listed, shown = (legal.get(path).text for path in pages)
    assert bars.count('class="piece by-hand" href=') == 1
    assert bars.count('class="piece" href=') == 1
    assert "(人工指定；记录仪时钟：2026-11-22 09:00:00)" in bars
    assert "虚线的由人工指定" in bars
    for page in (bars, listed):
        assert 'title="记录仪时钟：2026-11-22 09:00:00">人工指定</small>' in page
    assert "人工指定：鲍勃" in shown
    assert "<small>记录仪时钟：2026-11-22 09:00:00</small>" in shown


def test_a_matter_of_spaces_is_refused_in_the_form(
    house: House, legal: httpx.Client, case: Case
) -> None:
    answer = save(house, legal, case, 0, title=" \u3000 ", party="李某")
    assert answer.status_code == 422
    assert "案由没有写" in answer.text
    assert field(answer.text, "party") == "李某"  # what was typed is still there
    made = submit(
        house, legal, "/cases", **(FORM | {"number": "零城执罚决字〔2026〕第13号", "title": " "})
    )
    assert (made.status_code, "案由没有写" in made.text) == (422, True)
    assert len(history(house, case)) == 1


def test_saving_without_a_change_writes_nothing(
    house: House, legal: httpx.Client, case: Case
) -> None:
    saved = save(house, legal, case, 0, number="零城执罚决字(2026)012", title=" 占道经营案 ")
    assert saved.status_code == 303
    assert "没有改动" in legal.get(f"/cases/{case.id}").text
    assert len(history(house, case)) == 1


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ({"number": "12号"}, 422, "案号认不出来"),
        ({"occurred_on": "2026-13-45"}, 422, "日期认不出来"),
        ({"occurred_on": "0001-01-01"}, 422, "日期认不出来"),
        ({"occurred_on": "2098-01-01"}, 422, "发生日期比今天晚一天以上"),
        ({"occurred_on": "9999-12-31"}, 422, "日期认不出来"),
        ({"number": "零城执罚决字〔2026〕第99号"}, 409, "这个案号已经建过案件"),
    ],
)
def test_what_was_typed_stays_on_an_error_and_nothing_is_changed(
    house: House,
    legal: httpx.Client,
    case: Case,
    typed: dict[str, str],
    status: int,
    said: str,
) -> None:
    with house.services.database.write() as tx:
        other = NewCase("零城执罚决字〔2026〕第99号", "general", "另一件")
        create_case(tx, house.services.ledger, house.actor(Role.LEGAL), other)
    answer = save(house, legal, case, 0, **({"title": "新的案由"} | typed))
    assert answer.status_code == status
    assert said in answer.text
    assert field(answer.text, "title") == "新的案由"
    for name, value in typed.items():
        assert field(answer.text, name) == value
    assert f'action="/cases/{case.id}/edit"' in answer.text
    assert len(history(house, case)) == 1


def test_a_number_that_is_taken_leads_to_its_case(
    house: House, legal: httpx.Client, case: Case
) -> None:
    answer = submit(house, legal, "/cases", **(FORM | {"number": "零城执罚决字[2026]012"}))
    assert answer.status_code == 409
    assert f'<a href="/cases/{case.id}">打开已有的案件 {CASE_NUMBER}</a>' in answer.text


def test_somebody_elses_change_is_not_overwritten_unseen(
    house: House, legal: httpx.Client, case: Case
) -> None:
    alice_changes(house, case, title="爱丽丝的案由", party="爱丽丝的当事人")
    answer = save(house, legal, case, 0, title="鲍勃的案由", occurred_on="2026-11-21")
    assert answer.status_code == 409
    page = answer.text
    assert "您打开表单以后，别人改过这个案件" in page
    assert "爱丽丝" in page
    rows = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', page)
    texts = [(name, re.findall(r">([^<>]+)</(?:span|td)>", cells)) for name, cells in rows]
    assert texts == [
        ("案由", ["爱丽丝的案由", "鲍勃的案由", "保留您填的"]),
        ("当事人", ["爱丽丝的当事人", "示例餐饮店", "取现在的"]),
    ]
    # What bob did not touch is alice's now; saving again loses nothing of hers but what he saw.
    assert (field(page, "title"), field(page, "party")) == ("鲍勃的案由", "爱丽丝的当事人")
    assert (field(page, "occurred_on"), field(page, "seen")) == ("2026-11-21", "1")
    assert len(history(house, case)) == 2
    again = {name: field(page, name) for name in ("title", "party", "occurred_on")}
    assert save(house, legal, case, 1, **again).status_code == 303
    assert history(house, case)[-1].facts["changed"] == ["title", "occurred_on"]


def test_changes_of_different_fields_are_told_and_joined(
    house: House, legal: httpx.Client, case: Case
) -> None:
    alice_changes(house, case, title="同一个案由")
    answer = save(house, legal, case, 0, title="同一个案由", party="另一家")
    assert answer.status_code == 409
    assert "两边的修改不冲突" in answer.text
    assert "<table" not in answer.text
    assert field(answer.text, "party") == "另一家"


def test_a_character_that_no_database_takes_is_shown_and_no_error(
    house: House, legal: httpx.Client, case: Case
) -> None:
    saved = save(house, legal, case, 0, title="占道\x00经营", officers="JX\x000227")
    assert saved.status_code == 303
    page = legal.get(f"/cases/{case.id}").text
    assert "占道�经营" in page
    assert "JX�0227" in page


def test_a_form_without_a_revision_changes_nothing(
    house: House, legal: httpx.Client, case: Case
) -> None:
    answer = save(house, legal, case, -1, title="x")
    assert answer.status_code == 409
    assert field(answer.text, "title") == "x"
    assert save(house, legal, case, 2**53 + 1).status_code == 422
    assert legal.get("/cases/nobody/edit").status_code == 404
    assert len(history(house, case)) == 1


def test_a_clip_stands_on_its_officers_bar_and_in_its_stages_column(
    house: House, legal: httpx.Client, case: Case
) -> None:
    at = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
    first = link(house, case, "a.mp4", officer="JX0227", recorded_at=at)
    link(house, case, "b.mp4", officer="JX0227", recorded_at=at.replace(minute=10))
    link(house, case, "c.mp4", officer="JX0999", recorded_at=at.replace(minute=3))
    link(house, case, "d\u202e.mp4", officer="JX0228", seconds=None, recorded_at=at)
    untimed = link(house, case, "e.mp4", officer="JX0228")
    page = legal.get(f"/cases/{case.id}").text
    tip = "a.mp4 · JX0227 · 2026-11-22 09:00:00–09:01:00 · 1:00 · 调查取证"
    assert f'<a class="piece" href="/clips/{first}" aria-label="{tip}"' in page
    assert "间断 9:00 · 2026-11-22 09:01:00–09:10:00" in page
    bars = re.findall(r'<svg class="strip"[^>]* aria-label="([^"]*)"', page)
    assert bars == [
        "JX0227 · 2 段，共 2:00；间断 1 处，共 9:00",
        "JX0228 · 无时长 1 件",
        "JX0999 · 1 段，共 1:00",
    ]
    assert "案件未列" in page
    assert re.search(rf"时间不明</h3>\s*<ul.*?/clips/{untimed}", page, re.DOTALL)
    assert "\u202e" not in page
    assert " style=" not in page
    heads = re.findall(r"<h2>(\S+) <span class=\"none\">(\d+)</span></h2>", page)
    assert [name for name, _ in heads] == ["启动", "调查取证", "审核", "决定", "送达", "执行"]
    assert [count for _, count in heads] == ["0", "5", "0", "0", "0", "0"]
    assert page.count('class="clip-card"') == 5
    assert page.count("这个环节还没有录像") == 5
    assert page.count("/unlink") == 5


def test_a_recording_that_fails_is_painted_over_its_neighbours(
    house: House, legal: httpx.Client, case: Case
) -> None:
    """Recorders cut back to back, and a short recording is drawn wider than it was long."""
    at = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
    link(house, case, "long.mp4", seconds=3600, officer="JX0227", recorded_at=at)
    at += timedelta(hours=1)
    failing = link(house, case, "short.mp4", seconds=2, officer="JX0227", recorded_at=at)
    at += timedelta(seconds=2)
    after = link(house, case, "after.mp4", seconds=600, officer="JX0227", recorded_at=at)
    pieces = r'<a class="(piece[^"]*)" href="/clips/([^"]+)"'
    drawn = re.findall(pieces, legal.get(f"/cases/{case.id}").text)
    assert [kind for kind, _ in drawn] == ["piece"] * 3
    assert drawn[-1] == ("piece", after)
    with house.services.database.write() as tx:
        facts = {"scope": "clip", "findings": 1, "unchecked": 0}
        run = Event(EventKind.VERIFICATION_RUN, f"clip:{failing}", facts, outcome="failed")
        house.services.ledger.append(tx, service_actor("test"), run)
    drawn = re.findall(pieces, legal.get(f"/cases/{case.id}").text)
    assert len(drawn) == 3
    assert drawn[-1] == ("piece broken", failing)


def test_a_case_without_clips_shows_its_officers_empty_bars(
    legal: httpx.Client, case: Case
) -> None:
    page = legal.get(f"/cases/{case.id}").text
    assert page.count("没有录像</span>") == 2
    assert "还没有关联任何录像" in page


def test_an_empty_list_says_who_creates_cases(house: House, legal: httpx.Client) -> None:
    page = legal.get("/cases").text
    assert "先建立案件，再关联录像" in page
    assert "案件由法制室建立" not in page
    legal.post("/sign-in", data={"name": "alice", "password": PASSWORD})
    page = legal.get("/cases").text
    assert "先建立案件" not in page
    assert "案件由法制室建立" in page


def test_who_may_not_change_a_case_is_offered_no_way_to(
    house: House, legal: httpx.Client, case: Case
) -> None:
    assert f"/cases/{case.id}/edit" in legal.get(f"/cases/{case.id}").text
    legal.post("/sign-in", data={"name": "alice", "password": PASSWORD})
    assert f"/cases/{case.id}/edit" not in legal.get(f"/cases/{case.id}").text
    assert legal.get(f"/cases/{case.id}/edit").status_code == 403


@pytest.mark.parametrize(
    ("officers", "named"),
    [
        ("JX0227、JX0311", "JX0227、JX0311"),
        ("JX0227，JX0311", "JX0227，JX0311"),
        ("JX0227 01020304 JX0311 01020305", "01020304 JX0311 01020305"),
        ("JX0227:01020304; JX0311:01020305", "JX0227:01020304;"),
        ("JX0227 01020304 extra words", "01020304 extra words"),
    ],
)
def test_a_second_officer_never_becomes_the_firsts_certificate_number(
    house: House, legal: httpx.Client, case: Case, officers: str, named: str
) -> None:
    new = FORM | {"number": "零城执罚决字〔2026〕第13号", "officers": officers}
    for answer in (
        save(house, legal, case, 0, officers=officers),
        submit(house, legal, "/cases", **new),
    ):
        assert answer.status_code == 422
        assert f"“{named}”不是一个编号或执法证号" in answer.text
        assert "每行一人" in answer.text
        assert f">{officers}</textarea>" in answer.text
    assert len(history(house, case)) == 1


def test_an_officer_in_two_lines_is_asked_about(
    house: House, legal: httpx.Client, case: Case
) -> None:
    officers = "JX0227\nJX0228\nJX0227 2"
    answer = save(house, legal, case, 0, officers=officers, title="新的案由")
    assert answer.status_code == 422
    assert "执法人员 JX0227 写了两行" in answer.text
    assert f">{officers}</textarea>" in answer.text
    assert field(answer.text, "title") == "新的案由"
    assert len(history(house, case)) == 1


def test_more_officers_than_a_case_can_have_are_said_in_the_form(
    house: House, legal: httpx.Client, case: Case
) -> None:
    officers = "\n".join(f"JX{number:04}" for number in range(51))
    answer = save(house, legal, case, 0, officers=officers)
    assert answer.status_code == 422
    assert "执法人员最多 50 人" in answer.text
    assert f">{officers}</textarea>" in answer.text
    assert len(history(house, case)) == 1


def test_language_and_theme_lead_back_to_the_form(
    house: House, legal: httpx.Client, case: Case
) -> None:
    edited = save(house, legal, case, 0, number="12号").text
    assert set(re.findall(r'name="back" value="([^"]*)"', edited)) == {f"/cases/{case.id}/edit"}
    with house.services.database.read() as tx:
        token = tx.scalars(sa.select(sign_in_sessions.c.csrf_token)).one()
    created = legal.post("/cases", data=FORM | {"csrf": token}).text
    assert set(re.findall(r'name="back" value="([^"]*)"', created)) == {"/cases/new"}


def test_the_histories_of_a_clip_and_a_case_name_each_other(
    house: House, legal: httpx.Client, case: Case
) -> None:
    clip_id = link(house, case, "门口.mp4")
    of_case = legal.get(f"/cases/{case.id}").text.partition('<table class="history')[2]
    assert re.search(rf'<a href="/clips/{clip_id}"[^>]*>录像 <bdi[^>]*>门口.mp4</bdi>', of_case)
    assert f'href="/cases/{case.id}"' not in of_case  # its own page
    of_clip = legal.get(f"/clips/{clip_id}").text.partition('<table class="history')[2]
    assert re.search(rf'<a href="/cases/{case.id}"[^>]*>案件 <bdi[^>]*>{CASE_NUMBER}', of_clip)
    assert f'href="/clips/{clip_id}"' not in of_clip


def test_a_code_that_is_too_long_is_said_in_the_form_and_kept(
    house: House, legal: httpx.Client, case: Case
) -> None:
    before = len(history(house, case))
    for typed in ("J" * 65, "JX0227 " + "0" * 65):
        for answer in (
            save(house, legal, case, 0, officers=typed),
            submit(
                house, legal, "/cases", **(FORM | {"number": "X〔2026〕9号", "officers": typed})
            ),
        ):
            assert answer.status_code == 422
            assert "编号或执法证号太长，最多 64 个字" in answer.text
            assert typed in answer.text
            assert 'aria-invalid="true"' in answer.text
    assert len(history(house, case)) == before
    assert ">1</span></h1>" in legal.get("/cases").text
