"""A finding on a row names the entry that says what is expected, not the one that made the row."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from api.auth.tables import users as user_rows
from api.auth.users import create_user, disable_user, set_password
from api.cli.main import run
from custody import cases
from custody.actors import Role
from custody.cells import described
from custody.clips import ClipState, assign_clip, set_clip_state
from custody.log.canonical import format_time
from custody.log.entry import Entry, Json
from custody.tables import case_officers, clips, links, log_entries
from custody.tables import cases as case_rows
from ingest.tables import stations
from tests.tamper.worlds import ADMIN, LEGAL, OPERATOR, World

Says = Callable[[Mapping[str, Json], Mapping[str, Json]], object]


@dataclass(frozen=True)
class Altered:
    """A cell that somebody changes, and how the entry that speaks of it says what it held."""

    change: sa.Update
    subject: str
    column: str
    kind: str
    says: Says


def detail(name: str) -> Says:
    return lambda _, details: details[name]


def fact(name: str) -> Says:
    return lambda facts, _: facts[name]


def edit_everything(world: World) -> str:
    """Change once more what the world has changed before; the id of a user who was shut out."""
    services = world.services
    ledger, clock = services.ledger, services.clock
    first, second, _ = world.clip_ids
    with services.database.write() as tx:
        standing = cases.get_case(tx, world.case_id)
        new = cases.NewCase(
            standing.number,
            standing.procedure,
            "违法建设案（变更）",
            standing.party,
            standing.occurred_on,
            standing.officers,
        )
        cases.change_case(tx, ledger, LEGAL, world.case_id, new)
        officers = (*new.officers, cases.CaseOfficer("JX0301"))
        cases.change_case(tx, ledger, LEGAL, world.case_id, replace(new, officers=officers))
        moment = datetime(2026, 11, 20, 4, tzinfo=UTC)
        assign_clip(tx, ledger, LEGAL, first, "JX0227", "CAM7", moment)
        assign_clip(tx, ledger, LEGAL, first, "JX0228", "CAM8", moment)
        set_clip_state(tx, ledger, OPERATOR, second, ClipState.QUARANTINED, "virus")
        user, _ = create_user(
            tx, ledger, OPERATOR, clock, name="erin", display_name="艾琳", role=Role.LEGAL
        )
        set_password(tx, ledger, OPERATOR, user_id=user.id, password_hash="nobody's")
        disable_user(tx, ledger, ADMIN, clock, user_id=user.id)
    world.publish()
    return user.id


def alterations(world: World, tx: Connection, user_id: str) -> list[Altered]:
    first, second, _ = world.clip_ids
    case = sa.update(case_rows).where(case_rows.c.id == world.case_id)
    user = sa.update(user_rows).where(user_rows.c.id == user_id)
    clip, other = (sa.update(clips).where(clips.c.id == one) for one in (first, second))
    station_id = tx.scalar(sa.select(stations.c.id).where(stations.c.revoked_at.is_not(None)))
    link_id = tx.scalar(sa.select(links.c.id).where(links.c.unlinked_at.is_not(None)))
    moment = datetime(2026, 11, 20, 9, tzinfo=UTC)
    on_case, on_user = f"case:{world.case_id}", f"user:{user_id}"
    on_clip, on_other = f"clip:{first}", f"clip:{second}"
    return [
        Altered(case.values(title="x"), on_case, "title", "case.changed", detail("title")),
        Altered(case.values(party="x"), on_case, "party", "case.changed", detail("party")),
        Altered(case.values(procedure="summary"), on_case, "procedure", "case.created",
                fact("procedure")),
        Altered(
            sa.update(case_officers)
            .where(case_officers.c.case_id == world.case_id, case_officers.c.officer == "JX0301")
            .values(officer="JX0999"),
            on_case, "officers", "case.changed", detail("officers"),
        ),
        Altered(clip.values(officer="x"), on_clip, "officer", "clip.assigned", detail("officer")),
        Altered(clip.values(recorded_at=moment), on_clip, "recorded_at", "clip.assigned",
                detail("recorded_at")),
        Altered(clip.values(name="x"), on_clip, "name", "clip.admitted", detail("name")),
        Altered(clip.values(duration_ms=7), on_clip, "duration_ms", "clip.described",
                fact("duration_ms")),
        Altered(clip.values(state="damaged"), on_clip, "state", "clip.state_changed",
                fact("state")),
        Altered(other.values(reason="x"), on_other, "reason", "clip.state_changed",
                detail("reason")),
        Altered(user.values(role="admin"), on_user, "role", "user.created", fact("role")),
        Altered(user.values(disabled_at=None), on_user, "disabled_at", "user.changed",
                lambda *_: None),
        Altered(user.values(must_change_password=True), on_user, "must_change_password",
                "user.changed", lambda facts, _: facts["what"] != "password"),
        Altered(
            sa.update(stations).where(stations.c.id == station_id).values(revoked_at=None),
            f"station:{station_id}", "revoked_at", "station.revoked", lambda *_: None,
        ),
        Altered(
            sa.update(stations).where(stations.c.id == station_id).values(name="x"),
            f"station:{station_id}", "name", "station.enrolled", detail("name"),
        ),
        Altered(
            sa.update(links).where(links.c.id == link_id).values(unlinked_at=moment),
            f"link:{link_id}", "unlinked_at", "link.removed", lambda *_: None,
        ),
        Altered(
            sa.update(links).where(links.c.id == link_id).values(stage="decision"),
            f"link:{link_id}", "stage", "link.made", fact("stage"),
        ),
    ]  # fmt: skip


def test_the_named_entry_says_what_is_expected(
    world: World, capsys: pytest.CaptureFixture[str], home: list[str]
) -> None:
    user_id = edit_everything(world)
    with world.services.database.write() as tx:
        altered = alterations(world, tx, user_id)
        for one in altered:
            assert tx.execute(one.change).rowcount == 1, one
        kept = sa.select(log_entries.c.idx, log_entries.c.entry, log_entries.c.details)
        rows = {row.idx: (row.entry, row.details) for row in tx.execute(kept)}
    assert run(["verify", *home, "--read-only", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["findings"]
    assert len(found) == len(altered)
    assert run(["verify", *home, "--read-only", "--lang", "en"]) == 1
    text = capsys.readouterr().out
    for one in altered:
        [finding] = [
            f
            for f in found
            if f["subject"] == one.subject and f["expected"].startswith(f"{one.column}: ")
        ]
        index = finding["entry_index"]
        assert f"{one.subject} #{index}\n" in text
        entry = Entry.decode(rows[index][0])
        assert entry.kind == one.kind, one
        said = one.says(entry.facts, json.loads(rows[index][1] or "{}"))
        if one.column in {
            "unlinked_at",
            "disabled_at",
            "revoked_at",
        }:  # a time the entry has as its own
            said = format_time(entry.at)
        assert finding["expected"].removeprefix(f"{one.column}: ") in (said, described(said)), one


def test_an_entry_that_has_no_index_is_named_by_none(world: World) -> None:
    first = world.clip_ids[0]
    with world.services.database.write() as tx:
        assign_clip(tx, world.services.ledger, LEGAL, first, "JX0228", "CAM8", None)
        tx.execute(sa.update(clips).where(clips.c.id == first).values(officer="x"))
    [finding] = world.verify().findings
    assert (finding.expected, finding.entry_index) == ("officer: “JX0228”", None)
