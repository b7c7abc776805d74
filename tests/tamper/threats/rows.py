"""The database administrator at the rows of the evidence and of who may act on it."""

from datetime import UTC, datetime

from custody.verification import FindingCode as C
from tests.tamper import attacks, later_attacks, row_attacks
from tests.tamper.threats.table import Case, Threat, told, verified


def edited(column: str, value: object, code: C = C.CLIP_ROW_ALTERED) -> Case:
    make = attacks.edit_clip if code == C.CLIP_ROW_ALTERED else attacks.edit_rendition
    return Case(make(column, value), {code}, clip=0, name=f"edit_{code}_{column}")


def executed(
    statement: str, code: C, clip: int | None = None, entry: str | None = None, name: str = ""
) -> Case:
    return Case(attacks.execute(statement), {code}, clip, entry, name or statement)


_NAMES = (
    (C.CLIP_NAME_ALTERED, "UPDATE clip_names SET name = 'harmless.mp4'"),
    (C.CLIP_NAME_ALTERED, "UPDATE clip_names SET name_sha256 = 'ab'"),
    (C.CLIP_NAME_ALTERED, "UPDATE clip_names SET named_by = 'nobody'"),
    (
        C.CLIP_NAME_ALTERED,
        "UPDATE clip_names SET named_at = '2026-11-01 00:00:00.000000+00:00'",
    ),
    (C.CLIP_NAME_MISSING, "DELETE FROM clip_names"),
)

