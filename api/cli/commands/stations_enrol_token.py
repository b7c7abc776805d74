"""`liuhen stations enrol-token`."""

import click

from api.cli.output import print_json
from api.cli.shell import Shell, with_shell


@click.command("enrol-token")
@with_shell()
@click.argument("name")
def command(shell: Shell, name: str) -> None:
    """Print a one-time token with which one station can enrol as NAME."""
    from custody.access import Right
    from ingest.stations import create_enrolment_token

    with shell.open(changes=True) as services:
        services.access.require(shell.actor, Right.MANAGE_STATIONS, "stations")
        with services.database.write() as tx:
            token = create_enrolment_token(tx, services.clock, services.ledger, shell.actor, name)
        if shell.as_json:
            print_json({"name": name, "token": token})
        else:
            shell.say("token", name=name, token=token)
