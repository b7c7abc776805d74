"""A case's history as its page tells it: its own entries, and those that linked clips to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection

from api.actor_names import accounts_of
from api.web.fresh_history import FreshHistory, fresh_history
from api.web.trace import build_trace
from custody.cases import Case
from custody.events import EventKind, case_item, clip_item
from custody.history import HistoryEvent, histories_of, history_of
from custody.item_names import names_in
from custody.links import clips_once_in_case


def asked_for_case(case: Case) -> str:
    """What the entry of a case's reading says was asked for: a number may become another's."""
    return f"case {case.number} {case.id}"


@dataclass(frozen=True, slots=True)
class CaseHistory:
    """The entries of a case, oldest first; those of its clips by item.

    With the names of other items and the accounts of actors.
    """

    case_id: str
    events: list[HistoryEvent]
    of_clips: dict[str, list[HistoryEvent]]
    names: dict[str, str]
    accounts: dict[str, str]

    def fresh(self, now: datetime, *, turn: int = 0) -> FreshHistory:
        """As the page shows it after ``turn`` looks."""
        return fresh_history(
            self.events,
            self.events,
            build_trace(self.events, now),
            self.names,
            self.accounts,
            case_item(self.case_id),
            path=f"/cases/{self.case_id}/history",
            turn=turn,
        )


def read_case_history(tx: Connection, case_id: str) -> CaseHistory:
    """The history of a case; as many queries however many clips it has."""
    # A link stands in the history of its clip; those that were taken out again count too.
    ever_linked = clips_once_in_case(tx, case_id)
    of_clips = histories_of(tx, [clip_item(clip_id) for clip_id in ever_linked])
    events = merge_history(case_id, history_of(tx, case_item(case_id)), of_clips.values())
    accounts = accounts_of(tx, (event.actor_id for event in events))
    return CaseHistory(case_id, events, of_clips, names_in(tx, events), accounts)


def merge_history(
    case_id: str,
    own: Sequence[HistoryEvent],
    of_clips: Iterable[Sequence[HistoryEvent]],
) -> list[HistoryEvent]:
    """The case's own events and those that linked clips to it or took them out, oldest first."""
    linking = (
        event
        for history in of_clips
        for event in history
        if event.kind in {EventKind.LINK_MADE, EventKind.LINK_REMOVED}
        and event.facts.get("case") == case_id
    )
    return sorted([*own, *linking], key=lambda event: event.at)
