"""Whoever puts an older copy back, or would have a recovery write what nobody signed."""

from tests.tamper.threats.table import Threat, told

THREATS: tuple[Threat, ...] = (
    told(
        "Puts an older database back, so that what was done since is forgotten.",
        "the archive, which signs nothing; once recovered, `liuhen verify` names what is gone",
        "LogRestoredError details_lost",
        "test_recovered.py::test_last_nights_database",
    ),
    told(
        "Puts an older database back and goes on in it, in the place of what was there.",
        "the recovery puts it behind what was published, never instead of it",
        "LogRestoredError",
        "test_recovered.py::test_what_was_appended_meanwhile_follows",
    ),
    told(
        "Deletes further details once the log says that a recovery lost some.",
        "`liuhen verify`: none of them is explained any more",
        "details_missing",
        "test_smuggled.py::test_more_is_gone_than_the_log_says",
    ),
    told(
        "Lets a recovery read an entry, a tile or a bundle that was never published.",
        "`liuhen log recover`, which writes nothing of it",
        "TamperedLogError",
        "test_smuggled.py::test_files_that_nobody_signed",
    ),
    told(
        "Signs one entry more with a retired key, or with one of the two that must sign.",
        "`liuhen log recover` and the archive leave it aside; `liuhen verify` finds the checkpoint",
        "checkpoint_signature",
        "test_smuggled_heads.py::test_a_retired_key_signs_one_entry_more",
    ),
    told(
        "Puts rows and files of last night back, behind them another hour signed with all keys.",
        "`liuhen log recover`: the signer remembers another tree",
        "RecoveryRefusedError",
        "test_smuggled_heads.py::test_another_last_hour_than_the_signer_remembers",
    ),
    told(
        "Lets the archive take a checkpoint for its own that one of two keys has signed.",
        "the publisher and the signer, which go on from none such",
        "SigningRefusedError",
        "test_smuggled_heads.py::test_a_row_that_one_key_signed",
    ),
    told(
        "Has entries published that say what no row can hold, so that a recovery breaks off.",
        "`liuhen log recover` names them and brings back the rest; `liuhen verify` names the rows",
        "clip_row_altered",
        "test_malformed_entries.py::test_entries_that_no_row_can_hold",
    ),
    told(
        "Hands in a station's journal that computes without an end, or fills the memory.",
        "`liuhen log recover`, which gives that file up",
        "",
        "test_malformed_entries.py::test_a_journal_that_computes_without_an_end",
    ),
    told(
        "Asks the signer itself to sign a second entry in the place of one, or one of a number "
        "that nothing follows.",
        "the signer, as far as the bundles go that it reads",
        "StoredEntriesError",
        "tests/unit/custody/publishing/test_checked_signer.py"
        "::test_an_entry_that_does_not_follow_its_item",
    ),
    told(
        "Has had such an entry signed with all keys.",
        "`liuhen log recover`, which names it and writes nothing",
        "RecoveryRefusedError",
        "test_smuggled_heads.py::test_an_entry_that_takes_the_place_of_another",
    ),
    told(
        "Alters a waiting entry of the copy, so that its recovery gives it a new place.",
        "`liuhen log recover`",
        "RecoveryRefusedError",
        "test_smuggled.py::test_a_waiting_entry_that_was_altered",
    ),
    told(
        "Rewrites what the copy has of the log before it is recovered.",
        "`liuhen log recover`",
        "RecoveryRefusedError",
        "test_smuggled.py::test_a_copy_that_was_rewritten",
    ),
    told(
        "Writes details of its own into a receipt or a bag that is used for a recovery.",
        "`liuhen log recover`, which leaves what the entry does not commit to",
        "details_lost",
        "test_smuggled.py::test_details_that_nobody_committed_to",
    ),
    told(
        "Alters the row of a recording that was made again.",
        "`liuhen verify`",
        "clip_row_altered",
        "test_smuggled.py::test_a_row_that_was_made_again_is_held_to_the_log",
    ),
    told(
        "Deletes details and has a recovery logged that never was: of another item, failed, of "
        "entries that come after it.",
        "`liuhen verify`",
        "details_missing",
        "test_smuggled.py::test_a_recovery_that_never_was",
    ),
    told(
        "Deletes details and lets the row of a true recovery count them too.",
        "`liuhen verify`: an entry that was altered explains nothing",
        "entry_altered details_missing",
        "test_smuggled.py::test_a_true_recovery_made_to_explain_more",
    ),
    told(
        "Rewrites what the log says of a recovery.",
        "`liuhen verify`",
        "entry_altered details_missing",
        "test_smuggled.py::test_what_the_log_says_of_a_recovery_is_rewritten",
    ),
)
