"""What a row of the threat model is; the tests are parametrized by it, the page is made of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from custody.verification import FindingCode
from tests.tamper.attacks import Attack
from tests.tamper.worlds import World

ENGINES = ("sqlite", "postgresql")

#: Strikes; calls its second argument at the moment at which the outsiders look at the true log.
Strike = Callable[[World, Callable[[], None]], object]


class Person(StrEnum):
    """Against whom the promise must hold; the text is a heading of the page."""

    DISK = "Somebody with the disk"
    DATABASE = "The database administrator"
    KEYS = "The database administrator with the server's keys"
    STATION = "The owner of a station"


@dataclass(frozen=True)
class Case:
    """An attack, the codes it must be found under, and what the findings must name.

    ``clip``: the number of the clip; ``entry``: the kind of the first such entry of that clip.
    """

    attack: Attack
    codes: set[FindingCode]
    clip: int | None = None
    entry: str | None = None
    name: str = ""

    @property
    def id(self) -> str:
        return self.name or self.attack.__name__


@dataclass(frozen=True)
class Threat:
    """One row of the page: ``deed`` is what is done, in plain words, ``found`` by whom and how.

    ``codes`` are finding codes, or what a program for outsiders or the archive answers; empty
    where nothing inside can tell. ``test`` is ``file::function``, its file in this folder's parent
    or named from the project's root.
    """

    deed: str
    found: str
    codes: tuple[str, ...]
    test: str
    #: Run by `test_attack_is_found_and_named`, on both engines.
    cases: tuple[Case, ...] = ()
    #: Run by its own `test`; the same attacks on one engine only.
    typed: tuple[tuple[str, Case], ...] = ()
    strike: Strike | None = None
    #: Who sees it from outside, and as what.
    outsiders: Mapping[str, str] = field(default_factory=dict)
    name: str = ""

    @property
    def count(self) -> int:
        """How many attacks the row stands for."""
        return max(1, len(self.cases) + len({case.id for _, case in self.typed}))


def verified(deed: str, *cases: Case, found: str = "`liuhen verify`") -> Threat:
    """What a verification finds by itself: one attack, or several of one sort."""
    codes = sorted({code for case in cases for code in case.codes})
    test = "test_attacks.py::test_attack_is_found_and_named"
    return Threat(deed, found, tuple(codes), test, cases)


def mistyped(deed: str, *cases: tuple[str, Case]) -> Threat:
    """Cells of a type that no column has; with each case the engine that takes it."""
    codes = sorted({code for _, case in cases for code in case.codes})
    test = "test_attacks.py::test_cells_of_another_type"
    return Threat(deed, "`liuhen verify`", tuple(codes), test, typed=cases)


def outside(
    deed: str,
    strike: Strike,
    *,
    outsiders: Mapping[str, str],
    codes: tuple[FindingCode, ...] = (),
    name: str = "",
) -> Threat:
    """What is seen by these outsiders; inside it is found under ``codes``, if any."""
    return Threat(
        deed,
        "`liuhen verify`, and" if codes else "not by anything inside;",
        codes,
        "test_outsiders.py::test_it_is_seen_from_outside",
        strike=strike,
        outsiders=outsiders,
        name=name or getattr(strike, "__name__", ""),
    )


def told(deed: str, found: str, code: str, test: str) -> Threat:
    """What a test that stands elsewhere shows. ``code``: one or several, parted by spaces."""
    return Threat(deed, found, tuple(code.split()), test)
