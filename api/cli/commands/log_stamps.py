"""`liuhen log stamps`."""

import click

from api.cli.output import local, print_json, print_table
from api.cli.shell import Shell, with_shell
from api.cli.words import say_word


@click.command("stamps")
@with_shell()
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
def command(shell: Shell, limit: int) -> None:
    """List the timestamps of checkpoints, the newest first, and which authorities fail since when.

    Where their files lie in the object store stands beside them; `verify` holds each of them
    against its checkpoint.
    """
    from custody.access import Right
    from custody.timestamps.stamps import count_timestamps, list_timestamps, standing_of

    with shell.open() as services:
        services.access.require(shell.actor, Right.READ_LOG, "log")
        names = [one.name for one in services.stamper.asked]
        with services.database.read() as tx:
            stamps = list_timestamps(tx, limit)
            total = count_timestamps(tx)
            failing = standing_of(tx, names).failing
        if shell.as_json:
            print_json(
                {
                    "authorities": [
                        {"name": one.name, "url": one.url} for one in services.stamper.asked
                    ],
                    "failing": [
                        {
                            "authority": one.name,
                            "trouble": one.trouble,
                            "failing_since": one.failing_since,
                            "failures": one.failures,
                        }
                        for one in failing
                    ],
                    "stamps": [
                        {
                            "size": one.size,
                            "authority": one.authority,
                            "stamped_at": one.stamped_at,
                            "received_at": one.received_at,
                            "object": one.object_key,
                        }
                        for one in stamps
                    ],
                }
            )
            return
        zone = services.config.zone
        print_table(
            [shell.word(f"head.{name}") for name in ("entries", "authority", "stamped", "file")],
            [
                [str(one.size), one.authority, local(one.stamped_at, zone), one.object_key]
                for one in stamps
            ],
        )
        shell.say_total("stamps_total", len(stamps), total)
        if not names:
            shell.say("failure.no_authority", error=True)
        for state in failing:
            shell.say(
                "stamp.failing",
                error=True,
                authority=state.name,
                reason=say_word(shell.language, "stamp.trouble", state.trouble or ""),
                since=local(state.failing_since, zone),
                failures=state.failures,
            )
