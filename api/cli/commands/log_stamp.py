"""`liuhen log stamp`."""

import click

from api.cli.failures import CommandError
from api.cli.output import local, print_json, visible
from api.cli.shell import Shell, with_shell
from api.cli.words import say_word


@click.command("stamp")
@with_shell()
def command(shell: Shell) -> int:
    """Ask every time-stamping authority now for a token of the newest checkpoint (RFC 3161).

    Says what each of them answered. Exit code 2 if one has not stamped it.
    """
    from api.cli.main import EXIT_FAILED, EXIT_GOOD
    from custody.access import Right

    with shell.open() as services:
        services.access.require(shell.actor, Right.VERIFY, "log")
        if not services.stamper.asked:
            raise CommandError("failure.no_authority")
        shell.publish(services)
        outcomes = services.stamper.stamp_all(shell.actor)
        if not outcomes:
            raise CommandError("verify.no_tree")
        if shell.as_json:
            print_json(
                [
                    {
                        "authority": one.authority,
                        "result": one.result,
                        "size": one.size,
                        "stamped_at": one.stamped_at,
                        "trouble": one.trouble,
                        "detail": one.detail or None,
                    }
                    for one in outcomes
                ]
            )
        else:
            for one in outcomes:
                reason = say_word(shell.language, "stamp.trouble", one.trouble or "")
                shell.say(
                    f"stamp.{one.result}",
                    authority=one.authority,
                    size=one.size,
                    at=local(one.stamped_at, services.config.zone),
                    reason=f"{reason} ({visible(one.detail)})" if one.detail else reason,
                )
        stamped = all(one.result in {"stamped", "standing"} for one in outcomes)
        return EXIT_GOOD if stamped else EXIT_FAILED
