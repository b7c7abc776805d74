"""`liuhen log vkey`."""

import click

from api.cli.output import print_json
from api.cli.shell import Shell, with_shell


@click.command("vkey")
@with_shell()
def command(shell: Shell) -> None:
    """Print the verifier keys of the log (Ed25519), its receipts, and the log again (ML-DSA-44).

    They may be handed to anybody.
    """
    with shell.open() as services:
        keys = services.keys.newest.key_set
        if shell.as_json:
            print_json(
                {
                    "log": keys.log.vkey,
                    "receipts": keys.receipts.vkey,
                    "log_ml_dsa": keys.ml_dsa.vkey,
                }
            )
        else:
            for key in (keys.log, keys.receipts, keys.ml_dsa):
                click.echo(key.vkey)
