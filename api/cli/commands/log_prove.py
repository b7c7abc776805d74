"""`liuhen log prove`."""

from pathlib import Path

import click

from api.cli.failures import CommandError
from api.cli.output import print_json
from api.cli.shell import Shell, with_shell


@click.command("prove")
@with_shell()
@click.argument("entry", type=click.IntRange(0))
@click.option(
    "-o",
    "output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The proof's file, such as 41.tlog-proof; the entry's bytes go beside it.",
)
@click.option(
    "--read-only", is_flag=True, help="Note nothing in the log; for a copy or a read-only disk."
)
def command(shell: Shell, entry: int, output: Path, read_only: bool) -> None:
    """Prove that an entry is in the signed log, for whoever has its key and not our word.

    `liuhen-verify proof` checks it, and so does any program that reads C2SP tlog-proof.
    """
    from custody.access import Right
    from custody.events import LOG_ITEM, EventKind
    from custody.log.checkpoint import open_checkpoint
    from custody.log.merkle import prove_inclusion
    from custody.log.proof import LogProof
    from custody.log.verify import verify_proof
    from custody.object_keys import CHECKPOINT_KEY
    from custody.publishing.published import tile_reader
    from storage.durable import write_file
    from storage.errors import ObjectNotFoundError

    with shell.open(read_only=shell.reads_only(read_only)) as services:
        services.access.require(shell.actor, Right.READ_LOG, LOG_ITEM)
        if not services.database.read_only:
            shell.note(services, EventKind.LOG_READ, None, {"index": entry})
        verifier = services.keys.any
        try:
            note = services.store.read_bytes(CHECKPOINT_KEY).decode()
        except ObjectNotFoundError as error:
            raise CommandError("verify.no_tree") from error
        checkpoint = open_checkpoint(note, verifier, origin=services.config.origin)
        if entry >= checkpoint.size:
            raise CommandError("failure.not_published", entry=entry, size=checkpoint.size)
        reader = tile_reader(services.store, checkpoint.size)
        data = reader.entry(entry)
        path = prove_inclusion(entry, checkpoint.size, reader.read)
        proof = LogProof(entry, tuple(path), note)
        # Nothing is handed out that its reader would refuse.
        verify_proof(proof, data, verifier)
        beside = output.with_suffix(".entry")
        write_file(output, proof.encode().encode())
        write_file(beside, data)
        if shell.as_json:
            print_json(
                {
                    "index": entry,
                    "size": checkpoint.size,
                    "proof": str(output),
                    "entry": str(beside),
                }
            )
        else:
            shell.say("proved", entry=entry, size=checkpoint.size, proof=output, bytes=beside)
