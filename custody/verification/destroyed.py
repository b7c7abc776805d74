"""How many entries have no details any more because the log says that these were destroyed."""

from dataclasses import dataclass, field
from datetime import datetime

from custody.details.explained import Explanation
from custody.log.canonical import format_time


@dataclass(slots=True)
class DestroyedDetails:
    """Counts what a run came upon, by the entry that explains it."""

    counts: dict[Explanation, int] = field(default_factory=dict)

    def add(self, explanation: Explanation) -> None:
        self.counts[explanation] = self.counts.get(explanation, 0) + 1

    def __len__(self) -> int:
        """How many entries."""
        return sum(self.counts.values())

    def by_rule(self) -> list[tuple[str, int, datetime, datetime]]:
        """(rule, how many entries, first and last time of destruction), in the order of rules."""
        found: dict[str, tuple[int, datetime, datetime]] = {}
        for one, count in self.counts.items():
            known, first, last = found.get(one.rule, (0, one.at, one.at))
            found[one.rule] = (known + count, min(first, one.at), max(last, one.at))
        return [(rule, *found[rule]) for rule in sorted(found)]

    def as_json(self) -> list[dict[str, object]]:
        """One object for each entry that destroyed details, in their order."""
        return [
            {"entry": one.entry, "rule": one.rule, "at": format_time(one.at), "count": count}
            for one, count in sorted(self.counts.items(), key=lambda pair: pair[0].item_seq)
        ]