EVIDENCE: tuple[Threat, ...] = (
    verified(
        "Writes something else into a clip's row: name, digests, officer, times, state, place.",
        edited("name", "harmless.mp4"),
        edited("sha256", "0" * 64),
        edited("sm3", "0" * 64),
        edited("size_bytes", 1),
        edited("officer", "JX9999"),
        # Nobody who asks for JX0227 finds it then.
        Case(attacks.edit_clip("officer", "jx0227"), {C.CLIP_ROW_ALTERED}, clip=0, name="in_small"),
        edited("recorded_at", None),
        edited("recorder_clock_at", datetime(2026, 11, 1, tzinfo=UTC)),
        edited("state", "quarantined"),
        edited("reason", "x"),
        edited("media", {"duration": 3}),
        edited("duration_ms", 9),
        edited("object_key", "originals/00/00/00"),
        edited("important", True),
    ),
    verified(
        "Swaps the recordings of two clips: each row names the other's bytes.",
        Case(attacks.swap_recordings, {C.CLIP_ROW_ALTERED}, clip=0),
    ),
    verified(
        "Makes up a clip.",
        Case(attacks.insert_clip_without_entry, {C.CLIP_WITHOUT_ENTRY}),
    ),
    verified(
        "Deletes a clip's row.",
        Case(attacks.delete_clip_row, {C.CLIP_ROW_MISSING}, clip=2, entry="clip.admitted"),
    ),
    told(
        "Deletes a clip's row, so that no sample has it.",
        "`liuhen verify --sample`: it draws from the log's entries, and names the row",
        C.CLIP_ROW_MISSING,
        "test_samples.py::test_a_row_that_is_gone_takes_no_clip_out_of_a_sample",
    ),
    told(
        "Rewrites what a verification said it had read.",
        "`liuhen verify`, and `liuhen-verify statement` by the published entry",
        C.ENTRY_ALTERED,
        "test_samples.py::test_what_a_verification_says_it_read_can_not_be_rewritten",
    ),
    verified(
        "Deletes a clip's row, its receipt and its recording.",
        Case(
            later_attacks.delete_clip_and_object,
            {C.CLIP_ROW_MISSING, C.CLIP_OBJECT_MISSING},
            clip=2,
            entry="clip.admitted",
        ),
    ),
    told(
        "Takes away the key of a table and puts a second row under a clip's id.",
        "`liuhen verify`; lists and pages mark both, and nothing is done by either",
        f"{C.CLIP_WITHOUT_ENTRY} {C.SCHEMA_ALTERED}",
        "test_second_rows.py::test_a_second_clip_is_found_whoever_asks",
    ),
    told(
        "Does the same under a case's id.",
        "`liuhen verify`; lists and pages mark both, and nothing is done by either",
        C.CASE_WITHOUT_ENTRY,
        "test_second_rows.py::test_a_second_case_is_found",
    ),
    told(
        "Puts an exact copy of any row beside it.",
        "`liuhen verify`",
        f"{C.RENDITION_WITHOUT_ENTRY} {C.LINK_WITHOUT_ENTRY} {C.USER_WITHOUT_ENTRY}",
        "test_second_rows.py::test_a_copy_of_a_row_is_found_also_where_it_says_the_same",
    ),
    verified(
        "Changes or deletes a further name under which a recording came, or makes one up.",
        *(executed(statement, code, 1, "clip.named") for code, statement in _NAMES),
        Case(attacks.edit_name_bytes, {C.CLIP_NAME_ALTERED}, clip=1, entry="clip.named"),
        Case(
            attacks.execute("UPDATE clip_names SET clip_id = :clip"),
            {C.CLIP_NAME_MISSING, C.CLIP_NAME_WITHOUT_ENTRY},
            name="name_of_another_clip",
        ),
        Case(attacks.insert_name, {C.CLIP_NAME_WITHOUT_ENTRY}, clip=0),
    ),
    verified(
        "Changes the row of a copy that is played, deletes it, or makes one up.",
        edited("sha256", "0" * 64, C.RENDITION_ROW_ALTERED),
        edited("made_with", "by hand", C.RENDITION_ROW_ALTERED),
        Case(
            attacks.delete_rendition_row, {C.RENDITION_ROW_MISSING}, clip=0, entry="rendition.made"
        ),
        Case(attacks.insert_rendition, {C.RENDITION_WITHOUT_ENTRY}, clip=0),
    ),
    told(
        "Lets the row of a copy name another recording, so that somebody watches what he may not.",
        "the server, which sends nothing and logs the refusal; `liuhen verify`",
        "HTTP_409",
        "test_served.py::test_nobody_sees_one_recording_under_a_viewing_of_another",
    ),
    verified(
        "Links a recording to another stage of its case.",
        Case(attacks.relink_to_other_stage, {C.LINK_ALTERED}, clip=0, entry="link.made"),
    ),
    verified(
        "Re-links: puts another recording in the place of the linked one.",
        Case(attacks.relink_to_other_clip, {C.LINK_MISSING, C.LINK_WITHOUT_ENTRY}, clip=0),
    ),
    verified(
        "Takes a recording out of its case without a trace.",
        Case(attacks.delete_link, {C.LINK_MISSING}, clip=0, entry="link.made"),
        Case(attacks.unlink_unseen, {C.LINK_ALTERED}, clip=0, entry="link.made"),
    ),
    verified(
        "Changes a case: title, officers, party or number.",
        Case(attacks.edit_case_title, {C.CASE_ALTERED}),
        Case(attacks.edit_case_officer, {C.CASE_ALTERED}),
        Case(
            attacks.execute("UPDATE case_officers SET officer = lower(officer)"),
            {C.CASE_ALTERED},
            name="case_officers_in_small",
        ),
        Case(attacks.undo_case_change, {C.CASE_ALTERED}),
        Case(attacks.undo_case_number, {C.CASE_ALTERED}),
        Case(attacks.restore_removed_officer, {C.CASE_ALTERED}),
    ),
    verified(
        "Changes a case and waits until an honest clerk saves it with the change.",
        Case(attacks.edit_case_and_let_it_be_saved, {C.CASE_ALTERED}),
    ),
    verified(
        "Deletes a case with its officers and links.",
        Case(later_attacks.delete_case, {C.CASE_ROW_MISSING, C.LINK_MISSING}),
    ),
    verified("Makes up a case.", Case(attacks.insert_case, {C.CASE_WITHOUT_ENTRY})),
    told(
        "Changes the rows of a case before its bag is made for the court.",
        "`liuhen cases export`, which makes none and names the change",
        f"{C.CASE_ALTERED} {C.LINK_ALTERED} {C.CLIP_ROW_ALTERED}",
        "test_bags.py::test_no_bag_is_made_of_altered_rows",
    ),
    told(
        "Deletes a link and moves its entry to another item.",
        "`liuhen verify --case`",
        C.ITEM_CHAIN_BROKEN,
        "test_bags.py::test_a_link_entry_moved_to_another_item_is_found",
    ),
    verified(
        "Forges a receipt: another clip's, changed figures, another date, or of no clip.",
        Case(attacks.forge_receipt, {C.RECEIPT_ALTERED}, clip=0, entry="clip.admitted"),
        Case(attacks.edit_receipt, {C.RECEIPT_ALTERED}, clip=0, entry="clip.admitted"),
        Case(attacks.date_receipt_back, {C.RECEIPT_ALTERED}, clip=0, entry="clip.admitted"),
        Case(attacks.move_receipt, {C.RECEIPT_ALTERED}, clip=2, entry="clip.admitted"),
        *(
            Case(
                attacks.move_receipt_to_no_clip(clip_id),
                {C.RECEIPT_ALTERED},
                name=f"to_no_clip_{name}",
            )
            for name, clip_id in (("before_all", "0"), ("after_all", "zz"))
        ),
    ),
    told(
        "Alters a clip's row before its receipt is asked for.",
        "the archive, which signs none; `liuhen cases export`, which makes no bag",
        "",
        "test_bags.py::test_no_receipt_is_signed_by_altered_rows",
    ),
)

