"""Somebody with rights on the tables themselves: what they did to the log must still be found."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from api.verification_runs import context_of
from custody.verification import verify_all
from tests.tamper import attacks
from tests.tamper.insider import remake, sqlite_insider
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


#: What may stand in the signer's memory instead of one.
GARBAGE = {
    "bytes": b"\xff",
    "no number": b'{"size":Infinity,"root":"00","note":"x"}',
    "no whole number": b'{"size":1.5,"root":"00","note":"x"}',
    "nested too deep": b"[" * 100_000,
}


@pytest.mark.parametrize("spoil", ["a folder", *GARBAGE])
def test_a_signers_memory_that_cannot_be_read_is_a_finding(world: World, spoil: str) -> None:
    state = attacks.signer_state(world)
    if spoil == "a folder":
        state.unlink()
        state.mkdir()
    else:
        state.write_bytes(GARBAGE[spoil])
    attacks.rewrite_an_entry(world)
    report = verify_all(context_of(world.services))
    assert report.unchecked == []
    assert {"signer_memory", "entry_altered"} <= {one.code.value for one in report.findings}


#: What only PostgreSQL can do, and as what it is named.
POSTGRESQL = {
    "an empty child": ("table:clips", ("CREATE TABLE evil () INHERITS (clips)",)),
    "a rule": (
        "table:log_entries",
        ("CREATE RULE quiet AS ON INSERT TO log_entries WHERE new.kind = 'x' DO INSTEAD NOTHING",),
    ),
    "an unlogged table": ("table:receipts", ("ALTER TABLE receipts SET UNLOGGED",)),
    "row security": ("table:clips", ("ALTER TABLE clips ENABLE ROW LEVEL SECURITY",)),
    "a policy": ("table:clips", ("CREATE POLICY evil ON clips USING (officer IS NULL)",)),
    "a primary key dropped": (
        "table:receipts/PRIMARY KEY (clip_id)",
        ("ALTER TABLE receipts DROP CONSTRAINT pk_receipts",),
    ),
    "a unique constraint dropped": (
        "table:log_entries/UNIQUE (item, item_seq)",
        ("ALTER TABLE log_entries DROP CONSTRAINT uq_log_entries_item_item_seq",),
    ),
    "a foreign key dropped": (
        "table:links/FOREIGN KEY (clip_id) clips (id)",
        ("ALTER TABLE links DROP CONSTRAINT fk_links_clip_id_clips",),
    ),
    "a foreign key put to sleep": ("table:links", ("ALTER TABLE links DISABLE TRIGGER ALL",)),
    "another type": ("table:clips/name", ("ALTER TABLE clips ALTER name TYPE varchar(9999)",)),
    "a nullable column": ("table:clips/name", ("ALTER TABLE clips ALTER name DROP NOT NULL",)),
    "a default": ("table:clips/reason", ("ALTER TABLE clips ALTER reason SET DEFAULT 'x'",)),
    "a column more": ("table:cases/note", ("ALTER TABLE cases ADD note text",)),
    "a check": ("table:links", ("ALTER TABLE links ADD CONSTRAINT evil CHECK (stage <> 'x')",)),
    "another condition": (
        "table:links/uq_links_standing",
        (
            "DROP INDEX uq_links_standing",
            "CREATE UNIQUE INDEX uq_links_standing ON links (case_id, clip_id) WHERE stage = 'x'",
        ),
    ),
    "a key that deletes": (
        "table:links/FOREIGN KEY (clip_id) clips (id) ondelete CASCADE",
        (
            "ALTER TABLE links DROP CONSTRAINT fk_links_clip_id_clips",
            "ALTER TABLE links ADD FOREIGN KEY (clip_id) REFERENCES clips (id) ON DELETE CASCADE",
        ),
    ),
    "a unique constraint more": (
        "table:clips/UNIQUE (admitted_at, id)",
        ("ALTER TABLE clips ADD CONSTRAINT evil UNIQUE (admitted_at, id)",),
    ),
    "a foreign key more": (
        "table:links/FOREIGN KEY (linked_by) users (name)",
        ("ALTER TABLE links ADD FOREIGN KEY (linked_by) REFERENCES users (name) NOT VALID",),
    ),
    "a sequence turned round": (
        "table:log_entries",
        ("ALTER SEQUENCE log_entries_id_seq INCREMENT -1 MINVALUE -100000",),
    ),
    "another sequence": (
        "table:log_entries/id",
        (
            "CREATE SEQUENCE evil START 100000 INCREMENT -1 MINVALUE -5 MAXVALUE 100000",
            "ALTER TABLE log_entries ALTER id SET DEFAULT nextval('evil')",
        ),
    ),
    "a unique index more": (
        "table:clips/evil",
        ("CREATE UNIQUE INDEX evil ON clips (object_key)",),
    ),
}


@pytest.mark.parametrize("what", POSTGRESQL)
def test_what_postgresql_can_do_behind_a_table_is_named(world: World, what: str) -> None:
    if world.services.database.is_sqlite:
        return
    subject, statements = POSTGRESQL[what]
    execute(world, *statements)
    report = world.verify()
    found = {(one.code.value, one.subject) for one in report.findings}
    assert ("schema_altered", subject) in found
    assert {code for code, _ in found} == {"schema_altered"}
    assert all(one.partition("/")[0] == subject.partition("/")[0] for _, one in found)


@pytest.mark.parametrize(
    ("setting", "found"),
    [
        # What a connection of ours sets for itself changes nothing.
        ("DateStyle = 'SQL, DMY'", set()),
        ("TimeZone = 'Asia/Kathmandu'", set()),
        ("synchronous_commit = off", set()),
        ("search_path = public, pg_catalog", {"search_path = public, pg_catalog"}),
        ("session_replication_role = replica", {"session_replication_role = replica"}),
    ],
)
@pytest.mark.parametrize("world", ["postgresql"], indirect=True)
def test_a_setting_of_the_database_accuses_nobody_and_hides_nothing(
    world: World, setting: str, found: set[str]
) -> None:
    database = world.services.database
    execute(world, f"ALTER DATABASE {database.url.database} SET {setting}")
    database.engine.dispose()
    with database.read() as tx:
        assert tx.scalar(sa.text("SHOW synchronous_commit")) == "on"
    findings = world.verify().findings
    assert {one.found for one in findings} == found
    assert {(one.code.value, one.subject) for one in findings} <= {("schema_altered", "database")}


def _in_front_of_keys(definition: str, column: str) -> str:
    return definition.replace("CONSTRAINT pk_", f"{column}, CONSTRAINT pk_", 1)


#: What can be changed about a table of SQLite by making it anew, and as what it is named.
SQLITE: dict[str, tuple[str, set[str], Callable[[str], str]]] = {
    "without its primary key": (
        "clips",
        {"table:clips/PRIMARY KEY (id)"},
        lambda sql: re.sub(r",\s*CONSTRAINT pk_clips PRIMARY KEY \(id\)", "", sql),
    ),
    "without a unique constraint": (
        "cases",
        {"table:cases/UNIQUE (number)"},
        lambda sql: re.sub(r",\s*CONSTRAINT uq_cases_number UNIQUE \(number\)", "", sql),
    ),
    "without a foreign key": (
        "receipts",
        {"table:receipts/FOREIGN KEY (clip_id) clips (id)"},
        lambda sql: re.sub(
            r",\s*CONSTRAINT fk_\w+ FOREIGN KEY\(\w+\) REFERENCES \w+ \(id\)", "", sql
        ),
    ),
    "with a foreign key that deletes": (
        "receipts",
        {
            "table:receipts/FOREIGN KEY (clip_id) clips (id)",
            "table:receipts/FOREIGN KEY (clip_id) clips (id) ondelete CASCADE",
        },
        lambda sql: sql.replace("REFERENCES clips (id)", "REFERENCES clips (id) ON DELETE CASCADE"),
    ),
    "with a unique constraint more": (
        "cases",
        {"table:cases/UNIQUE (title, id)"},
        lambda sql: sql.replace("PRIMARY KEY (id)", "PRIMARY KEY (id), UNIQUE (title, id)"),
    ),
    "with a conflict clause": (
        "clips",
        {"table:clips"},
        lambda sql: sql.replace("PRIMARY KEY (id)", "PRIMARY KEY (id) ON CONFLICT REPLACE"),
    ),
    "with a generated column": (
        "clips",
        {"table:clips", "table:clips/quiet"},
        lambda sql: _in_front_of_keys(sql, "quiet INTEGER GENERATED ALWAYS AS (1) VIRTUAL"),
    ),
    "with a column more": (
        "cases",
        {"table:cases/note"},
        lambda sql: _in_front_of_keys(sql, "note TEXT"),
    ),
    "with a check": (
        "cases",
        {"table:cases"},
        lambda sql: _in_front_of_keys(sql, "CHECK (title <> 'x')").replace(
            "CHECK (title <> 'x'), CONSTRAINT pk_cases PRIMARY KEY (id)",
            "CONSTRAINT pk_cases PRIMARY KEY (id), CHECK (title <> 'x')",
        ),
    ),
    "with another collation": (
        "cases",
        {"table:cases"},
        lambda sql: sql.replace("number VARCHAR(128)", "number VARCHAR(128) COLLATE NOCASE"),
    ),
    "with another type": (
        "cases",
        {"table:cases/title"},
        lambda sql: sql.replace("title TEXT", "title INTEGER"),
    ),
}


@pytest.mark.parametrize("what", SQLITE)
def test_a_table_of_sqlite_made_anew_is_named(world: World, what: str) -> None:
    if not world.services.database.is_sqlite:
        return
    table, subjects, change = SQLITE[what]
    with sqlite_insider(world) as insider:
        remake(insider, table, change)
    found = {one.subject for one in world.verify().findings if one.code.value == "schema_altered"}
    assert found == subjects
