"""Published entries that stand in for rows of the log which hold something else."""

from dataclasses import dataclass, field

from custody.verification.rows import LogRow


@dataclass(slots=True)
class Corrections:
    """Published entries to be read instead of what their rows hold."""

    entries: dict[int, bytes] = field(default_factory=dict)  # by index, for rows that are there
    missing: list[LogRow] = field(default_factory=list)
    #: Indexes of rows that are no entry at all and have no published bytes to be read instead.
    unusable: set[int] = field(default_factory=set)
    #: Indexes whose details went with a database that was recovered; the log says so.
    lost: frozenset[int] = frozenset()
