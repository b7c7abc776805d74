"""The database administrator: may run any statement, and has no key."""

from custody.verification import FindingCode as C
from tests.tamper import astray, attacks, key_entries, later_attacks
from tests.tamper.threats import cosignatures, recovered, timestamps
from tests.tamper.threats.destructions import DESTRUCTIONS
from tests.tamper.threats.mistyped import MISTYPED
from tests.tamper.threats.rows import EVIDENCE, PEOPLE
from tests.tamper.threats.table import Case, Threat, told, verified

LOG: tuple[Threat, ...] = (
    verified(
        "Announces a log's key of his own.",
        Case(key_entries.announce_a_key_of_his_own, {C.KEY_UNTRUSTED}),
        Case(key_entries.announce_a_second_key, {C.KEY_UNTRUSTED}),
    ),
    verified(
        "Appends entries with the last number a history can have, so that nothing could follow.",
        Case(astray.put_far_ahead, {C.ITEM_CHAIN_BROKEN}),
    ),
    verified(
        "Announces a receipts' key of his own beside the log's first, as it was done before such "
        "entries were signed.",
        Case(key_entries.announce_a_receipts_key, {C.KEY_UNTRUSTED}),
    ),
    told(
        "Appends a run of everything that read all there will ever be, so that clips nobody read "
        "count as read.",
        "nothing counts it: neither the archive's statement nor `liuhen-verify statement`",
        "",
        "tests/unit/custody/log/test_rereads.py::test_a_run_that_cannot_have_been_counts_for_nothing",
    ),
    verified(
        "Rewrites an entry, with the hash, details and columns that fit it.",
        Case(
            attacks.rewrite_an_entry,
            {C.ENTRY_ALTERED, C.DETAILS_ALTERED},
            clip=0,
            entry="clip.opened",
        ),
        Case(
            attacks.rewrite_admission_and_row,
            {C.ENTRY_ALTERED, C.CLIP_ROW_ALTERED},
            clip=0,
            entry="clip.admitted",
        ),
        Case(attacks.flip_entry_byte, {C.ENTRY_ALTERED}, clip=0, entry="clip.state_changed"),
        Case(attacks.edit_leaf_hash, {C.ENTRY_ALTERED}, clip=0, entry="clip.opened"),
        Case(attacks.edit_kind_column, {C.ENTRY_ALTERED}, clip=0),
    ),
    verified(
        "Dates an entry back by ten years.",
        Case(later_attacks.date_an_entry_back, {C.ENTRY_ALTERED}, clip=0, entry="clip.opened"),
    ),
    verified(
        "Rewrites an entry and its hash in the published tile.",
        Case(
            attacks.rewrite_row_and_tile,
            {C.ENTRY_ALTERED, C.TILE_ALTERED, C.DETAILS_ALTERED},
        ),
    ),
    verified(
        "Changes or deletes the details beside an entry: the purpose, the name.",
        Case(attacks.edit_details, {C.DETAILS_ALTERED}, clip=0, entry="clip.opened"),
        Case(attacks.delete_details, {C.DETAILS_MISSING}, clip=0, entry="clip.opened"),
    ),
    verified("Deletes an entry.", Case(attacks.delete_entry, {C.ENTRY_MISSING}, clip=0)),
    verified(
        "Deletes an entry and numbers the others anew.",
        Case(
            attacks.delete_entry_and_close_the_gap,
            {C.ENTRY_MISSING, C.ENTRY_MOVED, C.ENTRY_TAIL_MISSING, C.STATE_COUNTER},
        ),
    ),
    verified(
        "Lets two entries change places.",
        Case(attacks.swap_entries, {C.ENTRY_MOVED}, clip=0),
    ),
    verified(
        "Cuts the tail of the log off: rows, checkpoint rows, and the published checkpoint.",
        Case(attacks.cut_rows, {C.ENTRY_TAIL_MISSING}),
        Case(attacks.cut_rows_and_checkpoint_rows, {C.ENTRY_TAIL_MISSING}),
        Case(
            attacks.cut_and_show_older_checkpoint,
            {C.ENTRY_TAIL_MISSING, C.CHECKPOINT_ROLLED_BACK},
        ),
        Case(
            attacks.cut_everything_but_the_signer,
            {C.ENTRY_TAIL_MISSING, C.CHECKPOINT_ROLLED_BACK},
        ),
        found="`liuhen verify`, by what the signer remembers",
    ),
    verified(
        "Puts last week's database back.",
        Case(later_attacks.put_back_an_older_database, {C.ENTRY_TAIL_MISSING}),
        found="`liuhen verify`; the publisher signs nothing more",
    ),
    verified(
        "Drops the pending entry of a link before it is numbered.",
        Case(later_attacks.drop_a_pending_link, {C.LINK_WITHOUT_ENTRY}, clip=2),
        found="`liuhen verify`: the row stands without its entry",
    ),
    verified(
        "Drops a pending admission, entry and row.",
        Case(later_attacks.drop_a_pending_admission, {C.OBJECT_UNREGISTERED}),
        found="`liuhen verify`: the bytes are there; the station gets no receipt and keeps its own",
    ),
    verified(
        "Winds the counters of the log forward or back.",
        Case(attacks.edit_counter, {C.STATE_COUNTER}),
        Case(attacks.wind_the_tile_counter_back, {C.STATE_COUNTER}),
    ),
    told(
        "Winds the numbering of rows to its end or back to one.",
        "`liuhen verify`, also where its own run can't be recorded",
        C.STATE_COUNTER,
        "test_unrecorded.py::test_a_numbering_that_gives_no_number_is_named",
    ),
    verified(
        "Deletes the row of an older checkpoint.",
        Case(attacks.delete_checkpoint_row, {C.CHECKPOINT_MISSING}),
    ),
    verified(
        "Removes the whole log: rows, tiles and checkpoints.",
        Case(attacks.remove_the_whole_log, {C.ENTRY_TAIL_MISSING, C.CLIP_WITHOUT_ENTRY}),
    ),
    told(
        "Rewrites history in rows, chains, tiles and bundles alike, so that all of them agree.",
        "the signer, which makes the last signed tree out of them itself and signs nothing any "
        "more, and `liuhen verify`",
        f"StoredEntriesError {C.CHECKPOINT_ROOT}",
        "test_separate_signer.py::test_a_rewritten_history_is_never_signed",
    ),
    told(
        "Appends entries that hold anything under any key, so that whoever reads the log, a clip "
        "or a case gets an error.",
        "nobody is kept from reading: pages and commands tell what fits in no sentence as it "
        "stands",
        "",
        "tests/integration/api/test_any_values.py"
        "::test_nothing_that_an_entry_holds_takes_a_page_or_a_command",
    ),
    told(
        "Plants a trigger or a rule that swallows entries of one kind.",
        "whoever appends: the change itself fails with its entry",
        "EntryLostError",
        "test_swallowed_entries.py::test_whoever_appends_is_told",
    ),
    told(
        "Plants one that has swallowed nothing yet.",
        "`liuhen verify`",
        C.SCHEMA_ALTERED,
        "test_swallowed_entries.py::test_verification_names_it",
    ),
    told(
        "Drops or renames tables, columns or unique indexes.",
        "`liuhen verify`, which looks at everything else all the same",
        C.SCHEMA_ALTERED,
        "test_schema.py::test_it_is_named_and_hides_nothing",
    ),
    told(
        "Makes a table anew without its key, with a check, another collation or a generated column "
        "(SQLite).",
        "`liuhen verify`",
        C.SCHEMA_ALTERED,
        "test_schema.py::test_a_table_of_sqlite_made_anew_is_named",
    ),
    told(
        "Uses inheritance, rules, policies, sleeping keys or unlogged tables (PostgreSQL).",
        "`liuhen verify`",
        C.SCHEMA_ALTERED,
        "test_schema.py::test_what_postgresql_can_do_behind_a_table_is_named",
    ),
    told(
        "Removes or alters the note of how old the tables are.",
        "`liuhen verify`, which goes on with everything else; other commands refuse to work",
        "table:alembic_version",
        "test_unknown_version.py::test_it_is_named_and_everything_is_looked_at",
    ),
    *MISTYPED,
)

THREATS = (
    *(*EVIDENCE, *PEOPLE, *LOG, *DESTRUCTIONS),
    *cosignatures.ALTERED,
    *timestamps.ALTERED,
    *recovered.THREATS,
)
