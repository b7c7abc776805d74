"""`liuhen log recover`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.cli.shell import Shell, with_shell

if TYPE_CHECKING:
    from custody.log.tiles import Fetch


@click.command("recover")
@with_shell()
@click.option("--dry-run", is_flag=True, help="Say what would be done and what is gone.")
@click.option(
    "--receipts",
    "receipts",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="FOLDER",
    help="Receipts, bags or the home of a station: what they kept comes back.",
)
@click.option("--from", "place", metavar="MIRROR", help="Folder or address of a copy of the log.")
def command(shell: Shell, dry_run: bool, receipts: tuple[Path, ...], place: str | None) -> int:
    """Bring a database or store that was put back from an older copy up to what was signed.

    Nothing is believed that the log's key did not sign. It may be stopped at any time and run
    again. Exit code 0: all is back; 1: something is gone, and is named; 2: it can't be recovered.
    """
    from api.cli.recovering import print_progress, print_recovery, recoverer_of
    from custody.access import Right
    from custody.outside.sources import HttpSource, source_of
    from custody.recovery.papers import Papers

    with shell.open() as services:
        services.access.require(shell.actor, Right.VERIFY, "log")
        papers = Papers(receipts)
        source = None if place is None else source_of(place)
        mirror: Fetch | None = None if source is None else source.fetch
        try:
            with print_progress(shell) as progress:
                done = recoverer_of(services, papers).run(
                    shell.actor,
                    mirror=mirror,
                    papers=papers,
                    witnessed=services.ask_witnesses(),
                    dry_run=dry_run,
                    progress=progress,
                )
        finally:
            if isinstance(source, HttpSource):
                source.close()
        return print_recovery(shell, done, papers)
