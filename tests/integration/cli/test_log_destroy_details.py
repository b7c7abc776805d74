"""Details on their legal date from the command line: first what would go, then gone, then told."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.config import FILE_NAME, load_config
from api.services import open_services
from custody.actors import Actor, Role, Via
from custody.clock import FixedClock
from custody.events import EventKind
from custody.ledger import Event
from tests.integration.cli.conftest import Liuhen

ALICE = Actor("018f-0001", Role.LEGAL, Via.PASSWORD, "127.0.0.1", "alice")
RULE = '\n[[details_rule]]\nname = "登录"\nkinds = ["person.signed_in"]\ndays = 184\n'


@pytest.fixture
def old(liuhen: Liuhen, home: Path) -> None:
    """Two sign-ins and a reading of more than a year ago."""
    clock = FixedClock(datetime.now(UTC) - timedelta(days=400))
    with open_services(load_config(home, environment={}), clock=clock) as services:
        with services.database.write() as tx:
            for kind in ("person.signed_in", "person.signed_in", "log.read"):
                services.ledger.append(tx, ALICE, Event(EventKind(kind), f"user:{ALICE.id}"))
        services.publisher.run_once()
    assert liuhen("log", "show").code == 0


def configure(home: Path, rule: str = RULE) -> None:
    with (home / FILE_NAME).open("a", encoding="utf-8") as file:
        file.write(rule)


@pytest.mark.usefixtures("old")
def test_first_what_would_go_then_gone_then_told(liuhen: Liuhen, home: Path) -> None:
    refused = liuhen("log", "destroy-details", "--dry-run")
    assert refused.code == 2
    assert "[[details_rule]]" in refused.err
    configure(home)
    before = liuhen("log", "show", "--json").json
    [would] = liuhen("log", "destroy-details", "--dry-run", "--json").json
    assert (would["rule"], would["count"], would["newly"]) == ("登录", 2, 2)
    assert (would["was"], would["by_kind"]) == (None, {"person.signed_in": 2})
    said = liuhen("log", "destroy-details", "--dry-run")
    assert "rule 登录 (new): Signed in, 184 days old" in said.out
    assert "would destroy the details of 2 entries" in said.out
    assert "2 of them would be kept" in said.out
    assert "alice" in liuhen("log", "show", "--kind", "person.signed_in").out
    assert liuhen("log", "destroy-details", "--rule", "other").code == 2

    done = liuhen("log", "destroy-details")
    assert (done.code, done.err) == (0, "")
    assert "destroyed the details of 2 entries" in done.out
    [again] = liuhen("log", "destroy-details", "--json").json
    assert (again["count"], again["was"]) == (0, {"kinds": ["person.signed_in"], "days": 184})

    shown = liuhen("log", "show", "--kind", "person.signed_in")
    assert "alice" not in shown.out
    assert shown.out.count("under rule 登录") == 2
    events = liuhen("log", "show", "--kind", "person.signed_in", "--json").json
    known = {one["index"]: one["leaf_hash"] for one in before}
    for event in events:
        assert event["leaf_hash"] == known[event["index"]]
        assert (event["intact"], event["details"], event["actor"]["id"]) == (True, {}, ALICE.id)
        assert event["details_destroyed"]["rule"] == "登录"
    verified = liuhen("log", "verify", "--json")
    # Nothing but that the sign-ins of then stand behind the home's first entry, of today.
    assert [one["code"] for one in verified.json["findings"]] == ["entry_time"]
    verified = liuhen("log", "verify")
    assert "details of 2 entries destroyed on" in verified.out
    [destroyed] = liuhen("verify", "--all", "--json").json["destroyed_details"]
    assert (destroyed["rule"], destroyed["count"]) == ("登录", 2)


@pytest.mark.usefixtures("old")
def test_what_was_altered_is_left_and_said(liuhen: Liuhen, home: Path) -> None:
    configure(home)
    first = "SELECT min(idx) FROM log_entries WHERE kind = 'person.signed_in'"
    details = f"UPDATE log_entries SET details = '{{}}' WHERE idx = ({first})"
    with (
        open_services(load_config(home, environment={})) as services,
        services.database.write() as tx,
    ):
        assert tx.execute(sa.text(details)).rowcount == 1
    done = liuhen("log", "destroy-details")
    assert done.code == 1
    assert "1 not as they were appended" in done.out


@pytest.mark.parametrize(
    "change", [("184", "183"), ("person.signed_in", "clip.opened"), ('name = "登录"', "")]
)
def test_a_rule_that_is_none_stops_every_command(
    liuhen: Liuhen, home: Path, change: tuple[str, str]
) -> None:
    configure(home, RULE.replace(*change))
    refused = liuhen("log", "show")
    assert refused.code == 2
    assert "details_rule" in refused.err


def test_what_a_new_home_proposes_can_be_taken(liuhen: Liuhen, home: Path) -> None:
    file = home / FILE_NAME
    text = file.read_text(encoding="utf-8")
    proposed = text.index("# [[details_rule]]")
    file.write_text(text[:proposed] + text[proposed:].replace("# ", ""), encoding="utf-8")
    planned = liuhen("log", "destroy-details", "--dry-run", "--json").json
    assert [one["rule"] for one in planned] == ["sign-ins", "lists", "denials"]
