"""Showing the agent's events: live on a terminal, plain lines in a log, JSON lines for programs."""

import shutil
import sys
import threading
import time
import unicodedata
from typing import TextIO

from station_agent.events import Event, Listener
from station_agent.messages import say, say_reason
from station_agent.reasons import base_name, printable, visible

_BAR = 20
#: The states that are worth a line.
_TOLD = frozenset({"received", "refused", "sent", "gone"})
_REDRAW_S = 0.1
#: A program gets progress of each file at most so often.
_JSON_PROGRESS_S = 0.2


def listener_for(mode: str, language: str, out: TextIO) -> Listener:
    """The display for ``mode``: auto, live, plain, json or none."""
    if mode == "auto":
        mode = "live" if out.isatty() else "plain"
    if mode == "json":
        return JsonLines(out)
    if mode == "live":
        return LiveLines(language, out)
    return PlainLines(language, out) if mode == "plain" else _nothing


def _nothing(_: Event) -> None:
    """Nobody watches; the journal and the log know."""


def size_text(size_bytes: int) -> str:
    """A size for people, in binary units."""
    size = float(size_bytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def line_of(event: Event, language: str) -> str | None:
    """What an event is in one printable line; None where it is not worth one."""
    line = _line_of(event, language)
    return None if line is None else printable(line)


def _line_of(event: Event, language: str) -> str | None:
    name = visible(base_name(event.path))
    reason = say_reason(language, event.reason)
    if event.event in {"state", "trouble"}:
        if event.event == "state" and event.state not in _TOLD:
            return None
        words = say(language, f"state.{event.state}")
        if event.state == "received":
            return f"✓ {words}  {name}  {size_text(event.total)}"
        mark = "·" if event.event == "state" and event.state == "sent" else "!"
        return f"{mark} {words}  {name}" + (f"  {reason}" if event.reason else "")
    if event.event == "server":
        return "! " + say(language, f"server.{event.state}", reason=event.reason)
    if event.event == "alarm":
        key = "alarm.file" if event.path else "alarm"
        return "!! " + say(language, key, name=name, reason=reason)
    if event.event in {"skipped", "folder"}:
        return "! " + say(language, event.event, name=visible(event.path), reason=reason)
    if event.event == "station":
        return "! " + say(language, "station", reason=event.reason)
    return None


class JsonLines:
    """One JSON object a line, flushed, progress not too often."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._last: dict[bytes, float] = {}

    def __call__(self, event: Event) -> None:
        with self._lock:
            now = time.monotonic()
            if event.event == "progress":
                if now - self._last.get(event.path, 0.0) < _JSON_PROGRESS_S:
                    return
                self._last[event.path] = now
            else:
                self._last.pop(event.path, None)
            self._out.write(event.to_json() + "\n")
            self._out.flush()


class PlainLines:
    """One line for each thing worth one."""

    def __init__(self, language: str, out: TextIO) -> None:
        self._language = language
        self._out = out
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        line = line_of(event, self._language)
        if line is not None:
            with self._lock:
                self._out.write(line + "\n")
                self._out.flush()


class LiveLines:
    """Finished files scroll by; under them one line with a bar for each file at work."""

    def __init__(self, language: str, out: TextIO = sys.stderr) -> None:
        self._language = language
        self._out = out
        self._lock = threading.Lock()
        self._rows: dict[bytes, Event] = {}
        self._began: dict[bytes, tuple[str, float, int]] = {}
        self._drawn = 0
        self._drawn_at = 0.0

    def __call__(self, event: Event) -> None:
        with self._lock:
            if event.event == "progress":
                known = self._began.get(event.path)
                if known is None or known[0] != event.state:
                    self._began[event.path] = (event.state, time.monotonic(), event.bytes)
                self._rows[event.path] = event
                if time.monotonic() - self._drawn_at >= _REDRAW_S:
                    self._draw(None)
                return
            if event.event in {"state", "trouble"}:
                self._rows.pop(event.path, None)
                self._began.pop(event.path, None)
            line = line_of(event, self._language)
            if line is not None and not (event.event == "state" and event.state == "sent"):
                self._draw(line)

    def _draw(self, line: str | None) -> None:
        width = max(20, shutil.get_terminal_size().columns - 1)
        parts = [f"\x1b[{self._drawn}F" if self._drawn else "", "\x1b[J"]
        if line is not None:
            parts.append(line + "\n")
        parts += [_cut(self._row(event), width) + "\n" for event in self._rows.values()]
        self._out.write("".join(parts))
        self._out.flush()
        self._drawn = len(self._rows)
        self._drawn_at = time.monotonic()

    def _row(self, event: Event) -> str:
        share = event.bytes / event.total if event.total else 1.0
        filled = round(share * _BAR)
        _, began, from_bytes = self._began[event.path]
        seconds = time.monotonic() - began
        speed = (event.bytes - from_bytes) / seconds if seconds > 0.2 else 0.0
        words = say(self._language, f"work.{event.state}")
        return (
            f"  {'█' * filled}{'░' * (_BAR - filled)} {share:4.0%} {words}"
            f" {size_text(round(speed))}/s  {visible(base_name(event.path))}"
        )


def _cut(text: str, width: int) -> str:
    """As much of ``text`` as fits; a Chinese character takes two columns."""
    taken = 0
    for position, character in enumerate(text):
        taken += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if taken > width:
            return text[:position]
    return text
