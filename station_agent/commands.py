"""What `liuhen-station` does: enrol, run and scan, each returning its exit code."""

import argparse
import json
import signal
import sys
import time
from pathlib import Path

from station_agent import enrolment as enrolments
from station_agent import reasons, renewal
from station_agent.agent import Agent, Outcome
from station_agent.config import Config
from station_agent.display import listener_for
from station_agent.enrolment import Enrolment, load_enrolment, load_key, token_digest
from station_agent.errors import (
    EnrolmentRefusedError,
    JournalError,
    JournalNewerError,
    NotEnrolledError,
    RefusedError,
    ServerAwayError,
    StationKeyError,
)
from station_agent.events import Event, Listener
from station_agent.explanations import explain
from station_agent.journal import Journal, State, open_journal
from station_agent.journal_care import set_aside
from station_agent.lock import HomeLock
from station_agent.messages import say
from station_agent.pauses import Pauses
from station_agent.transport import Transport

GOOD, WRONG, NOT_NOW, USAGE = 0, 1, 2, 64

_AFTER_JOURNAL_TROUBLE_S = 2.0


def enrol(config: Config, options: argparse.Namespace) -> int:
    """Enrol; anew where a token is given on the command line that was not taken yet."""
    known = _known_enrolment(config.home, anew=bool(options.token))
    if known is not None and not options.token and not renewal.is_due(config.home, known):
        print(say(config.language, "already_enrolled", id=known.station_id))
        return GOOD
    with HomeLock(config.home):
        spent = known is not None and known.token_sha256 == token_digest(options.token or "")
        renewed = known is None or (bool(options.token) and not spent)
        enrolment = known
        if enrolment is None or renewed:
            enrolment = _enrol_with_token(config)
        _finish_enrolment(config, enrolment)
    if not renewed:
        print(say(config.language, "already_enrolled", id=enrolment.station_id))
        return GOOD
    print(say(config.language, "enrolled", name=enrolment.name, id=enrolment.station_id))
    return GOOD


def _known_enrolment(home: Path, *, anew: bool) -> Enrolment | None:
    """What is pinned; None if nothing is, or nothing that can be read and it is made ``anew``."""
    try:
        return load_enrolment(home)
    except NotEnrolledError:
        return None
    except StationKeyError:
        if anew:
            return None
        raise


def _finish_enrolment(config: Config, enrolment: Enrolment) -> None:
    """What enrolling leaves to be done, also where it was cut short (`station_agent.renewal`)."""
    if not renewal.is_due(config.home, enrolment):
        return
    if not config.journal_file.exists():
        renewal.finish(config.home, None)
        return
    journal, damaged = open_journal(config.journal_file)
    if damaged is not None:
        print(say(config.language, "journal_damaged", path=damaged))
    try:
        renewal.finish(config.home, journal)
    finally:
        journal.close()


def run(config: Config, options: argparse.Namespace) -> int:
    """Watch until stopped, through whatever happens to server, network and disk."""
    stop = _Stop()
    listener = listener_for(options.progress, config.language, sys.stdout)
    with HomeLock(config.home):
        agent = _agent(config, listener, None)
        stop.agent = agent
        words = {"name": config.name, "count": len(config.watch), "server": config.server}
        _say_if_shown(options, say(config.language, "watching", **words))
        agent.run()
    _say_if_shown(options, say(config.language, "stopped"))
    return GOOD


