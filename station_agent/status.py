"""How the station is doing: what the archive is told every few seconds, and what `status` shows."""

import importlib.metadata
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from custody.log.plain_json import read_json_object
from station_agent import reasons
from station_agent.durable import write_file
from station_agent.journal import Journal, State
from station_agent.regular_files import read_small_file
from station_agent.sending import Current
from station_agent.tallies import archived_before, list_skipped, refused_manifests

STATUS_FILE = "status.json"
#: How many files a status names; the counts speak for the rest.
_NAMED = 50


_WAITING = (State.SEEN, State.SETTLED, State.HASHED, State.SENDING, State.SENT)


def needs_somebody(entry: Mapping[str, Any]) -> bool:
    """Whether a file that the status names as ``refused`` is to be looked after.

    One that was refused as empty is not: there is nothing in it, and nothing to be done.
    """
    settled = (State.REFUSED, reasons.EMPTY)
    return (entry["state"], reasons.code_of(entry["reason"])) != settled


def is_waiting(counts: Mapping[str, int]) -> bool:
    """Whether any file of these counts by state goes on by itself once somebody is at work."""
    return any(counts.get(state) for state in (*_WAITING, State.FAILED))


def version() -> str:
    """The version of this program, as installed."""
    try:
        return importlib.metadata.version("liuhen")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


@dataclass(frozen=True, slots=True)
class Live:
    """What only the running agent knows."""

    current: tuple[Current, ...] = ()
    server: str | None = None
    trouble: str | None = None
    #: What could not be listed or taken in at the last look, with the reason.
    folders: tuple[tuple[bytes, str], ...] = ()


def build_status(
    journal: Journal, home: Path, name: str, alarm: str | None, live: Live
) -> dict[str, Any]:
    """The status as plain values; codes and numbers, no sentence in any language.

    ``alarm`` is the log's, if it has one; a receipt that can't be believed is an alarm as well.
    ``clock`` is the station's own UTC, for the server to show how far it is off.
    """
    troubled = [
        {"name": reasons.visible(file.path), "state": file.state, "reason": file.reason or ""}
        for file in journal.files(State.REFUSED, State.FAILED, State.GONE)
    ]
    # Only so many are named: first those that somebody should look after.
    troubled.sort(key=needs_somebody, reverse=True)
    skipped = list_skipped(journal)
    waiting = journal.files(*_WAITING)
    held = [file for file in waiting if file.attempts and file.reason]
    said = [entry["reason"] for entry in troubled] + [file.reason or "" for file in held]
    wrong = next((one for one in said if reasons.code_of(one) in reasons.ALARMING), None)
    return {
        "version": version(),
        "station": name,
        "files": journal.counts(),
        "archived_before": archived_before(journal),
        "skipped_count": len(skipped),
        "skipped": [
            {"name": reasons.visible(path), "reason": reason} for path, reason in skipped[:_NAMED]
        ],
        "manifests_refused": [
            {"name": reasons.visible(root), "reason": reason}
            for root, reason in refused_manifests(journal)[:_NAMED]
        ],
        "current": [
            {
                "name": reasons.visible(current.file.path),
                "state": current.file.state,
                "sent_bytes": current.done_bytes,
                "size_bytes": current.file.identity.size_bytes,
            }
            for current in live.current
        ],
        "refused": troubled[:_NAMED],
        "held_count": len(held),
        "held": [
            {"name": reasons.visible(file.path), "state": file.state, "reason": file.reason}
            for file in held[:_NAMED]
        ],
        "folders_count": len(live.folders),
        "folders": [
            {"name": reasons.visible(path), "reason": reason}
            for path, reason in live.folders[:_NAMED]
        ],
        "free_bytes": free_bytes_of(home),
        "clock": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "last_receipt_at": journal.last_received_at(),
        "alarm": alarm or wrong,
        "server": live.server,
        "trouble": live.trouble,
    }


def free_bytes_of(folder: Path) -> int | None:
    """The room left on the disk of ``folder``; None where nobody can say."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None  # shown as unknown


def save_status(home: Path, status: dict[str, Any]) -> None:
    """Leave the status for `liuhen-station status`. Raises `OSError`."""
    value = {**status, "process": os.getpid()}
    write_file(home / STATUS_FILE, json.dumps(value, ensure_ascii=True).encode(), durable=False)


def load_status(home: Path) -> dict[str, Any] | None:
    """What the agent last left; None if there is nothing to read, or nothing of that form."""
    try:
        value = read_json_object(read_small_file(home / STATUS_FILE))
    except (OSError, ValueError):
        return None
    return value if _is_status(value) else None


def age_s(status: dict[str, Any]) -> int | None:
    """Seconds since ``status`` was made, by the station's clock; None where it does not say."""
    try:
        made = datetime.fromisoformat(status["clock"])
        return max(0, int((datetime.now(UTC) - made).total_seconds()))
    except (KeyError, TypeError, ValueError):
        return None


_TEXT, _COUNT = (str,), (int,)
#: What of a status is read, and what it may be.
_FORM: dict[str, tuple[type, ...]] = {
    "station": _TEXT,
    "files": (dict,),
    "archived_before": _COUNT,
    "skipped_count": _COUNT,
    "held_count": _COUNT,
    "folders_count": _COUNT,
    "free_bytes": (int, type(None)),
    "clock": _TEXT,
    "last_receipt_at": (str, type(None)),
    "alarm": (str, type(None)),
    "server": (str, type(None)),
    "trouble": (str, type(None)),
}
_ITEMS: dict[str, dict[str, tuple[type, ...]]] = {
    "skipped": {"name": _TEXT, "reason": _TEXT},
    "refused": {"name": _TEXT, "state": _TEXT, "reason": _TEXT},
    "held": {"name": _TEXT, "state": _TEXT, "reason": _TEXT},
    "folders": {"name": _TEXT, "reason": _TEXT},
    "current": {"name": _TEXT, "state": _TEXT, "sent_bytes": _COUNT, "size_bytes": _COUNT},
}


def _is_status(value: object) -> bool:
    """Whether everything that is read of a status is there; a broken disk makes many things."""
    if not _has(value, _FORM) or not isinstance(value, dict):
        return False
    states = {state.value for state in State}
    if not all(key in states and type(n) is int for key, n in value["files"].items()):
        return False
    for name, form in _ITEMS.items():
        items = value.get(name)
        if not isinstance(items, list) or not all(_has(item, form) for item in items):
            return False
        if not all(item.get("state", State.SEEN) in states for item in items):
            return False
    return True


def _has(value: object, form: dict[str, tuple[type, ...]]) -> bool:
    return isinstance(value, dict) and all(
        name in value and isinstance(value[name], kinds) for name, kinds in form.items()
    )
