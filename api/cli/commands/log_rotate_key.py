"""`liuhen log rotate-key`."""

import click

from api.cli.output import print_json
from api.cli.shell import Shell, with_shell


@click.command("rotate-key")
@with_shell()
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(shell: Shell, yes: bool) -> None:
    """Make new keys for the log and announce them under the old ones; both sign from then on.

    Give the new keys to witnesses and auditors and back them up, then `liuhen log retire-key`. With
    several hosts, copy `keys/` to each of them at once: one without the new keys publishes nothing.
    """
    from api.cli.announcements import announce_keys
    from custody.access import Right
    from custody.publishing.rotation import announce_next

    with shell.open() as services:
        services.access.require(shell.actor, Right.MANAGE_KEYS, "log")
        shell.confirm("rotate.ask", yes=yes)
        announce_keys(services, shell.actor)
        with services.database.write() as tx:
            done = announce_next(tx, services.ledger, shell.actor, services.key_folder)
        if shell.as_json:
            print_json(
                {
                    "begun": done.begun,
                    "log": done.new.log.vkey,
                    "log_ml_dsa": done.new.ml_dsa.vkey,
                    "receipts": done.new.receipts.vkey,
                    "follows": done.old.log.vkey,
                }
            )
            return
        shell.say("rotate.begun" if done.begun else "rotate.under_way")
        for key in (done.new.log, done.new.receipts, done.new.ml_dsa):
            click.echo(key.vkey)
        shell.say("rotate.next", days=services.config.key_overlap_days)
