"""Nothing destroys details: a row that says it was done is altered, and hides or says nothing."""

import httpx
import pytest
import sqlalchemy as sa

from api.web.locale import translate
from custody.errors import ServedAlteredError
from custody.events import EventKind
from custody.history import events_of
from custody.served import get_served_original
from custody.verification import Selection
from custody.verification.findings import FindingCode
from tests.tamper.worlds import World

FORGED = '{"actor_name":"伪造的人","purpose":"伪造的事由"}'
OPENED = "kind = 'clip.opened' AND item = :item"


def execute(world: World, statement: str, **values: object) -> None:
    with world.services.database.write() as tx:
        assert tx.execute(sa.text(statement), values).rowcount >= 1


@pytest.mark.parametrize(
    "change",
    [
        "details_destroyed_at = '2026-11-22 02:00:00'",
        "details_destroyed_under = '个人信息保护法 47'",
        "details_destroyed_at = '2026-11-22 02:00:00', details = NULL, salt = NULL",
    ],
)
def test_who_says_that_details_were_destroyed_is_found(
    world: World, clerk: httpx.Client, change: str
) -> None:
    clip_id = world.clip_ids[0]
    item = f"clip:{clip_id}"
    execute(world, f"UPDATE log_entries SET {change} WHERE {OPENED}", item=item)
    for selection in (Selection(), Selection(clip_ids=frozenset({clip_id}))):
        codes = {finding.code for finding in world.verify(selection).findings}
        assert FindingCode.DETAILS_ALTERED in codes
    with world.services.database.read() as tx:
        [event] = events_of(tx, item, [EventKind.CLIP_OPENED])
    assert not event.intact
    page = clerk.get(f"/log/entries/{event.idx}")
    assert translate("zh", "entry.not_intact") in page.text
    assert "依法销毁</p>" not in page.text


def test_forged_details_are_read_nowhere(world: World, clerk: httpx.Client) -> None:
    clip_id = world.clip_ids[0]
    execute(
        world,
        "UPDATE log_entries SET details_destroyed_at = '2026-11-22 02:00:00', details = :forged "
        f"WHERE {OPENED}",
        item=f"clip:{clip_id}",
        forged=FORGED,
    )
    with world.services.database.read() as tx:
        [event] = events_of(tx, f"clip:{clip_id}", [EventKind.CLIP_OPENED])
    assert (event.intact, event.details, event.actor_name) == (False, {}, "")
    for address in (f"/clips/{clip_id}", "/log", f"/log/entries/{event.idx}"):
        answer = clerk.get(address)
        assert answer.status_code == 200, address
        assert "伪造" not in answer.text, address
    assert world.verify().findings


def test_nothing_is_sent_by_an_admission_whose_details_are_said_to_be_gone(world: World) -> None:
    clip_id = world.clip_ids[0]
    execute(
        world,
        "UPDATE log_entries SET details_destroyed_at = '2026-11-22 02:00:00' "
        "WHERE kind = 'clip.admitted' AND item = :item",
        item=f"clip:{clip_id}",
    )
    execute(world, "UPDATE clips SET name = 'another.exe' WHERE id = :id", id=clip_id)
    with pytest.raises(ServedAlteredError), world.services.database.read() as tx:
        get_served_original(tx, clip_id)
