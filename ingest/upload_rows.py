"""Uploads held against the clips they became: by them the page of a dock session says which listed
file was archived."""

from collections.abc import Iterator, Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.cells import Misfit, as_bytes, described, raw, raw_columns, read_row, shown
from custody.log.entry import Entry, Json
from custody.said import said
from custody.tables import clip_names, clips
from custody.verification.cells import as_logged
from custody.verification.comparing import Row
from custody.verification.expected import ANYTHING
from custody.verification.findings import Finding, FindingCode
from custody.verification.reports import Report
from custody.verification.rows import stream
from ingest.tables import dock_sessions, uploads
from ingest.uploads import ADMITTED, RECEIVING, REFUSED, TERMINATED

_STATES = frozenset({RECEIVING, ADMITTED, REFUSED, TERMINATED})
#: What an upload repeats of its clip, whose own row is held against the log.
_REPEATED = ("sha256", "sm3", "size_bytes")


class UploadRows:
    """Each upload is of the bytes, and under a name, of the clip that it names.

    No entry is of an upload: what it brought is ``clip.admitted`` or ``clip.named``.
    """

    prefixes: tuple[str, ...] = ()

    def apply(self, entry: Entry, details: Mapping[str, Json] | None, index: int | None) -> None:
        """Nothing is taken: it asks for no item's entries."""

    def finish(self, tx: Connection, report: Report) -> None:
        """Join each row with its clip and its dock session; one pass, and nothing is kept."""
        of_clip = [
            raw(tx, clips.c[name]).label(f"clip_{name}") for name in (*_REPEATED, "name_raw")
        ]
        named = sa.exists().where(
            clip_names.c.clip_id == uploads.c.clip_id, clip_names.c.name_raw == uploads.c.name_raw
        )
        rows = (
            sa.select(
                *raw_columns(tx, uploads),
                *of_clip,
                named.label("is_named"),
                raw(tx, dock_sessions.c.station_id).label("session_station_id"),
            )
            .outerjoin(clips, clips.c.id == uploads.c.clip_id)
            .outerjoin(dock_sessions, dock_sessions.c.id == uploads.c.dock_session_id)
        )
        for row in stream(tx, rows):
            cells = read_row(uploads, row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
            differing = dict(_differing(cells, row._mapping))  # noqa: SLF001
            for column, expected in differing.items():
                _report(report, cells, column, expected)


def _differing(cells: Row, beside: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """The columns that hold something else than they must, and what that is, as far as known."""
    yield from ((name, ANYTHING) for name, cell in cells.items() if isinstance(cell, Misfit))
    if cells["state"] not in _STATES:
        yield "state", ANYTHING
    admitted = cells["state"] == ADMITTED
    if admitted and cells["offset_bytes"] != cells["size_bytes"]:
        yield "offset_bytes", cells["size_bytes"]
    of_session = beside["session_station_id"]
    if cells["dock_session_id"] is not None and cells["station_id"] != of_session:
        yield ("dock_session_id", ANYTHING) if of_session is None else ("station_id", of_session)
    if beside["clip_sha256"] is None:
        if admitted or cells["clip_id"] is not None:
            yield "clip_id", ANYTHING
        return
    for name in _REPEATED:
        # A station need not say the SM3.
        if cells[name] != beside[f"clip_{name}"] and (name, cells[name]) != ("sm3", None):
            yield name, beside[f"clip_{name}"]
    own_name = as_bytes(beside["clip_name_raw"])
    if admitted and not beside["is_named"] and as_bytes(cells["name_raw"]) != own_name:
        yield "name_raw", own_name


def _report(report: Report, cells: Row, column: str, expected: object) -> None:
    """Of no clip: what a row of an upload says is nothing against the recording."""
    known = expected is not ANYTHING
    wanted = described(as_logged(column, expected)) if known else said("something_else")
    found = described(as_logged(column, cells[column]))
    report.add(
        Finding(
            FindingCode.UPLOAD_ALTERED,
            f"upload:{shown(cells['id'])}",
            said("upload_row", column=column, expected=wanted, found=found),
            expected=said("column", column=column, value=wanted),
            found=said("column", column=column, value=found),
        )
    )
