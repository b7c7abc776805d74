"""`liuhen log destroy-details`."""

import sys
from typing import TYPE_CHECKING

import click

from api.cli.failures import CommandError
from api.cli.output import local, print_json
from api.cli.shell import Shell, with_shell
from api.cli.words import say, say_word

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from custody.details.destroying import Tally


@click.command("destroy-details")
@with_shell()
@click.option("--dry-run", is_flag=True, help="Write nothing; say what would be destroyed.")
@click.option("--rule", "name", metavar="NAME", help="Only this rule of the configuration.")
def command(shell: Shell, dry_run: bool, name: str | None) -> int:
    """Destroy the details that are due by the rules of liuhen.toml ([[details_rule]]).

    The entries stay, with kind, time, item and pseudonym. A rule that is new or was changed is in
    force from then on, and the worker goes on with it every day; look at it with --dry-run before.
    Stopped half-way it can be run again. Exit code 1 where altered entries were left.
    """
    from api.cli.main import EXIT_DOES_NOT_VERIFY, EXIT_GOOD
    from custody.access import Right

    rules = shell.config().details_rules
    if not rules:
        raise CommandError("failure.no_details_rule")
    wanted = [rule for rule in rules if name is None or rule.name == name]
    if not wanted:
        raise CommandError("failure.no_such_rule", name=str(name))
    with shell.open() as services:
        services.access.require(shell.actor, Right.DESTROY_DETAILS, "log")
        progress = _Progress(shell)
        tallies = [
            services.details.plan(rule, progress.show)
            if dry_run
            else services.details.destroy(shell.actor, rule, progress.show)
            for rule in wanted
        ]
        progress.end()
    if shell.as_json:
        print_json([_as_json(tally, dry_run) for tally in tallies])
    else:
        for tally in tallies:
            _print(shell, tally, dry_run, services.config.zone)
    return EXIT_DOES_NOT_VERIFY if any(tally.altered for tally in tallies) else EXIT_GOOD


class _Progress:
    """How many there are so far, on one line of a terminal; nothing elsewhere."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._shown = False

    def show(self, tally: "Tally") -> None:
        if not sys.stderr.isatty():
            return
        self._shown = True
        name, count = tally.rule.name, tally.count + tally.again
        text = say(self._shell.language, "details.progress", rule=name, count=count)
        click.echo(f"\r\x1b[K{text}", err=True, nl=False)

    def end(self) -> None:
        if self._shown:
            click.echo("\r\x1b[K", err=True, nl=False)


def _print(shell: Shell, tally: "Tally", dry_run: bool, zone: "ZoneInfo") -> None:
    rule, was = tally.rule, tally.was
    state = "new" if was is None else "changed" if tally.changes_rule else "standing"
    shell.say(
        f"details.rule.{state}",
        rule=rule.name,
        kinds=_kinds(shell, rule.kinds),
        days=rule.days,
        was_kinds="" if was is None else _kinds(shell, was.kinds),
        was_days=0 if was is None else was.days,
    )
    done = "would" if dry_run else "done"
    if not tally.count:
        shell.say("details.none")
    else:
        oldest, newest = (local(moment, zone) for moment in (tally.oldest, tally.newest))
        shell.say(f"details.{done}", count=tally.count, oldest=oldest, newest=newest)
        for kind, count in sorted(tally.by_kind.items()):
            shell.say("details.of_kind", kind=say_word(shell.language, "event", kind), count=count)
    if dry_run and tally.newly:
        shell.say("details.newly", count=tally.newly)
    for key in ("again", "held", "altered"):
        if count := getattr(tally, key):
            shell.say(f"details.{key}", count=count)
    if (
        not dry_run
        and not tally.journal_cut
        and shell.config().database_address.startswith("sqlite")
    ):
        shell.say("details.journal")


def _kinds(shell: Shell, kinds: tuple[str, ...]) -> str:
    words = (say_word(shell.language, "event", kind) for kind in kinds)
    return shell.word("details.separator").join(words)


def _as_json(tally: "Tally", dry_run: bool) -> dict[str, object]:
    """One rule for programs: what was destroyed, or with --dry-run what would be."""
    rule, was = tally.rule, tally.was
    return {
        "rule": rule.name,
        "kinds": list(rule.kinds),
        "days": rule.days,
        "was": None if was is None else {"kinds": list(was.kinds), "days": was.days},
        "dry_run": dry_run,
        "count": tally.count,
        "by_kind": tally.by_kind,
        "newly": tally.newly,
        "again": tally.again,
        "held": tally.held,
        "altered": tally.altered,
        "oldest": tally.oldest,
        "newest": tally.newest,
        "journal_cut": tally.journal_cut,
    }
