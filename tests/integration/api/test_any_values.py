"""An insider's entries, of every kind and with anything in them, take no page and no command."""

import json
import random

import httpx
import pytest

from api.cli.main import run
from custody.actors import Role, service_actor
from custody.cases import Stage, link_clip
from custody.events import EventKind
from custody.ledger import Event
from custody.log.entry import Json
from tests.services.custody import admit_clip
from tests.services.event_page import Kind, read_page
from tests.services.house import House
from tests.services.strange_values import KEYS, VALUES

#: Which values meet which keys; another seed is another draw.
SEED = 20261128


def appended(house: House, items: list[str]) -> int:
    """One entry of every kind on each of ``items``, published; how many there are in all."""
    chance = random.Random(SEED)
    documented = read_page()

    def values(fields: dict[str, str]) -> dict[str, Json]:
        own = [key for key in fields if chance.random() < 0.9]
        return {key: chance.choice(VALUES) for key in [*own, *chance.sample(KEYS, 3)]}

    events = []
    for kind in EventKind:
        fields: Kind = documented[kind.value]
        for item in items:
            outcome = chance.choice(("ok", "failed"))
            told = (values(fields.facts), values(fields.details))
            events.append(Event(kind, item, *told, outcome=outcome))
    with house.services.database.write() as tx:
        house.services.ledger.append_many(tx, service_actor("worker"), events)
    house.publish()
    return len(events)


def test_nothing_that_an_entry_holds_takes_a_page_or_a_command(
    house: House,
    legal: httpx.Client,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    services, case = house.services, house.add_case()
    with services.database.write() as tx:
        clip = admit_clip(tx, services.ledger, "a")
        link_clip(tx, services.ledger, house.actor(Role.LEGAL), case.id, clip.id, Stage.SERVICE)
    bob = house.people[Role.LEGAL].id
    items = [f"clip:{clip.id}", f"case:{case.id}", "log", f"user:{bob}"]
    count = appended(house, items)
    pages = ["/clips", "/cases", "/stations", "/verification", "/log"]
    pages += [f"/clips/{clip.id}", f"/cases/{case.id}"]
    pages += [f"/log?before={index}" for index in range(50, count + 50, 50)]
    pages += [f"/log?item={item}" for item in items]
    # Those of one item; each kind has its fields there, and the values are another draw.
    shown = json.loads(log_of(house, items[0], monkeypatch, capsys))
    pages += [f"/log/entries/{event['index']}" for event in shown]
    for page in pages:
        answer = legal.get(page)
        assert answer.status_code == 200, (page, answer.text[-400:])
    home = ["--home", str(services.config.home)]
    for command in (
        ["log", "show", "--limit", "1000"],
        ["clips", "show", clip.id],
        ["clips", "list"],
        ["cases", "show", case.number],
        ["stations", "list"],
        ["users", "list"],
    ):
        assert run([*command, *home]) == 0, command


def log_of(
    house: House,
    item: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> str:
    """The log of ``item`` as JSON; the command line is at the test's database from here on."""
    monkeypatch.setenv("LIUHEN_DATABASE_URL", house.services.config.database_url)
    home = str(house.services.config.home)
    capsys.readouterr()
    assert run(["log", "show", "--item", item, "--json", "--limit", "1000", "--home", home]) == 0
    return capsys.readouterr().out
