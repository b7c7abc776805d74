"""Cosignatures that the archive files beside its checkpoints, as files of the log.

Each is the checkpoint as it was signed with one more line, under a name made of the cosigner's key.
"""

from collections.abc import Sequence

from custody.log.checkpoint import Checkpoint, LogTrust
from custody.log.cosignature import Cosignature, CosignatureVerifier, key_id, open_cosigned
from custody.log.errors import LogError
from custody.log.note import NoteVerifier
from custody.object_keys import LOG_PREFIX, cosignature_key
from custody.outside.errors import SourceMissingError, TamperedLogError
from custody.outside.sources import Source


def cosignature_path(size: int, cosigner: CosignatureVerifier) -> str:
    """Where what ``cosigner`` signed of the checkpoint of ``size`` entries is filed."""
    return cosignature_key(size, key_id(cosigner)).removeprefix(LOG_PREFIX)


def find_filed(
    source: Source,
    log: NoteVerifier | LogTrust,
    cosigner: CosignatureVerifier,
    checkpoint: Checkpoint,
) -> tuple[bytes, Cosignature] | None:
    """What is filed of ``cosigner`` on ``checkpoint``, and what it says; None where nothing is yet.

    Raises `TamperedLogError` for anything but that, and what ``source`` raises.
    """
    path = cosignature_path(checkpoint.size, cosigner)
    try:
        data = source.fetch(path)
    except SourceMissingError:
        return None
    try:
        signed, found = open_cosigned(data, log, [cosigner], origin=checkpoint.origin)
    except LogError as error:
        raise TamperedLogError(f"{path}: {error}") from error
    if signed != checkpoint or len(found) != 1:
        raise TamperedLogError(f"{path}: no cosignature of this key on this checkpoint")
    return data, found[0]


def all_filed(
    source: Source,
    log: NoteVerifier | LogTrust,
    cosigners: Sequence[CosignatureVerifier],
    checkpoint: Checkpoint,
) -> list[tuple[str, bytes, Cosignature]]:
    """Path, bytes and word of each that is filed on ``checkpoint``. Raises as `find_filed`."""
    filed = []
    for cosigner in cosigners:
        found = find_filed(source, log, cosigner, checkpoint)
        if found is not None:
            filed.append((cosignature_path(checkpoint.size, cosigner), *found))
    return filed
