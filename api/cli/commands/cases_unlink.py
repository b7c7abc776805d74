"""`liuhen cases unlink`."""

import click

from api.cli.output import print_json
from api.cli.shell import Shell, with_shell


@click.command("unlink")
@with_shell()
@click.argument("number")
@click.argument("clip")
def command(shell: Shell, number: str, clip: str) -> None:
    """Take CLIP (id or SHA-256) out of the case NUMBER; that it was linked stays in the log."""
    from api.cli.queries import find_clip, get_case_by_number
    from custody.access import Right
    from custody.cases import unlink_clip

    with shell.open(changes=True) as services:
        services.access.require(shell.actor, Right.LINK, "cases")
        with services.database.write() as tx:
            case = get_case_by_number(tx, number)
            found = find_clip(tx, clip)
            unlink_clip(tx, services.ledger, shell.actor, case.id, found.id)
        if shell.as_json:
            print_json({"case": case.number, "clip": found.id})
        else:
            shell.say("unlinked", clip=found.id, number=case.number)
