"""Links: a person's word that a recording belongs to a stage of a case, made and taken back."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from custody.cases import Case, NewCase, Procedure, Stage, create_case, get_case
from custody.errors import (
    CaseNotFoundError,
    ClipNotFoundError,
    LinkExistsError,
    LinkNotFoundError,
)
from custody.history import history_of
from custody.ledger import Ledger
from custody.links import (
    change_stage,
    clips_of_case,
    clips_once_in_case,
    link_clip,
    link_clips,
    links_of_clip,
    links_of_clips,
    stages_in_case,
    unlink_clip,
)
from custody.tables import links
from storage.database import Database
from tests.services.custody import ALICE, BOB, admit_clip


@pytest.fixture
def case(database: Database, ledger: Ledger) -> Case:
    with database.write() as tx:
        return create_case(
            tx, ledger, ALICE, NewCase("零城执罚决字〔2026〕第1号", Procedure.GENERAL, "占道")
        )


@pytest.fixture
def clip_ids(database: Database, ledger: Ledger) -> list[str]:
    """The second was recorded before the first, nobody knows when the third was."""
    noon = datetime(2026, 11, 22, 4, tzinfo=UTC)
    times = (noon, noon - timedelta(hours=1), None)
    with database.write() as tx:
        return [
            admit_clip(tx, ledger, f"clip-{n}", recorded_at=at).id for n, at in enumerate(times)
        ]


def test_a_link_is_made_with_its_entry_on_the_clip(
    database: Database, ledger: Ledger, case: Case, clip_ids: list[str]
) -> None:
    with database.write() as tx:
        link_id = link_clip(tx, ledger, ALICE, case.id, clip_ids[0], "investigation")
    with database.read() as tx:
        [link] = links_of_clip(tx, clip_ids[0])
        event = history_of(tx, f"clip:{clip_ids[0]}")[-1]
        assert get_case(tx, case.id).clip_count == 1
    assert (link.link_id, link.case_id, link.case_number) == (link_id, case.id, case.number)
    assert (link.stage, link.linked_by) == (Stage.INVESTIGATION, ALICE.id)
    assert (event.kind, event.actor_id) == ("link.made", ALICE.id)
    assert event.facts == {"case": case.id, "stage": "investigation", "link": link_id}


def test_clips_of_a_case_in_order_of_recording(
    database: Database, ledger: Ledger, case: Case, clip_ids: list[str]
) -> None:
    with database.write() as tx:
        for clip_id, stage in zip(clip_ids, ("decision", "investigation", "service"), strict=True):
            link_clip(tx, ledger, ALICE, case.id, clip_id, stage)
        linked = clips_of_case(tx, case.id)
    assert [one.clip.id for one in linked] == [clip_ids[1], clip_ids[0], clip_ids[2]]
    assert [one.stage for one in linked] == [Stage.INVESTIGATION, Stage.DECISION, Stage.SERVICE]


def test_a_clip_is_linked_to_a_case_once(
    database: Database, ledger: Ledger, case: Case, clip_ids: list[str]
) -> None:
    with database.write() as tx:
        link_clip(tx, ledger, ALICE, case.id, clip_ids[0], "decision")
    with pytest.raises(LinkExistsError), database.write() as tx:
        link_clip(tx, ledger, ALICE, case.id, clip_ids[0], "service")
    with database.read() as tx:
        assert [link.stage for link in links_of_clip(tx, clip_ids[0])] == [Stage.DECISION]
        assert len(history_of(tx, f"clip:{clip_ids[0]}")) == 2


def test_a_link_is_taken_back_and_made_again(
    database: Database, ledger: Ledger, case: Case, clip_ids: list[str]
) -> None:
    clip_id = clip_ids[0]
    with database.write() as tx:
        first = link_clip(tx, ledger, ALICE, case.id, clip_id, "decision")
        unlink_clip(tx, ledger, BOB, case.id, clip_id)
        assert links_of_clip(tx, clip_id) == clips_of_case(tx, case.id) == []
        second = link_clip(tx, ledger, ALICE, case.id, clip_id, "service")
        rows = tx.execute(sa.select(links).order_by(links.c.linked_at, links.c.id)).all()
        events = history_of(tx, f"clip:{clip_id}")
    assert [row.id for row in rows] == [first, second]
    assert (rows[0].unlinked_by, rows[1].unlinked_by) == (BOB.id, None)
    assert [event.kind for event in events[1:]] == ["link.made", "link.removed", "link.made"]
    assert events[2].facts == {"case": case.id, "stage": "decision", "link": first}


def test_there_is_no_such_link(
    database: Database, ledger: Ledger, case: Case, clip_ids: list[str]
) -> None:
    with pytest.raises(LinkNotFoundError), database.write() as tx:
        unlink_clip(tx, ledger, ALICE, case.id, clip_ids[0])
    with pytest.raises(CaseNotFoundError), database.write() as tx:
        link_clip(tx, ledger, ALICE, "nobody", clip_ids[0], "decision")
    with pytest.raises(ClipNotFoundError), database.write() as tx:
        link_clip(tx, ledger, ALICE, case.id, "nobody", "decision")
    with pytest.raises(ValueError, match="later"), database.write() as tx:
        link_clip(tx, ledger, ALICE, case.id, clip_ids[0], "later")


def test_links_of_many_clips(
    database: Database, ledger: Ledger, case: Case, clip_ids: list[str]
) -> None:
    with database.write() as tx:
        other = create_case(
            tx, ledger, ALICE, NewCase("零城当罚决字〔2026〕第9号", Procedure.SUMMARY, "抛物")
        )
        for case_id in (case.id, other.id):
            link_clip(tx, ledger, ALICE, case_id, clip_ids[0], "decision")
        found = links_of_clips(tx, clip_ids)
    assert {link.case_id for link in found[clip_ids[0]]} == {case.id, other.id}
    assert found[clip_ids[1]] == found[clip_ids[2]] == []


def test_many_are_linked_at_once_and_those_that_stand_are_left_alone(
    database: Database, ledger: Ledger, case: Case, clip_ids: list[str]
) -> None:
    with database.write() as tx:
        first = link_clip(tx, ledger, ALICE, case.id, clip_ids[1], Stage.REVIEW)
        made = link_clips(tx, ledger, BOB, case.id, reversed(clip_ids), "investigation")
    assert set(made) == {clip_ids[0], clip_ids[2]}
    with database.read() as tx:
        found = links_of_clips(tx, clip_ids)
        kinds = [[event.kind for event in history_of(tx, f"clip:{one}")] for one in clip_ids]
        assert clips_once_in_case(tx, case.id) == sorted(clip_ids)
    assert {one: [link.link_id for link in found[one]] for one in clip_ids} == {
        **{one: [link_id] for one, link_id in made.items()},
        clip_ids[1]: [first],
    }
    assert [kind.count("link.made") for kind in kinds] == [1, 1, 1]


def test_of_many_one_that_is_none_links_nothing(
    database: Database, ledger: Ledger, case: Case, clip_ids: list[str]
) -> None:
    with pytest.raises(ClipNotFoundError), database.write() as tx:
        link_clips(tx, ledger, BOB, case.id, [*clip_ids, "nobody's"], "investigation")
    with database.read() as tx:
        assert clips_of_case(tx, case.id) == []


def test_a_stage_is_changed_by_ending_the_link_and_making_it_anew(
    database: Database, ledger: Ledger, case: Case, clip_ids: list[str]
) -> None:
    with database.write() as tx:
        link_clips(tx, ledger, ALICE, case.id, clip_ids[:2], Stage.REVIEW)
        link_clip(tx, ledger, ALICE, case.id, clip_ids[2], Stage.SERVICE)
        moved = change_stage(tx, ledger, BOB, case.id, clip_ids, "service")
        assert stages_in_case(tx, case.id, clip_ids) == dict.fromkeys(clip_ids, Stage.SERVICE)
        events = [history_of(tx, f"clip:{one}") for one in clip_ids]
        ended = tx.scalar(
            sa.select(sa.func.count()).where(links.c.unlinked_by == BOB.id).select_from(links)
        )
    assert set(moved) == set(clip_ids[:2])
    assert ended == 2
    assert [[event.kind for event in one[1:]] for one in events] == [
        ["link.made", "link.removed", "link.made"],
        ["link.made", "link.removed", "link.made"],
        ["link.made"],
    ]
    assert [event.facts["stage"] for event in events[0][2:]] == ["review", "service"]


def test_of_many_one_that_is_not_in_the_case_moves_none(
    database: Database, ledger: Ledger, case: Case, clip_ids: list[str]
) -> None:
    with database.write() as tx:
        link_clip(tx, ledger, ALICE, case.id, clip_ids[0], Stage.REVIEW)
    for case_id, missing in ((case.id, LinkNotFoundError), ("nobody", CaseNotFoundError)):
        with pytest.raises(missing), database.write() as tx:
            change_stage(tx, ledger, BOB, case_id, clip_ids, Stage.SERVICE)
    with database.read() as tx:
        assert stages_in_case(tx, case.id, clip_ids) == {clip_ids[0]: Stage.REVIEW}
