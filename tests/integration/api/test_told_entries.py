"""What a history and the page of an entry tell of it: what was changed, what was denied and why."""

import re
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from api.cli.main import run
from api.verification_runs import context_of
from custody.access import Right
from custody.actors import Role
from custody.cases import NewCase, Procedure, Stage, change_case, link_clip
from custody.clips import assign_clip
from custody.errors import DeniedError
from custody.event_filters import EventFilter
from custody.events import EventKind
from custody.history import newest_events
from custody.object_keys import original_key
from custody.verification import LOG_ONLY, verify_all
from tests.services.custody import admit_clip, new_clip
from tests.services.house import House

CLOCK_AT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
TYPED = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)


def text_of(page: str) -> str:
    """The words of a page, one space between them."""
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def entry_page(house: House, client: httpx.Client, kind: EventKind) -> str:
    """The page of the newest entry of its kind."""
    house.publish()
    with house.services.database.read() as tx:
        [event] = newest_events(tx, EventFilter(kind=kind.value), limit=1)
    return text_of(client.get(f"/log/entries/{event.idx}").text)


def test_an_assignment_tells_the_old_and_the_new(house: House, legal: httpx.Client) -> None:
    ledger, bob = house.services.ledger, house.actor(Role.LEGAL)
    known: dict[str, object] = {
        "officer": "JX0227",
        "recorded_at": CLOCK_AT,
        "object_key": original_key(new_clip("a").sha256),
    }
    with house.services.database.write() as tx:
        clip = admit_clip(tx, ledger, "a", **known)
        assign_clip(tx, ledger, bob, clip.id, "JX0228", None, TYPED)
    house.publish()
    officer = "执法人员 JX0227 → JX0228"
    moment = "录制时间 2026-11-22 09:00:00 → 2026-11-20 10:30:00"
    for said in (
        text_of(legal.get(f"/clips/{clip.id}").text),
        text_of(legal.get("/log?kind=clip.assigned").text),
        entry_page(house, legal, EventKind.CLIP_ASSIGNED),
    ):
        assert officer in said, said[-900:]
        assert moment in said
    assert "记录仪 （空）" not in said  # it stayed as it was
    assert verify_all(context_of(house.services), LOG_ONLY).findings == []


def test_a_changed_case_tells_the_old_and_the_new(house: House, legal: httpx.Client) -> None:
    case = house.add_case()
    new = NewCase(case.number, Procedure.GENERAL, "无照经营", None, case.occurred_on, case.officers)
    with house.services.database.write() as tx:
        change_case(tx, house.services.ledger, house.actor(Role.LEGAL), case.id, new)
    for said in (
        text_of(legal.get(f"/cases/{case.id}").text),
        entry_page(house, legal, EventKind.CASE_CHANGED),
    ):
        assert "案由 占道经营案 → 无照经营" in said
        assert "当事人 示例餐饮店 → （空）" in said
    legal.cookies.set("liuhen_language", "en")
    assert "Party 示例餐饮店 → (nothing)" in text_of(legal.get(f"/cases/{case.id}").text)
    assert verify_all(context_of(house.services), LOG_ONLY).findings == []


def test_a_bag_is_told_on_its_case_and_on_each_clip(
    house: House, legal: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = house.services
    known = {"object_key": original_key(new_clip("a").sha256)}
    services.store.put_bytes(known["object_key"], b"a")
    case = house.add_case()
    with services.database.write() as tx:
        clip = admit_clip(tx, services.ledger, "a", **known)
        link_clip(tx, services.ledger, house.actor(Role.LEGAL), case.id, clip.id, Stage.SERVICE)
    monkeypatch.setenv("LIUHEN_DATABASE_URL", services.config.database_url)
    folder, home = tmp_path / "bag", str(services.config.home)
    assert run(["cases", "export", case.number, "-o", str(folder), "--home", home]) == 0
    of_clip = legal.get(f"/clips/{clip.id}").text
    assert len(re.findall(r'aria-label="随证据包导出 · [^"]*"', of_clip)) == 1
    page = entry_page(house, legal, EventKind.CLIP_EXPORTED)
    assert "随证据包导出" in page

    def told(page: str) -> str:
        return "".join(page.split())  # a path may be broken anywhere

    of_case = legal.get(f"/cases/{case.id}").text
    assert f"1条录像存到{folder}" in told(text_of(of_case))
    assert told(f"案件{case.number}存到{folder}") in told(text_of(of_clip))
    assert {"去向", "证据包校验值"} <= {*page.split()}
    legal.cookies.set("liuhen_language", "en")
    of_case = legal.get(f"/cases/{case.id}").text
    assert f"oneclipto{folder}" in told(text_of(of_case))


def test_a_denial_tells_what_was_wanted_of_what_and_why_not(
    house: House, legal: httpx.Client
) -> None:
    with house.services.database.write() as tx:
        clip = admit_clip(tx, house.services.ledger, "a")
    require = house.services.access.require
    with pytest.raises(DeniedError):
        require(house.actor(Role.ADMIN), Right.SEE_FOOTAGE, f"clip:{clip.id}")
    wanted = "想要：看画面。 未准：管理员没有这项权限。"
    for said in (
        text_of(legal.get(f"/clips/{clip.id}").text),
        entry_page(house, legal, EventKind.ACCESS_DENIED),
    ):
        assert wanted in said, said[-600:]
    with pytest.raises(DeniedError):
        require(house.actor(Role.ADMIN), Right.MANAGE_CASES, "cases")
    said = entry_page(house, legal, EventKind.ACCESS_DENIED)
    assert "想要：管理案件。 对象：案件。 未准：管理员没有这项权限。" in said
    assert legal.get(f"/clips/{clip.id}/stream?viewing=another").status_code == 403
    said = entry_page(house, legal, EventKind.ACCESS_DENIED)
    assert f"对象：/clips/{clip.id}/stream。 未准：没有有效的调阅授权。" in said
    legal.cookies.set("liuhen_language", "en")
    said = text_of(legal.get(f"/clips/{clip.id}").text)
    assert "Wanted: see footage. Refused: the role “Administrator” has no such right." in said
