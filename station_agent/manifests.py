"""Dock-session manifests: what lay in a watched folder, signed, before anything is sent from it.

A manifest is made when a settled file lies there that no manifest lists yet. It names everything
(also what is archived already and what is skipped, with the reason) and the digest of the manifest
before it from the same folder, so that a missing one shows. It stays in the journal until the
archive has it, and its text until every file that it lists has a receipt: an archive that was put
back to an older copy asks for it again.
"""

import hashlib
import logging
import math
import os
import shutil
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Protocol

from custody.log.canonical import EARLIEST, LATEST
from custody.log.errors import LogError
from custody.log.note import NoteSigner
from station_agent import reasons
from station_agent.errors import ManifestWaitsError, RefusedError, ServerAwayError
from station_agent.journal import Journal
from station_agent.pauses import backoff
from station_agent.watch import Scan
from station_agent.wire import Manifest, ManifestFile, sign_manifest

logger = logging.getLogger(__name__)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Seconds between two manifests of one folder for each file it lists: where files trickle in, the
#: work of listing them all again stays a small share.
_PAUSE_PER_FILE_S = 0.02
#: So often a manifest is handed in before the archive's refusal is believed (a bit that flipped on
#: the way breaks a signature), and the shortest and longest pause between two of them.
_TRIES = 4
_PAUSES_S = (0.5, 30.0)


