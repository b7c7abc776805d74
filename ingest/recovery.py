"""Rows of stations and of what they listed, made again from their entries.

A list itself stands in no entry, only its digest: it comes back where somebody kept it, which every
station does. Sessions and invitations of before are ended: a copy must not let in whom the house
had shown out, nor a second station on a token that was used.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.engine import Connection

from custody.events import EventKind
from custody.log.entry import Entry, Json
from custody.log.errors import LogError
from custody.log.note import NoteVerifier
from custody.recovery.rows import Gone, Rebuilt, bring
from ingest.tables import dock_sessions, enrolment_tokens, station_sessions, stations
from ingest.verification import StationRows
from station_agent import wire


class StationRebuild(StationRows):
    """``manifests`` are signed lists by their SHA-256, as `custody.recovery.papers` found them."""

    def __init__(self, manifests: Mapping[str, str]) -> None:
        super().__init__()
        self._manifests = manifests
        self._revoked_at: dict[str, datetime] = {}

    def apply(self, entry: Entry, details: Mapping[str, Json] | None, index: int | None) -> None:
        super().apply(entry, details, index)
        if entry.kind == EventKind.STATION_REVOKED and entry.outcome == "ok":
            self._revoked_at.setdefault(entry.item.removeprefix("station:"), entry.at)

    def rebuild(self, tx: Connection, first: int, done: Rebuilt) -> None:
        """Make the rows of stations and their lists; an enrolment without its name is to be done
        again."""
        del first
        standing: set[str] = set()
        for station_id, logged in self._stations.rows.items():
            columns = {name: logged.columns[name] for name in ("name", "verifier_key")}
            rest = {"enrolled_at": logged.at}
            wanting = bring(tx, stations, {"id": station_id}, columns, rest)
            if wanting is not None:
                done.gone.append(Gone("station", station_id, logged.index, wanting))
                continue
            standing.add(station_id)
            if (ended := self._revoked_at.get(station_id)) is not None:
                own = (stations.c.id == station_id, stations.c.revoked_at.is_(None))
                tx.execute(stations.update().where(*own).values(revoked_at=ended))
        for session_id, logged in self._sessions.rows.items():
            gone = Gone("dock_session", session_id, logged.index)
            if str(logged.columns["station_id"]) not in standing:
                done.gone.append(Gone(gone.kind, gone.id, gone.index, ("station_id",)))
                continue
            kept = {"received_at": logged.at, **self._list_of(logged.columns)}
            wanting = bring(tx, dock_sessions, {"id": session_id}, logged.columns, kept)
            if wanting is not None:
                done.gone.append(Gone(gone.kind, gone.id, gone.index, wanting))
        tx.execute(station_sessions.delete())
        tx.execute(enrolment_tokens.delete())

    def _list_of(self, columns: Mapping[str, object]) -> dict[str, datetime | str]:
        """The list that the station signed and the log names, where somebody kept it: what it says
        of itself stands in the row."""
        note = self._manifests.get(str(columns["manifest_sha256"]))
        station = self._stations.rows[str(columns["station_id"])]
        if note is None:
            return {}
        try:
            key = NoteVerifier.parse(str(station.columns["verifier_key"]))
            manifest = wire.open_manifest(note, key)
        except LogError:
            return {}
        return {"manifest": note, "opened_at": manifest.opened_at, "source": manifest.source}
