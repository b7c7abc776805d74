"""Rows of clips and cases made again from their entries; what can't be is named.

What a probe had found of a recording stands in no entry, only its digest. Such a clip is described
anew as one of which nothing is known, with an entry of its own, so that row and log agree.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.actors import Actor
from custody.cells import raw_columns, read_row
from custody.clips import describe_clip
from custody.details.explained import Explanations
from custody.ledger import Ledger
from custody.log.entry import Entry
from custody.recovery.rows import Gone, Rebuilt, bring, holds
from custody.tables import (
    access_grants,
    case_officers,
    cases,
    clip_names,
    clips,
    links,
    renditions,
)
from custody.verification.cells import as_logged
from custody.verification.corrections import Corrections
from custody.verification.evidence_rows import CASE, CLIP
from custody.verification.expected import (
    ANYTHING,
    Details,
    ExpectedCase,
    ExpectedClip,
    Logged,
    LoggedLink,
)
from custody.verification.items import Chain
from custody.verification.reports import Report
from custody.verification.rows import rows_by_item
from storage.errors import ObjectNotFoundError
from storage.objects import ObjectStore

READ_BYTES = 1024 * 1024
_SHA256 = re.compile("[0-9a-f]{64}")
#: Stands in a rendition's row for what its maker said of itself, where that is lost.
LOST_WORD = "?"


def entries_of(
    tx: Connection, items: Iterable[str]
) -> Iterator[tuple[str, Iterator[tuple[Entry, Details, int | None]]]]:
    """Each of ``items`` with its entries in order, each with the details that are there."""
    rows = rows_by_item(tx, frozenset(items))
    for item, group in groupby(rows, key=lambda row: row.item):
        # What does not hold is a verification's to tell; here it only makes nothing.
        yield item, Chain(item, Corrections(), Explanations(), Report()).follow(group)


class EvidenceRows:
    """Makes the rows of some items again; cases come before clips, whose links name them."""

    def __init__(self, ledger: Ledger, actor: Actor) -> None:
        self._ledger = ledger
        self._actor = actor

    def rebuild(self, tx: Connection, items: Iterable[str], done: Rebuilt) -> None:
        """Make again what the entries of ``items`` say. Idempotent."""
        # All are read first: what is written appends entries to what would still be read.
        expected: dict[str, ExpectedCase | ExpectedClip] = {}
        for item, entries in entries_of(tx, items):
            if item.startswith((CASE, CLIP)):
                one = ExpectedCase() if item.startswith(CASE) else ExpectedClip()
                for entry, details, index in entries:
                    one.apply(entry, details, index)
                expected[item] = one
        for item, one in expected.items():
            if isinstance(one, ExpectedCase):
                _rebuild_case(tx, item.removeprefix(CASE), one, done)
            else:
                self._rebuild_clip(tx, item.removeprefix(CLIP), one, done)

    def _rebuild_clip(
        self, tx: Connection, clip_id: str, expected: ExpectedClip, done: Rebuilt
    ) -> None:
        if expected.clip is None:
            return
        logged = expected.clip
        columns = dict(logged.columns)
        media = columns.pop("media", None)
        otherwise = {"state": "archived", "media_kind": "unknown", "admitted_at": logged.at}
        wanting = bring(tx, clips, {"id": clip_id}, columns, otherwise)
        if wanting is not None:
            sha256 = str(columns["sha256"])
            named = sha256 if _SHA256.fullmatch(sha256) else None
            gone = Gone("clip", clip_id, logged.index, wanting, named)
            done.gone.append(gone)
            return
        self._describe_anew(tx, clip_id, media)
        for kind, made in expected.renditions.items():
            of_row = dict(made.columns)
            rendition_id = str(of_row.pop("id"))
            key = {"id": rendition_id}
            rest = {"clip_id": clip_id, "made_at": made.at, "made_with": LOST_WORD}
            gone = Gone("rendition", f"{clip_id}/{kind}", made.index)
            _bring(tx, renditions, key, of_row, rest, gone, done)
        for name_id, name in expected.names.items():
            rest = {"clip_id": clip_id, "named_at": name.at}
            gone = Gone("name", f"{clip_id}/{name_id}", name.index)
            _bring(tx, clip_names, {"id": name_id}, name.columns, rest, gone, done)
        for link_id, link in expected.links.items():
            _rebuild_link(tx, clip_id, link_id, link, done)
        _close_grants(tx, expected.closed_grants)

    def _describe_anew(self, tx: Connection, clip_id: str, media: object) -> None:
        row = (
            tx.execute(sa.select(*raw_columns(tx, clips)).where(clips.c.id == clip_id))
            .mappings()
            .one()
        )
        cells = read_row(clips, row)
        if media is ANYTHING or as_logged("media", cells["media"]) == media:
            return
        describe_clip(
            tx, self._ledger, self._actor, clip_id, {}, cells["duration_ms"], cells["media_kind"]
        )


def _rebuild_case(tx: Connection, case_id: str, expected: ExpectedCase, done: Rebuilt) -> None:
    if expected.case is None:
        return
    columns = dict(expected.case.columns)
    officers = columns.pop("officers", ANYTHING)
    rest = {"created_at": expected.case.at}
    gone = Gone("case", case_id, expected.case.index)
    if not _bring(tx, cases, {"id": case_id}, columns, rest, gone, done):
        return
    wanted = _officers(officers)
    if wanted is None:
        return
    of_case = case_officers.c.case_id == case_id
    stand = tx.execute(
        sa.select(case_officers.c.officer, case_officers.c.certificate_number)
        .where(of_case)
        .order_by(case_officers.c.officer)
    )
    if [tuple(row) for row in stand] != wanted:
        tx.execute(case_officers.delete().where(of_case))
        for officer, number in wanted:
            values = {"case_id": case_id, "officer": officer, "certificate_number": number}
            tx.execute(case_officers.insert().values(**values))


def _officers(said: object) -> list[tuple[str, str | None]] | None:
    """The officers whom an entry's details name; None where they are none, whoever wrote them."""
    if not isinstance(said, list):
        return None
    named: dict[str, str | None] = {}
    for one in said:
        officer, number = (
            (one.get("officer"), one.get("certificate_number"))
            if isinstance(one, dict)
            else (None, None)
        )
        columns = case_officers.c
        if not isinstance(officer, str) or not holds(columns.officer, officer):
            return None
        if not holds(columns.certificate_number, number):
            return None
        named[officer] = number
    return sorted(named.items())


