"""Stations and what they brought held against their entries: the lists that prove completeness."""

import hashlib
import re
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.cells import Misfit, as_bytes, described, raw, read_cell
from custody.events import EventKind
from custody.log.entry import Entry, Json
from custody.said import said
from custody.verification.cells import as_logged
from custody.verification.expected import ANYTHING, Logged
from custody.verification.findings import Finding, FindingCode, Report
from custody.verification.others import LoggedTable
from custody.verification.rows import stream
from ingest.tables import dock_sessions, stations

#: In a manifest's canonical JSON, behind the list of files; no text inside it has a bare quote.
_OPENED_AT = re.compile(rb'"opened_at":"([^"]*)","previous_sha256":')


class StationRows:
    """Name, key and standing of each station; number, size and signed list of each dock session."""

    prefixes: tuple[str, ...] = ("station:",)

    def __init__(self) -> None:
        altered, missing = FindingCode.STATION_ALTERED, FindingCode.STATION_MISSING
        self._stations = LoggedTable(stations, "station", altered, missing, altered)
        altered, missing = FindingCode.DOCK_SESSION_ALTERED, FindingCode.DOCK_SESSION_MISSING
        self._sessions = LoggedTable(dock_sessions, "dock_session", altered, missing, altered)

    def apply(self, entry: Entry, details: Mapping[str, Json] | None, index: int | None) -> None:
        if entry.outcome != "ok":
            return
        facts, station_id = entry.facts, entry.item.removeprefix("station:")
        if entry.kind == EventKind.STATION_ENROLLED:
            name = ANYTHING if details is None else details.get("name")
            columns = {"name": name, "verifier_key": facts.get("key"), "revoked_at": False}
            self._stations.rows.setdefault(station_id, Logged(columns, index, entry.at))
        elif entry.kind == EventKind.STATION_REVOKED and station_id in self._stations.rows:
            self._stations.rows[station_id].change({"revoked_at": True}, index)
        elif entry.kind == EventKind.DOCK_SESSION_OPENED:
            columns = {
                "station_id": station_id,
                "source": ANYTHING if details is None else details.get("source"),
                "manifest_sha256": facts.get("manifest_sha256"),
                "previous_sha256": facts.get("previous"),
                "file_count": facts.get("files"),
                "total_bytes": facts.get("total_bytes"),
                "entry_seq": entry.item_seq,
            }
            session_id = str(facts.get("dock_session"))
            self._sessions.rows.setdefault(session_id, Logged(columns, index, entry.at))

    def finish(self, tx: Connection, report: Report) -> None:
        self._stations.finish(tx, report)
        self._sessions.finish(tx, report)
        names = ("id", "manifest", "opened_at")
        columns = (raw(tx, dock_sessions.c[name]) for name in names)
        for row in stream(tx, sa.select(*columns)):
            opened_at = as_logged("opened_at", read_cell(dock_sessions.c.opened_at, row.opened_at))
            self._check_manifest(report, str(row.id), as_bytes(row.manifest), opened_at)

    def _check_manifest(
        self, report: Report, session_id: str, manifest: bytes, opened_at: object
    ) -> None:
        logged = self._sessions.rows.get(session_id)
        if logged is None:
            return  # reported already
        expected, found = logged.columns["manifest_sha256"], hashlib.sha256(manifest).hexdigest()
        if found != expected:
            report.add(
                Finding(
                    FindingCode.DOCK_SESSION_ALTERED,
                    f"dock_session:{session_id}",
                    said("manifest_other"),
                    expected=str(expected),
                    found=found,
                    entry_index=logged.index,
                )
            )
            return
        signed = _OPENED_AT.findall(manifest)
        listed = signed[-1].decode() if signed else None
        if listed != opened_at and not isinstance(opened_at, Misfit):  # that is reported already
            report.add(
                Finding(
                    FindingCode.DOCK_SESSION_ALTERED,
                    f"dock_session:{session_id}",
                    said("docking_time"),
                    expected=said("column", column="opened_at", value=described(listed)),
                    found=said("column", column="opened_at", value=described(opened_at)),
                    entry_index=logged.index,
                )
            )
