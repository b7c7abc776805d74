"""Entries of the log as lines for people: who, under which account, why, and on what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection

from api.actor_names import accounts_of, names_of_actors
from api.cli.output import local
from api.cli.words import say, say_word
from api.web.locale import translate
from custody.actors import Role
from custody.history import HistoryEvent
from custody.ids import looks_like_id
from custody.item_names import names_in

#: The word for an item, by its sort.
_SORTS = {
    "clip": "scope.clip",
    "case": "scope.case",
    "user": "scope.user",
    "station": "role.station",
}


@dataclass(frozen=True, slots=True)
class EntryLines:
    """Tells entries in ``language``; ``names`` are those of items, ``accounts`` those of actors."""

    language: str
    zone: ZoneInfo
    names: Mapping[str, str]
    accounts: Mapping[str, str]

    @classmethod
    def look_up(
        cls, tx: Connection, language: str, zone: ZoneInfo, events: Sequence[HistoryEvent]
    ) -> Self:
        """With the names, as the rows have them now, that ``events`` need."""
        items = {event.item for event in events}
        names = names_in(tx, events) | names_of_actors(tx, items)
        return cls(language, zone, names, accounts_of(tx, (event.actor_id for event in events)))

    def cells(self, event: HistoryEvent, about: str) -> list[str]:
        """Index, time, kind, what it is ``about``, actor, purpose and outcome."""
        return [
            "–" if event.idx is None else str(event.idx),
            local(event.at, self.zone),
            say_word(self.language, "event", event.kind),
            about,
            self.actor(event),
            self.why(event),
            say_word(self.language, "outcome", event.outcome),
        ]

    def why(self, event: HistoryEvent) -> str:
        """The purpose; of an entry whose details are gone, since when and by which rule."""
        if event.gone is None:
            return purpose_of(event)
        at = local(event.gone.at, self.zone)
        return say(self.language, "details.gone", at=at, rule=event.gone.rule)

    def case_of(self, event: HistoryEvent) -> str:
        """The case that an entry of a clip names, nothing where it names none."""
        return self.names.get(f"case:{event.facts.get('case')}", "")

    def actor(self, event: HistoryEvent) -> str:
        """What the actor is called and, where that says something else, the account.

        Two may share a name, no two an account. Who has none is told by an id of plain words
        (``shell:alice``), and a user whose row is gone by the beginning of the id.
        """
        name = event.actor_name or event.actor_id
        beside = self.accounts.get(event.actor_id, "")
        if not beside and event.role != Role.STATION:
            beside = _short(event.actor_id)
        return name if beside in ("", name) else f"{name} ({beside})"

    def item(self, item: str) -> str:
        """An item by its sort and name with the ends of its id; as the log has it without a name.

        The whole id stands in the JSON.
        """
        sort, _, key = item.partition(":")
        name = self.names.get(item)
        if name is None or sort not in _SORTS:
            return say_word(self.language, "item", item)
        return f"{translate(self.language, _SORTS[sort])} {name} ({_short(key)})"


def purpose_of(event: HistoryEvent) -> str:
    """Why somebody opened or downloaded; nothing where the entry was altered or says nothing."""
    purpose = event.details.get("purpose")
    return purpose if event.intact and isinstance(purpose, str) else ""


def _short(key: str) -> str:
    return f"{key[:8]}…{key[-4:]}" if looks_like_id(key) else key
