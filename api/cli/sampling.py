"""A sample from the command line: which one is wanted, and the signed statement on it."""

from importlib.metadata import version
from pathlib import Path

import click

from api.cli.failures import CommandError
from api.cli.output import local
from api.cli.shell import Shell
from api.services import Services
from api.sizes import size_text
from api.verification_runs import Recorded, context_of
from custody.log.checkpoint import Checkpoint
from custody.log.rereads import Coverage
from custody.log.sample import Asked
from custody.log.sample_statement import (
    ReadClip,
    SampleStatement,
    Verdict,
    sign_sample_statement,
)
from custody.publishing.published import newest_checkpoint
from custody.verification import Report, SampleWanted
from custody.verification.against import open_kept
from storage.durable import write_file

Kept = tuple[Checkpoint, str]


def want_sample(
    services: Services, asked: Asked, seed: str, *, per_officer: bool, kept: Kept | None
) -> SampleWanted:
    """The sample under ``kept``, or under the newest checkpoint.

    Raises `CommandError` before the first one, and `NotKeptFromHereError`.
    """
    if kept is None:
        with services.database.read() as tx:
            newest = newest_checkpoint(tx)
        if newest is None:
            raise CommandError("verify.no_tree")
        kept = open_kept(newest.note.encode(), context_of(services))
    return SampleWanted(*kept, seed=seed, asked=asked, per_officer=per_officer)


def state(
    services: Services, wanted: SampleWanted, report: Report, recorded: Recorded
) -> str | None:
    """The signed statement on a sample; None where no key is at hand or nothing was drawn."""
    drawn, coverage = report.sample, report.coverage
    if services.database.read_only or drawn is None or coverage is None:
        return None
    clips = tuple(
        ReadClip(
            clip.clip_id, clip.index, clip.sha256, clip.size_bytes, report.verdicts[clip.clip_id]
        )
        for clip in drawn.all
    )
    statement = SampleStatement(
        origin=services.config.origin,
        checkpoint=wanted.note,
        seed=wanted.seed,
        asked=wanted.asked,
        per_officer=wanted.per_officer,
        chosen=len(drawn.chosen),
        clips=clips,
        findings=report.by_code,
        unchecked=len(report.unchecked),
        log_size=report.log_size,
        coverage=coverage,
        run=None if recorded.run is None else recorded.run.leaf_hash.hex(),
        version=version("liuhen"),
    )
    return sign_sample_statement(statement, services.keys.receipts)


def hand_out(shell: Shell, statement: str | None, output: Path | None) -> None:
    """Write the statement, or print it where no file is named."""
    if statement is None:
        shell.say("verify.no_statement", error=True)
    elif output is not None:
        write_file(output, statement.encode())
        if not shell.as_json:
            shell.say("verify.statement", path=output)
    elif not shell.as_json:
        click.echo(f"\n{statement}", nl=False)


def print_sample(shell: Shell, wanted: SampleWanted, report: Report) -> None:
    """How many were drawn, and what reading them showed."""
    if report.sample is None or report.coverage is None:
        return
    shell.say(
        "verify.sample",
        size=wanted.checkpoint.size,
        population=report.coverage.clips,
        drawn=len(report.sample.all),
    )
    verdicts = [*report.verdicts.values()]
    shell.say(
        "verify.sample_held",
        held=verdicts.count(Verdict.HELD),
        failed=verdicts.count(Verdict.FAILED),
        unread=verdicts.count(Verdict.UNREAD),
    )


def print_coverage(shell: Shell, coverage: Coverage) -> None:
    shell.say(
        "verify.coverage",
        ever=coverage.ever_clips,
        clips=coverage.clips,
        ever_bytes=size_text(coverage.ever_bytes),
        bytes=size_text(coverage.bytes),
        year=coverage.year_clips,
        year_bytes=size_text(coverage.year_bytes),
    )
    oldest = coverage.oldest
    if oldest is not None:
        at = local(oldest.admitted_at, shell.config().zone)
        shell.say("verify.oldest", clip=oldest.clip_id, at=at, days=oldest.age_days)
    elif coverage.clips:
        shell.say("verify.all_reread")
