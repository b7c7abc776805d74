"""An older database is back: people are told on the pages, stations to come again."""

import httpx
import pytest
import sqlalchemy as sa

from api.services import Services
from custody.publishing.restored import FRESH_S
from custody.tables import checkpoints, log_entries, log_state
from tests.integration.api.signed_in import submit
from tests.services.custody import admit_clip, append_events
from tests.services.house import House
from tests.services.station_client import StationClient


def lose_the_newest(services: Services) -> None:
    """As far as the log goes: the newest entry is not there yet."""
    with services.database.write() as tx:
        append_events(tx, services.ledger, ["log", "log"])
    services.publisher.run_once()
    with services.database.write() as tx:
        newest = tx.scalar(sa.select(sa.func.max(log_entries.c.idx)))
        tx.execute(checkpoints.delete().where(checkpoints.c.size > newest))
        tx.execute(log_entries.delete().where(log_entries.c.idx == newest))
        tx.execute(log_state.update().values(sequenced=newest, integrated=newest))
    services.publisher.watch.look()


def test_a_station_is_told_to_come_again(
    services: Services, address: str, station: StationClient
) -> None:
    http = station.http
    services.publisher.run_once()
    assert http.get("/healthz").status_code == 200
    lose_the_newest(services)
    answer = station.announce(b"some bytes")
    assert answer.status_code == 503
    assert answer.json()["error"] == "log_restored"
    assert answer.headers["Retry-After"] == "60"
    ill = http.get("/healthz")
    assert ill.status_code == 503
    assert ill.json()["problems"] == [
        "log: the database is an older copy, nothing is signed; run: liuhen log recover"
    ]


def test_what_was_seen_is_looked_at_again(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process recovers it: this one notices after some seconds."""
    lose_the_newest(services)
    watch = services.publisher.watch
    assert watch.current() == "database"
    with services.database.write() as tx:
        tx.execute(log_state.update().values(sequenced=log_state.c.sequenced + 1))
    assert watch.current() == "database"
    now = watch._seen_at
    monkeypatch.setattr("custody.publishing.restored.time.monotonic", lambda: now + FRESH_S + 1)
    assert watch.current() is None


def test_the_pages_say_it(house: House, legal: httpx.Client) -> None:
    lose_the_newest(house.services)
    for page in ("/log", "/verification"):
        told = legal.get(page)
        assert told.status_code == 200
        assert "数据库是从过旧的备份恢复的" in told.text
        assert "liuhen log recover" in told.text


def test_people_look_and_verify_and_change_nothing(house: House, legal: httpx.Client) -> None:
    lose_the_newest(house.services)
    with house.services.database.write() as tx:
        clip = admit_clip(tx, house.services.ledger, "seen")
    assert submit(house, legal, f"/clips/{clip.id}/verify").status_code == 200
    assert submit(house, legal, "/verification").status_code == 303
    opened = submit(house, legal, f"/clips/{clip.id}/open", purpose="案件办理")
    assert opened.status_code == 303
    refused = submit(house, legal, "/cases", number="零城执罚决字〔2026〕第99号", title="占道经营")
    assert refused.status_code == 503
    assert "liuhen log recover" in refused.text
    assert "nav" in refused.text  # the page keeps its five rooms
    assert house.services.publisher.watch.found == "database"
