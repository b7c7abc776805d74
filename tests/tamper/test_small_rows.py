"""Rows and cells that nothing asks for in daily work are held against the log all the same."""

import sqlalchemy as sa

from custody.verification.findings import FindingCode
from tests.tamper.insider import sqlite_insider
from tests.tamper.worlds import World


def codes(world: World) -> list[FindingCode]:
    return [finding.code for finding in world.verify().findings]


def execute(world: World, statement: str) -> None:
    with world.services.database.write() as tx:
        assert tx.execute(sa.text(statement)).rowcount >= 1


def test_who_takes_out_a_standing_link_is_nobody(world: World) -> None:
    execute(
        world,
        "UPDATE links SET unlinked_by = 'x' WHERE id = "
        "(SELECT min(id) FROM links WHERE unlinked_at IS NULL)",
    )
    assert codes(world) == [FindingCode.LINK_ALTERED]


def test_an_officer_of_a_case_that_there_is_none_of_is_found(world: World) -> None:
    row = "INSERT INTO case_officers (case_id, officer) VALUES ('no such case', 'JX0001')"
    if world.services.database.is_sqlite:
        with sqlite_insider(world) as insider:
            insider.execute("PRAGMA foreign_keys = OFF")
            insider.execute(row)
    else:
        with world.services.database.write() as tx:
            tx.exec_driver_sql("SET LOCAL session_replication_role = replica")
            tx.exec_driver_sql(row)
    [finding] = world.verify().findings
    assert (finding.code, finding.subject) == (
        FindingCode.CASE_WITHOUT_ENTRY, "case:no such case",
    )  # fmt: skip
    assert finding.found == "JX0001"


def test_the_log_has_one_row_of_counters(world: World) -> None:
    execute(world, "INSERT INTO log_state (id, sequenced, integrated) VALUES (2, 0, 0)")
    assert codes(world) == [FindingCode.STATE_COUNTER]
