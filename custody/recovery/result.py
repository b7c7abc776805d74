"""What a recovery did, or would do, and what is gone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy.engine import Connection

from custody.actors import Actor
from custody.log.entry import Entry, Json
from custody.log.tiles import Fetch
from custody.publishing.restored import Standing
from custody.recovery.entries import Replayed
from custody.recovery.papers import Papers, TakenBack
from custody.recovery.rows import Rebuilt
from custody.verification.lost import Loss

#: Called with how many entries were written and how many it will be.
Progress = Callable[[int, int], None]


class RowsFromEntries(Protocol):
    """Tables of a layer above, made again from their entries by the one who owns them."""

    #: The items whose entries it wants: ``user:``.
    prefixes: tuple[str, ...]

    def apply(self, entry: Entry, details: Mapping[str, Json] | None, index: int | None) -> None:
        """Take the next entry; ``details`` is None where they are lost."""
        ...

    def rebuild(self, tx: Connection, first: int, done: Rebuilt) -> None:
        """Make the rows say it; ``first`` is the index of the first entry the copy did not have."""
        ...


@dataclass(slots=True)
class Recovery:
    """What was done, or would be (``dry_run``), and what is gone.

    ``first`` is where the newest checkpoint of the copy ended, ``size`` where the log ends.
    ``source`` is ``store``, ``mirror`` or, where the database lacked nothing, ``rows``.
    """

    dry_run: bool
    standing: Standing
    first: int = 0
    size: int = 0
    source: str = "rows"
    replayed: Replayed = field(default_factory=Replayed)
    taken: TakenBack = field(default_factory=TakenBack)
    rebuilt: Rebuilt = field(default_factory=Rebuilt)
    loss: Loss | None = None
    #: Of whose entries the details are gone, with how many.
    items: dict[str, int] = field(default_factory=dict)
    checkpoints: int = 0
    cosignatures: int = 0
    timestamps: int = 0
    archived: int = 0
    tiles_from: int | None = None
    #: Where checkpoints lie that some key of the log signed, and not those that must have.
    left: list[str] = field(default_factory=list)
    #: Whether there was anything to do.
    done: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a recovery was asked for, and by whom; as `Recoverer.run` has it."""

    actor: Actor
    mirror: Fetch | None
    papers: Papers
    witnessed: int
    progress: Progress
