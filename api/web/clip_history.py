"""A clip's history as its page tells it: with its origin, and with what else is named in it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection

from api.actor_names import accounts_of
from api.web.fresh_history import FreshHistory, fresh_history
from api.web.origins import origins_of
from api.web.trace import Origin, build_trace, steps_of
from custody.clips import Clip
from custody.events import clip_item
from custody.history import HistoryEvent, history_of
from custody.item_names import names_in


@dataclass(frozen=True, slots=True)
class ClipHistory:
    """The entries of ``clip``, oldest first, and where it comes from.

    With the names of other items and the accounts of actors.
    """

    clip: Clip
    events: list[HistoryEvent]
    origin: Origin
    names: dict[str, str]
    accounts: dict[str, str]

    def fresh(self, now: datetime, *, turn: int = 0, viewing: str = "") -> FreshHistory:
        """As the page shows it after ``turn`` looks; ``viewing`` is the grant it is open under."""
        return fresh_history(
            self.events,
            steps_of(self.events, self.origin),
            build_trace(self.events, now, origin=self.origin),
            self.names,
            self.accounts,
            clip_item(self.clip.id),
            path=f"/clips/{self.clip.id}/history",
            turn=turn,
            viewing=viewing,
        )


def read_clip_history(tx: Connection, clip: Clip) -> ClipHistory:
    """The history of ``clip``; as many queries however long it is."""
    item = clip_item(clip.id)
    events = history_of(tx, item)
    origin = origins_of(tx, [clip], {item: events})[clip.id]
    accounts = accounts_of(tx, (event.actor_id for event in events))
    return ClipHistory(clip, events, origin, names_in(tx, events), accounts)
