"""`liuhen cases link`."""

import click

from api.cli.output import print_json
from api.cli.shell import Shell, with_shell
from api.cli.words import say_word

STAGES = ("initiation", "investigation", "review", "decision", "service", "enforcement")


@click.command("link")
@with_shell()
@click.argument("number")
@click.argument("clip")
@click.option("--stage", type=click.Choice(STAGES), required=True, help="The stage it records.")
def command(shell: Shell, number: str, clip: str, stage: str) -> None:
    """Link CLIP (id or SHA-256) to a stage of the case NUMBER."""
    from api.cli.queries import find_clip, get_case_by_number
    from custody.access import Right
    from custody.cases import link_clip

    with shell.open(changes=True) as services:
        services.access.require(shell.actor, Right.LINK, "cases")
        with services.database.write() as tx:
            case = get_case_by_number(tx, number)
            found = find_clip(tx, clip)
            link_id = link_clip(tx, services.ledger, shell.actor, case.id, found.id, stage)
        if shell.as_json:
            print_json({"link": link_id, "case": case.number, "clip": found.id, "stage": stage})
        else:
            word = say_word(shell.language, "stage", stage)
            shell.say("linked", clip=found.id, number=case.number, stage=word)
