"""What a recovery did, for people and programs."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

from api.auth.recovery import UserRebuild
from api.cli.main import EXIT_DOES_NOT_VERIFY, EXIT_GOOD
from api.cli.output import print_json
from api.cli.shell import Shell
from api.services import Services
from custody.recovery.papers import Papers
from custody.recovery.recover import Recoverer
from custody.recovery.result import Recovery
from custody.recovery.rows import Gone
from ingest.recovery import StationRebuild

#: So many things are named one by one; all of them with ``--json``.
MAX_NAMED = 50


def recoverer_of(services: Services, papers: Papers) -> Recoverer:
    """The recovery of this house, with the tables of all its layers."""
    return Recoverer(
        services.database,
        services.store,
        services.signer,
        services.ledger,
        cosigners=(
            {}
            if services.policy is None
            else {key: one.verifier for key, one in services.policy.keys.items()}
        ),
        others=(lambda: StationRebuild(papers.manifests), UserRebuild),
    )


@contextmanager
def print_progress(shell: Shell) -> Iterator[Callable[[int, int], None]]:
    """A line a step on standard error."""
    told = 0

    def tell(done: int, total: int) -> None:
        nonlocal told
        if done * 20 // max(1, total) > told or done == total:
            told = done * 20 // max(1, total)
            shell.say("recover.progress", error=True, done=done, total=total)

    yield tell
    sys.stderr.flush()


def print_recovery(shell: Shell, done: Recovery, papers: Papers) -> int:
    """Say what was done and what is gone; the exit code."""
    for source in done.left:
        shell.say("recover.left", error=True, source=source)
    if shell.as_json:
        print_json(_as_json(done, papers))
    elif not done.done:
        shell.say("recover.whole", size=done.size)
    else:
        _print(shell, done, papers)
    lost = done.rebuilt.gone or (done.done and done.items)
    return EXIT_DOES_NOT_VERIFY if lost else EXIT_GOOD


def _print(shell: Shell, done: Recovery, papers: Papers) -> None:
    replayed = done.replayed
    shell.say(
        "recover.replayed",
        size=done.size,
        first=done.first,
        written=replayed.written,
        matched=replayed.matched,
        followed=replayed.followed,
    )
    if done.tiles_from is not None or done.archived:
        tiles = done.size if done.tiles_from is None else done.tiles_from
        shell.say("recover.store", tiles=tiles, archived=done.archived)
    shell.say(
        "recover.heads",
        checkpoints=done.checkpoints,
        cosignatures=done.cosignatures,
        timestamps=done.timestamps,
    )
    if papers.folders:
        taken = done.taken
        shell.say(
            "recover.papers",
            files=papers.files,
            taken=taken.taken,
            known=taken.known,
            misfits=taken.do_not_fit,
        )
    if done.items:
        shell.say("recover.details_gone", count=sum(done.items.values()))
        for item, count in list(done.items.items())[:MAX_NAMED]:
            shell.say("recover.details_item", item=item, count=count)
        _print_more(shell, len(done.items))
    gone = done.rebuilt.gone
    if gone:
        shell.say("recover.gone", count=len(gone))
        for one in gone[:MAX_NAMED]:
            _print_gone(shell, one)
        _print_more(shell, len(gone))
    if done.dry_run:
        shell.say("recover.would")


def _print_gone(shell: Shell, one: Gone) -> None:
    original = "" if one.original is None else shell.word(f"recover.original.{one.original}")
    shell.say(f"recover.gone.{one.kind}", id=one.id, sha256=one.sha256 or "", original=original)


def _print_more(shell: Shell, count: int) -> None:
    if count > MAX_NAMED:
        shell.say("recover.more", count=count - MAX_NAMED)


def _as_json(done: Recovery, papers: Papers) -> dict[str, object]:
    older = done.standing.older
    return {
        "dry_run": done.dry_run,
        "done": done.done,
        "older": None if older is None else older.value,
        "from": done.first,
        "size": done.size,
        "source": done.source,
        "left": done.left,
        "replayed": asdict(done.replayed),
        "checkpoints": done.checkpoints,
        "cosignatures": done.cosignatures,
        "timestamps": done.timestamps,
        "archived": done.archived,
        "tiles_from": done.tiles_from,
        "papers": {
            "files": papers.files,
            "taken": done.taken.taken,
            "known": done.taken.known,
            "do_not_fit": done.taken.do_not_fit,
        },
        "details_gone": [] if done.loss is None else list(done.loss.indexes),
        "details_gone_items": done.items,
        "gone": [asdict(one) for one in done.rebuilt.gone],
    }