def moment(mtime_ns: int) -> datetime:
    """A file's time as the file system gave it, in UTC, kept inside the calendar of the house."""
    try:
        return min(max(_EPOCH + timedelta(microseconds=mtime_ns // 1000), EARLIEST), LATEST)
    except OverflowError:
        return EARLIEST if mtime_ns < 0 else LATEST


class ManifestTaker(Protocol):
    """The one call that delivery needs of the transport."""

    def send_manifest(self, note: str) -> str: ...


class Manifests:
    """Makes, keeps and delivers manifests. Thread-safe."""

    def __init__(self, journal: Journal, signer: NoteSigner) -> None:
        self._journal = journal
        self._signer = signer
        self._delivering = threading.Lock()
        #: How often each was refused since the start, and when it may be handed in again
        #: (monotonic seconds).
        self._refusals: dict[int, tuple[int, float]] = {}
        #: When each was handed in last by this process, `time.monotonic`.
        self._handed_in: dict[int, float] = {}

    def is_due(self, root: bytes) -> bool:
        """Whether a settled file under ``root`` waits for a manifest."""
        return bool(self._journal.read(f"SELECT 1 FROM files WHERE {_UNLISTED} LIMIT 1", (root,)))  # noqa: S608

    @staticmethod
    def pause_s(scan: Scan) -> float:
        """How long to wait after one manifest of this folder before the next."""
        return _PAUSE_PER_FILE_S * (len(scan.files) + len(scan.skipped))

    def make(self, scan: Scan) -> None:
        """Sign and keep a manifest of what ``scan`` saw; the files it lists may be sent now.

        Where the list breaks the form (too long by far), the files go without: better archived
        without a list than not archived.
        """
        session_id = str(uuid.uuid4())
        try:
            note = sign_manifest(self._manifest(scan, session_id), self._signer)
            reason = None
        except LogError as error:
            logger.error("no manifest for %s: %s", reasons.visible(scan.root), error)  # noqa: TRY400
            note, reason = None, str(error)
        digest = hashlib.sha256((note or session_id).encode()).hexdigest()
        with self._journal.transaction() as connection:
            made = connection.execute(
                "INSERT INTO manifests (root, sha256, note, session_id, delivered, reason)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (scan.root, digest, note, session_id, int(note is None), reason),
            )
            connection.execute(
                f"UPDATE files SET manifest_id = ? WHERE {_UNLISTED}",  # noqa: S608
                (made.lastrowid, scan.root),
            )
            connection.execute(_FORGET_NOTES)

    def _manifest(self, scan: Scan, session_id: str) -> Manifest:
        previous = self._journal.read(
            "SELECT sha256 FROM manifests WHERE root = ? AND reason IS NULL"
            " ORDER BY id DESC LIMIT 1",
            (scan.root,),
        )
        base = len(scan.root.rstrip(reasons.SEPARATOR)) + 1
        files = [
            ManifestFile(
                _relative(found.path, base),
                found.identity.size_bytes,
                moment(found.identity.mtime_ns),
                reasons.EMPTY if found.identity.size_bytes == 0 else None,
            )
            for found in scan.files
        ]
        files += [
            ManifestFile(
                _relative(skipped.path, base),
                skipped.size_bytes,
                moment(skipped.mtime_ns),
                skipped.reason,
            )
            for skipped in scan.skipped
        ]
        return Manifest(
            session_id=session_id,
            station=self._signer.name,
            source=reasons.visible(scan.root),
            opened_at=datetime.now(UTC),
            free_bytes=_free_bytes(scan.root),
            previous_sha256=str(previous[0][0]) if previous else None,
            files=tuple(files),
        )

    def waiting(self) -> list[int]:
        """Manifests that the archive has not got yet, the oldest first."""
        rows = self._journal.read("SELECT id FROM manifests WHERE delivered = 0 ORDER BY id")
        return [int(str(row[0])) for row in rows]

    def deliver(self, manifest_id: int, taker: ManifestTaker) -> str | None:
        """The archive's id of the dock session, after handing the manifest in if need be.

        None where the archive refused it again and again (said in the log, the journal and the
        status): the files go without. Raises `ManifestWaitsError` and `ServerAwayError`.
        """
        with self._delivering:
            rows = self._journal.read(
                "SELECT session_id, delivered, note, reason FROM manifests WHERE id = ?",
                (manifest_id,),
            )
            session_id, delivered, note, reason = rows[0]
            if delivered:
                return None if reason is not None else str(session_id)
            try:
                self._hand_in(manifest_id, str(session_id), str(note), taker)
            except RefusedError as error:
                logger.error("the archive refuses a manifest: %s", error.args[0])  # noqa: TRY400
                reason = reasons.compose(reasons.SERVER_REFUSED, str(error.args[0]))
            with self._journal.transaction() as connection:
                connection.execute(
                    "UPDATE manifests SET delivered = 1, reason = ? WHERE id = ?",
                    (reason, manifest_id),
                )
            return None if reason is not None else str(session_id)

    def _hand_in(self, manifest_id: int, session_id: str, note: str, taker: ManifestTaker) -> None:
        """Raises `RefusedError` once the refusal is to be believed."""
        refused, not_before = self._refusals.get(manifest_id, (0, 0.0))
        if (wait_s := not_before - time.monotonic()) > 0:
            raise ManifestWaitsError("refused a moment ago", wait_s)
        try:
            answered = taker.send_manifest(note)
        except RefusedError as error:
            pause_s = backoff(refused + 1, *_PAUSES_S, 0.0)
            self._refusals[manifest_id] = refused + 1, time.monotonic() + pause_s
            if refused + 1 >= _TRIES:
                raise
            logger.warning("the archive refuses a manifest, it is handed in again: %s", error)
            raise ManifestWaitsError(str(error), pause_s) from error
        # The id is ours, so an answer that has another is none.
        if answered != session_id:
            raise ServerAwayError(f"the server names another dock session: {answered[:80]!r}")
        self._handed_in[manifest_id] = time.monotonic()

    def hand_in_again(self, manifest_id: int, asked_s: float) -> None:
        """The archive had not got it at ``asked_s`` (`time.monotonic`), whatever it said before:
        deliver it again, unless that was done since for another of its files.

        A note that is not kept any more can't be: the files that are left go without.
        """
        if self._handed_in.get(manifest_id, -math.inf) > asked_s:
            return
        with self._journal.transaction() as connection:
            connection.execute(
                "UPDATE manifests SET delivered = note IS NULL,"
                " reason = CASE WHEN note IS NULL THEN ? END WHERE id = ? AND reason IS NULL",
                (reasons.MANIFEST_LOST, manifest_id),
            )

    def take_up_refused(self) -> None:
        """Hand in what was refused as well: another limit, another server, it may be taken now."""
        with self._journal.transaction() as connection:
            connection.execute(
                "UPDATE manifests SET delivered = 0, reason = NULL"
                " WHERE reason IS NOT NULL AND note IS NOT NULL"
            )


#: A refused one is kept as the evidence of what lay there.
_FORGET_NOTES = (
    "UPDATE manifests SET note = NULL WHERE delivered = 1 AND reason IS NULL AND note IS NOT NULL"
    " AND id NOT IN (SELECT manifest_id FROM files WHERE manifest_id IS NOT NULL"
    " AND state NOT IN ('received', 'released', 'gone'))"
)
_UNLISTED = "root = ? AND manifest_id IS NULL AND state IN ('settled', 'hashed', 'sending', 'sent')"


def _relative(path: bytes, base: int) -> bytes:
    return path[base:].replace(reasons.SEPARATOR, b"/")


def _free_bytes(root: bytes) -> int | None:
    try:
        return shutil.disk_usage(os.fsdecode(root)).free
    except OSError:
        return None  # the folder went away meanwhile; the manifest says what was seen before
