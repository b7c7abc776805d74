"""Details go on their legal date; a row that says so by itself is altered, and hides nothing."""

from dataclasses import replace

import httpx
import pytest
import sqlalchemy as sa

from api.web.locale import translate
from custody.actors import Role
from custody.bundles.documents import histories
from custody.errors import ServedAlteredError
from custody.events import EventKind
from custody.history import events_of, find_event
from custody.log.entry import Entry
from custody.log.merkle import hash_leaf
from custody.publishing.published import newest_checkpoint
from custody.served import get_served_original
from custody.tables import access_grants
from custody.verification import Selection
from custody.verification.findings import FindingCode
from tests.tamper import destruction_attacks as made
from tests.tamper.conftest import signed_in
from tests.tamper.destruction_attacks import first_of
from tests.tamper.worlds import OPERATOR, World

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


def test_what_a_rule_destroyed_is_told_and_no_finding(world: World) -> None:
    first = first_of(world, EventKind.LOG_READ)
    made.deny(world)
    made.destroy(world)
    made.destroy(world, made.DENIALS)
    denied = first_of(world, EventKind.ACCESS_DENIED)
    clip = Selection(clip_ids=frozenset(world.clip_ids))
    case = Selection(case_id=world.case_id)
    everything = world.verify()
    assert everything.findings == []
    assert len(everything.destroyed) == 600 + 1 + 1  # a list and a denial too
    assert [rule for rule, *_ in everything.destroyed.by_rule()] == ["denials", "lists"]
    with world.services.database.read() as tx:  # the grant of the list said the same; others stand
        grants = tx.scalars(sa.select(access_grants.c.kind).order_by(access_grants.c.kind)).all()
    assert grants == ["download", "viewing"]
    for selection in (clip, case):
        report = world.verify(selection)
        assert report.findings == []
        assert report.destroyed.as_json()[0]["rule"] == "denials"
    told = "细节已于 2029-01-30 09:30:00 依规则 denials 销毁"
    with signed_in(world, "carol", Role.LEGAL) as clerk:  # the sessions of then are over
        for address in (f"/log/entries/{denied['idx']}", f"/clips/{world.clip_ids[0]}"):
            page = clerk.get(address).text
            assert told in page, address
            assert translate("zh", "entry.not_intact") not in page
    with world.services.database.read() as tx:
        event = find_event(tx, first["idx"])
    assert event is not None
    assert (event.intact, event.details, event.actor_id) == (True, {}, first["actor_id"])
    assert event.gone is not None
    assert event.gone.rule == made.RULE.name


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_every_false_destruction_is_named(world: World) -> None:
    false = [
        made.forge(is_set=False),
        made.forge(days=30),
        made.forge(count=2),
        made.forge(EventKind.CLIP_OPENED),  # its rule is of other kinds
        made.forge(indexes=[]),
        made.forge(indexes=[3, 2]),
        made.forge(older_than="yesterday"),
        made.forge(rule=" "),
        made.forge(indexes=[10**9]),
    ]
    for attack in false:
        attack(world)
    found = world.verify().findings
    forbidden = [one for one in found if one.code == FindingCode.DESTRUCTION_FORBIDDEN]
    assert len(forbidden) == len(false)
    assert FindingCode.DETAILS_ALTERED in {one.code for one in found}  # the rows name such entries
    assert {one.entry_index for one in forbidden} == set(made.indexes_of_destructions(world))
    gone = {one.entry_index for one in found if one.code == FindingCode.DETAILS_MISSING}
    assert gone == {
        first_of(world, kind)["idx"] for kind in (EventKind.LOG_READ, EventKind.CLIP_OPENED)
    }


def test_a_rewritten_destruction_is_read_as_published(world: World) -> None:
    """It takes the explanation from nothing, and gives one to nothing."""
    made.destroy(world)
    row = first_of(world, EventKind.DETAILS_DESTROYED)
    entry = Entry.decode(bytes(row["entry"]))
    [viewed] = [first_of(world, EventKind.CLIP_OPENED)["idx"]]
    facts = dict(entry.facts) | {"indexes": [viewed], "count": 1}
    forged = replace(entry, facts=facts).encode()
    made.write(world, row, entry=forged, leaf_hash=hash_leaf(forged))
    assert {one.code for one in world.verify().findings} == {FindingCode.ENTRY_ALTERED}
    with world.services.database.read() as tx:
        event = find_event(tx, first_of(world, EventKind.LOG_READ)["idx"])
    assert event is not None
    assert not event.intact


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_true_details_that_came_back_are_found_and_go_again(world: World) -> None:
    """As after a backup of the rows was put back."""
    made.bring_back()(world)
    row = first_of(world, EventKind.LOG_READ)
    made.write(world, row, details_destroyed_at=None, details_destroyed_under=None)
    codes = {one.code for one in world.verify().findings}
    assert codes == {FindingCode.DETAILS_STANDING, FindingCode.DETAILS_ALTERED}
    tally = world.services.details.destroy(OPERATOR, made.RULE)
    assert (tally.count, tally.again, tally.entries) == (0, 1, 0)
    world.publish()
    assert world.verify().findings == []


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_a_bag_says_what_was_destroyed(world: World) -> None:
    made.deny(world)
    made.destroy(world, made.DENIALS)
    services = world.services
    with services.database.read() as tx:
        item = f"clip:{world.clip_ids[0]}"
        history = histories(tx, services.store, newest_checkpoint(tx), [item])[item]
    [denied] = [one for one in history if one["kind"] == EventKind.ACCESS_DENIED]
    assert (denied["details"], denied["salt"]) == (None, None)
    assert denied["details_destroyed"]["rule"] == "denials"
    assert {one["details_destroyed"] for one in history if one is not denied} == {None}