def _rebuild_link(
    tx: Connection, clip_id: str, link_id: str, link: LoggedLink, done: Rebuilt
) -> None:
    made = link.made
    gone = Gone("link", link_id, made.index)
    case_id = str(made.columns["case_id"])
    if tx.scalar(sa.select(cases.c.id).where(cases.c.id == case_id)) is None:
        done.gone.append(Gone("link", link_id, made.index, ("case_id",)))
        return
    rest: dict[str, object] = {"clip_id": clip_id, "linked_at": made.at}
    standing = tx.scalar(sa.select(links.c.unlinked_at).where(links.c.id == link_id))
    columns = dict(made.columns)
    if link.removed is not None:
        columns |= link.removed.columns
        rest["unlinked_at"] = link.removed.at
    if not _bring(tx, links, {"id": link_id}, columns, rest, gone, done):
        return
    if link.removed is not None and standing is None:
        own = (links.c.id == link_id, links.c.unlinked_at.is_(None))
        tx.execute(links.update().where(*own).values(unlinked_at=link.removed.at))


def _close_grants(tx: Connection, closed: dict[str, Logged]) -> None:
    """Viewings that the copy has open and the log knows closed; ended ones need no row."""
    for grant_id, end in closed.items():
        counted = {name: value for name, value in end.columns.items() if isinstance(value, int)}
        own = (access_grants.c.id == grant_id, access_grants.c.closed_at.is_(None))
        tx.execute(access_grants.update().where(*own).values(closed_at=end.at, **counted))


def _bring(
    tx: Connection,
    table: sa.Table,
    key: Mapping[str, object],
    columns: Mapping[str, object],
    otherwise: Mapping[str, object],
    gone: Gone,
    done: Rebuilt,
) -> bool:
    """`bring`, with what it wants noted as ``gone``; whether the row stands."""
    wanting = bring(tx, table, key, columns, otherwise)
    if wanting is not None:
        done.gone.append(Gone(gone.kind, gone.id, gone.index, wanting))
    return wanting is None


def original_state(store: ObjectStore, key: str, sha256: str) -> str:
    """Whether the object under ``key`` is ``whole``, ``altered`` or ``missing``; it is read."""
    digest = hashlib.sha256()
    try:
        with store.open(key) as stored:
            while chunk := stored.read(READ_BYTES):
                digest.update(chunk)
    except ObjectNotFoundError:
        return "missing"
    return "whole" if digest.hexdigest() == sha256 else "altered"
