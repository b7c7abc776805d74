"""Timestamps: each row and object as its entry has it, each token held against its checkpoint and
the pinned roots. What holds bounds the times of all entries (`entry_times`)."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.cells import as_bytes, as_text, described, raw, raw_columns, read_row, shown
from custody.events import LOG_ITEM, EventKind
from custody.log.canonical import format_time
from custody.log.entry import Entry, Json
from custody.log.errors import LogError
from custody.object_keys import checkpoint_archive_key, timestamp_key
from custody.said import Said, said
from custody.tables import checkpoints, log_entries, timestamps
from custody.timestamps.authorities import Authority
from custody.timestamps.tokens import (
    TokenChainError,
    TokenDigestError,
    TokenError,
    check_token,
    read_token,
)
from custody.verification.cells import as_logged
from custody.verification.comparing import SAME_TRANSACTION
from custody.verification.entry_times import check_times, whole
from custody.verification.findings import Finding, FindingCode
from custody.verification.objects import LogObjects, UnreadableError
from custody.verification.reports import Report
from custody.verification.rows import stream
from storage.objects import ObjectStore

_Key = tuple[int, str]


@dataclass(frozen=True, slots=True)
class _Logged:
    """What an entry says of one token."""

    sha256: str
    stamped_at: str
    received_at: datetime
    index: int | None


@dataclass(slots=True)
class TimestampRows:
    """One run's check of the tokens; the entries are those of the log itself."""

    store: ObjectStore
    authorities: Sequence[Authority]
    prefixes: tuple[str, ...] = (LOG_ITEM,)
    _logged: dict[_Key, _Logged] = field(default_factory=dict)

    def apply(
        self,
        entry: Entry,
        details: Mapping[str, Json] | None,  # noqa: ARG002 - the protocol's
        index: int | None,
    ) -> None:
        if (entry.kind, entry.item) != (EventKind.LOG_STAMPED, LOG_ITEM):
            return
        key = _key_of(entry)
        if key is not None:
            sha256, at = (str(entry.facts.get(name)) for name in ("token_sha256", "stamped_at"))
            self._logged.setdefault(key, _Logged(sha256, at, entry.at, index))

    def finish(self, tx: Connection, report: Report) -> None:
        objects = LogObjects(self.store, report)
        rows = self._check_rows(tx, report)
        good: list[tuple[int, datetime]] = []
        for key, logged in sorted(self._logged.items()):
            raw_token = self._check_object(objects, report, key, logged)
            if raw_token is None and rows.get(key) == logged.sha256:
                raw_token = _token_of(tx, key)
            elif key not in rows:
                message = said("stamp_row_gone", entry=_number(logged))
                _find(report, FindingCode.TIMESTAMP_MISSING, key, message, logged)
            if raw_token is not None:
                stamped_at = self._check_token(tx, objects, report, key, raw_token)
                if stamped_at is not None:
                    good.append((key[0], stamped_at))
        check_times(tx, report, sorted(good))

    def _check_rows(self, tx: Connection, report: Report) -> dict[_Key, str]:
        """The digests of the tokens in rows; findings for rows that are not as logged."""
        found: dict[_Key, str] = {}
        for row in stream(tx, sa.select(*raw_columns(tx, timestamps))):
            cells = read_row(timestamps, row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
            key = (cells["size"], str(shown(cells["authority"])))
            logged = self._logged.get(key) if isinstance(key[0], int) else None
            if logged is None or key in found:
                message = said("stamp_unknown")
                _find(report, FindingCode.TIMESTAMP_WITHOUT_ENTRY, key, message)
                continue
            found[key] = _digest(as_bytes(cells["token"]))
            received = cells["received_at"]
            pairs: list[tuple[str, object, object]] = [
                ("token", logged.sha256, found[key]),
                ("stamped_at", logged.stamped_at, as_logged("stamped_at", cells["stamped_at"])),
            ]
            if not isinstance(received, datetime):
                pairs.append(("received_at", said("wanted", wanted="time"), received))
            elif abs(received - logged.received_at) > SAME_TRANSACTION:
                came = format_time(whole(received))
                pairs.append(("received_at", format_time(logged.received_at), came))
            for column, expected, there in pairs:
                if expected != there:
                    values = {"column": column, "expected": _said(expected), "found": _said(there)}
                    message = said("log_row", **values)
                    pair = (str(_said(expected)), str(_said(there)))
                    _find(report, FindingCode.TIMESTAMP_ALTERED, key, message, logged, *pair)
        return found

    def _check_object(
        self, objects: LogObjects, report: Report, key: _Key, logged: _Logged
    ) -> bytes | None:
        """The token in the store, if it is the logged one."""
        name = timestamp_key(*key)
        try:
            data = objects.find(name)
        except (UnreadableError, ValueError):
            return None  # noted already, or no key at all: its row and entry are findings
        if data is None:
            message = said("stamp_object_gone", path=name)
            _find(report, FindingCode.TIMESTAMP_MISSING, key, message, logged)
        elif _digest(data) != logged.sha256:
            message = said("stamp_object_other", path=name)
            pair = (logged.sha256, _digest(data))
            _find(report, FindingCode.TIMESTAMP_ALTERED, key, message, logged, *pair)
        else:
            return data
        return None

    def _check_token(
        self, tx: Connection, objects: LogObjects, report: Report, key: _Key, raw_token: bytes
    ) -> datetime | None:
        """The time in the token if it holds; a finding if it does not."""
        size, name = key
        logged = self._logged[key]
        authority = next((one for one in self.authorities if one.name == name), None)
        if authority is None:
            message = said("stamp_unknown_authority", authority=name)
            _find(report, FindingCode.TIMESTAMP_AUTHORITY, key, message, logged)
            return None
        note = _note_of(tx, objects, size)
        if note is None:
            return None  # that the checkpoint is gone is a finding of its own
        code = FindingCode.TIMESTAMP_ALTERED
        try:
            token = read_token(raw_token)
            check_token(token, note, authority.roots)
        except TokenError as error:
            if isinstance(error, TokenDigestError):
                code = FindingCode.TIMESTAMP_OTHER
            elif isinstance(error, TokenChainError):
                code = FindingCode.TIMESTAMP_CHAIN
            message = said("stamp_wrong", authority=name, error=error)
            _find(report, code, key, message, logged, None, said("error", error=error))
            return None
        if format_time(token.stamped_at) != logged.stamped_at:
            message = said("stamp_time", authority=name)
            pair = (format_time(token.stamped_at), logged.stamped_at)
            _find(report, code, key, message, logged, *pair)
        return token.stamped_at


def stamped_keys(tx: Connection) -> Iterator[str]:
    """The objects of tokens that a row or an entry names."""
    names = (raw(tx, timestamps.c.size), raw(tx, timestamps.c.authority))
    for size, authority in stream(tx, sa.select(*names)):
        if isinstance(size, int):
            yield timestamp_key(size, as_text(authority))
    entries = sa.select(raw(tx, log_entries.c.entry)).where(
        log_entries.c.kind == EventKind.LOG_STAMPED.value
    )
    for row in stream(tx, entries):
        with suppress(LogError):  # a finding of the log
            key = _key_of(Entry.decode(as_bytes(row.entry)))
            if key is not None:
                yield timestamp_key(*key)


def _key_of(entry: Entry) -> _Key | None:
    size, authority = entry.facts.get("size"), entry.facts.get("authority")
    return (size, authority) if isinstance(size, int) and isinstance(authority, str) else None


def _note_of(tx: Connection, objects: LogObjects, size: int) -> bytes | None:
    """The checkpoint that was stamped, as the archive has it, else as its row has it."""
    try:
        archived = objects.find(checkpoint_archive_key(size))
    except UnreadableError:
        archived = None
    if archived is not None:
        return archived
    row = tx.execute(
        sa.select(raw(tx, checkpoints.c.note)).where(checkpoints.c.size == size)
    ).first()
    return None if row is None else as_bytes(row.note)


def _find(
    report: Report,
    code: FindingCode,
    key: tuple[Any, str],
    message: str,
    logged: _Logged | None = None,
    expected: str | None = None,
    found: str | None = None,
) -> None:
    subject = f"timestamp:{shown(key[0])}/{key[1]}"
    index = None if logged is None else logged.index
    report.add(Finding(code, subject, message, expected, found, entry_index=index))


def _number(logged: _Logged) -> object:
    return said("not_numbered") if logged.index is None else logged.index


def _said(value: object) -> str:
    return value if isinstance(value, Said) else described(value)


def _token_of(tx: Connection, key: _Key) -> bytes:
    """What the row of this timestamp has for its token."""
    size, authority = key
    own = (timestamps.c.size == size, timestamps.c.authority == authority)
    return as_bytes(tx.scalar(sa.select(raw(tx, timestamps.c.token)).where(*own)))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
