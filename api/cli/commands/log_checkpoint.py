"""`liuhen log checkpoint`."""

import click

from api.cli.failures import CommandError
from api.cli.output import print_json
from api.cli.shell import Shell, with_shell


@click.command("checkpoint")
@with_shell()
def command(shell: Shell) -> None:
    """Print the published checkpoint (a C2SP signed note), to be kept where we can't reach it.

    Once enough witnesses have cosigned it, their lines stand under it.
    """
    from custody.log.cosignature import open_cosigned
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
        policy = services.policy
        named = [] if policy is None else list(policy.keys.values())
        names = {one.verifier.vkey: one.name for one in named}
        checkpoint, cosigned = open_cosigned(
            note,
            services.keys.any,
            [one.verifier for one in named],
            origin=services.config.origin,
        )
        print_json(
            {
                "origin": checkpoint.origin,
                "size": checkpoint.size,
                "root": checkpoint.root.hex(),
                "note": note,
                "witnessed": policy is not None
                and policy.policy.quorum is not None
                and policy.policy.is_met(cosigned),
                "cosignatures": [
                    {
                        "name": names[one.verifier.vkey],
                        "key": one.verifier.vkey,
                        "at": one.timestamp,
                    }
                    for one in cosigned
                ],
            }
        )
