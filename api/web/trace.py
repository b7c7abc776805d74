"""The trace line 留痕: where each custody event of an item stands between first sight and now.

A clip's begins where anything signed or logged first speaks of it: at the docking, if a station
brought it, else at its admission. Its publication, a checkpoint and no entry, is a step as well.
One component for rows, pages and paper. Pure: from the item's history to percentages of the width.
Gaps in time are drawn by their logarithm, so that the seconds of an admission and the years of an
archive both stay readable; order is exact, distance tells much from little.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from api.web.provenance import breach_of, original_held
from custody.events import EventKind
from custody.history import HistoryEvent

#: Percent of the width left free at either end, so that no mark is cut in half.
MARGIN = 1.5


class TraceState(StrEnum):
    """How far a piece of the line is proved."""

    PROVED = "proved"  # in a published, signed checkpoint
    WAITING = "waiting"  # committed, not published yet
    BROKEN = "broken"  # a verification found that something does not agree


#: What a `Publication` calls its kind; no entry of the log has it.
PUBLISHED = "published"

#: Kinds that stand out when marks fall together; the first one there is names the mark.
_GLYPHS: tuple[tuple[str, frozenset[str]], ...] = (
    ("admitted", frozenset({EventKind.CLIP_ADMITTED, EventKind.CASE_CREATED})),
    ("docked", frozenset({EventKind.DOCK_SESSION_OPENED})),
    ("denied", frozenset({EventKind.ACCESS_DENIED})),
    (
        "copied",
        frozenset({EventKind.CLIP_DOWNLOADED, EventKind.CLIP_EXPORTED, EventKind.CASE_EXPORTED}),
    ),
    ("opened", frozenset({EventKind.CLIP_OPENED})),
    ("linked", frozenset({EventKind.LINK_MADE, EventKind.LINK_REMOVED})),
    ("verified", frozenset({EventKind.VERIFICATION_RUN})),
    (PUBLISHED, frozenset({PUBLISHED})),
    ("assigned", frozenset({EventKind.CLIP_ASSIGNED, EventKind.CASE_CHANGED})),
)


@dataclass(frozen=True, slots=True)
class Publication:
    """The first signed checkpoint over an entry: from ``at`` on others could hold us to it.

    ``size`` is the number of entries it signs.
    """

    size: int
    at: datetime

    @property
    def kind(self) -> str:
        return PUBLISHED


#: What a mark can stand for.
Step = HistoryEvent | Publication


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of a clip beside its own history: its docking, and when it was published.

    ``docked`` is the entry of the dock session in the history of its station.
    """

    docked: HistoryEvent | None = None
    publication: Publication | None = None


UNKNOWN_ORIGIN = Origin()


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark at ``x`` percent; it stands for every event too close to be drawn apart."""

    x: float
    glyph: str
    state: TraceState
    events: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the line from ``x1`` to ``x2`` percent."""

    x1: float
    x2: float
    state: TraceState


@dataclass(frozen=True, slots=True)
class Trace:
    """The whole line. ``state`` is how it stands now: what a glance should tell.

    ``spared``: it is broken, but the original held; see `original_held`.
    """

    marks: tuple[Mark, ...]
    segments: tuple[Segment, ...]
    state: TraceState
    count: int
    spared: bool = False


def build_trace(
    events: Sequence[HistoryEvent],
    now: datetime,
    *,
    min_gap: float = 1.2,
    origin: Origin = UNKNOWN_ORIGIN,
) -> Trace:
    """The trace of ``events`` (oldest first); marks nearer than ``min_gap`` percent become one."""
    steps = steps_of(events, origin)
    if not steps:
        return Trace((), (), TraceState.WAITING, 0)
    states = _states(steps)
    places = _places([step.at for step in steps], now)
    marks: list[Mark] = []
    for step, place, state in zip(steps, places, states, strict=True):
        if marks and place - marks[-1].x < min_gap:
            together = (*marks[-1].events, step)
            marks[-1] = Mark(
                marks[-1].x, _glyph(together), _worst((marks[-1].state, state)), together
            )
        else:
            marks.append(Mark(place, _glyph((step,)), state, (step,)))
    # Broken once and held since is history: the mark stays red, the state does not.
    entries = [step for step in steps if isinstance(step, HistoryEvent)]
    now_broken = breach_of(entries) is not None
    state = TraceState.BROKEN if now_broken else _worst(_unbroken(entries))
    spared = now_broken and original_held(entries)
    return Trace(tuple(marks), _segments(places, states), state, len(steps), spared)


def steps_of(events: Sequence[HistoryEvent], origin: Origin) -> list[Step]:
    """``events`` with what came before them, and their publication where its time has it.

    Never before the admission it covers, whatever the clocks say.
    """
    before: list[Step] = [] if origin.docked is None else [origin.docked]
    steps = [*before, *events]
    if origin.publication is None:
        return steps
    place = len(before)
    if events and events[0].kind == EventKind.CLIP_ADMITTED:
        place += 1
    while place < len(steps) and steps[place].at <= origin.publication.at:
        place += 1
    return [*steps[:place], origin.publication, *steps[place:]]


def _places(times: Sequence[datetime], now: datetime) -> list[float]:
    """Where each time stands, in percent; never going back, though clocks may."""
    reach = 0.0
    reached = [reach]
    for before, after in zip(times, [*times[1:], now], strict=True):
        reach += 1 + math.log1p(max(0.0, (after - before).total_seconds()))
        reached.append(reach)
    width = 100 - 2 * MARGIN
    return [round(MARGIN + width * value / reach, 2) for value in reached[:-1]]


def _states(steps: Sequence[Step]) -> list[TraceState]:
    """Broken from a verification that failed until one that holds, and where the stored entry is
    not what was appended; else published or not."""
    broken = False
    states = []
    for step in steps:
        if isinstance(step, Publication):
            states.append(TraceState.BROKEN if broken else TraceState.PROVED)
            continue
        if step.kind == EventKind.VERIFICATION_RUN and step.outcome == "ok":
            broken = broken and bool(step.facts.get("unchecked"))
        elif step.kind == EventKind.VERIFICATION_RUN and step.facts.get("findings") != 0:
            broken = True
        if broken or not step.intact:
            states.append(TraceState.BROKEN)
        else:
            states.append(TraceState.PROVED if step.published else TraceState.WAITING)
    return states


def _unbroken(events: Sequence[HistoryEvent]) -> list[TraceState]:
    return [TraceState.PROVED if event.published else TraceState.WAITING for event in events]


def _segments(places: Sequence[float], states: Sequence[TraceState]) -> tuple[Segment, ...]:
    """Each piece has the state of the event it leads to, the last one that of the event behind it.

    Neighbours of one state become one piece, so that a long history is a handful of lines.
    """
    pieces: list[Segment] = []
    ends = [*places, 100 - MARGIN]
    leads_to = [*states[1:], states[-1]]
    for x1, x2, state in zip(ends, ends[1:], leads_to, strict=False):
        if pieces and pieces[-1].state is state:
            pieces[-1] = Segment(pieces[-1].x1, x2, state)
        else:
            pieces.append(Segment(x1, x2, state))
    return tuple(pieces)


def _glyph(steps: Sequence[Step]) -> str:
    kinds = {step.kind for step in steps}
    return next((name for name, of_kind in _GLYPHS if kinds & of_kind), "other")


def _worst(states: Sequence[TraceState]) -> TraceState:
    """The worst of marks drawn as one: broken, else waiting, else proved."""
    for state in (TraceState.BROKEN, TraceState.WAITING):
        if state in states:
            return state
    return TraceState.PROVED
