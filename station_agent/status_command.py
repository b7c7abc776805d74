"""`liuhen-station status`: how the station is doing, and what somebody should look after.

It works on whatever is left of a station: what can't be read becomes a line that says what to do,
and an exit code of 1.
"""

import argparse
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from station_agent import reasons, renewal
from station_agent.commands import GOOD, WRONG
from station_agent.config import Config
from station_agent.display import line_of, size_text
from station_agent.enrolment import ENROLMENT_FILE, KEY_FILE, load_enrolment, load_key
from station_agent.errors import (
    JournalError,
    NotEnrolledError,
    StationKeyError,
    TrustUnreadableError,
)
from station_agent.events import Event
from station_agent.home_health import JOURNAL_UNUSABLE, look_at_home
from station_agent.journal import DONE, Journal
from station_agent.journal_reading import empty_journal, read_journal
from station_agent.lock import is_running
from station_agent.messages import say, say_reason
from station_agent.status import (
    Live,
    age_s,
    build_status,
    free_bytes_of,
    is_waiting,
    load_status,
    needs_somebody,
)
from station_agent.trust import TRUST_FILE, read_alarm

#: The agent says how it is every three seconds, and tells the server in between, which may take as
#: long as a connection may be silent. Whoever is silent for so long on top has stopped living.
STALE_S = 15
#: A journal can't take one more file where so little is left.
_FULL_BYTES = 128 * 1024

#: What is wrong with the station itself, as its status names it.
NOT_ENROLLED = "not_enrolled"
KEY_UNUSABLE = "key_unusable"
ENROLMENT_UNUSABLE = "enrolment_unusable"
TRUST_UNUSABLE = "trust_unusable"
DISK_FULL = "disk_full"
STALE = "stale"
NOT_RUNNING = "not_running"

Problem = dict[str, str]


def status(config: Config, options: argparse.Namespace) -> int:
    """How the station is doing; 1 where somebody should look."""
    problems = _problems_of_the_enrolment(config)
    of_home = _problems_of_the_home(config)
    running = is_running(config.home)
    left = load_status(config.home)
    age = age_s(left) if running and left is not None else None
    # What an agent left long ago, or before it could write no more, is no news.
    is_old = age is None or age > config.timeout_s + STALE_S
    stale = running and (is_old or bool(of_home))
    value = left if running and not stale else None
    if value is None:
        value = _built(config, left, problems)
        if stale and left is not None:
            value["clock"] = left["clock"]
    value["free_bytes"] = free_bytes_of(config.home)  # now, whatever was left
    if stale and not of_home:
        problems.insert(0, {"name": value["station"], "reason": STALE})
    if not running and is_waiting(value["files"]):
        problems.insert(0, {"name": value["station"], "reason": NOT_RUNNING})
    if running and reasons.code_of(value["server"] or "") == reasons.STATION_REFUSED:
        problems.insert(0, {"name": value["station"], "reason": value["server"]})
    problems += of_home
    value |= {"running": running, "age_s": age, "stale": stale, "problems": problems}
    if options.json:
        print(json.dumps(value, ensure_ascii=False, indent=1))
    else:
        print(_text(value, config.language))
    wrong = ("alarm", "trouble", "manifests_refused", "held", "folders", "problems")
    is_wrong = any(value[name] for name in wrong) or any(map(needs_somebody, value["refused"]))
    return WRONG if is_wrong else GOOD


def _built(config: Config, left: dict[str, Any] | None, problems: list[Problem]) -> dict[str, Any]:
    """The status from the journal, and from what the agent left of what only it knows."""
    alarm = None
    try:
        alarm = read_alarm(config.home)
    except TrustUnreadableError as error:
        problems.append(_problem(config.home / TRUST_FILE, TRUST_UNUSABLE, error))
    journal: Journal
    try:
        journal = read_journal(config.journal_file)
    except JournalError:
        journal = empty_journal()  # said by `look_at_home`
    try:
        value = build_status(journal, config.home, config.name, alarm, Live())
    except JournalError as error:
        problems.append(_problem(config.journal_file, JOURNAL_UNUSABLE, error))
        value = build_status(empty_journal(), config.home, config.name, alarm, Live())
    finally:
        journal.close()
    folders = [] if left is None else left["folders"]
    named = {one["name"] for one in folders}
    folders += [one for one in _missing(config) if one["name"] not in named]
    return {**value, "folders": folders, "folders_count": len(folders)}


def _missing(config: Config) -> list[Problem]:
    """The watched folders that can't be listed at this moment."""
    found = []
    for folder in config.watch:
        try:
            with os.scandir(folder):
                pass
        except OSError as error:
            name = reasons.visible(os.fsencode(folder))
            found.append({"name": name, "reason": error.strerror or type(error).__name__})
    return found


