"""`liuhen log verify`."""

import click

from api.cli.shell import READ_ONLY_HELP, Shell, with_shell


@click.command("verify")
@with_shell()
@click.option("--read-only", is_flag=True, help=READ_ONLY_HELP)
def command(shell: Shell, read_only: bool) -> int:
    """Verify the log alone: entries, tree, checkpoints, rows against entries; no footage."""
    from api.cli.verifying import run_verification
    from custody.access import Right
    from custody.verification import LOG_ONLY

    with shell.open(migrate=False, read_only=shell.reads_only(read_only)) as services:
        services.access.require(shell.actor, Right.VERIFY, "log")
        return run_verification(shell, services, LOG_ONLY, sm3=False, threads=None)
