"""Taking in uploads: one writer each, staging, durable offsets, admission.

A hash state can't be saved, so it is kept in memory between the requests of an upload, and after a
restart the staged prefix is hashed again. Everything here blocks; the route gives each request a
thread of its own.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta, tzinfo

from custody.actors import Actor
from custody.clock import Clock
from custody.ledger import Ledger
from ingest import uploads
from ingest.admission import Admission, Original
from ingest.digests import DigestPair, hash_prefix
from ingest.errors import (
    DigestMismatchError,
    OffsetMismatchError,
    UploadAdmittedError,
    UploadTooLargeError,
)
from ingest.reception import Checksum, Reception
from ingest.stations import get_station
from ingest.uploads import ADMITTED, RECEIVING, Upload
from storage.database import Database
from storage.errors import StagingBusyError, StagingMissingError, StorageError
from storage.objects import ObjectStore
from storage.staging import StagedFile, Staging

#: Hash states of uploads between two of their requests; the oldest is forgotten first.
MAX_REMEMBERED = 256


class Receiver:
    """Takes in uploads; one for a process, used by its requests and its sweep, in many threads."""

    def __init__(
        self,
        database: Database,
        store: ObjectStore,
        staging: Staging,
        ledger: Ledger,
        clock: Clock,
        *,
        zone: tzinfo,
        lock_days: int,
    ) -> None:
        self._database = database
        self._staging = staging
        self._clock = clock
        self._admission = Admission(database, store, ledger, clock, zone, timedelta(days=lock_days))
        self._guard = threading.Lock()
        self._held: set[str] = set()
        self._remembered: OrderedDict[str, DigestPair] = OrderedDict()

    @contextmanager
    def open(
        self,
        upload_id: str,
        station_id: str | None,
        *,
        offset: int,
        length: int | None,
        checksum: Checksum | None = None,
    ) -> Iterator[Reception | None]:
        """Receive a request's bytes from ``offset``, ``length`` of them where that is known before.

        Gives None where the upload is admitted and the request asks for nothing more. Raises
        `UploadNotFoundError`, `UploadGoneError`, `OffsetMismatchError`, `UploadTooLargeError`,
        `StagingBusyError`, `StoreFullError`. Whatever is raised inside leaves the upload at its
        last durable offset.
        """
        with self._held_alone(upload_id):
            with self._database.read() as tx:
                upload = uploads.get_standing(tx, upload_id, station_id)
            if offset != upload.offset_bytes:
                raise OffsetMismatchError(upload.offset_bytes, offset)
            if offset + (length or 0) > upload.size_bytes:
                raise UploadTooLargeError(f"{upload.size_bytes} bytes were announced")
            if upload.state == ADMITTED:
                yield None
                return
            reception = None
            try:
                with self._staged(upload) as staged:
                    digests = self._recall(upload, staged)
                    reception = Reception(
                        upload, staged, digests, checksum, lambda to: self._move(upload_id, to)
                    )
                    try:
                        yield reception
                    finally:
                        digests.settle()
                        if digests.size_bytes == reception.durable_offset == staged.size:
                            self._remember(reception)
            finally:
                if reception is not None and reception.staged.size > reception.durable_offset:
                    self._cut(upload_id, reception.durable_offset)

    def admit(self, reception: Reception, actor: Actor) -> str:
        """Admit the upload of a complete ``reception``, inside `open`; the id of its clip.

        Raises `DigestMismatchError` (the upload is refused, its bytes are gone), `ReadBackError`
        and what store and database raise (nothing is lost and it can be tried again).
        """
        upload, digests = reception.upload, reception.digests
        digests.settle()
        for name, found, announced in (
            ("SHA-256", digests.sha256, upload.sha256),
            ("SM3", digests.sm3, upload.sm3),
        ):
            if announced not in {None, found}:
                reason = f"{name} announced {announced}, found {found}"
                with self._database.write() as tx:
                    uploads.refuse(tx, self._clock, upload.id, reason)
                reception.is_settled = True
                self._staging.discard(upload.id)
                raise DigestMismatchError(reason)
        original = Original(
            sha256=digests.sha256,
            sm3=digests.sm3,
            size_bytes=upload.size_bytes,
            name_raw=upload.name_raw,
            file_modified_at=upload.file_modified_at,
            station_id=upload.station_id,
            station_name=self._station_name(upload.station_id),
            dock_session_id=upload.dock_session_id,
        )
        admitted = self._admission.admit(
            reception.staged.path,
            original,
            actor,
            # The row remembers why it came, where a try before this one stored and then died.
            asked_again=upload.clip_id is not None,
            also=lambda tx, clip: uploads.finish(tx, self._clock, upload.id, clip.id),
        )
        reception.is_settled = True
        self._staging.discard(upload.id)
        return admitted.clip.id

    def terminate(self, upload_id: str, station_id: str | None, reason: str) -> None:
        """Give an upload up and remove its bytes. Raises `UploadAdmittedError` and as `open`."""
        with self._held_alone(upload_id):
            with self._database.write() as tx:
                upload = uploads.get_standing(tx, upload_id, station_id)
                if upload.state == ADMITTED:
                    raise UploadAdmittedError(upload_id)
                uploads.terminate(tx, self._clock, upload_id, reason)
            with self._guard:
                self._remembered.pop(upload_id, None)
            self._staging.discard(upload_id)

    @contextmanager
    def _held_alone(self, upload_id: str) -> Iterator[None]:
        """Keep the other threads off: the offset must be read after the writer before has ended.

        Other processes are kept off by the lock on the staged bytes, and `_staged` looks again.
        """
        with self._guard:
            if upload_id in self._held:
                raise StagingBusyError(upload_id)
            self._held.add(upload_id)
        try:
            yield
        finally:
            with self._guard:
                self._held.discard(upload_id)

    @contextmanager
    def _staged(self, upload: Upload) -> Iterator[StagedFile]:
        """The staged bytes, locked. Raises `OffsetMismatchError` where row and bytes differ."""
        with ExitStack() as stack:
            try:
                staged = stack.enter_context(self._staging.open(upload.id, upload.offset_bytes))
            except StagingMissingError as error:
                there = self._staged_bytes(upload.id)
                self._move(upload.id, there)  # say what is true, so that the sender goes on there
                raise OffsetMismatchError(there, upload.offset_bytes) from error
            with self._database.read() as tx:
                again = uploads.get_standing(tx, upload.id)
            if (again.state, again.offset_bytes) != (RECEIVING, staged.size):
                # Another process ended its request just before we got the lock.
                if again.state == RECEIVING:
                    self._move(upload.id, staged.size)
                raise OffsetMismatchError(staged.size, upload.offset_bytes)
            yield staged

    def _staged_bytes(self, upload_id: str) -> int:
        try:
            return self._staging.path(upload_id).stat().st_size
        except FileNotFoundError:
            return 0

    def _cut(self, upload_id: str, offset: int) -> None:
        """Give back the room of what does not count; if that fails, the next request does it."""
        with suppress(StorageError), self._staging.open(upload_id, offset):
            pass

    def _move(self, upload_id: str, offset: int) -> None:
        with self._database.write() as tx:
            uploads.set_offset(tx, self._clock, upload_id, offset)

    def _recall(self, upload: Upload, staged: StagedFile) -> DigestPair:
        with self._guard:
            digests = self._remembered.pop(upload.id, None)
        if digests is None:
            digests = DigestPair()
        if digests.size_bytes == upload.offset_bytes:
            return digests
        with staged.path.open("rb", buffering=0) as reader:
            return hash_prefix(reader, upload.offset_bytes)

    def _remember(self, reception: Reception) -> None:
        if reception.is_settled:
            return
        with self._guard:
            self._remembered[reception.upload.id] = reception.digests
            while len(self._remembered) > MAX_REMEMBERED:
                self._remembered.popitem(last=False)

    def _station_name(self, station_id: str | None) -> str | None:
        if station_id is None:
            return None
        with self._database.read() as tx:
            return get_station(tx, station_id).name
