"""What a station says of itself, read for the page. Another machine's word: nothing is trusted.

Whatever is missing or of another type is left out; every text is cut short.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

MAX_TEXT = 300
MAX_FILES = 50

#: Reasons for a refusal about which nothing can be done, and nothing needs to be.
SETTLED = frozenset({"empty"})
#: The states of a file on its way, in their order; what stands for "done" and for "trouble".
WAY = ("seen", "settled", "hashed", "sending", "sent", "received", "released")
DONE = frozenset({"received", "released"})
TROUBLED = ("refused", "failed", "gone")


@dataclass(frozen=True, slots=True)
class CurrentFile:
    """A file that is being read or sent now."""

    name: str
    state: str
    sent_bytes: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class TroubledFile:
    """A file that did not get through; ``code`` is the reason's, ``detail`` what came with it."""

    name: str
    state: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class StationStatus:
    """The status of one station.

    ``troubled`` are files that somebody should look after, ``settled`` those that were refused for
    good reason.
    """

    version: str
    counts: dict[str, int]
    done: int
    waiting: int
    current: tuple[CurrentFile, ...]
    troubled: tuple[TroubledFile, ...]
    settled: tuple[TroubledFile, ...]
    free_bytes: int | None
    clock: datetime | None
    alarm: str
    trouble: str

    def clock_offset_s(self, seen_at: datetime | None) -> int | None:
        """Seconds by which the station's clock is ahead of ours, as of its last status."""
        if self.clock is None or seen_at is None:
            return None
        return round((self.clock - seen_at).total_seconds())


def read_status(status: Mapping[str, Any] | None) -> StationStatus | None:
    """The status in order; None before the first one came."""
    if not isinstance(status, Mapping):
        return None
    files = status.get("files")
    counts = {
        state: _count(files.get(state))
        for state in (*WAY, *TROUBLED)
        if isinstance(files, Mapping) and _count(files.get(state))
    }
    not_through = [_troubled(one) for one in _listed(status.get("refused"))]
    return StationStatus(
        version=_text(status.get("version")),
        counts=counts,
        done=sum(number for state, number in counts.items() if state in DONE),
        waiting=sum(
            number for state, number in counts.items() if state in WAY and state not in DONE
        ),
        current=tuple(
            CurrentFile(
                _text(one.get("name")),
                state if (state := one.get("state")) in WAY else "seen",
                _count(one.get("sent_bytes")),
                _count(one.get("size_bytes")),
            )
            for one in _listed(status.get("current"))
        ),
        troubled=tuple(one for one in not_through if not _is_settled(one)),
        settled=tuple(one for one in not_through if _is_settled(one)),
        free_bytes=free if isinstance(free := status.get("free_bytes"), int) else None,
        clock=_moment(status.get("clock")),
        alarm=_text(status.get("alarm")),
        trouble=_text(status.get("trouble")),
    )


def _troubled(one: Mapping[str, Any]) -> TroubledFile:
    code, _, detail = _text(one.get("reason")).partition(": ")
    state = one.get("state")
    return TroubledFile(
        _text(one.get("name")), state if state in TROUBLED else "failed", code, detail
    )


def _is_settled(file: TroubledFile) -> bool:
    return file.state == "refused" and file.code in SETTLED


def _listed(value: object) -> list[Mapping[str, Any]]:
    entries = value if isinstance(value, list) else []
    return [one for one in entries[:MAX_FILES] if isinstance(one, Mapping)]


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _text(value: object) -> str:
    return value[:MAX_TEXT] if isinstance(value, str) else ""


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(_text(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
