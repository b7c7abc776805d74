"""Cases: what recordings are evidence for.

Reading their rows is in `custody.case_rows`, links between the two in `custody.links`, lists of
cases in `custody.case_search`.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from custody.actors import Actor
from custody.case_fields import read_day, read_officer, read_optional, read_title
from custody.case_numbers import normalize_case_number
from custody.case_rows import (
    Case,
    CaseOfficer,
    Procedure,
    case_query,
    require_sound_case,
    select_cases,
)
from custody.errors import (
    CaseExistsError,
    CaseNotFoundError,
    CaseNumberError,
    StaleCaseError,
)
from custody.events import EventKind, case_item
from custody.first_writer import insert_first
from custody.ids import looks_like_id, new_id
from custody.ledger import Event, Ledger
from custody.links import (
    CaseLink,
    LinkedClip,
    Stage,
    clips_of_case,
    link_clip,
    links_of_clip,
    links_of_clips,
    unlink_clip,
)
from custody.log.entry import Json
from custody.tables import case_officers, cases, log_entries

__all__ = [
    "CASE_FIELDS",
    "Case",
    "CaseLink",
    "CaseOfficer",
    "LinkedClip",
    "NewCase",
    "Procedure",
    "Stage",
    "case_details",
    "case_revision",
    "change_case",
    "clips_of_case",
    "create_case",
    "find_case",
    "find_case_by_id",
    "get_case",
    "get_case_as_it_stands",
    "hold_case",
    "link_clip",
    "links_of_clip",
    "links_of_clips",
    "unlink_clip",
]


@dataclass(frozen=True, slots=True)
class NewCase:
    """What a case says, to create it or to change it to.

    ``number`` in any accepted writing; the day is the bureau's.
    """

    number: str
    procedure: Procedure | str
    title: str
    party: str | None = None
    occurred_on: date | None = None
    officers: tuple[CaseOfficer, ...] = ()


#: What can be changed of a case, as `Case` and its entries name it.
CASE_FIELDS = ("number", "procedure", "title", "party", "occurred_on", "officers")

#: The entries that say what a case's row is.
_SAYING = (EventKind.CASE_CREATED.value, EventKind.CASE_CHANGED.value)


def create_case(tx: Connection, ledger: Ledger, actor: Actor, new: NewCase) -> Case:
    """Create a case; ``case.created``.

    Texts are kept without spaces around them, codes in the form of `normalize_code`; a party or
    certificate of nothing else is none.
    Raises `CaseNumberError`, `CaseExistsError`, `CaseTitleError` and `CaseOfficerCodeError` where a
    title or an officer's code has nothing to be seen, `CaseOfficerListError` where one officer is
    several, `CodeHiddenError` and `CodeLongError` for codes and certificate numbers that nobody
    can read or keep, `CaseDayAheadError` for a day that is yet to come, and `ValueError` for a
    procedure that is none and a day outside the calendar.
    """
    now = ledger.clock.now()
    case = Case(
        id=new_id(),
        created_at=now,
        created_by=actor.id,
        clip_count=0,
        **_fields(new, now),
    )
    columns = {name: getattr(case, name) for name in cases.c.keys()}  # noqa: SIM118 - names, not columns
    if not insert_first(tx, cases, columns):
        raise CaseExistsError(case.number)
    _insert_officers(tx, case)
    ledger.append(
        tx,
        actor,
        Event(
            EventKind.CASE_CREATED,
            case_item(case.id),
            facts={"case": case.id, "procedure": case.procedure},
            details=case_details(case),
        ),
    )
    return case


def change_case(
    tx: Connection,
    ledger: Ledger,
    actor: Actor,
    case_id: str,
    new: NewCase,
    *,
    seen: int | None = None,
) -> tuple[Case, tuple[str, ...]]:
    """Let a case say what ``new`` says; ``case.changed`` if that is anything else than it says.

    Returns the case as it stands then and which of `CASE_FIELDS` changed: none, and nothing was
    written. ``seen`` is the `case_revision` that ``new`` was made from, None where the caller holds
    the case. Raises `StaleCaseError` if somebody has changed it since, and as `get_case` and
    `create_case` do; after `CaseExistsError` ``tx`` can only be rolled back.
    """
    before = hold_case(tx, case_id)
    case = replace(before, **_fields(new, ledger.clock.now()))
    changed = [name for name in CASE_FIELDS if getattr(case, name) != getattr(before, name)]
    if not changed:
        return before, ()
    if seen is not None and seen != case_revision(tx, case_id):
        raise StaleCaseError(before.number)
    values = {name: getattr(case, name) for name in CASE_FIELDS if name in cases.c}
    try:
        tx.execute(cases.update().where(cases.c.id == case_id).values(**values))
    except IntegrityError as error:  # the one key that can be taken is the number
        raise CaseExistsError(case.number) from error
    if case.officers != before.officers:
        tx.execute(case_officers.delete().where(case_officers.c.case_id == case_id))
        _insert_officers(tx, case)
    facts: dict[str, Json] = {"case": case.id, "procedure": case.procedure, "changed": [*changed]}
    was = case_details(before) | {"procedure": before.procedure}
    details = case_details(case) | {"was": {name: was[name] for name in changed}}
    event = Event(EventKind.CASE_CHANGED, case_item(case.id), facts, details)
    ledger.append(tx, actor, event)
    return case, tuple(changed)


def case_revision(tx: Connection, case_id: str) -> int:
    """The number, in the case's own history, of the entry that says what it is now.

    -1 where there is none (which verification finds).
    """
    newest = tx.scalar(
        sa.select(sa.func.max(log_entries.c.item_seq)).where(
            log_entries.c.item == case_item(case_id), log_entries.c.kind.in_(_SAYING)
        )
    )
    return -1 if newest is None else newest


def case_details(case: Case) -> dict[str, Json]:
    """What ``case.created`` and ``case.changed`` commit to (beside the actor's name).

    A change has under ``was`` what it replaced, `Case.procedure` among it.
    """
    return {
        "number": case.number,
        "title": case.title,
        "party": case.party,
        "occurred_on": None if case.occurred_on is None else case.occurred_on.isoformat(),
        "officers": [
            {"officer": one.officer, "certificate_number": one.certificate_number}
            for one in case.officers
        ],
    }


def get_case(tx: Connection, case_id: str) -> Case:
    """One case, to act on. Raises `CaseNotFoundError`, `CaseAlteredError`."""
    return require_sound_case(get_case_as_it_stands(tx, case_id))


def get_case_as_it_stands(tx: Connection, case_id: str) -> Case:
    """One case to be shown, whatever its rows hold. Raises `CaseNotFoundError`."""
    found = find_case_by_id(tx, case_id)
    if found is None:
        raise CaseNotFoundError(case_id)
    return found


def find_case_by_id(tx: Connection, case_id: str) -> Case | None:
    """The case with this id to be shown, if there is one, whatever its rows hold."""
    if not looks_like_id(case_id):  # an address may hold what no database takes
        return None
    found = select_cases(tx, case_query(tx).where(cases.c.id == case_id))
    return found[0] if found else None


def hold_case(tx: Connection, case_id: str) -> Case:
    """One case, which nobody else changes until ``tx`` ends. Raises as `get_case`."""
    # On SQLite a write transaction is the only one anyway.
    tx.execute(sa.select(cases.c.id).where(cases.c.id == case_id).with_for_update())
    return get_case(tx, case_id)


def find_case(tx: Connection, number: str) -> Case | None:
    """The case with this number in any accepted writing, to be shown, whatever its rows hold.

    None also for what is no number.
    """
    try:
        normal = normalize_case_number(number)
    except CaseNumberError:
        return None
    found = select_cases(tx, case_query(tx).where(cases.c.number == normal))
    return found[0] if found else None


def _fields(new: NewCase, now: datetime) -> dict[str, Any]:
    """`CASE_FIELDS` in the form in which they are kept. Raises as `create_case` does."""
    officers = [read_officer(one) for one in new.officers]
    return {
        "number": normalize_case_number(new.number),
        "procedure": Procedure(new.procedure).value,
        "title": read_title(new.title),
        "party": read_optional(new.party),
        "occurred_on": read_day(new.occurred_on, now),
        # A code named twice is one officer; the later certificate number counts.
        "officers": tuple(
            officer for _, officer in sorted({one.officer: one for one in officers}.items())
        ),
    }


def _insert_officers(tx: Connection, case: Case) -> None:
    rows = [
        {
            "case_id": case.id,
            "officer": one.officer,
            "certificate_number": one.certificate_number,
        }
        for one in case.officers
    ]
    if rows:
        tx.execute(case_officers.insert(), rows)
