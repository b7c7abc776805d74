"""`liuhen log witnesses`."""

from typing import TYPE_CHECKING

import click

from api.cli.main import EXIT_DOES_NOT_VERIFY, EXIT_GOOD
from api.cli.output import local, print_json, print_table
from api.cli.shell import Shell, with_shell
from api.cli.words import say_word

if TYPE_CHECKING:
    from custody.witnesses.witnessing import Cosigner


@click.command("witnesses")
@with_shell()
def command(shell: Shell) -> int:
    """Show who cosigned which checkpoint when, who is behind, and whether they are enough.

    Exit code 1: a witness has seen another history of this log.
    """
    from api.actor_names import names_of_actors
    from custody.witnesses.witnessing import read_witnessing

    with shell.open() as services:
        zone = services.config.zone
        with services.database.read() as tx:
            found = read_witnessing(tx, services.policy, services.config.origin)
            names = names_of_actors(tx, [f"station:{one.name}" for one in found.stations])
        listed = [
            *(("witness", one.name, one) for one in found.witnesses),
            *(
                ("station", names.get(f"station:{one.name}", one.name), one)
                for one in found.stations
            ),
        ]
        code = EXIT_DOES_NOT_VERIFY if found.contradicting else EXIT_GOOD
        if shell.as_json:
            print_json(
                {
                    "named": found.is_named,
                    "size": found.size,
                    "witnessed": found.witnessed,
                    "met": found.is_met,
                    "unwitnessed_since": found.unwitnessed_since,
                    "cosigners": [_as_json(kind, name, one) for kind, name, one in listed],
                }
            )
            return code
        heads = ("cosigner", "witness_kind", "cosigned_size", "received", "behind_since")
        print_table(
            [shell.word(f"head.{name}") for name in heads],
            [
                [
                    name,
                    say_word(shell.language, "witness", kind),
                    "–" if one.size is None else str(one.size),
                    local(one.received_at, zone),
                    local(one.behind_since, zone),
                ]
                for kind, name, one in listed
            ],
        )
        for one in found.witnesses:
            if one.trouble is not None:
                shell.say(
                    "witnesses.failing",
                    error=True,
                    name=one.name,
                    reason=say_word(shell.language, "witness.trouble", one.trouble),
                    since=local(one.failing_since, zone),
                )
        if not found.is_named:
            shell.say("witnesses.unnamed", error=True)
        elif found.is_met:
            shell.say("witnesses.met", error=True, size=found.size)
        else:
            since = local(found.unwitnessed_since, zone)
            shell.say(
                "witnesses.not_met",
                error=True,
                size=found.size,
                witnessed=found.witnessed,
                since=since,
            )
        return code


def _as_json(kind: str, name: str, one: "Cosigner") -> dict[str, object]:
    return {
        "name": name,
        "kind": kind,
        "key": one.key_id,
        "size": one.size,
        "received_at": one.received_at,
        "behind_since": one.behind_since,
        "trouble": one.trouble,
        "failing_since": one.failing_since,
    }