PEOPLE: tuple[Threat, ...] = (
    verified(
        "Makes somebody an administrator, or otherwise edits or deletes an account.",
        executed("UPDATE users SET role = 'admin'", C.USER_ALTERED),
        executed("UPDATE users SET disabled_at = created_at", C.USER_ALTERED),
        executed("UPDATE users SET must_change_password = FALSE", C.USER_ALTERED),
        executed("DELETE FROM users", C.USER_MISSING),
    ),
    verified(
        "Gives an account a password that he knows.",
        executed("UPDATE users SET password_hash = 'another'", C.USER_ALTERED),
    ),
    verified("Makes up a user.", Case(attacks.insert_user, {C.USER_WITHOUT_ENTRY})),
    verified(
        "Says that somebody else looked, or at another recording, or makes up a viewing.",
        Case(attacks.insert_grant, {C.GRANT_WITHOUT_ENTRY}, clip=0),
        Case(
            attacks.execute("UPDATE access_grants SET actor_id = 'x' WHERE clip_id = :clip"),
            {C.GRANT_ALTERED},
            clip=0,
            entry="clip.opened",
            name="grant_of_another_person",
        ),
        Case(attacks.move_grant, {C.GRANT_WITHOUT_ENTRY}, clip=1),
    ),
    verified(
        "Makes up a listing of thumbnails, or lets one show other recordings or to somebody else.",
        Case(row_attacks.insert_listing, {C.GRANT_WITHOUT_ENTRY}),
        Case(row_attacks.list_other_recordings, {C.GRANT_ALTERED}),
        Case(row_attacks.list_for_somebody_else, {C.GRANT_WITHOUT_ENTRY}),
    ),
    verified(
        "Lets a viewing that has ended go on.",
        Case(attacks.extend_grant, {C.GRANT_ALTERED}, clip=0),
    ),
    told(
        "Opens an ended viewing again in its row, looks, and puts the row back.",
        "the archive, which reads in the log that it ended and sends nothing",
        "HTTP_403",
        "test_unlogged.py::test_a_viewing_that_ended_is_not_opened_again_by_its_row",
    ),
    told(
        "Writes into a session's row that its reading of the log has its entry.",
        "the archive, which looks for that entry in the log and appends it",
        "log.read",
        "test_unlogged.py::test_a_row_alone_does_not_say_that_a_reading_has_its_entry",
    ),
    verified(
        "Changes or deletes the signed list of what a recorder held.",
        *(
            executed(f"UPDATE dock_sessions SET {change}", C.DOCK_SESSION_ALTERED, name=change)
            for change in (
                "file_count = 0",
                "total_bytes = 1",
                "manifest = 'another list'",
                "source = 'TA9'",
                "opened_at = '2026-11-01 00:00:00.000000+00:00'",
                "entry_seq = 7",
            )
        ),
        executed("DELETE FROM dock_sessions", C.DOCK_SESSION_MISSING),
    ),
    verified(
        "Lets a listed file that was never sent seem to be archived.",
        Case(row_attacks.seem_to_have_come, {C.UPLOAD_ALTERED}),
    ),
    verified(
        "Makes up an invitation for a station, or makes one good again that had ended.",
        Case(row_attacks.make_up_an_invitation, {C.INVITATION_ALTERED}),
        Case(row_attacks.bring_back_an_invitation, {C.INVITATION_ALTERED}),
    ),
    verified(
        "Lets a station of his own in by an invitation that he made up and then deletes.",
        Case(row_attacks.enrol_uninvited, {C.STATION_UNINVITED}),
    ),
    verified(
        "Lets a revoked station in again, or changes a station's key or name.",
        executed("UPDATE stations SET revoked_at = NULL", C.STATION_ALTERED),
        executed("UPDATE stations SET verifier_key = 'a' WHERE name = '一号站'", C.STATION_ALTERED),
        executed("UPDATE stations SET name = '三号站' WHERE name = '一号站'", C.STATION_ALTERED),
    ),
    verified(
        "Deletes a station with all that it listed.",
        Case(attacks.delete_station, {C.STATION_MISSING, C.DOCK_SESSION_MISSING}),
    ),
)
