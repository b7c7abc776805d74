"""What a history and the page of an entry tell of it: what was changed, what was denied and why."""

import re
from datetime import UTC, datetime

import httpx
import pytest

from api.verification_runs import context_of
from custody.access import Right
from custody.actors import Role
from custody.cases import NewCase, Procedure, change_case
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
