"""Whatever is changed behind the service's back is found, and named for what it is."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from api.web.telling import Teller
from custody.log.tiles import split_hashes
from custody.said import Said
from custody.verification import FindingCode
from tests.tamper import attacks
from tests.tamper.attacks import Attack
from tests.tamper.worlds import World

C = FindingCode
TELLER = Teller("zh", ZoneInfo("Asia/Shanghai"))
#: What is no sentence of ours: a library's own words, ids and names, what a row or a file holds.
NOT_OURS = re.compile(
    r"（技术信息：.*）|“.*”|[0-9a-z_./:-]*[0-9_./:+-][0-9A-Za-z_./:+=-]*", re.DOTALL
)


def assert_told_in_chinese(text: str | None) -> None:
    """No English sentence reaches a clerk: two words of it in a row are one."""
    if isinstance(text, Said) and text.code != "error":
        told = NOT_OURS.sub("", TELLER.tell(text))
        assert not re.search(r"[A-Za-z]{2,} [A-Za-z]{2,}", told), (text, told)


@dataclass(frozen=True)
class Case:
    """An attack, the codes it must be found under, and what the first finding must name.

    ``clip``: the number of the clip; ``entry``: the kind of the first such entry of that clip.
    """

    attack: Attack
    codes: set[FindingCode]
    clip: int | None = None
    entry: str | None = None
    name: str = ""

    @property
    def id(self) -> str:
        return self.name or self.attack.__name__


def edited(column: str, value: object, code: FindingCode = C.CLIP_ROW_ALTERED) -> Case:
    make = attacks.edit_clip if code == C.CLIP_ROW_ALTERED else attacks.edit_rendition
    return Case(make(column, value), {code}, clip=0, name=f"edit_{code}_{column}")


CASES = [
    Case(attacks.flip_a_byte, {C.CLIP_OBJECT_DIGEST, C.CLIP_SM3}, clip=0),
    Case(attacks.other_bytes_of_same_size, {C.CLIP_OBJECT_DIGEST, C.CLIP_SM3}, clip=0),
    Case(attacks.cut_the_original, {C.CLIP_OBJECT_SIZE}, clip=0),
    Case(attacks.delete_the_original, {C.CLIP_OBJECT_MISSING}, clip=0),
    Case(attacks.flip_the_proxy, {C.RENDITION_OBJECT_DIGEST}, clip=0),
    Case(attacks.lengthen_the_proxy, {C.RENDITION_OBJECT_SIZE}, clip=0),
    Case(attacks.delete_the_proxy, {C.RENDITION_OBJECT_MISSING}, clip=0),
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
    *(
        Case(attacks.execute(f"UPDATE dock_sessions SET {change}"), {code}, name=change)
        for code, change in (
            (C.DOCK_SESSION_ALTERED, "file_count = 0"),
            (C.DOCK_SESSION_ALTERED, "total_bytes = 1"),
            (C.DOCK_SESSION_ALTERED, "manifest = 'another list'"),
            (C.DOCK_SESSION_ALTERED, "source = 'TA9'"),
            (C.DOCK_SESSION_ALTERED, "opened_at = '2026-11-01 00:00:00.000000+00:00'"),
            (C.DOCK_SESSION_ALTERED, "entry_seq = 7"),
        )
    ),
    *(
        Case(attacks.execute(statement), {code}, name=statement)
        for code, statement in (
            (C.DOCK_SESSION_MISSING, "DELETE FROM dock_sessions"),
            (C.STATION_ALTERED, "UPDATE stations SET revoked_at = NULL"),
            (C.STATION_ALTERED, "UPDATE stations SET verifier_key = 'a' WHERE name = '一号站'"),
            (C.STATION_ALTERED, "UPDATE stations SET name = '三号站' WHERE name = '一号站'"),
            (C.USER_ALTERED, "UPDATE users SET role = 'admin'"),
            (C.USER_ALTERED, "UPDATE users SET disabled_at = created_at"),
            (C.USER_ALTERED, "UPDATE users SET must_change_password = FALSE"),
            (C.USER_MISSING, "DELETE FROM users"),
        )
    ),
    Case(attacks.insert_user, {C.USER_WITHOUT_ENTRY}),
    Case(attacks.delete_station, {C.STATION_MISSING, C.DOCK_SESSION_MISSING}),
    Case(attacks.insert_grant, {C.GRANT_WITHOUT_ENTRY}, clip=0),
    Case(
        attacks.execute("UPDATE access_grants SET actor_id = 'x' WHERE clip_id = :clip"),
        {C.GRANT_ALTERED},
        clip=0,
        entry="clip.opened",
        name="grant_of_another_person",
    ),
    Case(attacks.move_grant, {C.GRANT_WITHOUT_ENTRY}, clip=1),
    Case(attacks.extend_grant, {C.GRANT_ALTERED}, clip=0),
    Case(attacks.forget_what_was_signed, {C.SIGNER_MEMORY}),
    Case(attacks.remember_an_older_checkpoint, {C.SIGNER_MEMORY}),
    Case(attacks.garble_what_was_signed, {C.SIGNER_MEMORY}),
    edited("name", "harmless.mp4"),
    edited("sha256", "0" * 64),
    edited("sm3", "0" * 64),
    edited("size_bytes", 1),
    edited("officer", "JX9999"),
    # Nobody who asks for JX0227 finds it then.
    Case(
        attacks.edit_clip("officer", "jx0227"), {C.CLIP_ROW_ALTERED}, clip=0, name="code_in_small"
    ),
    edited("recorded_at", None),
    edited("recorder_clock_at", datetime(2026, 11, 1, tzinfo=UTC)),
    edited("state", "quarantined"),
    edited("reason", "x"),
    edited("media", {"duration": 3}),
    edited("duration_ms", 9),
    edited("object_key", "originals/00/00/00"),
    edited("important", True),
    Case(attacks.insert_clip_without_entry, {C.CLIP_WITHOUT_ENTRY}),
    Case(attacks.delete_clip_row, {C.CLIP_ROW_MISSING}, clip=2, entry="clip.admitted"),
    *(
        Case(attacks.execute(statement), {code}, clip=1, entry=entry, name=statement)
        for code, entry, statement in (
            (C.CLIP_NAME_ALTERED, "clip.named", "UPDATE clip_names SET name = 'harmless.mp4'"),
            (C.CLIP_NAME_ALTERED, "clip.named", "UPDATE clip_names SET name_sha256 = 'ab'"),
            (C.CLIP_NAME_ALTERED, "clip.named", "UPDATE clip_names SET named_by = 'nobody'"),
            (
                C.CLIP_NAME_ALTERED,
                "clip.named",
                "UPDATE clip_names SET named_at = '2026-11-01 00:00:00.000000+00:00'",
            ),
            (C.CLIP_NAME_MISSING, "clip.named", "DELETE FROM clip_names"),
        )
    ),
    Case(attacks.edit_name_bytes, {C.CLIP_NAME_ALTERED}, clip=1, entry="clip.named"),
    Case(
        attacks.execute("UPDATE clip_names SET clip_id = :clip"),
        {C.CLIP_NAME_MISSING, C.CLIP_NAME_WITHOUT_ENTRY},
        name="name_of_another_clip",
    ),
    Case(attacks.insert_name, {C.CLIP_NAME_WITHOUT_ENTRY}, clip=0),
    edited("sha256", "0" * 64, C.RENDITION_ROW_ALTERED),
    edited("made_with", "by hand", C.RENDITION_ROW_ALTERED),
    Case(attacks.delete_rendition_row, {C.RENDITION_ROW_MISSING}, clip=0, entry="rendition.made"),
    Case(attacks.insert_rendition, {C.RENDITION_WITHOUT_ENTRY}, clip=0),
    Case(attacks.relink_to_other_stage, {C.LINK_ALTERED}, clip=0, entry="link.made"),
    Case(attacks.relink_to_other_clip, {C.LINK_MISSING, C.LINK_WITHOUT_ENTRY}, clip=0),
    Case(attacks.delete_link, {C.LINK_MISSING}, clip=0, entry="link.made"),
    Case(attacks.unlink_unseen, {C.LINK_ALTERED}, clip=0, entry="link.made"),
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
    Case(attacks.edit_case_and_let_it_be_saved, {C.CASE_ALTERED}),
    Case(attacks.insert_case, {C.CASE_WITHOUT_ENTRY}),
    Case(attacks.forge_receipt, {C.RECEIPT_ALTERED}, clip=0, entry="clip.admitted"),
    Case(attacks.edit_receipt, {C.RECEIPT_ALTERED}, clip=0, entry="clip.admitted"),
    Case(attacks.date_receipt_back, {C.RECEIPT_ALTERED}, clip=0, entry="clip.admitted"),
    Case(attacks.move_receipt, {C.RECEIPT_ALTERED}, clip=2, entry="clip.admitted"),
    *(
        Case(
            attacks.move_receipt_to_no_clip(clip_id), {C.RECEIPT_ALTERED}, name=f"to_no_clip_{name}"
        )
        for name, clip_id in (("before_all", "0"), ("after_all", "zz"))
    ),
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
    Case(attacks.edit_details, {C.DETAILS_ALTERED}, clip=0, entry="clip.opened"),
    Case(attacks.delete_details, {C.DETAILS_MISSING}, clip=0, entry="clip.opened"),
    Case(attacks.delete_entry, {C.ENTRY_MISSING}, clip=0),
    Case(
        attacks.delete_entry_and_close_the_gap,
        {C.ENTRY_MISSING, C.ENTRY_MOVED, C.ENTRY_TAIL_MISSING, C.STATE_COUNTER},
    ),
    Case(attacks.swap_entries, {C.ENTRY_MOVED}, clip=0),
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
    Case(attacks.edit_counter, {C.STATE_COUNTER}),
    Case(attacks.wind_the_tile_counter_back, {C.STATE_COUNTER}),
    Case(attacks.flip_full_tile, {C.TILE_ALTERED}),
    Case(attacks.delete_full_tile, {C.TILE_MISSING}),
    Case(attacks.flip_upper_tile, {C.TILE_ALTERED}),
    Case(attacks.flip_old_partial_tile, {C.TILE_ALTERED}),
    Case(attacks.flip_bundle, {C.BUNDLE_ALTERED}),
    Case(attacks.flip_old_partial_bundle, {C.BUNDLE_ALTERED}),
    Case(attacks.delete_bundle, {C.BUNDLE_MISSING}),
    Case(
        attacks.rewrite_row_and_tile,
        {C.ENTRY_ALTERED, C.TILE_ALTERED, C.DETAILS_ALTERED},
    ),
    Case(attacks.foreign_checkpoint, {C.CHECKPOINT_SIGNATURE}),
    Case(attacks.delete_checkpoint, {C.CHECKPOINT_MISSING}),
    Case(attacks.show_older_checkpoint, {C.CHECKPOINT_ROLLED_BACK}),
    Case(attacks.sign_another_tree, {C.CHECKPOINT_INCONSISTENT}),
    Case(attacks.delete_archived_checkpoint, {C.CHECKPOINT_MISSING}),
    Case(attacks.delete_checkpoint_row, {C.CHECKPOINT_MISSING}),
    Case(attacks.remove_the_whole_log, {C.ENTRY_TAIL_MISSING, C.CLIP_WITHOUT_ENTRY}),
]


def wrong_type(
    statement: str, *codes: FindingCode, clip: int | None = None, entry: str | None = None
) -> Case:
    return Case(attacks.execute(statement), set(codes), clip, entry, name=statement)


ENTRY = "UPDATE log_entries SET {} WHERE idx = :entry"
CLIP = "UPDATE clips SET {} WHERE id = :clip"

#: SQLite keeps any type in any column.
SQLITE_TYPES = [
    wrong_type(
        ENTRY.format("entry = replace(entry, 'ok', 'no')"),
        C.ENTRY_ALTERED,
        clip=0,
        entry="clip.opened",
    ),
    *(
        wrong_type(ENTRY.format(change), C.ENTRY_ALTERED, clip=0, entry="clip.opened")
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
    wrong_type(
        ENTRY.format("salt = 'text'"),
        C.ENTRY_ALTERED,
        C.DETAILS_ALTERED,
        clip=0,
        entry="clip.opened",
    ),
    wrong_type(
        ENTRY.format("details = x'7b7d'"),
        C.ENTRY_ALTERED,
        C.DETAILS_ALTERED,
        clip=0,
        entry="clip.opened",
    ),
    wrong_type(ENTRY.format("idx = -1"), C.ENTRY_ALTERED, C.ENTRY_MISSING, clip=0),
    wrong_type(ENTRY.format("idx = 'garbage'"), C.ENTRY_ALTERED, C.ENTRY_MISSING, clip=0),
    *(
        wrong_type(CLIP.format(change), C.CLIP_ROW_ALTERED, clip=0)
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
    wrong_type("UPDATE checkpoints SET root = 'text'", C.CHECKPOINT_ROOT),
    wrong_type("UPDATE checkpoints SET note = CAST(note AS BLOB)", C.CHECKPOINT_SIGNATURE),
    wrong_type("UPDATE log_state SET sequenced = 'many'", C.STATE_COUNTER),
]
#: What PostgreSQL takes too, though nothing of ours would write it.
ANY_ENGINE_TYPES = [
    wrong_type(
        ENTRY.format("details = 'not JSON'"), C.DETAILS_ALTERED, clip=0, entry="clip.opened"
    ),
    wrong_type(
        ENTRY.format("item_seq = 9223372036854775807"),
        C.ENTRY_ALTERED,
        C.ITEM_CHAIN_BROKEN,
        clip=0,
        entry="clip.opened",
    ),
]
POSTGRES_TYPES = [
    wrong_type(ENTRY.format("at = 'infinity'"), C.ENTRY_ALTERED, clip=0, entry="clip.opened"),
    wrong_type(CLIP.format("admitted_at = '-infinity'"), C.CLIP_ROW_ALTERED, clip=0),
    wrong_type(CLIP.format("recorded_at = '0044-03-15 BC'"), C.CLIP_ROW_ALTERED, clip=0),
    wrong_type(CLIP.format("media = '[1]'"), C.CLIP_ROW_ALTERED, clip=0),
    wrong_type("UPDATE cases SET occurred_on = 'infinity'", C.CASE_ALTERED),
]


@pytest.mark.parametrize("case", SQLITE_TYPES + ANY_ENGINE_TYPES, ids=lambda case: case.id)
@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_cells_of_another_type_on_sqlite(world: World, case: Case) -> None:
    test_attack_is_found_and_named(world, case)
    assert world.verify().unchecked == []


@pytest.mark.parametrize("case", POSTGRES_TYPES + ANY_ENGINE_TYPES, ids=lambda case: case.id)
@pytest.mark.parametrize("world", ["postgresql"], indirect=True)
def test_cells_of_another_type_on_postgresql(world: World, case: Case) -> None:
    test_attack_is_found_and_named(world, case)
    assert world.verify().unchecked == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_attack_is_found_and_named(world: World, case: Case) -> None:
    entry = None if case.entry is None else attacks.index_of(world, case.entry, case.clip)
    case.attack(world)
    report = world.verify()
    found = {finding.code for finding in report.findings}
    assert case.codes <= found, report.findings
    if case.attack is not attacks.remove_the_whole_log:
        assert found == case.codes, report.findings
    if case.clip is not None:
        named = {finding.clip_id for finding in report.findings if finding.code in case.codes}
        assert world.clip_ids[case.clip] in named, report.findings
    if entry is not None:
        assert entry in {finding.entry_index for finding in report.findings}, report.findings
    for finding in report.findings:
        assert isinstance(finding.message, Said), finding
        for text in (finding.message, finding.expected, finding.found):
            assert_told_in_chinese(text)


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_what_stands_in_an_originals_place_is_named(world: World) -> None:
    link, folder = attacks.original(world, 0), attacks.original(world, 1)
    link.unlink()
    link.symlink_to(attacks.original(world, 2))
    folder.unlink()
    folder.mkdir()
    found = {finding.clip_id: finding.found for finding in world.verify().findings}
    assert found[world.clip_ids[0]] == "a symbolic link"
    assert "no file" in str(found[world.clip_ids[1]])


def test_a_young_object_without_entry_is_only_counted(world: World) -> None:
    attacks.put_an_unknown_object("originals", 60)(world)
    report = world.verify()
    assert report.findings == []
    assert report.young_objects == 1


@pytest.mark.parametrize("size_bytes", [0, 32, 70])
def test_a_shortened_tile_of_an_earlier_log_says_where(world: World, size_bytes: int) -> None:
    tile = attacks.old_partial(world, "tile/0")
    attacks.overwrite(tile, tile.read_bytes()[:size_bytes])
    [finding] = world.verify().findings
    assert finding.code == C.TILE_ALTERED
    whole = size_bytes % 32 == 0
    assert finding.entry_index == (size_bytes // 32 if whole else 0)
    end = f"nothing: it ends after {size_bytes // 32}"
    assert finding.found == (end if whole else "70 bytes that are no tile")


def test_an_altered_tile_or_bundle_of_an_earlier_log_names_the_first_hash(world: World) -> None:
    tile, bundle = (attacks.old_partial(world, sort) for sort in ("tile/0", "tile/entries"))
    hashes = split_hashes(tile.read_bytes())
    entry = hashes[1].hex()
    attacks.flip(tile, 40)
    content = bundle.read_bytes()
    # The same entry in the bundle: after the first, whose length stands in two bytes.
    attacks.flip(bundle, 2 + int.from_bytes(content[:2]) + 2 + 20)
    findings = {finding.code: finding for finding in world.verify().findings}
    assert set(findings) == {C.TILE_ALTERED, C.BUNDLE_ALTERED}
    for finding in findings.values():
        assert (finding.entry_index, finding.expected) == (1, entry)
        assert finding.found is not None
        assert len(finding.found) == len(entry)
        assert finding.found != entry


def test_findings_say_what_was_expected_and_found(world: World) -> None:
    path = attacks.original(world)
    attacks.flip_a_byte(world)
    report = world.verify()
    digest = next(one for one in report.findings if one.code == C.CLIP_OBJECT_DIGEST)
    assert digest.expected == path.name
    assert digest.found is not None
    assert digest.found != digest.expected
    assert world.clip_ids[0] in digest.message
