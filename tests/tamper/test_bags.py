"""Whoever edits the rows of a case gets no bag out of it, and verifying the case names the edit."""

import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import bagit
import pytest
import sqlalchemy as sa

from api.cli.main import run
from api.verification_runs import context_of
from custody import cases
from custody.bundles.documents import BundlePlan
from custody.bundles.export import (
    Bundle,
    BundleDigestError,
    BundleRefusedError,
    plan_bundle,
    write_bundle,
)
from custody.clips import get_clip
from custody.history import history_of
from custody.tables import log_entries
from custody.tables import receipts as receipt_rows
from custody.verification import FindingCode, Selection, hold_case, snapshot
from tests.tamper import attacks
from tests.tamper.attacks import Attack
from tests.tamper.test_swallowed_entries import swallow_by_trigger
from tests.tamper.worlds import CASE_NUMBER, LEGAL, OPERATOR, World, add_clip

C = FindingCode
MOMENT = datetime(2026, 11, 1, tzinfo=UTC)

#: An attack and how a case's verification names it.
ATTACKS = [
    (attacks.delete_link, {C.LINK_MISSING}),
    (attacks.delete_links, {C.LINK_MISSING}),
    (attacks.unlink_unseen, {C.LINK_ALTERED}),
    (attacks.relink_to_other_stage, {C.LINK_ALTERED}),
    (attacks.relink_to_other_clip, {C.LINK_MISSING, C.LINK_WITHOUT_ENTRY}),
    (attacks.execute("UPDATE links SET stage = 'somewhen'"), {C.LINK_ALTERED}),
    (attacks.execute("UPDATE cases SET title = 'FORGED', party = 'other'"), {C.CASE_ALTERED}),
    (attacks.edit_case_officer, {C.CASE_ALTERED}),
    (attacks.restore_removed_officer, {C.CASE_ALTERED}),
    (attacks.edit_clip("officer", "JX9999"), {C.CLIP_ROW_ALTERED}),
    (attacks.edit_clip("recorded_at", MOMENT), {C.CLIP_ROW_ALTERED}),
    (attacks.edit_clip("recorder_clock_at", MOMENT), {C.CLIP_ROW_ALTERED}),
    (attacks.edit_clip("name", "forged.mp4"), {C.CLIP_ROW_ALTERED}),
    (attacks.swap_recordings, {C.CLIP_ROW_ALTERED}),
    (attacks.edit_rendition("sha256", "0" * 64), {C.RENDITION_ROW_ALTERED}),
    (attacks.delete_rendition_row, {C.RENDITION_ROW_MISSING}),
    (attacks.forge_receipt, {C.RECEIPT_ALTERED}),
    (attacks.edit_details, {C.DETAILS_ALTERED}),
]


def export(home: list[str], folder: Path, *more: str) -> int:
    return run(["cases", "export", CASE_NUMBER, "-o", str(folder), *home, *more])


