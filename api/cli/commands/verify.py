"""`liuhen verify`: read everything again and say what does not agree."""

import click

from api.cli.shell import Shell, with_shell


@click.command("verify")
@with_shell()
@click.option("--all", "everything", is_flag=True, help="Every clip and the whole log (default).")
@click.option("--clip", "clip", metavar="ID", help="One clip, by id or SHA-256.")
@click.option("--case", "case_number", metavar="NO", help="The clips of one case.")
@click.option("--sm3", is_flag=True, help="Recompute SM3 too (four times slower than SHA-256).")
@click.option("--threads", type=click.IntRange(1, 64), help="Default: one for each core.")
def command(
    shell: Shell,
    everything: bool,
    clip: str | None,
    case_number: str | None,
    sm3: bool,
    threads: int | None,
) -> int:
    """Re-read bytes, recompute digests, follow proofs, tree and signatures.

    Findings go to standard output, progress to standard error. Exit code 0: all good; 1: something
    does not verify; 2: something could not be checked.
    """
    if sum([everything, clip is not None, case_number is not None]) > 1:
        raise click.UsageError("--all, --clip and --case exclude each other")
    from api.cli.verifying import run_verification, select

    with shell.open() as services:
        selection = select(shell, services, clip, case_number)
        return run_verification(shell, services, selection, sm3=sm3, threads=threads)
