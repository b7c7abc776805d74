"""What witnesses and stations signed, held against the log: they saw it from outside.

Whoever has the server's key can rewrite every hash in the house and sign it anew. What others
cosigned he can only delete, and then they know it themselves.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.cells import as_bytes, described, fits, raw, raw_columns, read_row, shown
from custody.events import EventKind
from custody.log.checkpoint import Checkpoint
from custody.log.cosignature import CosignatureVerifier
from custody.log.entry import Entry
from custody.log.errors import LogError
from custody.log.note import NoteVerifier, open_note
from custody.object_keys import COSIGNATURE_PREFIX, cosignature_key
from custody.said import Said, said
from custody.tables import checkpoints, cosignatures, log_entries
from custody.verification.context import VerificationContext
from custody.verification.findings import Finding, FindingCode
from custody.verification.objects import LogObjects, UnreadableError
from custody.verification.reports import Report
from custody.verification.rows import snapshot, stream, text_order
from custody.verification.spools import RecordSpool
from custody.witnesses.cosignatures import KeptCosignature, key_id, open_kept

#: A cosignature that came while its station was being revoked is the station's own.
REVOKED_GRACE = timedelta(minutes=1)


@dataclass(slots=True)
class _StationKey:
    """When a station could cosign, by its entries."""

    verifier: CosignatureVerifier
    station_id: str
    enrolled_at: datetime
    revoked_at: datetime | None = None

    def stood(self, at: datetime) -> bool:
        ended = self.revoked_at is not None and at > self.revoked_at + REVOKED_GRACE
        return self.enrolled_at <= at and not ended


@dataclass(slots=True)
class _Published:
    """What one snapshot of the rows says is published."""

    newest: int
    roots: dict[int, bytes] = field(default_factory=dict)


def check_cosignatures(context: VerificationContext, report: Report) -> None:
    """Findings for every kept cosignature that does not hold, and for those that are gone.

    Call after the whole log's check, which holds the published checkpoints against the entries:
    here a cosignature is held against the checkpoint of its size.
    """
    check = _Check(context, report)
    with RecordSpool() as kept:
        with snapshot(context.database) as tx:
            check.read_stations(tx)
            check.read_rows(tx, kept)
        check.walk_objects(kept)
    check.report_strangers()


class _Check:
    def __init__(self, context: VerificationContext, report: Report) -> None:
        self._context = context
        self._report = report
        self._stations: dict[str, _StationKey] = {}
        self._published = _Published(0)
        #: Of keys nobody knows: name, and how many cosignatures.
        self._strangers: dict[str, tuple[str, int]] = {}

    # --- rows ----------------------------------------------------------------------------------

    def read_stations(self, tx: Connection) -> None:
        """Whose keys could cosign, and when; by the entries, whose rows are held to them."""
        kinds = (EventKind.STATION_ENROLLED.value, EventKind.STATION_REVOKED.value)
        columns = sa.select(raw(tx, log_entries.c.entry)).where(log_entries.c.kind.in_(kinds))
        for row in stream(tx, columns.order_by(log_entries.c.id)):
            try:
                self._apply(Entry.decode(as_bytes(row.entry)))
            except LogError:
                continue  # a finding of the log's own

    def _apply(self, entry: Entry) -> None:
        station_id = str(entry.facts.get("station"))
        if entry.outcome != "ok":
            return
        if entry.kind == EventKind.STATION_ENROLLED:
            key = NoteVerifier.parse(str(entry.facts.get("key")))
            verifier = CosignatureVerifier(key.name, key.public)
            self._stations[key_id(verifier)] = _StationKey(verifier, station_id, entry.at)
        elif entry.kind == EventKind.STATION_REVOKED:
            for one in self._stations.values():
                if one.station_id == station_id:
                    one.revoked_at = entry.at

    def read_rows(self, tx: Connection, kept: RecordSpool) -> None:
        """Hold each row against its key and its checkpoint; ``kept`` gets what its copy must be."""
        newest = tx.scalar(sa.select(sa.func.max(checkpoints.c.size)))
        self._published.newest = newest if isinstance(newest, int) else 0
        root, note = (raw(tx, checkpoints.c[name]) for name in ("root", "note"))
        columns = raw_columns(tx, cosignatures)
        rows = (
            sa.select(*columns, root.label("published_root"), note.label("published_note"))
            .outerjoin(checkpoints, checkpoints.c.size == cosignatures.c.size)
            .order_by(cosignatures.c.size, text_order(tx, cosignatures.c.key_id))
        )
        for row in stream(tx, rows):
            cells = read_row(cosignatures, row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
            published = None if row.published_root is None else as_bytes(row.published_root)
            if isinstance(row.size, int) and published is not None:
                self._published.roots[row.size] = published
            misfit = next((n for n, one in cells.items() if not fits(cosignatures.c[n], one)), None)
            if misfit is not None:
                wrong = said("column_is", column=misfit, value=described(cells[misfit]))
                self._altered(shown(row.size), shown(row.key_id), row.size, wrong)
                continue
            one = KeptCosignature(**cells)
            self._check_row(one, published)
            data = as_bytes(row.published_note) + one.line.encode()
            digest = None if row.published_note is None else hashlib.sha256(data).hexdigest()
            kept.append([one.size, one.key_id, one.archived_at is not None, digest])

    def _check_row(self, one: KeptCosignature, published: bytes | None) -> None:
        try:
            signed = open_kept(one, self._context.origin)
        except LogError as error:
            self._altered(str(one.size), one.key_id, one.size, said("error", error=error))
            return
        station = self._stations.get(one.key_id)
        if one.station_id != (None if station is None else station.station_id) and (
            station is not None or one.key_id in self._context.cosigners
        ):
            column = said("column_is", column="station_id", value=described(one.station_id))
            self._altered(str(one.size), one.key_id, one.size, column)
            return
        name = signed.cosignature.verifier.name
        enrolled = station is not None and station.stood(one.received_at)
        if one.key_id not in self._context.cosigners and not enrolled:
            count = self._strangers.get(one.key_id, ("", 0))[1]
            self._strangers[one.key_id] = name, count + 1
            return
        self._check_tree(name, one.size, one.root, one.key_id, published)

    def _check_tree(
        self, name: str, size: int, root: bytes, key: str, published: bytes | None
    ) -> None:
        """The tree that was cosigned is the one that was published at its size."""
        if size > self._published.newest:
            code, newest = FindingCode.COSIGNATURE_AHEAD, self._published.newest
            message = said("cosignature_ahead", name=name, size=size, newest=newest)
        elif root != published:
            code = FindingCode.COSIGNATURE_OTHER_TREE
            message = said("cosignature_other", name=name, size=size)
        else:
            return
        there = None
        if published is not None:
            there = said("entries_under", size=size, root=published.hex())
        expected = said("entries_under", size=size, root=root.hex())
        self._find(code, str(size), key, message, expected, there, size)

    # --- objects -------------------------------------------------------------------------------

    def walk_objects(self, kept: RecordSpool) -> None:
        """The archived copies beside the rows, both in order of key."""
        objects = LogObjects(self._context.store, self._report)
        rows = iter(kept)
        row = next(rows, None)
        for key in objects.keys(COSIGNATURE_PREFIX):
            while row is not None and _key_of(row) < key:
                self._report_object_gone(row)
                row = next(rows, None)
            if row is not None and _key_of(row) == key:
                self._check_object(objects, key, row)
                row = next(rows, None)
            elif _parsed(key) is not None:
                self._check_alone(objects, key)
        while row is not None:
            self._report_object_gone(row)
            row = next(rows, None)

    def _report_object_gone(self, row: list[object]) -> None:
        size, key, archived, _ = row
        if archived:  # before that it has none yet
            message = said("cosignature_object_gone", size=size)
            self._find(
                FindingCode.COSIGNATURE_MISSING, str(size), str(key), message, None, None, size
            )

    def _check_object(self, objects: LogObjects, key: str, row: list[object]) -> None:
        size, _, _, digest = row
        try:
            data = objects.find(key)
        except UnreadableError:
            return
        if data is not None and digest is not None and hashlib.sha256(data).hexdigest() != digest:
            found = data[:200].decode(errors="replace")
            message = said("cosignature_object_other")
            self._report.add(
                Finding(
                    FindingCode.COSIGNATURE_ALTERED, key, message, None, found, None, _int(size)
                )
            )

    def _check_alone(self, objects: LogObjects, key: str) -> None:
        """A copy whose row is gone still says what was cosigned."""
        parsed = _parsed(key)
        if parsed is None:
            return
        size, of_key = parsed
        with snapshot(self._context.database) as tx:
            where = (cosignatures.c.size == size, cosignatures.c.key_id == of_key)
            if tx.scalar(sa.select(sa.literal(1)).where(*where)) is not None:
                return  # it came since the rows were read
            root = tx.scalar(
                sa.select(raw(tx, checkpoints.c.root)).where(checkpoints.c.size == size)
            )
        message = said("cosignature_row_gone", size=size)
        self._find(FindingCode.COSIGNATURE_MISSING, str(size), of_key, message, None, None, size)
        verifier = self._verifiers().get(of_key)
        try:
            data = objects.find(key)
            if data is None or verifier is None:
                return
            stated = Checkpoint.parse(open_note(data, [verifier]).text)
        except (LogError, UnreadableError):
            return  # nobody's word
        if stated.origin == self._context.origin and stated.size == size:
            published = None if root is None else as_bytes(root)
            self._check_tree(verifier.name, size, stated.root, of_key, published)

    def _verifiers(self) -> Mapping[str, CosignatureVerifier]:
        stations = {key: one.verifier for key, one in self._stations.items()}
        return {**stations, **self._context.cosigners}

    # --- findings ------------------------------------------------------------------------------

    def report_strangers(self) -> None:
        """One finding for each key that nobody knows, however many cosignatures it has."""
        for key, (name, count) in self._strangers.items():
            message = said("cosignature_stranger", count=count, name=name)
            subject = f"cosigner:{key[:16]}"
            self._report.add(Finding(FindingCode.COSIGNATURE_STRANGER, subject, message))

    def _altered(self, size: str, key: str, index: object, found: Said) -> None:
        message = said("cosignature_wrong", size=size)
        self._find(FindingCode.COSIGNATURE_ALTERED, size, key, message, None, found, index)

    def _find(
        self,
        code: FindingCode,
        size: str,
        key: str,
        message: Said,
        expected: str | None,
        found: str | None,
        index: object,
    ) -> None:
        subject = f"cosignature:{size}/{key[:16]}"
        self._report.add(Finding(code, subject, message, expected, found, entry_index=_int(index)))


def _int(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _key_of(row: list[object]) -> str:
    size, key, _, _ = row
    return cosignature_key(int(str(size)), str(key))


def _parsed(key: str) -> tuple[int, str] | None:
    """Size and key of a copy's object key; None for one that files none."""
    size, _, of_key = key.removeprefix(COSIGNATURE_PREFIX).partition("/")
    if not (size.isascii() and size.isdecimal()) or cosignature_key(int(size), of_key) != key:
        return None
    return int(size), of_key
