"""Cases: one for a number, found in any writing of it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from custody.case_search import CASE_SORTS, CaseFilter, search_cases
from custody.cases import (
    Case,
    CaseOfficer,
    NewCase,
    Procedure,
    Stage,
    case_details,
    case_revision,
    change_case,
    create_case,
    find_case,
    get_case,
    link_clip,
)
from custody.errors import (
    CaseExistsError,
    CaseNotFoundError,
    CaseNumberError,
    CaseOfficerCodeError,
    CaseTitleError,
    StaleCaseError,
    UnknownSortError,
)
from custody.events import EventKind
from custody.history import find_item_event, history_of
from custody.ledger import Event, Ledger
from custody.tables import log_entries
from storage.database import Database
from tests.services.custody import ALICE, BOB, admit_clip

NUMBER = "零城执罚决字〔2026〕第12号"
OFFICERS = (CaseOfficer("JX0228"), CaseOfficer("JX0227", "零A-0012"))


def a_case(number: str = NUMBER, **changes: Any) -> NewCase:
    values: dict[str, Any] = {
        "procedure": Procedure.GENERAL,
        "title": "擅自占道经营",
        "party": "王某",
        "occurred_on": date(2026, 11, 20),
        "officers": OFFICERS,
    }
    return NewCase(number, **(values | changes))


@pytest.fixture
def case(database: Database, ledger: Ledger) -> Case:
    with database.write() as tx:
        return create_case(tx, ledger, ALICE, a_case("零城执罚决字(2026)012"))


def test_a_case_is_created_with_its_entry(database: Database, case: Case) -> None:
    with database.read() as tx:
        assert get_case(tx, case.id) == case
        [event] = history_of(tx, f"case:{case.id}")
    assert (case.number, case.created_by, case.clip_count) == (NUMBER, ALICE.id, 0)
    assert case.officers == (CaseOfficer("JX0227", "零A-0012"), CaseOfficer("JX0228"))
    assert event.kind == "case.created"
    assert event.facts == {"case": case.id, "procedure": "general"}
    assert event.details == case_details(case) | {"actor_name": "alice"}
    assert "王某" not in str(event.facts)


def test_a_number_is_taken_in_every_writing(database: Database, ledger: Ledger, case: Case) -> None:
    for number in (NUMBER, "零城执罚决字［２０２６］第０１２号", "零城执罚决字(2026)12"):
        with pytest.raises(CaseExistsError), database.write() as tx:
            create_case(tx, ledger, ALICE, a_case(number))
        with database.read() as tx:
            assert find_case(tx, number) == case
            assert len(tx.execute(sa.select(log_entries)).all()) == 1


def test_what_is_not_there(database: Database, case: Case) -> None:
    with database.read() as tx:
        assert find_case(tx, "零城执罚决字〔2026〕第13号") is None
        assert find_case(tx, "not a number") is None
        with pytest.raises(CaseNotFoundError):
            get_case(tx, "nobody")


def test_a_wrong_number_or_procedure_is_refused(database: Database, ledger: Ledger) -> None:
    with pytest.raises(CaseNumberError), database.write() as tx:
        create_case(tx, ledger, ALICE, a_case("2026-12"))
    with pytest.raises(ValueError, match="quick"), database.write() as tx:
        create_case(tx, ledger, ALICE, a_case(procedure="quick"))
    for day in (date.min, date.max):
        with pytest.raises(ValueError, match="calendar"), database.write() as tx:
            create_case(tx, ledger, ALICE, a_case(occurred_on=day))


def test_an_officer_named_twice_is_one_officer(database: Database, ledger: Ledger) -> None:
    officers = (CaseOfficer("JX0227"), CaseOfficer("JX0227", "零A-0012"))
    with database.write() as tx:
        case = create_case(tx, ledger, ALICE, a_case(officers=officers))
        assert get_case(tx, case.id).officers == (CaseOfficer("JX0227", "零A-0012"),)


def test_an_officer_is_the_same_however_the_code_is_written(
    database: Database, ledger: Ledger
) -> None:
    officers = (CaseOfficer("ｊｘ０２２７"), CaseOfficer(" jx0227", "零A-0012"))
    with database.write() as tx:
        case = create_case(tx, ledger, ALICE, a_case(officers=officers))
        assert case.officers == (CaseOfficer("JX0227", "零A-0012"),)
        again = a_case(officers=(CaseOfficer("Jx0227", "零A-0012"),))
        assert change_case(tx, ledger, ALICE, case.id, again) == (case, ())
    with database.read() as tx:
        event = history_of(tx, f"case:{case.id}")[0]
    assert event.details["officers"] == [{"officer": "JX0227", "certificate_number": "零A-0012"}]


def test_a_case_may_have_no_officers_yet(database: Database, ledger: Ledger) -> None:
    with database.write() as tx:
        case = create_case(tx, ledger, ALICE, a_case(officers=()))
        assert get_case(tx, case.id) == case


def test_a_case_is_changed_and_both_entries_say_how(
    database: Database, ledger: Ledger, case: Case
) -> None:
    officers = (CaseOfficer("JX0227", "零A-0013"), CaseOfficer("JX0229"))
    new = a_case("零城执罚决字(2026)013", title="占道经营", party=None, officers=officers)
    with database.write() as tx:
        clip = admit_clip(tx, ledger, "clip")
        link_clip(tx, ledger, ALICE, case.id, clip.id, Stage.REVIEW)
        changed, fields = change_case(tx, ledger, BOB, case.id, new)
    with database.read() as tx:
        assert get_case(tx, case.id) == changed
        assert find_case(tx, NUMBER) is None
        created, event = history_of(tx, f"case:{case.id}")
    assert fields == ("number", "title", "party", "officers")
    assert (changed.number, changed.occurred_on) == ("零城执罚决字〔2026〕第13号", case.occurred_on)
    assert (changed.created_by, changed.created_at) == (case.created_by, case.created_at)
    assert (changed.officers, changed.clip_count) == (officers, 1)
    assert (event.kind, event.actor_id) == ("case.changed", BOB.id)
    assert event.facts == {"case": case.id, "procedure": "general", "changed": [*fields]}
    before = case_details(case)
    was = {name: before[name] for name in fields}
    assert event.details == case_details(changed) | {"actor_name": "bob", "was": was}
    assert created.details["number"] == NUMBER


def test_a_change_to_what_is_there_writes_nothing(
    database: Database, ledger: Ledger, case: Case
) -> None:
    for number, officers in (
        (NUMBER, OFFICERS),
        ("零城执罚决字［2026］第０１２号", OFFICERS[::-1]),
    ):
        with database.write() as tx:
            new = a_case(number, officers=officers)
            # Also by somebody who has not seen the newest: nothing of it is lost.
            assert change_case(tx, ledger, BOB, case.id, new, seen=7) == (case, ())
    with database.read() as tx:
        assert len(tx.execute(sa.select(log_entries)).all()) == 1


def test_a_change_made_from_an_older_state_is_refused(
    database: Database, ledger: Ledger, case: Case
) -> None:
    with database.write() as tx:
        seen = case_revision(tx, case.id)
        # Other entries of the case's item are no change of it.
        ledger.append(tx, ALICE, Event(EventKind.CASE_EXPORTED, f"case:{case.id}"))
        changed, _ = change_case(tx, ledger, BOB, case.id, a_case(title="bob's"), seen=seen)
    with pytest.raises(StaleCaseError, match="第12号"), database.write() as tx:
        change_case(tx, ledger, ALICE, case.id, a_case(title="alice's"), seen=seen)
    with database.read() as tx:
        assert get_case(tx, case.id) == changed
        assert case_revision(tx, case.id) == 2
        event = find_item_event(tx, f"case:{case.id}", 2)
        assert event is not None
        assert event.details["title"] == "bob's"
        assert find_item_event(tx, f"case:{case.id}", 3) is None


def test_of_two_who_change_at_once_one_is_told(
    database: Database, ledger: Ledger, case: Case
) -> None:
    with database.read() as tx:
        seen = case_revision(tx, case.id)
    start = threading.Barrier(2)

    def change(name: str) -> str:
        start.wait()
        try:
            with database.write() as tx:
                change_case(tx, ledger, ALICE, case.id, a_case(title=name), seen=seen)
        except StaleCaseError:
            return ""
        return name

    with ThreadPoolExecutor(2) as people:
        titles = list(people.map(change, ("one", "other")))
    with database.read() as tx:
        assert sorted(titles) == ["", get_case(tx, case.id).title]
        assert len(history_of(tx, f"case:{case.id}")) == 2


def test_a_number_that_is_taken_is_refused_and_nothing_changes(
    database: Database, ledger: Ledger, case: Case
) -> None:
    with database.write() as tx:
        other = create_case(tx, ledger, ALICE, a_case("零城执罚决字(2026)013"))
    with pytest.raises(CaseExistsError), database.write() as tx:
        change_case(tx, ledger, ALICE, other.id, a_case(NUMBER, title="x", officers=()))
    with pytest.raises(CaseNumberError), database.write() as tx:
        change_case(tx, ledger, ALICE, other.id, a_case("13号"))
    with pytest.raises(CaseNotFoundError), database.write() as tx:
        change_case(tx, ledger, ALICE, "nobody", a_case())
    with database.read() as tx:
        assert get_case(tx, other.id) == other
        assert case_revision(tx, "nobody") == -1
        assert len(tx.execute(sa.select(log_entries)).all()) == 2


@pytest.fixture
def several(database: Database, ledger: Ledger, case: Case) -> None:
    with database.write() as tx:
        for number, changes in (
            (
                "零城执罚决字〔2026〕第2号",
                {"title": "夜间噪声 KTV", "officers": (CaseOfficer("JX0300"),)},
            ),
            ("零城当罚决字〔2026〕第3号", {"procedure": "summary", "party": None}),
            ("零城执罚决字〔2026〕第4号", {"occurred_on": None, "title": "100%_"}),
            ("零城执罚决字〔2026〕第5号", {"occurred_on": date(2026, 11, 21)}),
        ):
            create_case(tx, ledger, ALICE, a_case(number, **changes))


FILTERS: list[tuple[dict[str, Any], set[int]]] = [
    ({}, {12, 2, 3, 4, 5}),
    ({"text": "噪声"}, {2}),
    ({"text": "王某"}, {12, 2, 4, 5}),
    ({"text": "零城执罚决字(2026)012"}, {12}),
    ({"text": "当罚"}, {3}),
    ({"text": "%_"}, {4}),
    ({"text": "_"}, {4}),
    ({"text": "ktv"}, {2}),
    ({"text": "Ktv"}, {2}),
    ({"text": "\\"}, set()),
    ({"text": "\x00"}, set()),
    ({"officer": "JX0300"}, {2}),
    ({"officer": "ｊx0300 "}, {2}),
    ({"text": " jx0300"}, {2}),
    ({"text": "ＪＸ０３００"}, {2}),
    ({"officer": "JX0227", "procedure": "general"}, {12, 4, 5}),
    ({"occurred_from": date(2026, 11, 21)}, {5}),
    ({"occurred_to": date(2026, 11, 20)}, {12, 2, 3}),
]


def test_filters(database: Database, several: None) -> None:
    for wanted, numbers in FILTERS:
        with database.read() as tx:
            page = search_cases(tx, CaseFilter(**wanted))
            assert page.cases == [get_case(tx, case.id) for case in page.cases]
        found = {int(case.number.split("第")[1][:-1]) for case in page.cases}
        assert (found, page.total) == (numbers, len(numbers)), wanted


def test_orders_and_pages(database: Database, several: None) -> None:
    with database.read() as tx:
        for sort, order in ((sort, sign + sort) for sort in CASE_SORTS for sign in ("", "-")):
            whole = search_cases(tx, CaseFilter(), order).cases
            pages = [search_cases(tx, CaseFilter(), order, offset, 2) for offset in (0, 2, 4)]
            assert [case for page in pages for case in page.cases] == whole
            without = [case for case in whole if getattr(case, sort) is None]
            assert whole[5 - len(without) :] == without


def test_an_unknown_order_is_refused(database: Database) -> None:
    with pytest.raises(UnknownSortError), database.read() as tx:
        search_cases(tx, CaseFilter(), "party")


@pytest.mark.parametrize("title", ["", " ", "\n\t", "\u3000\u00a0", "\u200b", "\ufeff\u2060"])
def test_a_case_is_called_something_that_can_be_read(
    database: Database, ledger: Ledger, title: str
) -> None:
    with database.write() as tx:
        case = create_case(tx, ledger, ALICE, NewCase(NUMBER, "general", " 占道经营 "))
    assert case.title == "占道经营"
    other = "零城执罚决字〔2026〕第77号"
    with pytest.raises(CaseTitleError, match="needs a matter"), database.write() as tx:
        create_case(tx, ledger, ALICE, NewCase(other, "general", title))
    with pytest.raises(CaseTitleError), database.write() as tx:
        change_case(tx, ledger, ALICE, case.id, NewCase(NUMBER, "general", title))
    with database.read() as tx:
        assert get_case(tx, case.id) == case
        assert find_case(tx, other) is None
        assert len(history_of(tx, f"case:{case.id}")) == 1


def test_what_nobody_can_read_is_no_party_no_certificate_and_no_officer(
    database: Database, ledger: Ledger
) -> None:
    new = NewCase(NUMBER, "general", "a", "\u3000 ", None, (CaseOfficer(" JX0227 ", " \u200b"),))
    with database.write() as tx:
        case = create_case(tx, ledger, ALICE, new)
    assert (case.party, case.officers) == (None, (CaseOfficer("JX0227"),))
    nobody = replace(new, officers=(CaseOfficer("\u200b", "0012"),))
    with pytest.raises(CaseOfficerCodeError), database.write() as tx:
        change_case(tx, ledger, ALICE, case.id, nobody)
