"""`liuhen import`: take in files and folders without a station."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api.cli.output import print_json
from api.cli.shell import Shell, with_shell
from api.web.retelling import retold

if TYPE_CHECKING:
    from ingest.folder_import import ImportResult


@click.command("import")
@with_shell()
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    metavar="PATH…",
    type=click.Path(exists=True, path_type=Path),
)
def command(shell: Shell, paths: tuple[Path, ...]) -> int:
    """Archive files and whole folders. Bytes that are in the archive already are not taken twice.

    Exit code 2 if a file could not be taken, or nothing that was named is to be taken at all; each
    says why, and the others are archived.
    """
    from api.cli.main import EXIT_FAILED, EXIT_GOOD
    from custody.access import Right
    from ingest.folder_import import Outcome, import_paths

    # Absolute, because a name that begins with a dash or dots must not mean anything else.
    named = [path.absolute() for path in paths]
    results: list[ImportResult] = []
    try:
        with shell.open(changes=True) as services:
            services.access.require(shell.actor, Right.UPLOAD, "clips")
            config = services.config
            found = import_paths(
                services.database,
                services.store,
                services.staging,
                services.ledger,
                services.clock,
                shell.actor,
                named,
                _silent,
                zone=config.zone,
                lock_days=config.lock_days,
                # Objects in S3 are no folder, and then nothing stands under that name.
                own=[config.home, config.keys_folder, Path(config.objects_address)],
            )
            for result in found:
                results.append(result)
                if not shell.as_json:
                    _print(shell, result)
    finally:
        # Whatever ended it: a document is whole, and says what was archived before.
        if shell.as_json:
            print_json([_as_json(result) for result in results])
    counts = {outcome: sum(one.outcome == outcome for one in results) for outcome in Outcome}
    if not shell.as_json:
        shell.say(
            "import.done",
            error=True,
            files=len(results) - counts[Outcome.SKIPPED],
            new=counts[Outcome.ARCHIVED],
            known=counts[Outcome.KNOWN],
            refused=counts[Outcome.REFUSED],
            skipped=counts[Outcome.SKIPPED],
        )
    passed_over = {one.path for one in results if one.outcome is Outcome.SKIPPED}
    if passed_over.issuperset(named):
        shell.say("import.nothing", error=True)
        return EXIT_FAILED
    return EXIT_FAILED if counts[Outcome.REFUSED] else EXIT_GOOD


def _silent(_path: Path, _done: int, _total: int) -> None:
    return None


def _print(shell: Shell, result: "ImportResult") -> None:
    reason = retold(result.reason or "", shell.language)
    shell.say(f"import.{result.outcome}", name=result.name, id=result.clip_id or "", reason=reason)


def _as_json(result: "ImportResult") -> dict[str, Any]:
    return {
        "path": result.name,
        "outcome": result.outcome.value,
        "reason": result.reason,
        "clip_id": result.clip_id,
        "sha256": result.sha256,
        "size_bytes": result.size_bytes,
    }
