"""What stands behind a table and changes what is written there or read from it, by itself.

A program that inserts a row and is told "done" believes it. Whoever owns the database can have the
row dropped, changed or hidden on the way; none of it shows in the table's columns and keys.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.engine import Connection


class SideEffectKind(StrEnum):
    """How somebody other than the writer has a hand in it."""

    TRIGGER = "trigger"
    RULE = "rule"  # PostgreSQL: another statement in the place of ours
    POLICY = "policy"  # PostgreSQL: rows that some may not see or write
    CHILD = "child"  # PostgreSQL: a table whose rows are read as this one's
    UNLOGGED = "unlogged"  # PostgreSQL: emptied by a crash of the server
    SEQUENCE = "sequence"  # PostgreSQL: what counts rows counts otherwise
    SETTING = "setting"  # PostgreSQL: of the database or the account, for every session
    CLAUSE = "clause"  # what a definition says beyond columns and keys, or a key that sleeps


@dataclass(frozen=True, slots=True)
class SideEffect:
    """One such thing; ``name`` is its own, or what stands there."""

    table: str
    kind: SideEffectKind
    name: str


_TRIGGERS_SQLITE = sa.text("SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'")
_TABLES_SQLITE = sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
#: No definition of the house holds one of these. ``ON CONFLICT IGNORE`` drops a row without a word.
_WORDS_SQLITE = re.compile(
    r"\b(CONFLICT|GENERATED|AS|CHECK|COLLATE|STRICT|WITHOUT|VIRTUAL)\b", re.IGNORECASE
)

_OURS = "JOIN pg_class c ON c.oid = {} WHERE c.relnamespace = current_schema()::regnamespace"
_POSTGRESQL = {
    # A foreign key's own triggers are internal; one that somebody has put to sleep is no key.
    SideEffectKind.TRIGGER: (
        f"SELECT c.relname, t.tgname FROM pg_trigger t {_OURS.format('t.tgrelid')} "  # noqa: S608 - names of ours
        "AND (NOT t.tgisinternal OR t.tgenabled <> 'O') "
        "UNION ALL SELECT '', evtname FROM pg_event_trigger"
    ),
    SideEffectKind.RULE: (
        f"SELECT c.relname, r.rulename FROM pg_rewrite r {_OURS.format('r.ev_class')} "  # noqa: S608
        "AND c.relkind <> 'v' AND c.relkind <> 'm'"
    ),
    SideEffectKind.POLICY: (
        f"SELECT c.relname, p.polname FROM pg_policy p {_OURS.format('p.polrelid')} "  # noqa: S608
        "UNION ALL SELECT relname, 'row level security' FROM pg_class WHERE relrowsecurity "
        "AND relnamespace = current_schema()::regnamespace"
    ),
    SideEffectKind.CHILD: (
        "SELECT c.relname, i.inhrelid::regclass::text FROM pg_inherits i "  # noqa: S608
        f"{_OURS.format('i.inhparent')} AND c.relkind IN ('r', 'p')"
    ),
    SideEffectKind.UNLOGGED: (
        "SELECT relname, 'UNLOGGED' FROM pg_class WHERE relpersistence = 'u' "
        "AND relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace"
    ),
    # What counts the rows of a table counts up by one and never begins again.
    SideEffectKind.SEQUENCE: (
        f"SELECT c.relname, s.seqrelid::regclass::text FROM pg_sequence s "  # noqa: S608
        "JOIN pg_depend d ON d.objid = s.seqrelid AND d.deptype IN ('a', 'i') "
        f"{_OURS.format('d.refobjid')} AND (s.seqincrement, s.seqmin, s.seqcycle) <> (1, 1, FALSE)"
    ),
    # Functions of somebody's that stand before those of PostgreSQL; keys and triggers that sleep.
    SideEffectKind.SETTING: (
        "SELECT '', 'search_path = ' || current_setting('search_path') "
        "WHERE (current_schemas(TRUE))[1] NOT IN ('pg_catalog') "
        "AND (current_schemas(TRUE))[1] NOT LIKE 'pg\\_temp%' "
        "UNION ALL SELECT '', 'session_replication_role = ' "
        "|| current_setting('session_replication_role') "
        "WHERE current_setting('session_replication_role') <> 'origin'"
    ),
    # Checks and exclusions, which the house has none of; keys and indexes that hold only later, or
    # not of what is there already.
    SideEffectKind.CLAUSE: (
        f"SELECT c.relname, k.conname FROM pg_constraint k {_OURS.format('k.conrelid')} "  # noqa: S608
        "AND (k.contype IN ('c', 'x') OR k.condeferrable OR NOT k.convalidated) "
        f"UNION ALL SELECT c.relname, i.indexrelid::regclass::text FROM pg_index i "
        f"{_OURS.format('i.indrelid')} AND NOT (i.indisvalid AND i.indisready AND i.indislive)"
    ),
}


def find_side_effects(tx: Connection, tables: Iterable[str]) -> Iterator[SideEffect]:
    """Everything of the kind on ``tables``; an event trigger, which is of no table, is told too."""
    wanted = {"", *tables}
    found = _on_postgresql(tx) if tx.dialect.name == "postgresql" else _on_sqlite(tx)
    yield from (one for one in found if one.table in wanted)


def _on_postgresql(tx: Connection) -> Iterator[SideEffect]:
    for kind, query in _POSTGRESQL.items():
        for table, name in tx.execute(sa.text(query)):
            yield SideEffect(table, kind, name)


def _on_sqlite(tx: Connection) -> Iterator[SideEffect]:
    for table, name in tx.execute(_TRIGGERS_SQLITE):
        yield SideEffect(table, SideEffectKind.TRIGGER, name)
    for table, definition in tx.execute(_TABLES_SQLITE):
        for word in sorted({one.upper() for one in _WORDS_SQLITE.findall(definition or "")}):
            yield SideEffect(table, SideEffectKind.CLAUSE, word)
