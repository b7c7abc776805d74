"""The database administrator with the server's keys: may write and sign everything."""

from custody.verification import FindingCode as C
from tests.tamper import attacks, key_attacks
from tests.tamper.outsiders import KEPT, MIRROR, STATION, WITNESS
from tests.tamper.threats import cosignatures, timestamps
from tests.tamper.threats.table import Case, Threat, outside, told, verified

_SMALLER = {
    KEPT: C.CHECKPOINT_ROLLED_BACK,
    MIRROR: "ShrunkLogError",
    WITNESS: "HTTP 400",
    STATION: "alarm",
}

THREATS: tuple[Threat, ...] = (
    outside(
        "Rewrites history: changes who looked at a recording and makes every hash, chain, tile, "
        "checkpoint and receipt anew.",
        key_attacks.rewrite_history,
        outsiders={
            KEPT: C.CHECKPOINT_INCONSISTENT,
            MIRROR: "SplitViewError",
            WITNESS: "HTTP 409",
            STATION: "alarm",
        },
    ),
    outside(
        "Rewrites history and lets the log grow past what anybody has seen.",
        key_attacks.rewrite_history_and_go_on,
        outsiders={
            KEPT: C.CHECKPOINT_INCONSISTENT,
            MIRROR: "SplitViewError",
            WITNESS: "HTTP 422",
            STATION: "alarm",
        },
    ),
    outside(
        "Cuts the tail off in every place, the signer's memory too.",
        key_attacks.cut_the_tail,
        outsiders=_SMALLER,
    ),
    outside(
        "Puts everything back to last week: database, objects and signer.",
        key_attacks.put_everything_back,
        outsiders=_SMALLER,
    ),
    outside(
        "Puts everything back to last week and goes on another way.",
        key_attacks.put_everything_back_and_go_on,
        outsiders={
            KEPT: C.CHECKPOINT_INCONSISTENT,
            MIRROR: "SplitViewError",
            WITNESS: "HTTP 422",
            STATION: "alarm",
        },
    ),
    told(
        "Puts everything back, the signer's memory too, and goes on with a command.",
        "the archive: every process asks the witnesses of the policy before it signs",
        "LogRestoredError",
        "tests/integration/api/test_witness_page.py::test_every_process_asks_before_it_signs",
    ),
    told(
        "Shows two readers two different logs, each sound in itself.",
        "not by either alone; `liuhen-verify pair` over both mirrors, and a witness, which "
        "cosigns the first and refuses the second",
        "ProofError HTTP_409",
        "test_outsiders.py::test_two_logs_for_two_readers",
    ),
    told(
        "Dates a new entry back by ten years.",
        "`liuhen verify`, by the entry ahead of it; a mirror's older checkpoint, or a witness's "
        "cosignature with its time, covers fewer entries than the index says",
        f"{C.ENTRY_TIME}",
        "test_outsiders.py::test_an_entry_dated_back_stands_behind_what_was_seen_later",
    ),
    told(
        "Makes up a receipt under a signed tree of its own.",
        "not by the receipt alone; a station raises the alarm, `liuhen-verify pair` finds two "
        "histories",
        "LogForkedError ProofError",
        "test_outsiders.py::test_a_receipt_under_a_tree_of_its_own",
    ),
    verified(
        "Puts a made-up receipt into the database.",
        Case(
            key_attacks.put_a_made_up_receipt,
            {C.RECEIPT_ALTERED},
            clip=0,
            entry="clip.admitted",
        ),
    ),
    verified(
        "Signs another tree for a size that is in the archive.",
        Case(attacks.sign_another_tree, {C.CHECKPOINT_INCONSISTENT}),
    ),
    told(
        "Issues a receipt whose entry is not in the log, or of another clip, size or digest.",
        "whoever opens it: the station, `liuhen-verify receipt`",
        "LogError",
        "tests/unit/custody/log/test_receipt.py"
        "::test_what_does_not_hold_is_refused_though_the_archive_signed_it",
    ),
    told(
        "Asks the signer for a tree that does not continue what it signed.",
        "the signer, which refuses",
        "SigningRefusedError",
        "tests/unit/custody/publishing/test_signer.py::test_it_refuses_every_other_tree",
    ),
    told(
        "Where the log's key is in a signer of its own: takes over the server, asks for the true "
        "tree and then for another, of the same size, smaller, or larger.",
        "the signer, which refuses; the server's other keys sign no tree",
        "SigningRefusedError StoredEntriesError",
        "test_separate_signer.py::test_of_two_trees_one_is_signed",
    ),
    told(
        "Gives the signer tiles and hashes that agree, over stored entries that are others.",
        "the signer, with the bundle and the entry",
        "StoredEntriesError",
        "tests/unit/custody/publishing/test_checked_signer.py"
        "::test_anything_else_is_refused_by_name",
    ),
    told(
        "Takes the place of a signer of its own, or asks it without being let in.",
        "the server, which takes no note that the log's key did not sign; the signer, or the "
        "system, which lets nobody else ask",
        "HTTP_401",
        "tests/unit/custody/publishing/test_signer_process.py::test_on_a_port_it_wants_the_secret",
    ),
    told(
        "Lets the publisher go on from a database that is too old.",
        "the publisher, which signs nothing",
        "SigningRefusedError",
        "tests/integration/custody/publishing/test_publisher.py::test_a_database_behind_the_signer_never_signs",
    ),
    told(
        "Shows a station a log that is older than before.",
        "the station: an alarm that stays, with both checkpoints kept",
        "log_rolled_back",
        "tests/integration/station_agent/test_reporting.py"
        "::test_a_log_that_is_older_than_before_raises_a_lasting_alarm",
    ),
    told(
        "Shows a station another history, and receipts out of it.",
        "the station: an alarm that stays; it believes no receipt any more",
        "alarm",
        "tests/integration/station_agent/test_agent.py"
        "::test_a_rewritten_log_raises_an_alarm_and_ends_trust",
    ),
    told(
        "Signs a checkpoint with a key that was retired, or in an overlap with one key alone.",
        "`liuhen verify`",
        C.CHECKPOINT_SIGNATURE,
        "tests/integration/api/test_key_rotation.py"
        "::test_what_a_checkpoint_lacks_or_a_retired_key_signed_is_found",
    ),
    told(
        "Shows a mirror checkpoints of a key that he announced himself, or that was retired.",
        "the mirror, which knows whom the log's entries name",
        "TamperedLogError",
        "tests/unit/custody/outside/test_key_watch.py::test_what_other_keys_signed_is_not_taken",
    ),
    told(
        "Leads a station along a chain of keys that the log's own never announced.",
        "the station, which goes on believing the keys it knows",
        "ServerAwayError",
        "tests/unit/station_agent/test_log_keys.py::test_a_false_chain_leads_nowhere",
    ),
    told(
        "Announces or retires keys with a key that was followed by another.",
        "whoever follows the log's keys: the entry counts for nothing",
        "refused",
        "tests/unit/custody/log/test_key_history.py"
        "::test_an_entry_that_no_key_of_its_time_signed_counts_for_nothing",
    ),
    told(
        "Replaces the log's key by a new one.",
        "everybody who has the old public key: no checkpoint opens",
        "TamperedLogError",
        "tests/unit/custody/outside/test_mirror.py::test_a_checkpoint_of_another_key_is_none",
    ),
    told(
        "Has two histories cosigned at the same moment.",
        "the witness: of many requests at once it cosigns one history",
        "",
        "tests/unit/custody/outside/test_witness_server.py"
        "::test_of_many_at_once_one_history_is_cosigned",
    ),
    told(
        "Leaves entries out of an item's history in a tree that is sound.",
        "`liuhen-verify mirror`, with the entry at which the item's chain breaks",
        "",
        "tests/unit/custody/outside/test_checks.py"
        "::test_entries_that_do_not_follow_one_another_are_found",
    ),
    told(
        "Signs a statement on other clips than the seed picks, with other digests, or with more "
        "read again than was.",
        "`liuhen-verify statement`, with a mirror of the log",
        "SampleError",
        "tests/unit/custody/outside/test_samples.py"
        "::test_what_the_log_does_not_bear_out_is_refused",
    ),
    told(
        "Signs a statement or a receipt with a receipts' key that was stolen and has been retired.",
        "`liuhen-verify statement` and `receipt`, with a mirror of the log",
        "NoteError",
        "tests/unit/custody/outside/test_samples.py::test_the_keys_of_statements_follow_the_mirror",
    ),
    *cosignatures.SHOWN,
    *timestamps.SHOWN,
)
