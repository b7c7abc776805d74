"""Who may do what; every refusal is in the log before it is answered."""

from enum import StrEnum
from typing import NoReturn

from custody.actors import Actor, Role
from custody.clock import Clock
from custody.errors import DeniedError
from custody.events import EventKind, actor_item, is_item
from custody.ledger import Event, Ledger
from custody.log.entry import Json
from storage.database import Database

#: Of a subject that is no item, as many characters go into the entry's details.
MAX_SUBJECT_CHARACTERS = 200


class Right(StrEnum):
    """What can be allowed."""

    SEE_CLIPS = "see_clips"  # lists and metadata, no picture
    SEE_FOOTAGE = "see_footage"  # thumbnails, open, stream
    DOWNLOAD = "download"
    LINK = "link"
    MANAGE_CASES = "manage_cases"
    ASSIGN = "assign"
    VERIFY = "verify"
    READ_LOG = "read_log"
    EXPORT = "export"
    MANAGE_USERS = "manage_users"
    MANAGE_STATIONS = "manage_stations"
    SEE_STATIONS = "see_stations"
    UPLOAD = "upload"
    DESTROY_DETAILS = "destroy_details"
    MANAGE_KEYS = "manage_keys"  # of the log, at the machine where they lie


#: domain.md, "Who uses it": the administrator manages and never watches; a station only brings;
#: whoever has a shell on the server works on everything but the picture.
RIGHTS: dict[Role, frozenset[Right]] = {
    Role.ADMIN: frozenset(
        {
            Right.SEE_CLIPS,
            Right.VERIFY,
            Right.READ_LOG,
            Right.MANAGE_USERS,
            Right.MANAGE_STATIONS,
            Right.SEE_STATIONS,
        }
    ),
    Role.LEGAL: frozenset(
        {
            Right.SEE_CLIPS,
            Right.SEE_FOOTAGE,
            Right.DOWNLOAD,
            Right.LINK,
            Right.MANAGE_CASES,
            Right.ASSIGN,
            Right.VERIFY,
            Right.READ_LOG,
            Right.EXPORT,
            Right.SEE_STATIONS,
        }
    ),
    Role.STATION: frozenset({Right.UPLOAD}),
    Role.OPERATOR: frozenset(Right) - {Right.SEE_FOOTAGE, Right.DOWNLOAD},
    Role.SYSTEM: frozenset(
        {Right.SEE_CLIPS, Right.VERIFY, Right.READ_LOG, Right.SEE_STATIONS, Right.UPLOAD}
    ),
    Role.ANONYMOUS: frozenset(),
}


def allows(role: Role, right: Right) -> bool:
    """The rule alone; a role nobody gave a right to has none."""
    return right in RIGHTS.get(role, frozenset())


class Access:
    """Asks the rule and logs refusals; routes and commands go through here."""

    def __init__(self, database: Database, ledger: Ledger, clock: Clock) -> None:
        self._database = database
        self._ledger = ledger
        self._clock = clock

    def require(self, actor: Actor, right: Right, item: str) -> None:
        """Return if ``actor`` has ``right``, else append ``access.denied`` and raise `DeniedError`.

        ``item`` is what it was about, e.g. ``clip:<id>``; text that names no item goes into the
        details. Call it outside a write transaction: the refusal is committed in its own, so that
        it stands though the request fails.
        """
        if not allows(actor.role, right):
            self._deny(actor, right, item)

    def _deny(self, actor: Actor, right: Right, item: str) -> NoReturn:
        details: dict[str, Json] = {}
        if not is_item(item):
            subject = item[:MAX_SUBJECT_CHARACTERS]
            details["subject"] = subject.encode("utf-8", "backslashreplace").decode()
            item = actor_item(actor)
        event = Event(
            EventKind.ACCESS_DENIED,
            item,
            facts={"right": right.value},
            details=details,
            outcome="denied",
        )
        with self._database.write() as tx:
            self._ledger.append(tx, actor, event)
        raise DeniedError(f"{actor.role.value}: {right.value}")
