"""One row that somebody altered spoils its own place on a page, and no other page and no other row.

SQLite keeps any type in any column; what PostgreSQL takes too is tried on both.
"""

import httpx
import pytest
import sqlalchemy as sa

from api.web.locale import translate
from custody.published import newest_checkpoint
from tests.tamper.worlds import World

LISTED = "(SELECT idx FROM log_entries WHERE kind = 'clips.listed' ORDER BY idx DESC LIMIT 1)"
RUN = (
    "(SELECT idx FROM log_entries WHERE kind = 'verification.run' AND idx IS NOT NULL "
    "ORDER BY idx DESC LIMIT 1)"
)
NEWEST = "(SELECT max(size) FROM checkpoints)"
JUNK = (
    "INSERT INTO checkpoints (size, root, note, published_at) "
    "VALUES (5000000000, x'00', 'junk', '2026-11-28 00:00:00.000000')"
)


def execute(world: World, statement: str, **values: object) -> None:
    with world.services.database.write() as tx:
        assert tx.execute(sa.text(statement), values).rowcount == 1


@pytest.mark.parametrize(
    "change",
    [
        f"kind = 'verification.run' WHERE idx = {LISTED}",
        f"kind = 'verification.run', item = :item, item_seq = 99999 WHERE idx = {LISTED}",
    ],
)
def test_an_entry_that_says_it_is_another_is_shown_as_altered(
    world: World, clerk: httpx.Client, change: str
) -> None:
    page = f"/clips/{world.clip_ids[0]}"
    clerk.get("/clips")
    world.publish()
    values = {"item": f"clip:{world.clip_ids[0]}"} if ":item" in change else {}
    execute(world, f"UPDATE log_entries SET {change}", **values)
    for address in ("/log", "/log?kind=verification.run", page, "/verification"):
        assert clerk.get(address).status_code == 200, address


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
@pytest.mark.parametrize("cell", ["entry = 'abc'", "entry = x'ff'", "details = 'abc'"])
def test_an_entry_that_is_no_entry_hides_nothing(
    world: World, clerk: httpx.Client, cell: str
) -> None:
    execute(world, f"UPDATE log_entries SET {cell} WHERE idx = {RUN}")
    for address in ("/log", "/verification", f"/clips/{world.clip_ids[0]}"):
        assert clerk.get(address).status_code == 200, address


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_a_reading_that_cannot_be_logged_is_refused_in_words(
    world: World, clerk: httpx.Client
) -> None:
    """Nothing can follow an entry whose hash is none, and what is not logged is not shown."""
    execute(world, f"UPDATE log_entries SET leaf_hash = 'abc' WHERE idx = {RUN}")
    answer = clerk.get("/log")
    assert answer.status_code == 409
    assert translate("zh", "error.history_altered.what") in answer.text
    assert clerk.get(f"/clips/{world.clip_ids[0]}").status_code == 200


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE checkpoints SET published_at = 'zz' WHERE size = {NEWEST}",
        f"UPDATE checkpoints SET root = 'x' WHERE size = {NEWEST}",
        f"UPDATE checkpoints SET note = x'ff' WHERE size = {NEWEST}",
        JUNK,
    ],
)
def test_a_checkpoints_row_that_was_altered_is_passed_over_and_said(
    world: World, clerk: httpx.Client, statement: str
) -> None:
    execute(world, statement)
    with world.services.database.read() as tx:
        checkpoint = newest_checkpoint(tx)
    assert checkpoint is not None
    assert checkpoint.altered
    for address in ("/log", "/log/entries/3", "/verification", f"/clips/{world.clip_ids[0]}"):
        assert clerk.get(address).status_code == 200, address
    assert translate("zh", "log.checkpoint_altered") in clerk.get("/log").text
    health = clerk.get("/healthz")
    assert health.status_code == 503
    assert "a checkpoint's row was altered" in health.text


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
@pytest.mark.parametrize("cell", ["entry = 'abc'", "leaf_hash = 'abc'", "salt = 'abc'"])
def test_a_listing_that_was_altered_lists_nothing(
    world: World, clerk: httpx.Client, cell: str
) -> None:
    page = f"/clips/{world.clip_ids[0]}"
    clerk.get(page)
    execute(
        world,
        f"UPDATE log_entries SET at = '2027-01-01 00:00:00.000000', {cell} WHERE id = "
        "(SELECT max(id) FROM log_entries WHERE kind = 'clips.listed')",
    )
    asked = {"HX-Request": "true"}
    assert clerk.get(f"{page}/history", headers=asked).status_code == 204


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("statement", "address"),
    [
        ("UPDATE stations SET status = '[[' WHERE name = (SELECT min(name) FROM stations)",
         "/stations"),
        ("UPDATE stations SET last_seen_at = 'zz' WHERE name = (SELECT min(name) FROM stations)",
         "/stations"),
        ("UPDATE users SET role = 'king' WHERE name = :other", "/users"),
        ("UPDATE users SET created_at = 'zz' WHERE name = :other", "/users"),
        ("UPDATE users SET disabled_at = 'zz' WHERE name = :other", "/users"),
    ],
)  # fmt: skip
def test_a_station_or_user_that_was_altered_is_one_among_the_others(
    world: World, admin: httpx.Client, statement: str, address: str
) -> None:
    execute(world, statement, **({"other": "bob"} if ":other" in statement else {}))
    answer = admin.get(address)
    assert answer.status_code == 200
    assert translate("zh", "altered.badge") in answer.text
