"""`liuhen users list`."""

import click

from api.cli.shell import Shell, with_shell
from api.cli.words import say_word


@click.command("list")
@with_shell()
def command(shell: Shell) -> None:
    """List accounts."""
    from api.auth.users import list_users
    from api.cli.queries import row_altered
    from custody.access import Right

    with shell.open() as services:
        services.access.require(shell.actor, Right.MANAGE_USERS, "users")
        with services.database.read() as tx:
            users = list_users(tx)
        shell.print_list(
            users,
            ("account", "role", "state"),
            lambda user: {
                "id": user.id,
                "name": user.name,
                "display_name": user.display_name,
                "role": user.role.value,
                "has_own_password": not user.must_change_password,
                "disabled": user.disabled_at is not None,
                "altered": list(user.altered),
            },
            lambda user: [
                user.name,
                say_word(shell.language, "role", user.role.value),
                row_altered(shell.language, user.altered)
                or say_word(shell.language, "users", "disabled" if user.disabled_at else "active"),
            ],
        )
