"""Where the newest entry of a history was altered nothing follows it, and that is said in words."""

import httpx
import pytest
import sqlalchemy as sa

from api.web.locale import translate
from custody.actors import Role
from tests.tamper.conftest import signed_in
from tests.tamper.worlds import World

SAID = translate("zh", "error.history_altered.what")


def alter_newest(world: World, item: str, number: int) -> None:
    with world.services.database.write() as tx:
        changed = tx.execute(
            sa.text(
                "UPDATE log_entries SET item_seq = :n WHERE id = "
                "(SELECT max(id) FROM log_entries WHERE item = :item)"
            ),
            {"n": number, "item": item},
        )
        assert changed.rowcount == 1


@pytest.mark.parametrize("number", [2**53 - 1, 2**53, 2**63 - 1])
def test_nothing_follows_a_number_that_none_can(
    world: World, clerk: httpx.Client, number: int
) -> None:
    clip_id = world.clip_ids[0]
    alter_newest(world, "log", number)
    alter_newest(world, f"clip:{clip_id}", number)
    with world.services.database.read() as tx:
        carol = tx.scalar(sa.text("SELECT id FROM users WHERE name = 'carol'"))
    for address in ("/clips", f"/clips/{clip_id}", "/cases", "/log"):
        assert clerk.get(address).status_code < 500, address
    form = {"csrf": clerk.headers["X-Form"], "purpose": "案件审核"}
    opened = clerk.post(f"/clips/{clip_id}/open", data=form)
    assert opened.status_code == 409
    assert SAID in opened.text
    assert clerk.post(f"/clips/{world.clip_ids[1]}/open", data=form).status_code == 303
    clerk.get("/clips")  # so that there is an entry of her own
    alter_newest(world, f"user:{carol}", number)
    listed = clerk.get("/clips")
    # No entry, no sight: what can't be logged of her is not shown to her.
    assert listed.status_code == 409
    assert SAID in listed.text
    with signed_in(world, "erin", Role.LEGAL) as other:
        assert other.get("/clips").status_code == 200
    assert world.verify().findings


@pytest.mark.parametrize("world", ["postgresql"], indirect=True)
def test_a_database_that_takes_nothing_is_said_to_be_so(world: World, clerk: httpx.Client) -> None:
    database = world.services.database
    with database.write() as tx:
        name = tx.scalar(sa.text("SELECT current_database()"))
        tx.execute(sa.text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
    database.engine.dispose()
    for address in ("/clips", "/log", f"/clips/{world.clip_ids[0]}"):
        answer = clerk.get(address)
        assert answer.status_code == 503, address
        assert translate("zh", "error.database_read_only.what") in answer.text
    form = {"name": "carol", "password": "x"}
    assert clerk.post("/sign-in", data=form).status_code == 503
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("SET default_transaction_read_only = off"))
        connection.execute(sa.text(f'ALTER DATABASE "{name}" RESET default_transaction_read_only'))
    database.engine.dispose()
    assert clerk.get("/clips").status_code == 200
