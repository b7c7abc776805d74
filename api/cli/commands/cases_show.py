"""`liuhen cases show`."""

import click

from api.cli.output import print_json, print_table
from api.cli.shell import Shell, with_shell
from api.cli.words import say, say_word


@click.command("show")
@with_shell()
@click.argument("number")
def command(shell: Shell, number: str) -> None:
    """Show the case NUMBER with its clips by stage."""
    from api.cli.queries import (
        case_json,
        case_title,
        clip_json,
        clip_recorded,
        clip_state,
        get_case_by_number,
    )
    from custody.access import Right
    from custody.cases import clips_of_case
    from custody.events import EventKind, case_item

    with shell.open() as services:
        services.access.require(shell.actor, Right.SEE_CLIPS, "cases")
        with services.database.read() as tx:
            case = get_case_by_number(tx, number)
            linked = clips_of_case(tx, case.id)
        shell.note(
            services,
            EventKind.CLIPS_LISTED,
            None,
            {"count": len(linked)},
            {"query": case_item(case.id), "clips": [one.clip.id for one in linked]},
        )
        if shell.as_json:
            clips = [
                clip_json(one.clip) | {"stage": one.stage.value, "linked_at": one.linked_at}
                for one in linked
            ]
            print_json(case_json(case) | {"clips": clips})
            return
        rows = [
            [shell.word("head.number"), case.number],
            [shell.word("head.title"), case_title(shell.language, case)],
            [shell.word("head.procedure"), say_word(shell.language, "procedure", case.procedure)],
            [shell.word("head.party"), case.party or ""],
            [shell.word("head.day"), "" if case.occurred_on is None else str(case.occurred_on)],
        ]
        for one in case.officers:
            certificate = one.certificate_number
            key = "officer.certificate" if certificate else "officer.no_certificate"
            said = say(shell.language, key, officer=one.officer, number=certificate)
            rows.append([shell.word("head.officer"), said])
        print_table([shell.word("head.field"), shell.word("head.value")], rows)
        click.echo()
        names = ("stage", "id", "name", "officer", "recorded", "state")
        print_table(
            [shell.word(f"head.{name}") for name in names],
            [
                [
                    say_word(shell.language, "stage", one.stage.value),
                    one.clip.id,
                    one.clip.name,
                    one.clip.officer or "",
                    clip_recorded(shell.language, one.clip, services.config.zone),
                    clip_state(shell.language, one.clip),
                ]
                for one in linked
            ],
        )
