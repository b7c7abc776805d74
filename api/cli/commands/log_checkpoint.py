"""`liuhen log checkpoint`."""

import click

from api.cli.failures import CommandError
from api.cli.output import print_json
from api.cli.shell import Shell, with_shell


@click.command("checkpoint")
@with_shell()
def command(shell: Shell) -> None:
    """Print the published checkpoint (a C2SP signed note), to be kept where we can't reach it."""
    from custody.log.checkpoint import open_checkpoint
    from custody.object_keys import CHECKPOINT_KEY
    from storage.errors import ObjectNotFoundError

    with shell.open() as services:
        try:
            note = services.store.read_bytes(CHECKPOINT_KEY).decode()
        except ObjectNotFoundError as error:
            raise CommandError("verify.no_tree") from error
        if not shell.as_json:
            click.echo(note, nl=False)
            return
        checkpoint = open_checkpoint(
            note, services.keys.log.verifier, origin=services.config.origin
        )
        print_json(
            {
                "origin": checkpoint.origin,
                "size": checkpoint.size,
                "root": checkpoint.root.hex(),
                "note": note,
            }
        )
