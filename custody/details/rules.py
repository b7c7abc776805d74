"""Rules by which details are destroyed: of which kinds of entry, and from which age on. No I/O.

The entry itself stays for ever with its kind, time, item, pseudonym and facts; what goes is what a
law wants kept no longer than necessary: names, addresses of pages, what somebody searched for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from custody.events import EventKind

#: The youngest age at which details may go, in days. A log is kept six months at least (网络安全法
#: 21(3)), and no six months of the calendar are longer than this.
FLOOR_DAYS = 184
MAX_DAYS = 36_500
MAX_RULES = 16
MAX_NAME_CHARACTERS = 40

#: The only kinds whose details a rule may name. No row, no right and no running viewing is rebuilt
#: from them. What evidence says (of clips, cases, stations, accounts) goes with the evidence.
DESTROYABLE = frozenset(
    {
        EventKind.PERSON_SIGNED_IN.value,
        EventKind.PERSON_SIGNED_OUT.value,
        EventKind.SIGN_IN_FAILED.value,
        EventKind.ACCESS_DENIED.value,
        EventKind.CLIPS_LISTED.value,
        EventKind.LOG_READ.value,
    }
)
_KEYS = {"name", "kinds", "days"}


class DetailsRuleError(ValueError):
    """A rule that can't be one; the text says what is wrong and what is allowed."""


@dataclass(frozen=True, slots=True)
class DetailsRule:
    """Details of entries of ``kinds`` (sorted) are destroyed once they are ``days`` old.

    ``name`` is the bureau's own; it stands in the log.
    """

    name: str
    kinds: tuple[str, ...]
    days: int

    def before(self, now: datetime) -> datetime:
        """Details of entries from before this moment are due at ``now``."""
        return now - timedelta(days=self.days)

    def chooses(self, kind: str, at: datetime, now: datetime) -> bool:
        """Whether the details of an entry are due at ``now``."""
        return kind in self.kinds and at < self.before(now)


#: What a new home's configuration proposes; the ages above the floor are the bureau's choice.
PROPOSED = (
    DetailsRule(
        "sign-ins",
        (
            EventKind.PERSON_SIGNED_IN.value,
            EventKind.PERSON_SIGNED_OUT.value,
            EventKind.SIGN_IN_FAILED.value,
        ),
        FLOOR_DAYS,
    ),
    DetailsRule("lists", (EventKind.CLIPS_LISTED.value, EventKind.LOG_READ.value), 365),
    DetailsRule("denials", (EventKind.ACCESS_DENIED.value,), 1095),
)


def read_rules(listed: object) -> tuple[DetailsRule, ...]:
    """The rules of a configuration, ``[[details_rule]]`` as TOML gives it, in its order.

    Raises `DetailsRuleError` for a rule that is none, for names that are alike, and for a kind that
    two rules name: which of them destroyed it would be chance.
    """
    if not isinstance(listed, list) or not all(isinstance(one, Mapping) for one in listed):
        raise DetailsRuleError("expected [[details_rule]] tables with name, kinds and days")
    if len(listed) > MAX_RULES:
        raise DetailsRuleError(f"more than {MAX_RULES} rules")
    rules = tuple(_read(one) for one in listed)
    _refuse_twice("name", (rule.name for rule in rules))
    _refuse_twice("kind", (kind for rule in rules for kind in rule.kinds))
    return rules


def _read(listed: Mapping[str, object]) -> DetailsRule:
    if listed.keys() != _KEYS:
        raise DetailsRuleError("a rule has name, kinds and days, and nothing else")
    name, kinds, days = listed["name"], listed["kinds"], listed["days"]
    if not is_name(name):
        raise DetailsRuleError(
            f"name: expected 1 to {MAX_NAME_CHARACTERS} printable characters, found {name!r:.60}"
        )
    if not isinstance(kinds, list) or not kinds or not all(isinstance(one, str) for one in kinds):
        raise DetailsRuleError(f"{name}: kinds: expected a list of kinds of event")
    for kind in kinds:
        if kind not in DESTROYABLE:
            raise DetailsRuleError(
                f"{name}: the details of {kind!r:.70} can't be destroyed by a rule; allowed are "
                + ", ".join(sorted(DESTROYABLE))
            )
    _refuse_twice("kind", kinds)
    if not isinstance(days, int) or isinstance(days, bool):
        raise DetailsRuleError(f"{name}: days: expected a whole number, found {days!r:.60}")
    if not FLOOR_DAYS <= days <= MAX_DAYS:
        raise DetailsRuleError(
            f"{name}: days: expected {FLOOR_DAYS} (six months, 网络安全法 21) to {MAX_DAYS}, "
            f"found {days}"
        )
    return DetailsRule(str(name), tuple(sorted(kinds)), days)


def is_name(name: object) -> bool:
    """Whether a rule can be called ``name``."""
    return (
        isinstance(name, str)
        and 0 < len(name) <= MAX_NAME_CHARACTERS
        and name.isprintable()
        and name == name.strip()
    )


def _refuse_twice(what: str, values: Iterable[str]) -> None:
    seen = set[str]()
    for value in values:
        if value in seen:
            raise DetailsRuleError(f"the {what} {value!r} stands twice")
        seen.add(value)
