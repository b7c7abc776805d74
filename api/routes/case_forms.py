"""Creating a case and changing what it says; what was typed stays in the form on every error."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from api import errors
from api.dependencies import Person, PersonDep, ServicesDep, may_submit
from api.services import Services
from api.web.case_form import (
    CaseCodeError,
    CaseDayError,
    CaseOfficerError,
    CaseOfficersError,
    Difference,
    Typed,
    merge,
    read_case,
    write_case,
    write_event,
)
from api.web.pages import Pages, go_back
from custody.access import Right
from custody.cases import (
    Case,
    Procedure,
    case_revision,
    change_case,
    create_case,
    find_case,
    get_case,
)
from custody.errors import (
    CaseDayAheadError,
    CaseExistsError,
    CaseNumberError,
    CaseOfficerCodeError,
    CaseOfficerListError,
    CaseTitleError,
    CodeHiddenError,
    StaleCaseError,
)
from custody.events import case_item
from custody.history import HistoryEvent, find_item_event

router = APIRouter()


@dataclass
class CaseForm:
    """The fields of the form as they were typed."""

    number: Annotated[str, Form(max_length=128)] = ""
    procedure: Annotated[Procedure, Form()] = Procedure.SUMMARY
    title: Annotated[str, Form(max_length=500)] = ""
    party: Annotated[str, Form(max_length=500)] = ""
    occurred_on: Annotated[str, Form(max_length=10)] = ""
    officers: Annotated[str, Form(max_length=5000)] = ""

    @property
    def typed(self) -> Typed:
        # PostgreSQL has no place for NUL in a text; what stands for it can be seen.
        return {name: str(value).replace("\x00", "�") for name, value in asdict(self).items()}


#: What is wrong with what was typed: said in the form.
_REFUSED = (
    CaseNumberError,
    CaseTitleError,
    CaseOfficerCodeError,
    CaseOfficerListError,
    CodeHiddenError,
    CaseExistsError,
    CaseDayAheadError,
    CaseDayError,
    CaseCodeError,
    CaseOfficerError,
    CaseOfficersError,
)

FormDep = Annotated[CaseForm, Depends()]


@dataclass(frozen=True, slots=True)
class Editing:
    """The case that a form changes, and its revision when the form was filled in from it."""

    case: Case
    seen: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody else's change (its entry, if it can be read), and where it differs from the form."""

    event: HistoryEvent | None
    differences: Sequence[Difference]


@router.get("/cases/new")
def show_new_case(request: Request, services: ServicesDep, person: PersonDep) -> Response:
    services.access.require(person.actor, Right.MANAGE_CASES, "cases")
    return _form(request, services, {})


@router.post("/cases")
def create(
    request: Request,
    services: ServicesDep,
    person: Annotated[Person, may_submit(Right.MANAGE_CASES, "cases")],
    form: FormDep,
) -> Response:
    try:
        with services.database.write() as tx:
            case = create_case(tx, services.ledger, person.actor, read_case(form.typed))
    except _REFUSED as error:
        return _form(
            request, services, form.typed, answer=errors.answer_for(error), about=_about(error)
        )
    return RedirectResponse(f"/cases/{case.id}", 303)


@router.get("/cases/{case_id}/edit")
def show_edit(request: Request, services: ServicesDep, person: PersonDep, case_id: str) -> Response:
    services.access.require(person.actor, Right.MANAGE_CASES, case_item(case_id))
    with services.database.read() as tx:
        # In this order: a change in between makes the form too old, never too new.
        seen = case_revision(tx, case_id)
        case = get_case(tx, case_id)
    return _form(request, services, write_case(case), editing=Editing(case, seen))


@router.post("/cases/{case_id}/edit")
def change(
    request: Request,
    services: ServicesDep,
    person: Annotated[Person, may_submit(Right.MANAGE_CASES, "case:{case_id}")],
    case_id: str,
    form: FormDep,
    seen: Annotated[int, Form(ge=-1, le=2**53)] = -1,
) -> Response:
    """Let the case say what the form says, unless somebody changed it since the form was opened."""
    try:
        with services.database.write() as tx:
            _, changed = change_case(
                tx, services.ledger, person.actor, case_id, read_case(form.typed), seen=seen
            )
    except StaleCaseError as error:
        return _ask_again(request, services, case_id, form, seen, errors.answer_for(error))
    except _REFUSED as error:
        with services.database.read() as tx:
            editing = Editing(get_case(tx, case_id), seen)
        answer = errors.answer_for(error)
        return _form(
            request, services, form.typed, editing=editing, answer=answer, about=_about(error)
        )
    return go_back(f"/cases/{case_id}", "case_changed" if changed else "case_unchanged")


def _about(error: Exception) -> str:
    """What in the form ``error`` speaks of, without what it says of it."""
    return Exception.__str__(error)


def _ask_again(
    request: Request,
    services: Services,
    case_id: str,
    form: CaseForm,
    seen: int,
    answer: errors.Answer,
) -> Response:
    """The form made anew from the case as it is now and from what was typed, with both shown."""
    item = case_item(case_id)
    with services.database.read() as tx:
        revision = case_revision(tx, case_id)
        case = get_case(tx, case_id)
        event = find_item_event(tx, item, revision)
        opened = find_item_event(tx, item, seen)
    before = None if opened is None else write_event(opened)
    merged, differences = merge(before, write_case(case), form.typed)
    return _form(
        request,
        services,
        merged,
        editing=Editing(case, revision),
        answer=answer,
        conflict=Conflict(event, differences),
    )


def _form(
    request: Request,
    services: Services,
    typed: Typed,
    *,
    editing: Editing | None = None,
    answer: errors.Answer | None = None,
    conflict: Conflict | None = None,
    about: str = "",
) -> Response:
    """``about`` is what in the form ``answer`` speaks of."""
    existing = None
    if answer is not None and answer.key == "case_exists":
        with services.database.read() as tx:
            existing = find_case(tx, about)
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "case_form.html",
        status=answer.status if answer else 200,
        here=f"/cases/{editing.case.id}/edit" if editing else "/cases/new",
        typed=typed,
        editing=editing,
        answer=answer,
        about=about,
        existing=existing,
        conflict=conflict,
        office_code=services.config.office_code,
        procedures=tuple(Procedure),
    )
