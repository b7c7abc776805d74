"""`liuhen log mirror`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.cli.output import print_json
from api.cli.shell import Shell, with_shell

if TYPE_CHECKING:
    from custody.outside.sources import Source
    from storage.objects import ObjectStore


@click.command("mirror")
@with_shell()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--from", "place", help="Address or folder of another log's files, instead of this home's."
)
@click.option(
    "--vkey",
    "vkeys",
    multiple=True,
    help="That log's key; it stands in its `liuhen log vkey`. With both, both must have signed.",
)
@click.option(
    "--policy",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Copy what the witnesses of this policy cosigned, too (default: those of this home's).",
)
def command(
    shell: Shell, folder: Path, place: str | None, vkeys: tuple[str, ...], policy: Path | None
) -> None:
    """Copy the published log, or what is new in it; every file is proven before it is kept.

    A log that shows another history than before ends with exit code 1, and its checkpoint is kept
    as proof. `liuhen-verify mirror` reads a whole mirror again.
    """
    from custody.log.errors import NoteError, PolicyError
    from custody.log.policy import read_policy
    from custody.log.trust import TrustedKeys, parse_log_key
    from custody.outside.mirror import Mirror
    from custody.outside.sources import HttpSource, source_of
    from storage.regular_files import read_small_file

    if (place is None) != (not vkeys):
        raise click.UsageError("--from and --vkey go together")
    cosigners = None
    if policy is not None:
        try:
            cosigners = [one.verifier for one in read_policy(read_small_file(policy)).witnesses]
        except PolicyError as error:
            raise click.BadParameter(str(error), param_hint="--policy") from error
    if place is not None:
        try:
            trusted = TrustedKeys.all_of(map(parse_log_key, vkeys))
        except NoteError as error:
            raise click.BadParameter(str(error), param_hint="--vkey") from error
        source = source_of(place)
        try:
            mirrored = Mirror(folder, trusted, cosigners=cosigners or ()).follow(source)
        finally:
            if isinstance(source, HttpSource):
                source.close()
    else:
        with shell.open(migrate=False, read_only=True) as services:
            if cosigners is None and services.policy is not None:
                cosigners = [one.verifier for one in services.policy.keys.values()]
            log, origin = services.keys.any, services.config.origin
            mirror = Mirror(folder, log, origin, cosigners=cosigners or ())
            mirrored = mirror.follow(_of_store(services.store))
    if shell.as_json:
        print_json(
            {
                "origin": mirrored.new.origin,
                "old_size": 0 if mirrored.old is None else mirrored.old.size,
                "size": mirrored.new.size,
                "root": mirrored.new.root.hex(),
                "files": mirrored.files,
                "cosignatures": mirrored.cosignatures,
                "missing": list(mirrored.missing),
            }
        )
    else:
        new = mirrored.new.size - (0 if mirrored.old is None else mirrored.old.size)
        shell.say("mirrored", size=mirrored.new.size, new=new, folder=folder)
        for path in mirrored.missing:
            shell.say("mirrored.missing", error=True, path=path)


def _of_store(store: "ObjectStore") -> "Source":
    from custody.object_keys import log_key
    from custody.outside.errors import SourceError, SourceMissingError
    from storage.errors import ObjectNotFoundError, StorageError

    class StoreSource:
        def fetch(self, path: str) -> bytes:
            try:
                return store.read_bytes(log_key(path))
            except ObjectNotFoundError as error:
                raise SourceMissingError(path) from error
            except StorageError as error:
                raise SourceError(str(error)) from error

    return StoreSource()
