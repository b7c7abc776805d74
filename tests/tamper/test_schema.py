"""Somebody with rights on the tables themselves: what they did to the log must still be found."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from api.verification_runs import context_of
from custody.verification import verify_all
from tests.tamper import attacks
from tests.tamper.worlds import World


def execute(world: World, *statements: str) -> None:
    with world.services.database.write() as tx:
        for statement in statements:
            tx.execute(sa.text(statement))


def drop_table(world: World) -> None:
    execute(world, "DROP TABLE receipts")


def rename_column(world: World) -> None:
    execute(world, "ALTER TABLE links RENAME COLUMN stage TO stage2")


def drop_unique_index(world: World) -> None:
    execute(world, "DROP INDEX uq_log_entries_idx")


def plant_trigger(world: World) -> None:
    if world.services.database.is_sqlite:
        execute(
            world,
            "CREATE TRIGGER forget AFTER INSERT ON log_entries BEGIN DELETE FROM receipts; END",
        )
        return
    execute(
        world,
        "CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN DELETE FROM receipts; RETURN NULL; END $$",
        "CREATE TRIGGER forget AFTER INSERT ON log_entries EXECUTE FUNCTION forget()",
    )


@pytest.mark.parametrize(
    ("attack", "subject"),
    [
        (drop_table, "table:receipts"),
        (rename_column, "table:links/stage"),
        (drop_unique_index, "table:log_entries/uq_log_entries_idx"),
        (plant_trigger, "table:log_entries"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_it_is_named_and_hides_nothing(
    world: World, attack: Callable[[World], None], subject: str
) -> None:
    attacks.rewrite_an_entry(world)
    attack(world)
    report = verify_all(context_of(world.services))
    found = {(one.code.value, one.subject) for one in report.findings}
    assert ("schema_altered", subject) in found
    assert "entry_altered" in {code for code, _ in found}


def test_a_list_with_a_cell_that_fits_nowhere_is_named(world: World) -> None:
    """The officers of a case are one list in its entry; one of them is no text any more."""
    if not world.services.database.is_sqlite:
        return  # PostgreSQL takes text only
    execute(world, "UPDATE case_officers SET certificate_number = x'ff'")
    attacks.flip_a_byte(world)
    report = verify_all(context_of(world.services))
    assert report.unchecked == []
    assert {"case_altered", "clip_object_digest"} <= {one.code.value for one in report.findings}


@pytest.mark.parametrize("spoil", ["a bad byte", "a folder"])
def test_a_signers_memory_that_cannot_be_read_is_a_finding(world: World, spoil: str) -> None:
    state = attacks.signer_state(world)
    if spoil == "a folder":
        state.unlink()
        state.mkdir()
    else:
        state.write_bytes(b"\xff")
    attacks.rewrite_an_entry(world)
    report = verify_all(context_of(world.services))
    assert {"signer_memory", "entry_altered"} <= {one.code.value for one in report.findings}
