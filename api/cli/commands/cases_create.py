"""`liuhen cases create`."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

import click

from api.cli.language import spoken
from api.cli.output import print_json
from api.cli.shell import Shell, with_shell
from api.cli.times import require_case_day
from api.cli.words import say

if TYPE_CHECKING:
    from custody.cases import CaseOfficer


@click.command("create")
@with_shell()
@click.argument("number")
@click.option("--title", required=True, help="What it is about.")
@click.option("--procedure", type=click.Choice(["summary", "general"]), default="general")
@click.option("--party", help="The party 当事人.")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="When it happened.")
@click.option(
    "--officer",
    "officers",
    multiple=True,
    metavar="CODE[=CERTIFICATE]",
    help="An officer by the code in recordings, with 执法证号 if known. May be repeated.",
)
def command(
    shell: Shell,
    number: str,
    title: str,
    procedure: str,
    party: str | None,
    day: datetime | None,
    officers: tuple[str, ...],
) -> None:
    """Create a case with a document NUMBER such as 零城执罚决字〔2026〕第12号."""
    from api.cli.queries import case_json
    from custody.access import Right
    from custody.cases import NewCase, create_case

    occurred_on = require_case_day(day.date(), "--date") if day else None
    new = NewCase(number, procedure, title, party, occurred_on, read_officers(officers))
    with shell.open(changes=True) as services:
        services.access.require(shell.actor, Right.MANAGE_CASES, "cases")
        with services.database.write() as tx:
            case = create_case(tx, services.ledger, shell.actor, new)
        if shell.as_json:
            print_json(case_json(case))
        else:
            shell.say("case_created", number=case.number)


def read_officers(officers: Iterable[str]) -> "tuple[CaseOfficer, ...]":
    """``CODE`` or ``CODE=CERTIFICATE``, each; one without a code is none.

    Raises `click.BadParameter` for a code that is given twice: which of the two would count?
    """
    from custody.cases import CaseOfficer
    from custody.codes import normalize_code

    found: dict[str, CaseOfficer] = {}
    for officer in officers:
        code, _, certificate = (part.strip() for part in officer.partition("="))
        code = normalize_code(code)
        if code in found:
            raise click.BadParameter(
                say(spoken(), "usage.twice", code=code), param_hint="--officer"
            )
        if code:
            found[code] = CaseOfficer(code, certificate or None)
    return tuple(found.values())
