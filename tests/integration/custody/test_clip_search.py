"""Lists of clips: every filter, every order, the same on both engines."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from api.web.formats import digest_groups, digest_in_full
from custody.case_search import CaseFilter, search_cases
from custody.cases import CaseOfficer, NewCase, Procedure, create_case, link_clip, unlink_clip
from custody.clip_search import CLIP_SORTS, ClipFilter, find_clips, search_clips
from custody.clips import set_clip_state
from custody.errors import UnknownSortError
from custody.ledger import Ledger
from storage.database import Database
from tests.services.custody import ALICE, admit_clip

START = datetime(2026, 11, 20, 1, tzinfo=UTC)
SEEDS = ("alpha", "Bravo", "charlie_100%", "delta", "echo")


@pytest.fixture
def ids(database: Database, ledger: Ledger) -> dict[str, str]:
    """Five clips an hour apart; delta has no time, echo no officer; the first is in a case."""
    found = {}
    with database.write() as tx:
        for n, seed in enumerate(SEEDS):
            found[seed] = admit_clip(
                tx,
                ledger,
                seed,
                officer=None if seed == "echo" else f"JX000{n % 2}",
                recorder=f"TA0000{n}",
                recorded_at=None if seed == "delta" else START + timedelta(hours=n),
                important=n == 1,
                media_kind="audio" if n == 2 else "video",
                station_id="s-1" if n < 2 else None,
            ).id
        set_clip_state(tx, ledger, ALICE, found["Bravo"], "ready")
        case = create_case(
            tx, ledger, ALICE, NewCase("零城执罚决字〔2026〕第1号", Procedure.SUMMARY, "占道")
        )
        for seed in ("alpha", "echo"):
            link_clip(tx, ledger, ALICE, case.id, found[seed], "decision")
        unlink_clip(tx, ledger, ALICE, case.id, found["echo"])
    return found | {"case": case.id}


def found(database: Database, wanted: ClipFilter, sort: str = "name") -> list[str]:
    with database.read() as tx:
        page = search_clips(tx, wanted, sort)
    assert page.total == len(page.clips)
    return [clip.name.removesuffix(".mp4") for clip in page.clips]


FILTERS: list[tuple[dict[str, Any], set[str]]] = [
    ({}, set(SEEDS)),
    ({"officer": "JX0000"}, {"alpha", "charlie_100%"}),
    ({"officer": " jx0000"}, {"alpha", "charlie_100%"}),
    ({"officer": "ＪＸ００００"}, {"alpha", "charlie_100%"}),
    ({"recorder": "TA00003"}, {"delta"}),
    ({"recorder": "ta００００３"}, {"delta"}),
    ({"state": "ready"}, {"Bravo"}),
    ({"media_kind": "audio"}, {"charlie_100%"}),
    ({"important": True}, {"Bravo"}),
    (
        {"important": False, "state": "archived", "media_kind": "video"},
        {"alpha", "delta", "echo"},
    ),
    ({"station_id": "s-1"}, {"alpha", "Bravo"}),
    ({"unassigned": True}, {"echo"}),
    ({"recorded_from": START + timedelta(hours=1)}, {"Bravo", "charlie_100%", "echo"}),
    ({"recorded_to": START + timedelta(hours=1)}, {"alpha"}),
    ({"text": "bra"}, {"Bravo"}),
    ({"text": "A"}, {"alpha", "Bravo", "charlie_100%", "delta"}),
    ({"text": "_100%"}, {"charlie_100%"}),
    ({"text": "%"}, {"charlie_100%"}),
    ({"text": "JX0001"}, {"Bravo", "delta"}),
    ({"text": "TA00004"}, {"echo"}),
    ({"text": "ｊｘ0001"}, {"Bravo", "delta"}),
    ({"text": "ta00004 "}, {"echo"}),
    ({"text": "'; --"}, set()),
    ({"text": "nul\x00"}, set()),
]


def test_filters(database: Database, ids: dict[str, str]) -> None:
    for wanted, names in FILTERS:
        assert set(found(database, ClipFilter(**wanted))) == names, wanted


def test_the_clips_of_a_case_without_those_taken_out(
    database: Database, ids: dict[str, str]
) -> None:
    assert found(database, ClipFilter(case_id=ids["case"])) == ["alpha"]


def test_a_clip_is_found_by_its_digest_or_id(database: Database, ids: dict[str, str]) -> None:
    with database.read() as tx:
        clip = find_clips(tx, [ids["delta"], "nobody"])[ids["delta"]]
    assert found(database, ClipFilter(text=clip.sha256[:12].upper())) == ["delta"]
    assert found(database, ClipFilter(text=clip.id)) == ["delta"]


def test_a_digest_is_found_as_the_pages_show_it(database: Database, ids: dict[str, str]) -> None:
    with database.read() as tx:
        clip = find_clips(tx, [ids["delta"]])[ids["delta"]]
    for algorithm, digest in (("SHA-256", clip.sha256), ("SM3", clip.sm3)):
        first, second, last = digest_groups(digest)
        for typed in (
            digest_in_full(digest).upper(),
            f"{algorithm} {digest}",
            f"{first} {second} … {last}".upper(),
            f"{first} {second}",
        ):
            assert found(database, ClipFilter(text=typed)) == ["delta"], typed
        assert found(database, ClipFilter(text=f"{first} {second} … {last[::-1]}x")) == []


def test_each_order_downward_is_the_other_one_turned_round(
    database: Database, ids: dict[str, str]
) -> None:
    for sort, column in CLIP_SORTS.items():
        with database.read() as tx:
            upward = search_clips(tx, ClipFilter(), sort).clips
            downward = search_clips(tx, ClipFilter(), f"-{sort}").clips
        without = {clip.id for clip in upward if getattr(clip, column.name) is None}
        assert [c.id for c in upward if c.id not in without] == [
            c.id for c in reversed(downward) if c.id not in without
        ], sort
        for page in (upward, downward):
            assert {clip.id for clip in page[len(page) - len(without) :]} == without, sort


def test_the_newest_recording_comes_first(database: Database, ids: dict[str, str]) -> None:
    assert found(database, ClipFilter(), "-recorded_at") == [
        "echo", "charlie_100%", "Bravo", "alpha", "delta",
    ]  # fmt: skip


def test_pages_hold_every_clip_once(database: Database, ids: dict[str, str]) -> None:
    seen = []
    with database.read() as tx:
        for offset in (0, 2, 4, 6):
            page = search_clips(tx, ClipFilter(), "media_kind", offset, 2)
            assert page.total == 5
            seen += [clip.id for clip in page.clips]
    assert sorted(seen) == sorted(ids[seed] for seed in SEEDS)


def test_an_unknown_order_is_refused(database: Database) -> None:
    with database.read() as tx:
        for sort in ("", "-", "sha256; DROP TABLE clips", "--name", "reason"):
            with pytest.raises(UnknownSortError):
                search_clips(tx, ClipFilter(), sort)


def test_a_page_takes_two_statements(database: Database, ids: dict[str, str]) -> None:
    statements = []
    sa.event.listen(
        database.engine, "before_cursor_execute", lambda *args: statements.append(args[2])
    )
    with database.read() as tx:
        search_clips(tx, ClipFilter(text="a", case_id=ids["case"]))
    assert len([text for text in statements if text.startswith("SELECT")]) == 2


def test_an_officer_is_found_by_the_certificate_number_that_a_case_names(
    database: Database, ledger: Ledger, ids: dict[str, str]
) -> None:
    officers = (CaseOfficer("JX0001", "零A-01020304"), CaseOfficer("JX0009", "01020399"))
    with database.write() as tx:
        new = NewCase("零城执罚决字〔2026〕第88号", "general", "x", officers=officers)
        case = create_case(tx, ledger, ALICE, new)
    with database.read() as tx:
        for typed in ("零A-01020304", " 零a-01020304 "):
            found = {clip.id for clip in search_clips(tx, ClipFilter(text=typed)).clips}
            assert found == {ids["Bravo"], ids["delta"]}
        # Of a part of a number nobody knows whose it is; and this officer has no recording.
        for typed in ("01020304", "01020399", "%"):
            assert not {clip.id for clip in search_clips(tx, ClipFilter(text=typed)).clips} & {
                ids["Bravo"],
                ids["delta"],
            }
        for typed in ("零A-01020304", "01020399", "jx0009"):
            assert [one.id for one in search_cases(tx, CaseFilter(text=typed)).cases] == [case.id]
        assert search_cases(tx, CaseFilter(text="0102")).cases == []
