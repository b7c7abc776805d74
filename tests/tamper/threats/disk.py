"""Somebody with the disk: may write and delete every file of the store, and has no key."""

from custody.verification import FindingCode as C
from tests.tamper import attacks, later_attacks
from tests.tamper.outsiders import KEPT, MIRROR, STATION, WITNESS
from tests.tamper.threats.table import Case, Threat, outside, told, verified

THREATS: tuple[Threat, ...] = (
    # --- recordings and what is made of them -----------------------------------------------------
    verified(
        "Changes one byte of a recording.",
        Case(attacks.flip_a_byte, {C.CLIP_OBJECT_DIGEST, C.CLIP_SM3}, clip=0),
    ),
    verified(
        "Puts other bytes of the same size in a recording's place.",
        Case(attacks.other_bytes_of_same_size, {C.CLIP_OBJECT_DIGEST, C.CLIP_SM3}, clip=0),
    ),
    verified(
        "Swaps the files of two recordings.",
        Case(later_attacks.swap_originals, {C.CLIP_OBJECT_SIZE}, clip=2),
    ),
    told(
        "Changes recordings and hopes that a sample passes them by.",
        "`liuhen verify --sample`, with the chance that the sample has: whom the seed picks nobody "
        "knows while it is not chosen, and the signed statement names what was read",
        C.CLIP_OBJECT_DIGEST,
        "test_samples.py::test_an_altered_recording_is_found_if_the_seed_picks_it",
    ),
    verified(
        "Cuts the end off a recording.",
        Case(attacks.cut_the_original, {C.CLIP_OBJECT_SIZE}, clip=0),
    ),
    verified(
        "Deletes a recording.",
        Case(attacks.delete_the_original, {C.CLIP_OBJECT_MISSING}, clip=0),
    ),
    told(
        "Puts a link to another file, or a folder, in a recording's place.",
        "`liuhen verify`, which follows no link",
        C.CLIP_OBJECT_MISSING,
        "test_attacks.py::test_what_stands_in_an_originals_place_is_named",
    ),
    verified(
        "Shortens the retention of a recording (local store) and lets our own program delete it.",
        Case(later_attacks.shorten_the_retention_and_delete, {C.CLIP_OBJECT_MISSING}, clip=0),
        found="`liuhen verify`; the shortening by itself changes no evidence and is not looked at",
    ),
    told(
        "Shortens the retention of a recording, or deletes its locked version (S3).",
        "the store itself, which refuses; what a store let happen `liuhen verify` finds as below",
        "AccessDenied",
        "test_retention.py::test_a_locked_version_stays",
    ),
    told(
        "Puts a delete marker or a newer version over a recording (S3).",
        "`liuhen verify`; the locked version is still there to be brought back",
        f"{C.CLIP_OBJECT_MISSING} {C.CLIP_OBJECT_DIGEST}",
        "test_retention.py::test_what_is_laid_over_a_locked_version_is_found",
    ),
    verified(
        "Changes, lengthens or deletes the copy that is played.",
        Case(attacks.flip_the_proxy, {C.RENDITION_OBJECT_DIGEST}, clip=0),
        Case(attacks.lengthen_the_proxy, {C.RENDITION_OBJECT_SIZE}, clip=0),
        Case(attacks.delete_the_proxy, {C.RENDITION_OBJECT_MISSING}, clip=0),
    ),
    verified(
        "Puts a file into the store that nobody admitted.",
        Case(
            attacks.put_an_unknown_object("originals", 7200),
            {C.OBJECT_UNREGISTERED},
            name="unknown_original",
        ),
        Case(
            attacks.put_an_unknown_object("renditions", 7200),
            {C.OBJECT_UNREGISTERED},
            name="unknown_rendition",
        ),
    ),
    told(
        "Gives such a file a date in the future, so that it passes for an upload under way.",
        "`liuhen verify`",
        C.OBJECT_UNREGISTERED,
        "test_strange_objects.py::test_an_object_of_the_future_is_not_young",
    ),
    told(
        "Hides something in the folder of the log.",
        "`liuhen verify`",
        C.OBJECT_UNREGISTERED,
        "test_strange_objects.py::test_whatever_else_lies_in_the_store_is_found",
    ),
    told(
        "Changes a recording while a court's bag is made of it.",
        "`liuhen cases export`, which leaves no bag",
        "BundleDigestError",
        "test_bags.py::test_bytes_that_are_not_the_logs_leave_no_bag",
    ),
    # --- the published log -----------------------------------------------------------------------
    verified(
        "Changes a hash tile: the newest, an upper one, or one of an earlier size.",
        Case(attacks.flip_full_tile, {C.TILE_ALTERED}),
        Case(attacks.flip_upper_tile, {C.TILE_ALTERED}),
        Case(attacks.flip_old_partial_tile, {C.TILE_ALTERED}),
    ),
    verified(
        "Cuts a full hash tile short.",
        Case(later_attacks.truncate_a_full_tile, {C.TILE_ALTERED}),
    ),
    told(
        "Cuts a partial hash tile of an earlier size short.",
        "`liuhen verify`, with the first entry that is gone",
        C.TILE_ALTERED,
        "test_attacks.py::test_a_shortened_tile_of_an_earlier_log_says_where",
    ),
    told(
        "Changes, cuts or lengthens any file of the published log before somebody copies it.",
        "`liuhen log mirror`, which keeps nothing that is not proven",
        "TamperedLogError",
        "tests/unit/custody/outside/test_mirror.py::test_a_changed_file_is_named_and_not_kept",
    ),
    told(
        "Changes, cuts or deletes any file of somebody's mirror.",
        "`liuhen-verify mirror`, with the name of the file",
        "",
        "tests/unit/custody/outside/test_checks.py::test_every_changed_file_is_found",
    ),
    verified(
        "Deletes a hash tile.",
        Case(attacks.delete_full_tile, {C.TILE_MISSING}),
    ),
    verified(
        "Changes a bundle of entries.",
        Case(attacks.flip_bundle, {C.BUNDLE_ALTERED}),
        Case(attacks.flip_old_partial_bundle, {C.BUNDLE_ALTERED}),
    ),
    verified(
        "Deletes a bundle of entries.",
        Case(attacks.delete_bundle, {C.BUNDLE_MISSING}),
    ),
    verified(
        "Signs the checkpoint with a key of his own under the log's name.",
        Case(attacks.foreign_checkpoint, {C.CHECKPOINT_SIGNATURE}),
    ),
    told(
        "Signs a checkpoint under a name that looks like the log's (a letter of another alphabet).",
        "every verifier: names are compared byte by byte, and the key is another",
        "NoteError",
        "test_lookalikes.py::test_a_name_that_looks_the_same_is_another",
    ),
    told(
        "Makes a key whose short hash is that of a trusted one.",
        "every verifier: the short hash chooses a key, and its signature must hold",
        "NoteError",
        "test_lookalikes.py::test_a_short_hash_that_is_the_same_opens_nothing",
    ),
    verified(
        "Deletes the published checkpoint, or one of the archive.",
        Case(attacks.delete_checkpoint, {C.CHECKPOINT_MISSING}),
        Case(attacks.delete_archived_checkpoint, {C.CHECKPOINT_MISSING}),
    ),
    outside(
        "Replays an old checkpoint: shows the log as it was last week.",
        lambda world, keep: (keep(), attacks.show_older_checkpoint(world)),
        codes=(C.CHECKPOINT_ROLLED_BACK,),
        outsiders={
            KEPT: C.CHECKPOINT_ROLLED_BACK,
            MIRROR: "ShrunkLogError",
            WITNESS: "HTTP 400",
            STATION: "alarm",
        },
        name="replay_an_old_checkpoint",
    ),
    verified(
        "Makes the signer forget what it signed, or remember less.",
        Case(attacks.forget_what_was_signed, {C.SIGNER_MEMORY}),
        Case(attacks.remember_an_older_checkpoint, {C.SIGNER_MEMORY}),
        Case(attacks.garble_what_was_signed, {C.SIGNER_MEMORY}),
    ),
    told(
        "Hands over a true proof with the checkpoint of another tree.",
        "`liuhen-verify proof`",
        "ProofError",
        "test_lookalikes.py::test_a_proof_for_another_tree_proves_nothing",
    ),
    # --- the file of the database ----------------------------------------------------------------
    told(
        "Changes a byte of an index in the SQLite file, so that a search passes over a recording.",
        "`liuhen verify`, with the table, the index and the clip",
        C.DATABASE_DAMAGED,
        "test_database_file.py::test_a_clip_that_an_index_hides",
    ),
    told(
        "Overwrites a page of the SQLite file.",
        "`liuhen verify`",
        C.DATABASE_DAMAGED,
        "test_database_file.py::test_a_page_that_is_none",
    ),
)
