"""What the agent says while it works, for whoever shows it: one event, one line."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass

from station_agent.reasons import visible


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    ``event`` is one of
    ``state``: the file reached ``state``;
    ``progress``: ``bytes`` of ``total`` are hashed or sent (``state`` says which);
    ``trouble``: a try failed for ``reason``, there will be another;
    ``server``: ``state`` is ``away`` or ``refuses`` (for ``reason``), or ``back``;
    ``skipped``: ``path`` is no file to take, for ``reason``;
    ``folder``: ``path`` can't be listed, for ``reason``;
    ``alarm``: the archive can't be believed, for ``reason``;
    ``station``: trouble of our own (a full disk), for ``reason``.
    """

    event: str
    path: bytes = b""
    state: str = ""
    bytes: int = 0
    total: int = 0
    reason: str = ""
    clip: str = ""

    def to_json(self) -> str:
        """One line of JSON in ASCII; ``path`` gives the raw bytes back through `os.fsencode`."""
        value = {
            "event": self.event,
            "path": os.fsdecode(self.path),
            "name": visible(self.path),
            "state": self.state,
            "bytes": self.bytes,
            "total": self.total,
            "reason": self.reason,
            "clip": self.clip,
        }
        return json.dumps(value, ensure_ascii=True)


Listener = Callable[[Event], None]
