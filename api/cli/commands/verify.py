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
@click.option(
    "--sample",
    metavar="N",
    help="Read only a sample of the clips: a number, or a share such as 5%.",
)
@click.option("--seed", metavar="TEXT", help="Any text; it decides which clips the sample has.")
@click.option(
    "--per-officer", is_flag=True, help="Add a clip of every officer who has none in the sample."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where the signed statement on the sample goes; else it is printed.",
)
@click.option("--read-only", is_flag=True, help=READ_ONLY_HELP)
@click.option("--threads", type=click.IntRange(1, 64), help="Default: one for each core.")
def command(
    shell: Shell,
    everything: bool,
    clip: str | None,
    case_number: str | None,
    against: Path | None,
    sample: str | None,
    seed: str | None,
    per_officer: bool,
    output: Path | None,
    sm3: bool,
    read_only: bool,
    threads: int | None,
) -> int:
    """Re-read bytes, recompute SHA-256 (SM3 only with --sm3), follow proofs, tree and signatures.

    Findings go to standard output as they are found, progress to standard error. Exit code 0: all
    good; 1: something does not verify; 2: something could not be checked, or it was interrupted.

    With --sample the log and all rows are verified, and of the originals those that --seed picks
    among all that were admitted under the checkpoint of --against. Keep that one before the seed is
    chosen, so that nobody can steer the choice; without it, it is the newest.

    In a home that can't be written the run is not recorded, and that is said.
    """
    if sum([everything, clip is not None, case_number is not None]) > 1:
        raise click.UsageError("--all, --clip and --case exclude each other")
    if sample is not None and (everything or clip is not None or case_number is not None):
        raise click.UsageError("--sample excludes --all, --clip and --case")
    if (sample is None) != (seed is None):
        raise click.UsageError("--sample and --seed go together")
    if sample is None and (per_officer or output is not None):
        raise click.UsageError("--per-officer and --output go with --sample")
    if against is not None and (clip is not None or case_number is not None):
        raise click.UsageError("--against is about the whole log, not about --clip or --case")
    from api.cli.errors import text_of
    from api.cli.sampling import want_sample
    from api.cli.verifying import read_kept, run_verification, select
    from custody.log.errors import SampleError
    from custody.log.sample import Asked, check_seed
    from custody.verification import Selection

    try:
        asked = None if sample is None else Asked.parse(sample)
        seed = None if seed is None else check_seed(seed)
    except SampleError as error:
        raise click.UsageError(text_of(error, shell.language)) from error
    if output is not None and not output.absolute().parent.is_dir():
        raise click.UsageError("the folder of --output is not there")
    with shell.open(migrate=False, read_only=shell.reads_only(read_only)) as services:
        selection = select(shell, services, clip, case_number)
        kept = None if against is None else read_kept(services, against)
        if asked is not None and seed is not None:
            wanted = want_sample(services, asked, seed, per_officer=per_officer, kept=kept)
            selection = Selection(sample=wanted)
            if kept is None:
                shell.say("verify.own_checkpoint", error=True)
        return run_verification(
            shell,
            services,
            selection,
            sm3=sm3,
            threads=threads,
            against=None if kept is None else kept[0],
            output=output,
        )
