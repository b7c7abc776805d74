"""`liuhen verify`: read everything again and say what does not agree."""

from pathlib import Path

import click

from api.cli.shell import READ_ONLY_HELP, Shell, with_shell


@click.command("verify")
@with_shell()
@click.option("--all", "everything", is_flag=True, help="Every clip and the whole log (default).")
@click.option("--clip", "clip", metavar="ID", help="One clip, by id or SHA-256.")
@click.option("--case", "case_number", metavar="NO", help="The clips of one case.")
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Prove that the log continues a checkpoint or receipt that was kept elsewhere.",
)
@click.option("--sm3", is_flag=True, help="Recompute SM3 too: same bytes, four times slower.")
@click.option("--read-only", is_flag=True, help=READ_ONLY_HELP)
@click.option("--threads", type=click.IntRange(1, 64), help="Default: one for each core.")
def command(
    shell: Shell,
    everything: bool,
    clip: str | None,
    case_number: str | None,
    against: Path | None,
    sm3: bool,
    read_only: bool,
    threads: int | None,
) -> int:
    """Re-read bytes, recompute SHA-256 (SM3 only with --sm3), follow proofs, tree and signatures.

    Findings go to standard output, progress to standard error. Exit code 0: all good; 1: something
    does not verify; 2: something could not be checked.

    In a home that can't be written the run is not recorded, and that is said.
    """
    if sum([everything, clip is not None, case_number is not None]) > 1:
        raise click.UsageError("--all, --clip and --case exclude each other")
    if against is not None and (clip is not None or case_number is not None):
        raise click.UsageError("--against is about the whole log, not about --clip or --case")
    from api.cli.verifying import read_kept, run_verification, select

    with shell.open(migrate=False, read_only=shell.reads_only(read_only)) as services:
        selection = select(shell, services, clip, case_number)
        kept = None if against is None else read_kept(services, against)
        return run_verification(shell, services, selection, sm3=sm3, threads=threads, against=kept)
