"""What the entries ``details.rule_set`` and ``details.destroyed`` say, and what of it can hold.

Pure rules, no I/O. An entry that says something else than the house could have done explains
nothing: whoever writes false entries can hide no more by them than the rules allow anyway.
"""

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from custody.details.rules import DESTROYABLE, FLOOR_DAYS, DetailsRule, is_name
from custody.events import LOG_ITEM, EventKind
from custody.log.canonical import format_time, parse_time
from custody.log.entry import Entry, Json
from custody.log.errors import LogError

#: Entries whose details one entry destroys at most; their indexes fit into it.
MAX_COVERED = 2000


class DestructionError(ValueError):
    """An entry that destroys nothing; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Destruction:
    """One entry ``details.destroyed``: the details of the entries at ``indexes`` went ``at``.

    ``item_seq`` is its number among the entries of the log itself, which rows name it by; ``entry``
    its index, None while it has none. ``leaves_sha256`` is `leaves_digest` of what it covers.
    """

    rule: DetailsRule
    before: datetime
    indexes: Sequence[int]
    leaves_sha256: str
    at: datetime
    item_seq: int
    entry: int | None

    def names(self, index: int) -> bool:
        """Whether it says that it destroyed the details of the entry at ``index``."""
        place = bisect_left(self.indexes, index)
        return place < len(self.indexes) and self.indexes[place] == index

    def covers(self, index: int, kind: str, at: datetime) -> bool:
        """Whether it could destroy these details, and says that it did."""
        return kind in self.rule.kinds and at < self.before and self.names(index)


def leaves_digest(leaf_hashes: Iterable[bytes]) -> str:
    """Hex SHA-256 over leaf hashes in order of their indexes."""
    return hashlib.sha256(b"".join(leaf_hashes)).hexdigest()


def rule_facts(rule: DetailsRule) -> dict[str, Json]:
    """The facts of ``details.rule_set``."""
    return {"rule": rule.name, "kinds": list(rule.kinds), "days": rule.days}


def destruction_facts(
    rule: DetailsRule, before: datetime, covered: Sequence[tuple[int, bytes]]
) -> dict[str, Json]:
    """The facts of ``details.destroyed``; ``covered`` are (index, leaf hash) in ascending order."""
    return rule_facts(rule) | {
        "older_than": format_time(before),
        "count": len(covered),
        "indexes": [index for index, _ in covered],
        "leaves_sha256": leaves_digest(leaf_hash for _, leaf_hash in covered),
    }


def read_rule(entry: Entry) -> DetailsRule:
    """The rule that ``entry``, of either kind, names. Raises `DestructionError`."""
    name, kinds, days = (entry.facts.get(one) for one in ("rule", "kinds", "days"))
    if not isinstance(name, str) or not is_name(name):
        raise DestructionError("it names no rule")
    if not isinstance(kinds, list) or not kinds:
        raise DestructionError("it names no kinds")
    texts = tuple(str(kind) for kind in kinds)
    if forbidden := sorted(set(texts) - DESTROYABLE):
        raise DestructionError(f"no rule may name {forbidden[0]}")
    if not isinstance(days, int) or isinstance(days, bool) or days < FLOOR_DAYS:
        raise DestructionError(f"the age of its rule is below {FLOOR_DAYS} days")
    return DetailsRule(name, texts, days)


def read_destruction(entry: Entry, index: int | None) -> Destruction:
    """What ``entry``, at ``index``, destroyed. Raises `DestructionError` where no rule could."""
    if (entry.kind, entry.item) != (EventKind.DETAILS_DESTROYED, LOG_ITEM):
        raise DestructionError("it is of another item than the log")
    rule = read_rule(entry)
    said = entry.facts.get("older_than")
    try:
        before = parse_time(said if isinstance(said, str) else "")
    except LogError:
        raise DestructionError("it names no time") from None
    if before > entry.at - timedelta(days=rule.days):
        raise DestructionError("it covers details that were younger than its rule says")
    indexes = _indexes(entry.facts.get("indexes"))
    if index is not None and indexes[-1] >= index:
        raise DestructionError("it covers entries that came after it")
    if entry.facts.get("count") != len(indexes):
        raise DestructionError("it does not cover as many entries as it says")
    digest = entry.facts.get("leaves_sha256")
    return Destruction(rule, before, indexes, str(digest), entry.at, entry.item_seq, index)


def _indexes(listed: Json) -> Sequence[int]:
    found = array("q")  # eight bytes each, and there may be millions in all
    for one in listed if isinstance(listed, list) else []:
        last = found[-1] if found else -1
        if not isinstance(one, int) or isinstance(one, bool) or one <= last:
            raise DestructionError("it lists no indexes in ascending order")
        found.append(one)
    if not found:
        raise DestructionError("it lists no indexes")
    return found
