"""Running a verification from the command line: progress, findings, the entry, the exit code."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from api.cli.main import EXIT_DOES_NOT_VERIFY, EXIT_FAILED, EXIT_GOOD
from api.cli.merge_lag import find_merge_lag, tell_merge_lag
from api.cli.output import local, print_json, visible
from api.cli.queries import find_case_id, find_clip
from api.cli.sampling import hand_out, print_coverage, print_sample, state
from api.cli.shell import Shell
from api.services import Services
from api.sizes import size_text
from api.verification_runs import (
    Recorded,
    context_of,
    findings_json,
    names_in,
    record_run_of,
)
from api.web.locale import translate
from api.web.retelling import retold
from api.web.telling import Teller, item_of
from custody.access import Right
from custody.events import case_item, clip_item
from custody.log.checkpoint import Checkpoint
from custody.publishing.restored import Older
from custody.verification import (
    EVERYTHING,
    Finding,
    Progress,
    Report,
    Selection,
    verify_all,
)
from custody.verification.against import open_kept
from storage.errors import StorageError
from storage.regular_files import read_small_file

#: Seconds between two lines of progress where standard error is no terminal.
PLAIN_STEP_S = 5.0
LIVE_STEP_S = 0.1
#: The word for what a thing is called, by its sort; of a clip it is the file name.
_NAME_HEADS = {"case": "head.number", "user": "head.account", "station": "head.station"}
#: Findings whose things are named.
MAX_NAMED = 1000


def select(
    shell: Shell, services: Services, clip: str | None, case_number: str | None
) -> Selection:
    """What the options name. Raises `CommandError`, `CaseNotFoundError`, `CaseNumberError`,
    `DeniedError`."""
    selection, item = EVERYTHING, "log"
    with services.database.read() as tx:
        if clip is not None:
            clip_id = find_clip(tx, clip).id
            selection, item = Selection(clip_ids=frozenset({clip_id})), clip_item(clip_id)
        elif case_number is not None:
            case_id = find_case_id(tx, case_number)
            selection, item = Selection(case_id=case_id), case_item(case_id)
    services.access.require(shell.actor, Right.VERIFY, item)
    return selection


def read_kept(services: Services, file: Path) -> tuple[Checkpoint, str]:
    """The checkpoint that ``file`` holds or proves, and as it was signed.

    Raises `NotKeptFromHereError`, `OSError`.
    """
    return open_kept(read_small_file(file), context_of(services))


def run_verification(
    shell: Shell,
    services: Services,
    selection: Selection,
    *,
    sm3: bool,
    threads: int | None,
    against: Checkpoint | None = None,
    output: Path | None = None,
) -> int:
    """Verify, print what is found while it goes on, append ``verification.run`` where anything can
    be, sign the statement on a sample; the exit code.

    An interrupt ends the run; what it found until then is printed, and recorded if it is anything.
    So it is where the reader of the output goes away, which is raised on (`BrokenPipeError`).
    """
    started = time.monotonic()
    lag = find_merge_lag(services)
    stopped, nobody_reads = False, None
    with _progress(shell) as line:
        stream = _Stream(shell, services, line)
        report = Report(told=None if shell.as_json else stream.show)
        try:
            verify_all(
                context_of(services),
                selection,
                sm3=sm3,
                threads=threads,
                against=against,
                progress=stream.go_on,
                report=report,
            )
        except KeyboardInterrupt:
            stopped = True
        except BrokenPipeError as error:
            stopped, nobody_reads = True, error
    if stopped and nobody_reads is None:
        shell.say("verify.stopped", error=True)
    recorded = Recorded(None)
    writes = not services.database.read_only
    if writes and not (stopped and not report.findings):
        recorded = record_run_of(services, shell.actor, selection, report, stopped=stopped)
    if nobody_reads is not None:
        raise nobody_reads
    if recorded.failure:
        reason = retold(recorded.failure, shell.language)
        shell.say("verify.unrecorded", error=True, reason=reason)
    if not writes:
        shell.say("verify.not_recorded", error=True)
    statement = None
    if selection.sample is not None and not stopped:
        statement = state(services, selection.sample, report, recorded)
    older = _older_copy(services)
    if shell.as_json:
        names = names_in(services, report.findings[:MAX_NAMED])
        told = {
            "recorded": recorded.run is not None and not recorded.failure,
            "seconds": round(time.monotonic() - started, 3),
            # What was not looked at is not good either.
            "good": report.good and not stopped,
            "stopped": stopped,
            "statement": statement,
            "merge_lag_s": None if lag is None else lag.seconds(services.clock.now()),
            "restored": older,
        }
        print_json(findings_json(report, names) | told)
    else:
        asked = against is not None
        _print_rest(shell, report, shell.teller({}), selection, asked=asked, stopped=stopped)
        tell_merge_lag(shell, services, lag)
    if older is not None:
        what = translate(shell.language, f"restored.{older}")
        shell.say("verify.restored", error=True, what=what)
    if selection.sample is not None and not stopped:
        hand_out(shell, statement, output)
    if stopped:
        return EXIT_FAILED
    if report.findings:
        return EXIT_DOES_NOT_VERIFY
    missing = selection.sample is not None and statement is None
    return EXIT_FAILED if report.unchecked or recorded.failure or missing else EXIT_GOOD


class _Stream:
    """Prints each finding as it is found, whichever thread finds it; the first ones with names."""

    def __init__(self, shell: Shell, services: Services, line: "_Line") -> None:
        self._shell = shell
        self._services = services
        self._line = line
        self._printed = 0
        self._broken: BrokenPipeError | None = None

    def show(self, finding: Finding) -> None:
        """Raises nothing: what is found must not be lost because nobody reads it."""
        if self._broken is not None:
            return
        self._printed += 1
        names = names_in(self._services, [finding]) if self._printed <= MAX_NAMED else {}
        self._line.clear()
        try:
            _print_finding(self._shell, finding, self._shell.teller(names))
            sys.stdout.flush()
        except BrokenPipeError as error:
            self._broken = error

    def go_on(self, progress: Progress) -> None:
        """Show how far it is. Raises `BrokenPipeError`, which ends the run, where nobody reads."""
        if self._broken is not None:
            raise self._broken
        self._line.show(progress)


def _older_copy(services: Services) -> Older | None:
    """What was put back from an older copy; None too where that can't be told."""
    try:
        return services.publisher.watch.current()
    except (SQLAlchemyError, StorageError):
        return None  # whatever keeps it from being told is a finding, or was not checked


