"""One row that somebody altered spoils its own place on a page, and no other page and no other row.

SQLite keeps any type in any column; what PostgreSQL takes too is tried on both.
"""

import json
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa

from api.cli.main import run
from api.web.locale import translate
from custody import viewing_ends
from custody.clock import FixedClock
from custody.events import EventKind
from custody.history import history_of
from custody.publishing.published import first_checkpoints, newest_checkpoint
from custody.tables import checkpoints
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
    assert translate("zh", "altered.rows_do") in answer.text
    assert translate("zh", "role.anonymous") not in answer.text
    assert "1970" not in answer.text


@pytest.mark.parametrize("item", ["clip", "case"])
def test_an_entry_that_says_it_is_a_publication_is_none(
    world: World, clerk: httpx.Client, item: str
) -> None:
    subject = {"clip": world.clip_ids[0], "case": world.case_id}[item]
    execute(
        world,
        "UPDATE log_entries SET kind = 'published' WHERE id = "
        "(SELECT min(id) FROM log_entries WHERE item = :item)",
        item=f"{item}:{subject}",
    )
    for address in (f"/{item}s/{subject}", f"/{item}s", "/log"):
        assert clerk.get(address).status_code == 200, address


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_no_checkpoint_that_can_be_read_is_not_none_yet(world: World, clerk: httpx.Client) -> None:
    with world.services.database.write() as tx:
        tx.execute(sa.text("UPDATE checkpoints SET root = 'x'"))
    assert clerk.get("/healthz").status_code == 503
    for address in ("/log", "/log/entries/3"):
        answer = clerk.get(address)
        assert answer.status_code == 200, address
        assert translate("zh", "log.checkpoint_altered") in answer.text


def test_any_number_of_false_checkpoints_hides_no_sound_one(
    world: World, clerk: httpx.Client
) -> None:
    with world.services.database.write() as tx:
        sound = newest_checkpoint(tx)
        assert sound is not None
        row = {"root": bytes(32), "note": "junk", "published_at": world.services.clock.now()}
        sizes = range(5_000_000_000, 5_000_000_250)
        tx.execute(checkpoints.insert(), [{"size": size, **row} for size in sizes])
    with world.services.database.read() as tx:
        assert newest_checkpoint(tx) == replace(sound, altered=True)
    before = world.services.publisher.run_once().size
    assert clerk.get("/clips").status_code == 200
    after = world.services.publisher.run_once()
    assert after.published
    assert after.size > before >= sound.size
    with world.services.database.read() as tx:
        assert newest_checkpoint(tx) == replace(
            first_checkpoints(tx, [after.size - 1])[after.size - 1], altered=True
        )


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_publishing_goes_on_where_no_checkpoints_row_can_be_read(
    world: World, clerk: httpx.Client
) -> None:
    with world.services.database.write() as tx:
        tx.execute(sa.text("UPDATE checkpoints SET root = 'x'"))
    assert clerk.get("/clips").status_code == 200
    published = world.services.publisher.run_once()
    assert published.published
    with world.services.database.read() as tx:
        checkpoint = newest_checkpoint(tx)
    assert checkpoint is not None
    assert (checkpoint.size, checkpoint.altered) == (published.size, False)


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "cell", ["opened_at = 'zz'", "expires_at = 'zz'", "clip_ids = '[['", "requests = 'many'"]
)
def test_an_altered_grant_grants_nothing_and_holds_up_no_other(
    world: World, clerk: httpx.Client, cell: str
) -> None:
    page = f"/clips/{world.clip_ids[0]}"
    openings = []
    for purpose in ("one", "other"):
        form = {"csrf": clerk.headers["X-Form"], "purpose": purpose}
        opened = clerk.post(f"{page}/open", data=form)
        openings.append(opened.headers["location"].partition("viewing=")[2])
    altered, sound = openings
    execute(world, f"UPDATE access_grants SET {cell} WHERE id = :id", id=altered)
    assert clerk.get(f"{page}/stream?viewing={altered}").status_code == 403
    assert clerk.get(f"{page}/stream?viewing={sound}").status_code == 200
    later = FixedClock(world.services.clock.now() + timedelta(days=1))
    with world.services.database.write() as tx:
        assert viewing_ends.close_expired(tx, world.services.ledger, later) > 0
        told = [event.facts.get("grant") for event in history_of(tx, f"clip:{world.clip_ids[0]}")
                if event.kind == EventKind.CLIP_VIEWED]  # fmt: skip
    assert sound in told


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
@pytest.mark.parametrize("cell", ["role = 'king'", "created_at = 'zz'", "disabled_at = 'zz'"])
def test_nobody_goes_on_with_an_altered_account(
    world: World, clerk: httpx.Client, cell: str
) -> None:
    assert clerk.get("/clips").status_code == 200
    execute(world, f"UPDATE users SET {cell} WHERE name = 'carol'")
    answer = clerk.get("/clips")
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/sign-in")


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_a_name_that_is_no_text_breaks_no_page_of_another(
    world: World, clerk: httpx.Client, admin: httpx.Client
) -> None:
    page = f"/clips/{world.clip_ids[0]}"
    form = {"csrf": clerk.headers["X-Form"], "purpose": "案件审核"}
    assert clerk.post(f"{page}/open", data=form).status_code == 303
    size = world.publish()
    execute(world, "UPDATE users SET name = CAST(x'80ff41' AS TEXT) WHERE name = 'carol'")
    for address in ("/log", page, f"/log/entries/{size - 1}", "/users"):
        answer = admin.get(address)
        assert answer.status_code == 200, address
        assert "\\udc80\\udcffA" in answer.text, address


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_the_command_line_marks_altered_users_and_stations(
    world: World, home: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    execute(world, "UPDATE users SET role = 'king' WHERE name = 'bob'")
    execute(
        world,
        "UPDATE stations SET last_seen_at = 'zz' WHERE name = (SELECT min(name) FROM stations)",
    )
    for noun, column in (("users", "role"), ("stations", "last_seen_at")):
        assert run([noun, "list", *home, "--json"]) == 0
        listed = json.loads(capsys.readouterr().out)
        assert [one["altered"] for one in listed if one["altered"]] == [[column]]
        assert run([noun, "list", *home, "--lang", "zh"]) == 0
        assert "被改动" in capsys.readouterr().out
