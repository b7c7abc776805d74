"""Why details that an entry commits to are not there: the one question, and what answers it."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from custody.details.destructions import Destruction
from custody.log.canonical import format_time


@dataclass(frozen=True, slots=True)
class Explanation:
    """Details are gone since ``at``, under the rule called ``rule``.

    ``entry`` is the index of the entry that says so, None while it has none; ``item_seq`` its
    number in the history of the log, which the row beside the details names.
    """

    rule: str
    at: datetime
    entry: int | None
    item_seq: int

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {"at": format_time(self.at), "rule": self.rule, "entry": self.entry}


class Explanations:
    """Answers for every entry of a log, from the entries that destroyed details of others."""

    def __init__(self, destructions: Iterable[Destruction] = ()) -> None:
        self.destructions = sorted(destructions, key=lambda one: one.indexes[0])
        self._firsts = [one.indexes[0] for one in self.destructions]
        #: The last index of each and of all before it.
        self._reach = list(accumulate((one.indexes[-1] for one in self.destructions), max))

    def explained(self, index: int, kind: str, at: datetime) -> Explanation | None:
        """Why the entry at ``index``, of this kind and time, has no details; None: nothing says.

        Where several entries do, the first of them counts: the others found nothing there.
        """
        found: Destruction | None = None
        place = bisect_right(self._firsts, index) - 1
        while place >= 0 and self._reach[place] >= index:
            one = self.destructions[place]
            if one.covers(index, kind, at) and (found is None or one.item_seq < found.item_seq):
                found = one
            place -= 1
        return None if found is None else explanation_of(found)


def explanation_of(destruction: Destruction) -> Explanation:
    return Explanation(
        destruction.rule.name, destruction.at, destruction.entry, destruction.item_seq
    )
