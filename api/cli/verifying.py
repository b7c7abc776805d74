"""Running a verification from the command line: progress, findings, the entry, the exit code."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from api.cli.main import EXIT_DOES_NOT_VERIFY, EXIT_FAILED, EXIT_GOOD
from api.cli.output import print_json, visible
from api.cli.queries import find_case_id, find_clip
from api.cli.shell import Shell
from api.services import Services
from api.sizes import size_text
from api.verification_runs import context_of, findings_json, names_in, record
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


def read_kept(services: Services, file: Path) -> Checkpoint:
    """The checkpoint that ``file`` holds or proves. Raises `NotKeptFromHereError`, `OSError`."""
    return open_kept(read_small_file(file), context_of(services))


def run_verification(
    shell: Shell,
    services: Services,
    selection: Selection,
    *,
    sm3: bool,
    threads: int | None,
    against: Checkpoint | None = None,
) -> int:
    """Verify, print, append ``verification.run`` where anything can be; the exit code."""
    started = time.monotonic()
    with _progress(shell) as progress:
        report = verify_all(
            context_of(services),
            selection,
            sm3=sm3,
            threads=threads,
            against=against,
            progress=progress,
        )
    recorded = not services.database.read_only
    unrecorded = record(services, shell.actor, selection, report) if recorded else ""
    if unrecorded:
        shell.say("verify.unrecorded", error=True, reason=retold(unrecorded, shell.language))
    if not recorded:
        shell.say("verify.not_recorded", error=True)
    names = names_in(services, report.findings[:MAX_NAMED])
    older = _older_copy(services)
    if shell.as_json:
        seconds = round(time.monotonic() - started, 3)
        told = {"recorded": recorded and not unrecorded, "seconds": seconds, "restored": older}
        print_json(findings_json(report, names) | told)
    else:
        _print(shell, report, shell.teller(names))
    if older is not None:
        what = translate(shell.language, f"restored.{older}")
        shell.say("verify.restored", error=True, what=what)
    if report.findings:
        return EXIT_DOES_NOT_VERIFY
    return EXIT_FAILED if report.unchecked or unrecorded else EXIT_GOOD


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


def _print(shell: Shell, report: Report, teller: Teller) -> None:
    _print_findings(shell, report, teller)
    for item in report.unchecked:
        unchecked = translate(shell.language, "verdict.unchecked")
        subject, reason = teller.subject(item.subject), teller.tell(item.reason)
        click.echo(f"? {unchecked}  {visible(subject)}: {visible(reason)}")
    if report.good:
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
        if not unusable and not report.unchecked:
            shell.say("verify.no_tree")
    else:
        shell.say("verify.tree", size=report.checkpoint.size, root=report.checkpoint.root.hex())
    if report.against is not None and report.continues:
        kept = report.against
        shell.say("verify.continues", size=kept.size, root=kept.root.hex())
    waiting = report.pending + report.unpublished
    if waiting:
        shell.say("verify.waiting", count=waiting)


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


@contextmanager
def _progress(shell: Shell) -> Iterator[Callable[[Progress], None]]:
    """A line that changes on a terminal, a line now and then elsewhere; on standard error."""
    live = sys.stderr.isatty()
    language = shell.language
    last = 0.0
    started = time.monotonic()

    def show(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < (LIVE_STEP_S if live else PLAIN_STEP_S):
            return
        last = now
        if not live and now - started < PLAIN_STEP_S:
            return  # a short run needs no progress in a file
        phase = translate(language, f"phase.{progress.phase}")
        text = f"{phase} {progress.done}/{progress.total}"
        if progress.total_bytes:
            rate = progress.done_bytes / max(now - started, 0.001)
            done, total = size_text(progress.done_bytes), size_text(progress.total_bytes)
            text += f"  {done}/{total}  {size_text(int(rate))}/s"
        click.echo(f"\r\x1b[K{text}" if live else text, err=True, nl=not live)

    try:
        yield show
    finally:
        if live and last:
            click.echo("\r\x1b[K", err=True, nl=False)
