"""`liuhen users reset-password`."""

import click

from api.cli.failures import CommandError
from api.cli.output import print_json
from api.cli.shell import Shell, with_shell


@click.command("reset-password")
@with_shell()
@click.argument("name")
def command(shell: Shell, name: str) -> None:
    """Give NAME a new one-time password and end their sessions; it is kept nowhere."""
    from api.auth.users import find_user_by_name, reissue_one_time_password
    from custody.access import Right

    with shell.open() as services:
        services.access.require(shell.actor, Right.MANAGE_USERS, "users")
        with services.database.write() as tx:
            user = find_user_by_name(tx, name)
            if user is None:
                raise CommandError("failure.no_user", name=name)
            password = reissue_one_time_password(tx, services.ledger, shell.actor, user_id=user.id)
        if shell.as_json:
            print_json({"id": user.id, "name": user.name, "one_time_password": password})
        else:
            shell.say("password_reset", name=user.name, password=password)
