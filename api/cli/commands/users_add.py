"""`liuhen users add`."""

import click

from api.cli.output import print_json
from api.cli.shell import Shell, with_shell


@click.command("add")
@with_shell()
@click.argument("name")
@click.option("--role", type=click.Choice(["admin", "legal"]), required=True)
@click.option("--display-name", default="", help="The name on the pages; default NAME.")
def command(shell: Shell, name: str, role: str, display_name: str) -> None:
    """Add the account NAME; prints its one-time password, which is kept nowhere."""
    from api.auth.users import create_user
    from custody.access import Right
    from custody.actors import Role

    with shell.open(changes=True) as services:
        services.access.require(shell.actor, Right.MANAGE_USERS, "users")
        with services.database.write() as tx:
            user, password = create_user(
                tx,
                services.ledger,
                shell.actor,
                services.clock,
                name=name,
                display_name=display_name,
                role=Role(role),
            )
        if shell.as_json:
            print_json(
                {"id": user.id, "name": user.name, "role": role, "one_time_password": password}
            )
        else:
            shell.say("user_added", name=user.name, role=role, password=password)
