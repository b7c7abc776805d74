"""What a verification found, told in the reader's language and zone.

The texts come from `custody.said`: English, with what they were made of. Pure functions.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from api.web.locale import has_text, translate
from api.web.retelling import retold
from custody.said import Said
from custody.verification.findings import Finding

#: A moment as entries write it.
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d)?(\.\d+)?Z")
#: The families of words that a code in this place of a text may have.
PLACES: Mapping[str, tuple[str, ...]] = {
    "thing": ("thing.",),
    "rendition": ("stored.",),
    "stored": ("stored.",),
    "grant": ("grant.",),
    "stage": ("stage.",),
    "standing": ("standing.",),
    "source": ("source.",),
    "wanted": ("wanted.",),
    "kind": ("event.",),
}
#: The same for what stands in a column.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "kind": ("event.", "grant.", "rendition."),
    "media_kind": ("kind.",),
    "procedure": ("procedure.",),
    "reason": ("clip_reason.",),
    "role": ("role.",),
    "stage": ("stage.",),
    "state": ("state.",),
}
#: What an id in this place of a text, or in this column, is one of.
IDS: Mapping[str, str] = {
    "actor": "user",
    "actor_id": "user",
    "case": "case",
    "case_id": "case",
    "clip": "clip",
    "created_by": "user",
    "linked_by": "user",
    "named_by": "user",
    "station_id": "station",
    "unlinked_by": "user",
}


def items_in(finding: Finding) -> set[str]:
    """The items (``clip:<id>``, ``case:<id>``, ``user:<id>`` …) that ``finding`` speaks of."""
    items = {item_of(finding)}
    for text in (finding.message, finding.expected, finding.found):
        if isinstance(text, Said):
            items.update(_items(text, ""))
    return items


def item_of(finding: Finding) -> str:
    """What a finding is about, as its log calls it; its clip where the subject is no item."""
    item = finding.subject.partition("/")[0]
    if item.startswith(("case:", "user:", "station:")) or finding.clip_id is None:
        return item
    return f"clip:{finding.clip_id}"


def _items(text: Said, column: str) -> Iterator[str]:
    column = str(text.values.get("column", column))
    for name, value in text.values.items():
        if isinstance(value, Said):
            yield from _items(value, column)
        elif name == "item":
            yield str(value)
        elif name == "items":
            yield from str(value).split(", ")
        elif (sort := IDS.get(name) or IDS.get(column)) is not None:
            yield f"{sort}:{value}"


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells texts in ``language`` (``zh`` or ``en``), with times in ``zone``.

    What comes out is plain text that may hold whatever an altered row holds: the page escapes it,
    the command line makes it visible.
    """

    language: str
    zone: ZoneInfo
    #: What items are called, by item, as far as their rows say.
    names: Mapping[str, str] = field(default_factory=dict)

    def name(self, finding: Finding) -> str | None:
        """What people call the thing a finding is about; None where no row says."""
        return self.names.get(item_of(finding))

    def tell(self, text: str) -> str:
        """``text`` in the language, where it is one of `custody.said`; else as it is."""
        return self._told(text, "") if isinstance(text, Said) else text

    def error(self, text: str) -> str:
        """What an error said of itself, in the language."""
        return retold(text, self.language)

    def subject(self, text: str) -> str:
        """What could not be checked: a phase by its word, anything else as it is called."""
        return self._word(("phase.",), text) or text

    def column(self, name: str) -> str:
        """The word for a column of a row; its own name where there is none."""
        return self._word(("column.", "fact."), name) or name

    def _told(self, text: Said, column: str) -> str:
        key = f"said.{text.code}"
        if not has_text(key):
            return str(text)
        if text.code == "quoted":
            plain = str(text.values["text"])
            known = self._known(plain, column)
            if known is not None:
                return known
        if text.code == "structure" and column == "officers":
            return self._officers(str(text.values["text"]))
        column = str(text.values.get("column", column))
        parts = {name: self._part(name, one, column) for name, one in text.values.items()}
        return translate(self.language, key, **parts)

    def _part(self, name: str, value: object, column: str) -> str:
        if isinstance(value, Said):
            return self._told(value, column)
        plain = str(value)
        if name == "column":
            return self.column(plain)
        if name == "error":
            return self.error(plain)
        if name == "text":
            return plain
        if name == "items":
            return self._items(plain)
        if name == "item":
            return self._item(plain)
        if name in IDS:
            return self._named(f"{IDS[name]}:{plain}", plain)
        word = self._word(PLACES.get(name, ()), plain)
        return word or self._known(plain, column) or plain

    def _items(self, plain: str) -> str:
        """Items as `custody.verification.differences` lists them."""
        separator = translate(self.language, "list.separator")
        return separator.join(self._item(one) for one in plain.split(", "))

    def _item(self, item: str) -> str:
        """An item of the log by its name, or by its sort where there is but one of it."""
        return self._word(("item.",), item) or self._named(item, item)

    def _known(self, plain: str, column: str) -> str | None:
        """A value of ``column`` in words, a moment in the zone; None for anything else."""
        found = _MOMENT.fullmatch(plain)
        if found is not None:
            return self._moment(plain, found)
        if column in IDS:
            return self._named(f"{IDS[column]}:{plain}", plain)
        code = plain.partition(":")[0] if column == "reason" else plain
        return self._word(COLUMNS.get(column, ()), code)

    def _moment(self, plain: str, found: re.Match[str]) -> str | None:
        try:
            moment = datetime.fromisoformat(plain).astimezone(self.zone)
        except (ValueError, OverflowError):
            return None
        seconds = moment.strftime("%Y-%m-%d %H:%M:%S" if found[2] else "%Y-%m-%d %H:%M")
        fraction = (found[3] or "").rstrip("0").rstrip(".")
        return seconds + fraction

    def _word(self, families: tuple[str, ...], code: str) -> str | None:
        keys = (family + code.replace(" ", "_") for family in families)
        key = next((key for key in keys if has_text(key)), None)
        return None if key is None else translate(self.language, key)

    def _officers(self, text: str) -> str:
        """The officers of a case as its page lists them; the text itself where it lists none."""
        try:
            officers = [(one["officer"], one["certificate_number"]) for one in json.loads(text)]
        except (ValueError, TypeError, KeyError, RecursionError):
            return text
        separator = translate(self.language, "list.separator")
        return separator.join(self._officer(*one) for one in officers) or self._nothing()

    def _officer(self, officer: object, number: object) -> str:
        if not number:
            return f"{officer} ({translate(self.language, 'case.no_certificate')})"
        return f"{officer} ({translate(self.language, 'case.certificate', number=number)})"

    def _named(self, item: str, plain: str) -> str:
        name = self.names.get(item)
        return plain if name is None else f"{name} ({plain})"

    def _nothing(self) -> str:
        return translate(self.language, "said.nothing")
