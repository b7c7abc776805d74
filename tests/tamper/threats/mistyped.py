"""Cells that hold what no column takes: SQLite keeps any type anywhere, PostgreSQL some."""

from custody.verification import FindingCode as C
from tests.tamper import attacks
from tests.tamper.threats.table import ENGINES, Case, Threat, mistyped

_ENTRY = "UPDATE log_entries SET {} WHERE idx = :entry"
_CLIP = "UPDATE clips SET {} WHERE id = :clip"


def wrong_type(
    statement: str, *codes: C, clip: int | None = None, entry: str | None = None
) -> Case:
    return Case(attacks.execute(statement), set(codes), clip, entry, name=statement)


def _opened(change: str, *codes: C) -> Case:
    return wrong_type(_ENTRY.format(change), *codes, clip=0, entry="clip.opened")


_SQLITE_ENTRIES = (
    _opened("entry = replace(entry, 'ok', 'no')", C.ENTRY_ALTERED),
    *(
        _opened(change, C.ENTRY_ALTERED)
        for change in (
            "entry = CAST(entry AS TEXT)",
            "leaf_hash = 'text'",
            "leaf_hash = 7",
            "at = 'garbage'",
            "at = x'00ff'",
            "kind = CAST(x'ff00' AS TEXT)",
            "actor_id = x'00'",
        )
    ),
    _opened("salt = 'text'", C.ENTRY_ALTERED, C.DETAILS_ALTERED),
    _opened("details = x'7b7d'", C.ENTRY_ALTERED, C.DETAILS_ALTERED),
    wrong_type(_ENTRY.format("idx = -1"), C.ENTRY_ALTERED, C.ENTRY_MISSING, clip=0),
    wrong_type(_ENTRY.format("idx = 'garbage'"), C.ENTRY_ALTERED, C.ENTRY_MISSING, clip=0),
    wrong_type("UPDATE checkpoints SET root = 'text'", C.CHECKPOINT_ROOT),
    wrong_type("UPDATE checkpoints SET note = CAST(note AS BLOB)", C.CHECKPOINT_SIGNATURE),
    wrong_type("UPDATE log_state SET sequenced = 'many'", C.STATE_COUNTER),
)
_SQLITE_ROWS = (
    *(
        wrong_type(_CLIP.format(change), C.CLIP_ROW_ALTERED, clip=0)
        for change in (
            "recorded_at = 'garbage'",
            "admitted_at = 'yesterday'",
            "media = '{'",
            "media = x'00'",
            "size_bytes = 'many'",
            "important = 'perhaps'",
            "name = CAST(x'ffff' AS TEXT)",
            "name_raw = 'text'",
        )
    ),
    wrong_type("UPDATE cases SET occurred_on = 'garbage'", C.CASE_ALTERED),
    wrong_type("UPDATE cases SET created_at = 5", C.CASE_ALTERED),
    wrong_type("UPDATE renditions SET made_at = 'garbage'", C.RENDITION_ROW_ALTERED, clip=0),
    wrong_type("UPDATE links SET linked_at = 'garbage'", C.LINK_ALTERED, clip=0),
    wrong_type("UPDATE links SET unlinked_at = 'garbage'", C.LINK_ALTERED, clip=0),
    wrong_type("UPDATE receipts SET body = x'00'", C.RECEIPT_ALTERED, clip=0),
)
_ANYWHERE = (
    _opened("details = 'not JSON'", C.DETAILS_ALTERED),
    _opened("item_seq = 9223372036854775807", C.ENTRY_ALTERED, C.ITEM_CHAIN_BROKEN),
)
_POSTGRESQL = (
    _opened("at = 'infinity'", C.ENTRY_ALTERED),
    wrong_type(_CLIP.format("admitted_at = '-infinity'"), C.CLIP_ROW_ALTERED, clip=0),
    wrong_type(_CLIP.format("recorded_at = '0044-03-15 BC'"), C.CLIP_ROW_ALTERED, clip=0),
    wrong_type(_CLIP.format("media = '[1]'"), C.CLIP_ROW_ALTERED, clip=0),
    wrong_type("UPDATE cases SET occurred_on = 'infinity'", C.CASE_ALTERED),
)

MISTYPED: tuple[Threat, ...] = (
    mistyped(
        "Writes into a row of the log what no column takes (bytes, text, numbers out of range).",
        *(("sqlite", case) for case in _SQLITE_ENTRIES),
        *((engine, case) for engine in ENGINES for case in _ANYWHERE),
    ),
    mistyped(
        "Writes into a row of the evidence what no column takes, so that reading it fails.",
        *(("sqlite", case) for case in _SQLITE_ROWS),
        *(("postgresql", case) for case in _POSTGRESQL),
    ),
)