def print_findings(shell: Shell, services: Services, report: Report) -> None:
    """The findings of another errand, as a verification prints them."""
    names = names_in(services, report.findings[:MAX_NAMED])
    if shell.as_json:
        print_json(findings_json(report, names))
    else:
        _print_findings(shell, report, shell.teller(names))


def _print_findings(shell: Shell, report: Report, teller: Teller) -> None:
    for finding in report.findings:
        _print_finding(shell, finding, teller)
    if report.more_findings:
        shell.say("verify.more", count=report.more_findings)


def _print_rest(
    shell: Shell,
    report: Report,
    teller: Teller,
    selection: Selection,
    *,
    asked: bool,
    stopped: bool,
) -> None:
    """What is left to be said once every finding is printed; whether it continues a kept checkpoint
    only where that was ``asked``."""
    if report.more_findings:
        shell.say("verify.more", count=report.more_findings)
    for item in report.unchecked:
        unchecked = translate(shell.language, "verdict.unchecked")
        subject, reason = teller.subject(item.subject), teller.tell(item.reason)
        click.echo(f"? {unchecked}  {visible(subject)}: {visible(reason)}")
    if report.good and not stopped:
        shell.say(
            "verify.good",
            clips=report.clips_checked,
            renditions=report.renditions_checked,
            entries=report.entries_checked,
            bytes=size_text(report.bytes_read),
        )
    else:
        shell.say("verify.bad", findings=report.finding_count, unchecked=len(report.unchecked))
    unusable = any(one.code.startswith("checkpoint_") for one in report.findings)
    if report.checkpoint is None:
        if not unusable and not report.unchecked and not stopped:
            shell.say("verify.no_tree")
    else:
        shell.say("verify.tree", size=report.checkpoint.size, root=report.checkpoint.root.hex())
    if asked and report.against is not None and report.continues:
        kept = report.against
        shell.say("verify.continues", size=kept.size, root=kept.root.hex())
    if selection.sample is not None:
        print_sample(shell, selection.sample, report)
    if report.coverage is not None:
        print_coverage(shell, report.coverage)
    for rule, count, first, last in report.destroyed.by_rule():
        zone = shell.config().zone
        days = [local(moment, zone) for moment in (first, last)]
        shell.say(
            "verify.destroyed" if first == last else "verify.destroyed.since",
            count=count,
            rule=rule,
            first=days[0],
            last=days[1],
        )


def _print_finding(shell: Shell, finding: Finding, teller: Teller) -> None:
    """What it means, what it is about and the precise message, in the reader's language."""
    meaning = translate(shell.language, f"finding.{finding.code}")
    where = "" if finding.entry_index is None else f" #{finding.entry_index}"
    click.echo(f"✗ {finding.code}  {meaning}  {visible(finding.subject)}{where}")
    click.echo(f"  {visible(teller.tell(finding.message))}")
    sort = item_of(finding).partition(":")[0]
    for word, value in (
        (_NAME_HEADS.get(sort, "head.name"), teller.name(finding)),
        ("expected", finding.expected),
        ("found", finding.found),
    ):
        if value is not None:
            click.echo(f"  {shell.word(word)}: {visible(teller.tell(value))}")


class _Line:
    """A line that changes on a terminal, a line now and then elsewhere; on standard error."""

    def __init__(self, language: str) -> None:
        self._live = sys.stderr.isatty()
        self._language = language
        self._started = time.monotonic()
        self._last = 0.0

    def show(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._last < (LIVE_STEP_S if self._live else PLAIN_STEP_S):
            return
        self._last = now
        if not self._live and now - self._started < PLAIN_STEP_S:
            return  # a short run needs no progress in a file
        phase = translate(self._language, f"phase.{progress.phase}")
        text = f"{phase} {progress.done}/{progress.total}"
        if progress.total_bytes:
            rate = progress.done_bytes / max(now - self._started, 0.001)
            done, total = size_text(progress.done_bytes), size_text(progress.total_bytes)
            text += f"  {done}/{total}  {size_text(int(rate))}/s"
        click.echo(f"\r\x1b[K{text}" if self._live else text, err=True, nl=not self._live)

    def clear(self) -> None:
        """Make room for something else on the terminal."""
        if self._live and self._last:
            click.echo("\r\x1b[K", err=True, nl=False)


@contextmanager
def _progress(shell: Shell) -> Iterator[_Line]:
    line = _Line(shell.language)
    try:
        yield line
    finally:
        line.clear()
