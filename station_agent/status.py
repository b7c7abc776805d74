"""How the station is doing: what the archive is told every few seconds, and what `status` shows."""

import importlib.metadata
import json
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from station_agent import reasons
from station_agent.durable import write_file
from station_agent.journal import Journal, State
from station_agent.regular_files import read_small_file
from station_agent.sending import Current
from station_agent.tallies import archived_before, list_skipped

STATUS_FILE = "status.json"
#: How many files a status names; the counts speak for the rest.
_NAMED = 50


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


def build_status(
    journal: Journal, home: Path, name: str, alarm: str | None, live: Live
) -> dict[str, Any]:
    """The status as plain values; codes and numbers, no sentence in any language.

    ``alarm`` is the log's, if it has one; a receipt that proves nothing is an alarm as well.
    ``clock`` is the station's own UTC, for the server to show how far it is off.
    """
    troubled = [
        {"name": reasons.visible(file.path), "state": file.state, "reason": file.reason or ""}
        for file in journal.files(State.REFUSED, State.FAILED, State.GONE)
    ]
    # Only so many are named: first those that somebody should look after.
    troubled.sort(key=lambda entry: reasons.code_of(entry["reason"]) == reasons.EMPTY)
    wrong = next(
        (
            entry["reason"]
            for entry in troubled
            if reasons.code_of(entry["reason"]) == reasons.RECEIPT_WRONG
        ),
        None,
    )
    skipped = list_skipped(journal)
    return {
        "version": version(),
        "station": name,
        "files": journal.counts(),
        "archived_before": archived_before(journal),
        "skipped_count": len(skipped),
        "skipped": [
            {"name": reasons.visible(path), "reason": reason} for path, reason in skipped[:_NAMED]
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
        "free_bytes": _free_bytes(home),
        "clock": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "last_receipt_at": journal.last_received_at(),
        "alarm": alarm or wrong,
        "server": live.server,
        "trouble": live.trouble,
    }


def _free_bytes(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None  # shown as unknown


def save_status(home: Path, status: dict[str, Any]) -> None:
    """Leave the status for `liuhen-station status`. Raises `OSError`."""
    value = {**status, "process": os.getpid()}
    write_file(home / STATUS_FILE, json.dumps(value, ensure_ascii=True).encode(), durable=False)


def load_status(home: Path) -> dict[str, Any] | None:
    """What the agent last left; None if there is nothing to read."""
    try:
        value = json.loads(read_small_file(home / STATUS_FILE))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None
