"""`liuhen log vkey`."""

import click

from api.cli.output import print_json
from api.cli.shell import Shell, with_shell


@click.command("vkey")
@with_shell()
def command(shell: Shell) -> None:
    """Print the verifier keys of the log and of its receipts; they may be handed to anybody."""
    with shell.open() as services:
        log, receipts = services.keys.log.verifier.vkey, services.keys.receipts.verifier.vkey
        if shell.as_json:
            print_json({"log": log, "receipts": receipts})
        else:
            click.echo(log)
            click.echo(receipts)
