"""The commit point: staged bytes become an original in the store, then a clip in the rows.

In this order, so that a crash at any moment leaves either nothing, or an object that nobody has
registered yet and that the next try adopts, or everything:

1. `archive`: the bytes go under their digest, written once, locked; they are read back from the
   store and hashed again. No row is touched.
2. `register`: in one transaction the clip, its log entry and the work it still needs.

A clip whose object the store has lost, or a verification has condemned, is healed the same way
when its bytes come again: `archive` stores them anew or adopts what was mended, `register` finds
the clip of then, and the log says that it was restored. `Admission` does all of it.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from sqlalchemy.engine import Connection

from custody.actors import Actor
from custody.clip_names import add_name
from custody.clips import Clip, NewClip, admit, find_clip_by_digest
from custody.clock import Clock
from custody.events import EventKind, clip_item
from custody.history import condemned_by
from custody.ledger import Event, Ledger
from custody.log.entry import Json
from custody.object_keys import original_key
from ingest import work
from ingest.errors import ReadBackError
from ingest.filenames import decode_name, parse_filename
from storage.database import Database
from storage.errors import ObjectExistsError, ObjectNotFoundError
from storage.objects import ObjectStore

READ_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Original:
    """A file whose bytes are known and archived, or about to be. Digests are lower-case hex."""

    sha256: str
    sm3: str
    size_bytes: int
    name_raw: bytes
    file_modified_at: datetime | None = None
    station_id: str | None = None
    station_name: str | None = None
    dock_session_id: str | None = None


@dataclass(frozen=True, slots=True)
class Admitted:
    """The clip of an original, made now (``is_new``) or known; a known one may have been healed."""

    clip: Clip
    is_new: bool
    is_restored: bool


@dataclass(frozen=True, slots=True)
class Admission:
    """The way of an original from a durable file to its clip, the same for whoever brings it."""

    database: Database
    store: ObjectStore
    ledger: Ledger
    clock: Clock
    zone: tzinfo
    lock_for: timedelta

    def admit(
        self,
        source: Path,
        original: Original,
        actor: Actor,
        *,
        asked_again: bool = False,
        also: Callable[[Connection, Clip], None] | None = None,
    ) -> Admitted:
        """Archive the durable file ``source`` and register its clip, with ``also`` in one commit.

        ``asked_again``: it comes because the store had lost it; a try that stored it and then died
        may have been before. Raises as `archive` does and what the database raises; then it can be
        tried again.
        """
        known, condemned = self._known(original)
        stored = False
        while True:
            stored |= archive(self.store, source, original, self.clock.now() + self.lock_for)
            with self.database.write() as tx:
                if known is not None:
                    newest = condemned_by(tx, known.id)
                    if newest is not None and newest != condemned:
                        # Condemned while we read it back: only what is read after that is a word
                        # against it.
                        condemned = newest
                        continue
                clip, is_new = register(tx, self.ledger, self.clock, actor, original, self.zone)
                restored = known is not None and (stored or asked_again or condemned is not None)
                if restored:
                    note_restored(tx, self.ledger, actor, clip)
                if also is not None:
                    also(tx, clip)
            return Admitted(clip, is_new, restored)

    def _known(self, original: Original) -> tuple[Clip | None, int | None]:
        with self.database.read() as tx:
            known = find_clip_by_digest(tx, original.sha256)
            return known, None if known is None else condemned_by(tx, known.id)


def stands(store: ObjectStore, clip: Clip, *, condemned: bool) -> bool:
    """Whether the store has the clip's object with its size, and nothing is known against it.

    Asked before the archive says that it has these bytes: whoever holds the other copy may then
    delete it. Nothing is read of the object, but a verification that read it may have found other
    bytes (`custody.history.is_condemned`); then they must come again, to be held against it.
    Ask outside a write transaction, for a store can be slow. Raises what the store does.
    """
    if condemned:
        return False
    try:
        return store.stat(clip.object_key).size_bytes == clip.size_bytes
    except ObjectNotFoundError:
        return False


def archive(store: ObjectStore, source: Path, original: Original, retain_until: datetime) -> bool:
    """Put the durable file ``source`` under its digest, then read it back and hash it again.

    What stands there already is adopted if it is right; then False. Raises
    `ReadBackError` where the store gives back other bytes, and what the store
    raises; in every case no row was touched.
    """
    key = original_key(original.sha256)
    try:
        store.put_file(key, source, retain_until=retain_until)
        adopted = False
    except ObjectExistsError:
        adopted = True
    found, size_bytes = _read_back(store, key)
    if (found, size_bytes) != (original.sha256, original.size_bytes):
        stood = "an object that stood there before" if adopted else "just stored"
        raise ReadBackError(
            f"{key}, {stood}: expected {original.size_bytes} bytes with SHA-256 {original.sha256}, "
            f"found {size_bytes} with {found}"
        )
    return not adopted


def register(
    tx: Connection, ledger: Ledger, clock: Clock, actor: Actor, original: Original, zone: tzinfo
) -> tuple[Clip, bool]:
    """Make the clip of an archived original, with its entry and its work; False if it was there,
    and then it is known under this name from now on too.

    Officer, recorder and time come from the file name, read in the recorders' ``zone``.
    """
    name = decode_name(original.name_raw)
    parsed = parse_filename(name, zone)
    clip, created = admit(
        tx,
        ledger,
        actor,
        NewClip(
            sha256=original.sha256,
            sm3=original.sm3,
            size_bytes=original.size_bytes,
            object_key=original_key(original.sha256),
            name=name,
            name_raw=original.name_raw,
            recorded_at=parsed.recorded_at if parsed else None,
            file_modified_at=original.file_modified_at,
            officer=parsed.officer if parsed else None,
            recorder=parsed.recorder if parsed else None,
            important=parsed.important if parsed else False,
            station_id=original.station_id,
            station_name=original.station_name,
            dock_session_id=original.dock_session_id,
        ),
    )
    if created:
        work.enqueue(tx, clock, clip.id)
    else:
        note_name(tx, ledger, actor, clip, original.name_raw)
    return clip, created


def note_name(tx: Connection, ledger: Ledger, actor: Actor, clip: Clip, name_raw: bytes) -> bool:
    """Say that known bytes came under this name; ``clip.named``. False if that is known."""
    return add_name(tx, ledger, actor, clip, decode_name(name_raw), name_raw)


def note_restored(tx: Connection, ledger: Ledger, actor: Actor, clip: Clip) -> None:
    """Say that the object of ``clip``, lost or condemned before, holds its bytes: they came again,
    stand in the store and were read back from it; ``clip.restored``.
    """
    facts: dict[str, Json] = {
        "clip": clip.id,
        "sha256": clip.sha256,
        "size_bytes": clip.size_bytes,
    }
    ledger.append(tx, actor, Event(EventKind.CLIP_RESTORED, clip_item(clip.id), facts=facts))


def _read_back(store: ObjectStore, key: str) -> tuple[str, int]:
    digest, size_bytes = hashlib.sha256(), 0
    with store.open(key) as stored:
        while chunk := stored.read(READ_BYTES):
            digest.update(chunk)
            size_bytes += len(chunk)
    return digest.hexdigest(), size_bytes