def _problems_of_the_enrolment(config: Config) -> list[Problem]:
    """Raises `NotEnrolledError` where there is nothing of a station yet."""
    found = []
    enrolment = None
    try:
        enrolment = load_enrolment(config.home)
    except NotEnrolledError:
        if not config.journal_file.exists():
            raise
        found.append({"name": config.name, "reason": NOT_ENROLLED})
    except StationKeyError as error:
        path = config.home / ENROLMENT_FILE
        found.append(_problem(path, ENROLMENT_UNUSABLE, error))
    if enrolment is not None and not renewal.is_due(config.home, enrolment):
        try:
            load_key(config.home)
        except StationKeyError as error:
            found.append(_problem(config.home / KEY_FILE, KEY_UNUSABLE, error))
    return found


def _problems_of_the_home(config: Config) -> list[Problem]:
    """What keeps the agent from writing, and so from saying it."""
    found = [
        _problem(path, reason, Exception(detail))
        for path, reason, detail in look_at_home(config.home, config.journal_file)
    ]
    free_bytes = free_bytes_of(config.home)
    if free_bytes is not None and free_bytes < _FULL_BYTES:
        found.append({"name": str(config.home), "reason": DISK_FULL})
    return found


def _problem(path: Path, reason: str, error: Exception) -> Problem:
    detail = str(error.args[0]) if error.args else ""
    return {
        "name": reasons.visible(os.fsencode(path)),
        "reason": reasons.compose(reason, detail.removeprefix(f"{path}: ")),
    }


def _text(value: dict[str, Any], language: str) -> str:
    lines = [f"{key}: {text}" for key, text in _rows(value, language)]
    if value["alarm"]:
        lines.insert(0, line_of(Event("alarm", reason=value["alarm"]), language) or "")
    lines += _listed("status.problems", value["problems"], None, language)
    none = "" if value["files"] else " " + say(language, "status.none")
    lines.append(say(language, "status.files") + ":" + none)
    lines += [f"  {say(language, f'state.{key}')}  {n}" for key, n in value["files"].items()]
    before = value["archived_before"]
    if before:
        received = sum(value["files"].get(state, 0) for state in DONE)
        lines.append("  " + say(language, "archived_before", received=received, before=before))
    if value["current"]:
        lines.append(say(language, "status.current") + ":")
        lines += [
            f"  {one['name']}  {size_text(one['sent_bytes'])} / {size_text(one['size_bytes'])}"
            for one in value["current"]
        ]
    troubled = [one for one in value["refused"] if needs_somebody(one)]
    empty = [one for one in value["refused"] if not needs_somebody(one)]
    lines += _listed("status.refused", troubled, None, language)
    lines += _listed("status.empty", empty, None, language)
    lines += _listed("status.manifests_refused", value["manifests_refused"], None, language)
    for kind in ("held", "folders", "skipped"):
        lines += _listed(f"status.{kind}", value[kind], value[f"{kind}_count"], language)
    return "\n".join(reasons.printable(line) for line in lines)


def _rows(value: dict[str, Any], language: str) -> list[tuple[str, str]]:
    none = say(language, "status.none")
    state = say(language, "status.running" if value["running"] else "status.not_running")
    rows = [(value["station"], state)]
    if value["age_s"] is not None:
        at = {"at": local_time(value["clock"]), "seconds": value["age_s"]}
        rows.append((say(language, "status.alive"), say(language, "status.age", **at)))
    if value["running"]:
        answers = say(language, "status.unknown" if value["stale"] else "status.answers")
        if reasons.code_of(value["server"] or "") == reasons.STATION_REFUSED:
            answers = say(language, "status.refuses")
        elif value["server"]:
            answers = value["server"]
        rows.append((say(language, "status.server"), answers))
    rows.append(
        (say(language, "status.last_receipt"), local_time(value["last_receipt_at"]) or none)
    )
    free = none if value["free_bytes"] is None else size_text(value["free_bytes"])
    rows.append((say(language, "status.free"), free))
    if value["trouble"]:
        rows.append((say(language, "status.trouble"), value["trouble"]))
    return rows


def _listed(title: str, items: list[dict[str, Any]], count: int | None, language: str) -> list[str]:
    """A head and a line for each; nothing where there is nothing."""
    if not items:
        return []
    lines = [say(language, title) + (":" if count is None else f" ({count}):")]
    for one in items:
        state = f"  {say(language, 'state.' + one['state'])}" if "state" in one else ""
        lines.append(f"  {one['name']}{state}  {say_reason(language, one['reason'])}")
    return lines


def local_time(moment: str | None) -> str:
    """A moment of the journal on this machine's own clock face, with day and zone; "" for none.

    The zone is told as its offset, ``2026-11-22 17:21:38 +08:00``: a station knows no bureau's
    zone, and whoever reads this beside the archive's pages must see which of two times it is.
    """
    if not moment:
        return ""
    try:
        local = datetime.fromisoformat(moment).astimezone()
    except (ValueError, OverflowError, OSError):
        return moment
    text = local.isoformat(" ", "seconds")
    face = len("2026-11-22 17:21:38")
    return f"{text[:face]} {text[face:]}"
