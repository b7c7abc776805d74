"""`liuhen log show`."""

import click

from api.cli.output import print_json, print_table
from api.cli.shell import Shell, with_shell


@click.command("show")
@with_shell()
@click.option("--before", type=click.IntRange(0), help="From below this index on.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--kind", help="Only this kind of event, such as clip.opened.")
@click.option("--item", help="Only of one item, such as clip:<id>; its history, in its order.")
def command(
    shell: Shell, before: int | None, limit: int, kind: str | None, item: str | None
) -> None:
    """Show entries, the newest first (one item: in its order). Reading the log is an entry too."""
    from api.cli.histories import EntryLines
    from api.cli.merge_lag import find_merge_lag, tell_merge_lag
    from api.cli.queries import event_json
    from custody.access import Right
    from custody.event_filters import EventFilter, count_events
    from custody.events import EventKind
    from custody.history import newest_events, pending_events

    with shell.open() as services:
        services.access.require(shell.actor, Right.READ_LOG, "log")
        lag = find_merge_lag(services)
        shell.note(
            services,
            EventKind.LOG_READ,
            None,
            {"limit": limit, "before": before},
            {"kind": kind, "item": item},
        )
        with services.database.read() as tx:
            wanted = EventFilter(kind=kind, items=None if item is None else (item,))
            events = newest_events(tx, wanted, before=before, limit=limit)
            total = count_events(tx, wanted, before=before)
            if item is not None:
                # A history is whole: what has no index yet belongs to it, as its end.
                if before is None:
                    events = (pending_events(tx, wanted, limit) + events)[:limit]
                    total += count_events(tx, wanted, pending=True)
                events.reverse()
            lines = EntryLines.look_up(tx, shell.language, services.config.zone, events)
        if shell.as_json:
            print_json([event_json(event) for event in events])
            return
        names = ("index", "at", "kind", "item", "actor", "purpose", "outcome")
        print_table(
            [shell.word(f"head.{name}") for name in names],
            [lines.cells(event, lines.item(event.item)) for event in events],
        )
        shell.say_total("entries_total", len(events), total)
        tell_merge_lag(shell, services, lag)
