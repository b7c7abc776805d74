"""`liuhen cases edit`."""

from datetime import date

import click

from api.cli.commands.cases_create import read_officers
from api.cli.language import spoken
from api.cli.output import print_json
from api.cli.shell import Shell, with_shell
from api.cli.times import require_case_day
from api.cli.words import say


@click.command("edit")
@with_shell()
@click.argument("number")
@click.option("--number", "new_number", metavar="NUMBER", help="The number, where it was mistyped.")
@click.option("--procedure", type=click.Choice(["summary", "general"]))
@click.option("--title", help="What it is about.")
@click.option("--party", help="The party 当事人; an empty one removes it.")
@click.option(
    "--date", "day", metavar="YYYY-MM-DD", help="When it happened; an empty one removes it."
)
@click.option(
    "--officer",
    "officers",
    multiple=True,
    metavar="CODE[=CERTIFICATE]",
    help="All officers of the case anew, one an option; an empty one alone removes all.",
)
def command(
    shell: Shell,
    number: str,
    new_number: str | None,
    procedure: str | None,
    title: str | None,
    party: str | None,
    day: str | None,
    officers: tuple[str, ...],
) -> None:
    """Change what the case NUMBER says; what it said before stays in the log."""
    given = (new_number, procedure, title, party, day)
    if not officers and all(one is None for one in given):
        raise click.UsageError("say what to change: --title, --party, --date, --officer, --number")
    if title is not None and not title.strip():
        raise click.BadParameter("a case needs a title", param_hint="--title")
    occurred_on = _read_day(day) if day else None

    from api.cli.queries import case_json, get_case_by_number
    from custody.access import Right
    from custody.cases import NewCase, change_case, hold_case
    from custody.events import case_item

    with shell.open(changes=True) as services:
        with services.database.read() as tx:
            case_id = get_case_by_number(tx, number).id
        services.access.require(shell.actor, Right.MANAGE_CASES, case_item(case_id))
        with services.database.write() as tx:
            # Held, so that what is not asked for stays as it is and not as it was.
            before = hold_case(tx, case_id)
            new = NewCase(
                before.number if new_number is None else new_number,
                procedure or before.procedure,
                title or before.title,
                before.party if party is None else party or None,
                before.occurred_on if day is None else occurred_on,
                read_officers(officers) if officers else before.officers,
            )
            case, changed = change_case(tx, services.ledger, shell.actor, case_id, new)
        shell.publish(services)
        if shell.as_json:
            print_json(case_json(case) | {"changed": list(changed)})
        elif changed:
            fields = " ".join(shell.word(f"field.{name}") for name in changed)
            shell.say("case_changed", number=case.number, fields=fields)
        else:
            shell.say("case_unchanged", number=case.number)


def _read_day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(
            say(spoken(), "usage.day", text=text), param_hint="--date"
        ) from error
    return require_case_day(day, "--date")
