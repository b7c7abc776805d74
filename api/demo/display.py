"""Showing what the demo does: bars on a terminal, plain lines elsewhere."""

import sys
from typing import Any, Protocol

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

from api.cli.output import visible
from api.cli.words import WORDS, say, say_reason
from api.sizes import size_text

#: States in which the agent has done with a file.
FINAL = {"received", "released", "refused", "gone"}


class Display(Protocol):
    """Is told the agent's events, then how many clips still need work."""

    def event(self, event: dict[str, Any]) -> None: ...

    def left(self, text: str, done: int, total: int) -> None: ...

    def close(self) -> None: ...


def make_display(language: str) -> Display:
    return LiveDisplay(language) if sys.stdout.isatty() else PlainDisplay(language)


def _state(language: str, code: str) -> str:
    """A state in the reader's language; one that we have no word for as it is."""
    key = f"state.{code}"
    return say(language, key) if key in WORDS else visible(code)


class PlainDisplay:
    """One line for each thing that happened."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._last = ""

    def event(self, event: dict[str, Any]) -> None:
        sort, state = str(event.get("event")), str(event.get("state"))
        if sort in {"progress", "summary"} or (sort == "state" and state not in FINAL):
            return
        parts = [_state(self._language, state or sort), _name(event)]
        if event.get("total"):
            parts.append(size_text(int(event["total"])))
        if event.get("reason"):
            parts.append(visible(say_reason(self._language, str(event["reason"]))))
        click.echo("  " + "  ".join(part for part in parts if part))

    def left(self, text: str, done: int, total: int) -> None:  # noqa: ARG002
        if text != self._last:
            click.echo(text)
            self._last = text

    def close(self) -> None:
        return None


def _name(event: dict[str, Any]) -> str:
    """The file's name without its folder, as the agent made it visible."""
    return visible(str(event.get("name", "")).rpartition("/")[2])


class LiveDisplay:
    """A bar for each file on its way, a line for each that is through."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._console = Console()
        self._progress = Progress(
            TextColumn("{task.fields[state]:>10}"),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[amount]}"),
            console=self._console,
            transient=True,
        )
        self._progress.start()
        self._tasks: dict[str, TaskID] = {}
        self._work: TaskID | None = None

    def event(self, event: dict[str, Any]) -> None:
        if event.get("event") == "summary":
            return
        path, name = str(event.get("path", "")), _name(event)
        state, total = str(event.get("state") or event.get("event")), int(event.get("total") or 0)
        if state in FINAL or event.get("event") not in {"state", "progress"}:
            task = self._tasks.pop(path, None)
            if task is not None:
                self._progress.remove_task(task)
            reason = visible(say_reason(self._language, str(event.get("reason") or "")))
            mark = "[green]✓[/]" if state in {"received", "released"} else "[yellow]![/]"
            word = _state(self._language, state)
            self._console.print(mark, Text(f"{word}  {name}  {reason}".rstrip()))
            return
        word = _state(self._language, state)
        if path not in self._tasks:
            self._tasks[path] = self._progress.add_task(name, total=None, state=word, amount="")
        done = int(event.get("bytes") or 0)
        self._progress.update(
            self._tasks[path],
            completed=done,
            total=total or None,
            state=word,
            amount=f"{size_text(done)} / {size_text(total)}",
        )

    def left(self, text: str, done: int, total: int) -> None:
        if self._work is None:
            self._work = self._progress.add_task(text, total=total, state="", amount="")
        self._progress.update(
            self._work, description=text, completed=done, total=total, amount=f"{done}/{total}"
        )

    def close(self) -> None:
        self._progress.stop()
