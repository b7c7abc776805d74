"""Stations as witnesses: what one signed of a checkpoint it saw, kept if it is what it says."""

from sqlalchemy.engine import Connection

from custody.actors import Actor
from custody.clock import Clock
from custody.log.checkpoint import Checkpoint
from custody.log.cosignature import CosignatureVerifier
from custody.log.errors import LogError
from custody.log.note import NoteVerifier
from custody.log.witness import read_answer
from custody.publishing.published import find_checkpoint
from custody.witnesses import cosignatures
from ingest.errors import CosignatureError
from ingest.station_rows import Station
from ingest.stations import get_standing


def cosigner_of(station: Station) -> CosignatureVerifier:
    """The station's key as one that cosigns. Raises `NoteError`."""
    verifier = NoteVerifier.parse(station.verifier_key)
    return CosignatureVerifier(verifier.name, verifier.public)


def take_cosignature(
    tx: Connection, clock: Clock, actor: Actor, origin: str, size: int, line: str
) -> bool:
    """Keep what a station signed of the checkpoint of ``size`` entries; False where it had.

    Raises `CosignatureError` unless that checkpoint was published here and the enrolled key of
    this very station has signed it, and `StationAuthError`.
    """
    # Before the station is looked up: one that is revoked meanwhile was not when this came.
    received_at = clock.now()
    station = get_standing(tx, actor.id)
    published = find_checkpoint(tx, size)
    if published is None:
        raise CosignatureError(f"{size} entries were not published")
    checkpoint = Checkpoint(origin, published.size, published.root)
    try:
        signed = read_answer(line.encode(), checkpoint.encode(), [cosigner_of(station)])
    except (LogError, UnicodeEncodeError) as error:
        raise CosignatureError(str(error)) from error
    return cosignatures.keep(tx, checkpoint, signed[0], received_at, station.id)