@pytest.mark.parametrize(
    ("attack", "codes"), ATTACKS, ids=lambda value: getattr(value, "__name__", "")
)
def test_no_bag_is_made_of_altered_rows(
    world: World,
    attack: Attack,
    codes: set[FindingCode],
    home: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    attack(world)
    assert run(["verify", "--case", CASE_NUMBER, *home, "--json"]) == 1
    verified = json.loads(capsys.readouterr().out)["findings"]
    assert {finding["code"] for finding in verified} == codes

    folder = tmp_path / "out" / "bag"
    folder.parent.mkdir()
    assert export(home, folder, "--json") == 1
    assert json.loads(capsys.readouterr().out)["findings"] == verified
    assert export(home, folder, "--lang", "en") == 1
    said = capsys.readouterr()
    for finding in verified:
        assert f"✗ {finding['code']}  " in said.out
        # Told in words, with names beside ids; it begins as the message for programs does.
        begin = " ".join(finding["message"].split()[:3])
        assert re.search(rf"\n  {re.escape(begin)} .+\n", said.out)
    assert f"nothing was written. (findings: {len(verified)})" in said.err
    assert list(folder.parent.iterdir()) == []
    with world.services.database.read() as tx:
        exported = sa.select(log_entries.c.id).where(log_entries.c.kind == "case.exported")
        assert tx.execute(exported).all() == []


def test_an_untouched_case_is_exported(world: World, home: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "bag"
    assert export(home, folder) == 0
    assert bagit.Bag(str(folder)).validate()
    about = json.loads((folder / "data/case.json").read_text(encoding="utf-8"))
    assert {one["clip"] for one in about["clips"]} == set(world.clip_ids[:2])
    for one in about["clips"]:
        data = (folder / "data" / one["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == one["sha256"]
    assert world.verify(Selection(case_id=world.case_id)).good


def test_each_clip_says_that_it_was_copied_out(
    world: World, home: list[str], tmp_path: Path
) -> None:
    """In its own history and in no other clip's; the bag holds no entry that names the bag."""
    folder = tmp_path / "bag"
    assert export(home, folder) == 0
    world.catch_up()
    tagmanifest = hashlib.sha256((folder / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
    with world.services.database.read() as tx:
        [of_case] = history_of(tx, f"case:{world.case_id}")[-1:]
        newest = [history_of(tx, f"clip:{clip_id}")[-1] for clip_id in world.clip_ids]
    assert of_case.kind == "case.exported"
    assert set(of_case.facts["clips"]) == set(world.clip_ids[:2])
    for event in newest[:2]:
        assert (event.kind, event.published, event.at) == ("clip.exported", True, of_case.at)
        assert event.facts == {"case": world.case_id, "tagmanifest_sha256": tagmanifest}
        assert event.details["destination"] == str(folder)
        assert event.actor_id == of_case.actor_id
    assert newest[2].kind != "clip.exported"
    for document in (folder / "data").rglob("*.json"):
        assert ".exported" not in document.read_text(encoding="utf-8")
    assert world.verify().good
    assert export(home, tmp_path / "another") == 0
    assert world.verify().good


@pytest.mark.parametrize(
    ("attack", "codes"),
    [
        (attacks.delete_clip_exported, {C.ENTRY_MISSING}),
        (attacks.hide_clip_exported, {C.ENTRY_ALTERED}),
        (attacks.move_clip_exported, {C.DETAILS_ALTERED}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_whoever_hides_that_a_clip_was_copied_out_is_found(
    world: World, attack: Attack, codes: set[FindingCode], home: list[str], tmp_path: Path
) -> None:
    assert export(home, tmp_path / "bag") == 0
    world.catch_up()
    attack(world)
    findings = world.verify().findings
    assert {one.code for one in findings} == codes
    assert {one.clip_id for one in findings} == {world.clip_ids[0]}


def test_where_one_entry_is_swallowed_none_stands_and_no_bag(
    world: World, home: list[str], tmp_path: Path
) -> None:
    swallow_by_trigger(world, "clip.exported")
    folder = tmp_path / "out" / "bag"
    folder.parent.mkdir()
    assert export(home, folder) == 2
    assert list(folder.parent.iterdir()) == []
    with world.services.database.read() as tx:
        exported = log_entries.c.kind.in_(["case.exported", "clip.exported"])
        assert tx.execute(sa.select(log_entries.c.id).where(exported)).all() == []


def test_work_under_way_refuses_no_bag(world: World) -> None:
    """Entries without an index, an admission nobody published, a link made after the snapshot."""
    services = world.services
    fourth, fifth = (add_clip(world, f"{n}.mp4".encode(), bytes([n]) * 999) for n in (4, 5))
    with services.database.write() as tx:
        cases.link_clip(tx, services.ledger, LEGAL, world.case_id, fourth, "review")
        cases.unlink_clip(tx, services.ledger, LEGAL, world.case_id, world.clip_ids[1])
    with snapshot(services.database) as reading:
        held = hold_case(reading, context_of(services), world.case_id)
        assert held.report.good
        assert held.report.pending > 0
        with services.database.write() as tx:
            cases.link_clip(tx, services.ledger, LEGAL, world.case_id, fifth, "review")
        world.publish()
        again = hold_case(reading, context_of(services), world.case_id)
        assert again.report.findings == []
        plan = plan_bundle(reading, services.store, again, receipts={}, vkeys={})
    assert {one.clip.id for one in plan.linked} == {world.clip_ids[0], fourth}
    with snapshot(services.database) as reading:
        later = hold_case(reading, context_of(services), world.case_id)
    assert later.report.good
    assert (fifth, None) in later.objects


def test_a_bag_planned_of_rows_that_were_altered_is_refused(world: World) -> None:
    attacks.edit_case_title(world)
    services = world.services
    with snapshot(services.database) as tx:
        held = hold_case(tx, context_of(services), world.case_id)
        with pytest.raises(BundleRefusedError) as refused:
            plan_bundle(tx, services.store, held, receipts={}, vkeys={})
    assert [one.code for one in refused.value.report.findings] == [C.CASE_ALTERED]


def plan_of(world: World) -> BundlePlan:
    services = world.services
    with snapshot(services.database) as tx:
        held = hold_case(tx, context_of(services), world.case_id)
        return plan_bundle(tx, services.store, held, receipts={}, vkeys={})


def write(world: World, plan: BundlePlan, folder: Path) -> Bundle:
    services = world.services
    return write_bundle(
        services.store,
        plan,
        folder,
        clock=services.clock,
        actor=OPERATOR,
        bureau="",
        progress=lambda done, total: None,
    )


def test_the_bytes_are_those_of_the_log_whatever_a_row_says(world: World, tmp_path: Path) -> None:
    plan = plan_of(world)
    with world.services.database.read() as tx:
        other = get_clip(tx, world.clip_ids[2])
    at = [one.clip.id for one in plan.linked].index(world.clip_ids[0])
    own = plan.linked[at].clip
    forged = replace(own, sha256=other.sha256, object_key=other.object_key)
    linked = [*plan.linked]
    linked[at] = replace(linked[at], clip=forged)
    folder = write(world, replace(plan, linked=linked), tmp_path / "bag").reveal()
    [copied] = (folder / "data/originals").glob(f"*{own.name}")
    assert hashlib.sha256(copied.read_bytes()).hexdigest() == own.sha256


@pytest.mark.parametrize("attack", [attacks.flip_a_byte, attacks.flip_the_proxy])
def test_bytes_that_are_not_the_logs_leave_no_bag(
    world: World, tmp_path: Path, attack: Attack
) -> None:
    plan = plan_of(world)
    attack(world)
    folder = tmp_path / "out" / "bag"
    folder.parent.mkdir()
    with pytest.raises(BundleDigestError, match=world.clip_ids[0]):
        write(world, plan, folder)
    assert list(folder.parent.iterdir()) == []


def test_no_receipt_is_signed_by_altered_rows(
    world: World, home: list[str], tmp_path: Path
) -> None:
    with world.services.database.write() as tx:
        tx.execute(receipt_rows.delete())
    attacks.swap_recordings(world)
    assert export(home, tmp_path / "bag") == 1
    with world.services.database.read() as tx:
        assert tx.execute(sa.select(receipt_rows.c.clip_id)).all() == []


def test_a_link_entry_moved_to_another_item_is_found(world: World) -> None:
    """With its row gone too, the entry's bytes still say of which clip it is."""
    attacks.delete_link(world)
    index = attacks.index_of(world, "link.made")
    attacks.update(world, log_entries, log_entries.c.idx == index, item=f"x:{world.clip_ids[0]}")
    found = {one.code for one in world.verify(Selection(case_id=world.case_id)).findings}
    assert C.ITEM_CHAIN_BROKEN in found