def scan(config: Config, options: argparse.Namespace) -> int:
    """Archive what is there now, then end; the code says how it went."""
    stop = _Stop()
    listener = listener_for(options.progress, config.language, sys.stdout)
    with HomeLock(config.home):
        agent = _agent(config, listener, options.patience)
        stop.agent = agent
        outcome = agent.run_once(patience_s=options.patience)
    code = exit_code(outcome)
    if options.progress == "json":
        print(json.dumps({"event": "summary", "files": outcome.counts, "exit": code}))
    else:
        counts = outcome.counts
        named = {state: counts.get(state, 0) for state in ("refused", "failed", "gone")}
        received = sum(counts.get(state, 0) for state in ("received", "released"))
        unfinished = sum(counts.values()) - received - sum(named.values())
        _say_if_shown(
            options,
            say(config.language, "summary", received=received, open=unfinished, **named),
        )
        if outcome.archived_before:
            words = {"received": received, "before": outcome.archived_before}
            _say_if_shown(options, say(config.language, "archived_before", **words))
        if outcome.skipped:
            _say_if_shown(options, say(config.language, "skipped_count", count=outcome.skipped))
    return code


def exit_code(outcome: Outcome) -> int:
    """0: all archived. 2: what is left waits for the server or for our disk. 1: the rest, a server
    that does not accept this station among it."""
    waiting = (State.SETTLED, State.HASHED, State.SENDING, State.SENT)
    bad = (State.SEEN, State.FAILED, State.REFUSED, State.GONE)
    refused = reasons.code_of(outcome.server or "") == reasons.STATION_REFUSED
    if outcome.alarm is not None or refused:
        return WRONG
    if outcome.server or outcome.trouble or any(outcome.counts.get(state) for state in waiting):
        return NOT_NOW
    if outcome.folder_errors or any(outcome.counts.get(state) for state in bad):
        return WRONG
    return GOOD


def _say_if_shown(options: argparse.Namespace, text: str) -> None:
    if options.progress not in {"json", "none"}:
        print(text, flush=True)


class _Stop:
    """SIGTERM and SIGINT stop the agent cleanly; the second one ends the process at once."""

    def __init__(self) -> None:
        self.agent: Agent | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        if self.agent is None:
            raise SystemExit(GOOD)  # nothing has begun that would need an end
        self.agent.request_stop()


def _agent(config: Config, listener: Listener, patience_s: float | None) -> Agent:
    """The agent on its journal. Waits for what is away, at most ``patience_s``."""
    enrolment = _enrolled(config, listener, patience_s)
    journal = _opened(config, listener, patience_s)
    if renewal.is_due(config.home, enrolment):
        renewal.finish(config.home, journal)
    return Agent(config, enrolment, load_key(config.home), journal, listener)


def _enrolled(config: Config, listener: Listener, patience_s: float | None) -> Enrolment:
    """The enrolment, made now if need be."""
    began, pauses = time.monotonic(), Pauses()
    while True:
        try:
            return load_enrolment(config.home)
        except NotEnrolledError:
            try:
                return _enrol_with_token(config)
            except ServerAwayError as error:
                if patience_s is not None and time.monotonic() - began > patience_s:
                    raise
                reason = str(error.args[0])
                if pauses.server_failed(reason, error.retry_after_s):
                    listener(Event("server", state="away", reason=reason))
        time.sleep(pauses.server_wait_s())


def _enrol_with_token(config: Config) -> Enrolment:
    if not config.token:
        raise NotEnrolledError
    transport = Transport(config.server, timeout_s=config.timeout_s, ca_file=config.ca_file)
    try:
        enrolment = enrolments.enrol(
            config.home, config.server, config.name, config.token, transport
        )
    except RefusedError as error:
        raise EnrolmentRefusedError(f"{error.status} {error.detail}".strip()) from error
    finally:
        transport.close()
    return enrolment


def _opened(config: Config, listener: Listener, patience_s: float | None) -> Journal:
    """The journal; a damaged one is set aside, a full disk is waited for."""
    began, said = time.monotonic(), ""
    while True:
        try:
            journal, damaged = open_journal(config.journal_file)
        except JournalNewerError:
            raise
        except JournalError as error:
            if patience_s is not None and time.monotonic() - began > patience_s:
                raise
            if str(error) != said:
                said = str(error)
                listener(Event("station", reason=explain(error, config.language)))
            time.sleep(_AFTER_JOURNAL_TROUBLE_S)
        else:
            if damaged is not None:
                listener(set_aside(config, damaged))
            return journal
