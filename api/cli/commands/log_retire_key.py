"""`liuhen log retire-key`."""

from datetime import timedelta

import click

from api.cli.failures import CommandError
from api.cli.output import print_json
from api.cli.shell import Shell, with_shell


@click.command("retire-key")
@with_shell()
@click.option("--now", "reason", metavar="REASON", help="Before its time, as after a theft.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(shell: Shell, reason: str | None, yes: bool) -> None:
    """End the old keys of the log, that `rotate-key` left signing beside the new, and destroy them.

    What they signed stays good. Exit code 2 before `key_overlap_days` are over.
    """
    from custody.access import Right
    from custody.publishing.published import newest_checkpoint
    from custody.publishing.rotation import destroy_retired, find_overlap, retire_previous

    with shell.open() as services:
        services.access.require(shell.actor, Right.MANAGE_KEYS, "log")
        if reason is not None and not reason.strip():
            raise CommandError("retire.no_reason")
        shell.publish(services)
        with services.database.read() as tx:
            overlap, newest = find_overlap(tx, services.key_folder), newest_checkpoint(tx)
        published = 0 if newest is None else newest.size
        retired = []
        if overlap is not None:
            if overlap.index is None or overlap.index >= published:
                raise CommandError("retire.unpublished")
            until = overlap.since + timedelta(days=services.config.key_overlap_days)
            if reason is None and services.clock.now() < until:
                raise CommandError("retire.early", until=until.astimezone(services.config.zone))
            shell.confirm("retire.ask", yes=yes)
            with services.database.write() as tx:
                retired = retire_previous(
                    tx,
                    services.ledger,
                    shell.actor,
                    services.key_folder,
                    reason=(reason or "").strip(),
                )
            shell.publish(services)
        with services.database.read() as tx:
            newest = newest_checkpoint(tx)
            published = 0 if newest is None else newest.size
            destroyed = destroy_retired(tx, services.key_folder, published)
        if shell.as_json:
            print_json({"retired": [one.log.vkey for one in retired], "destroyed": destroyed})
        elif retired and not destroyed:
            shell.say("retire.again", error=True)
        else:
            shell.say("retire.done" if destroyed else "retire.nothing", count=destroyed)
        if retired and not destroyed:
            raise SystemExit(2)
