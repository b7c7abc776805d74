"""`liuhen cases list`."""

import click

from api.cli.shell import Shell, with_shell
from api.cli.words import say_word


@click.command("list")
@with_shell()
@click.option("--officer", help="Only this officer's.")
@click.option("--text", help="Part of the number, the title or the party.")
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True)
def command(shell: Shell, officer: str | None, text: str | None, limit: int) -> None:
    """List cases, the newest first."""
    from api.cli.queries import case_json, case_title
    from custody.access import Right
    from custody.case_search import CaseFilter, search_cases

    with shell.open() as services:
        services.access.require(shell.actor, Right.SEE_CLIPS, "cases")
        with services.database.read() as tx:
            page = search_cases(tx, CaseFilter(text=text, officer=officer), limit=limit)
        shell.print_list(
            page.cases,
            ("number", "procedure", "title", "officer", "day", "clips"),
            case_json,
            lambda case: [
                case.number,
                say_word(shell.language, "procedure", case.procedure),
                case_title(shell.language, case),
                " ".join(one.officer for one in case.officers),
                "" if case.occurred_on is None else case.occurred_on.isoformat(),
                str(case.clip_count),
            ],
        )
        if shell.as_json:
            return
        shell.say_total("cases_total", len(page.cases), page.total)
