"""Refusals that no right decides: nobody signed in, a grant that is not theirs, a forged form.

Where they are about footage they go into the log like any other denied attempt. What people send
who are not signed in is bounded, so that nobody fills the log from outside.
"""

import re
import threading
from collections import deque
from datetime import datetime, timedelta

from fastapi import Request

from api.dependencies import anonymous_actor, find_person, services_of
from custody.access import MAX_SUBJECT_CHARACTERS
from custody.events import EventKind, actor_item, clip_item, is_item
from custody.ledger import Event

_FOOTAGE = re.compile(
    r"/clips/([^/]+)/(open|stream|thumbnail|download|original|renditions/[^/]+)\Z"
)
#: The same, and the page that shows a text original.
_SERVED = re.compile(r"/clips/([^/]+)(?:/[a-z]+(?:/[^/]+)?)?\Z")
#: So many entries a minute for everybody who is not signed in; further ones are refused unlogged.
ANONYMOUS_A_MINUTE = 30
_MINUTE = timedelta(minutes=1)


class Allowance:
    """Counts what is appended for strangers. Safe to share between threads."""

    def __init__(self) -> None:
        self._times: deque[datetime] = deque()
        self._lock = threading.Lock()

    def take(self, now: datetime) -> bool:
        """Whether one more may be appended now."""
        with self._lock:
            while self._times and now - self._times[0] >= _MINUTE:
                self._times.popleft()
            if len(self._times) >= ANONYMOUS_A_MINUTE:
                return False
            self._times.append(now)
            return True


def note_withheld(request: Request, why: str) -> None:
    """Append ``access.denied`` for bytes that were not sent though somebody had a grant."""
    _note(request, why, _SERVED.match(request.url.path))


def note_denial(request: Request, why: str) -> None:
    """Append ``access.denied`` if ``request`` was for footage; ``why`` is a word for the facts."""
    _note(request, why, _FOOTAGE.match(request.url.path))


def _note(request: Request, why: str, match: re.Match[str] | None) -> None:
    if match is None:
        return
    services = services_of(request)
    person = find_person(request, services)
    allowance: Allowance = request.app.state.denial_allowance
    if person is None and not allowance.take(services.clock.now()):
        return
    actor = anonymous_actor(request) if person is None else person.actor
    # A stranger's word for a clip makes no item of the log.
    item = clip_item(match[1])
    if person is None or not is_item(item):
        item = actor_item(actor)
    subject = request.url.path[:MAX_SUBJECT_CHARACTERS]
    event = Event(
        EventKind.ACCESS_DENIED,
        item,
        facts={"why": why},
        details={"subject": subject.encode("utf-8", "backslashreplace").decode()},
        outcome="denied",
    )
    with services.database.write() as tx:
        services.ledger.append(tx, actor, event)
