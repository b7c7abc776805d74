"""`liuhen log checkpoint`."""

import click

from api.cli.failures import CommandError
from api.cli.output import print_json
from api.cli.shell import Shell, with_shell


@click.command("checkpoint")
@with_shell()
def command(shell: Shell) -> int:
    """Print the published checkpoint (a C2SP signed note), to be kept where we can't reach it.

    What waits is published first. Once enough witnesses have cosigned it, their lines stand under
    it. Exit code 2 if nothing can be published, or entries have waited for too long: the checkpoint
    is then one of before.
    """
    from api.cli.main import EXIT_FAILED, EXIT_GOOD
    from api.cli.merge_lag import find_merge_lag
    from custody.log.cosignature import open_cosigned
    from custody.object_keys import CHECKPOINT_KEY
    from storage.errors import ObjectNotFoundError

    read_only = shell.reads_only(given=False)
    with shell.open(read_only=read_only, publishes=False) as services:
        whole = read_only or shell.publish(services, failing="checkpoint.unpublished")
        lag = find_merge_lag(services)
        if lag is not None and lag.entries:
            age = lag.age(services.clock.now())
            shell.say(
                "checkpoint.behind",
                error=True,
                count=lag.entries,
                seconds=int(age.total_seconds()),
            )
            whole = whole and age <= services.config.merge_lag_alarm
        ending = EXIT_GOOD if whole else EXIT_FAILED
        try:
            note = services.store.read_bytes(CHECKPOINT_KEY).decode()
        except ObjectNotFoundError as error:
            raise CommandError("verify.no_tree") from error
        if not shell.as_json:
            click.echo(note, nl=False)
            return ending
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
                "unpublished": None if lag is None else lag.entries,
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
        return ending
