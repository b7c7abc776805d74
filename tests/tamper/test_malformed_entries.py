"""Entries that are well formed and say what no row can hold, and papers that never end: a recovery
leaves them aside and brings everything else back."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from custody.events import EventKind
from custody.ledger import Event
from custody.recovery.papers import Papers
from tests.tamper.nights import Night, codes
from tests.tamper.older_copies import recover
from tests.tamper.worlds import OPERATOR

MALFORMED = (
    Event(EventKind.CLIP_ADMITTED, "clip:short", {"sha256": 5, "size_bytes": [1]}),
    Event(EventKind.CLIP_ADMITTED, f"clip:{'x' * 36}", {"sha256": "../..", "sm3": {}}, {"name": 7}),
    Event(EventKind.RENDITION_MADE, "clip:short", {"rendition": {}, "kind": 7}),
    Event(
        EventKind.CASE_CREATED,
        "case:x",
        {"procedure": []},
        {"number": {}, "officers": [5, {"officer": None}]},
    ),
    Event(EventKind.STATION_ENROLLED, "station:x", {"key": 1}, {"name": {}}),
    Event(EventKind.USER_CREATED, "user:x", {"user": [], "role": {}}),
    Event(EventKind.USER_CHANGED, "user:x", {"user": {}, "what": []}),
    Event(EventKind.DOCK_SESSION_OPENED, "station:y", {"dock_session": [], "files": {}}),
    Event(
        EventKind.LOG_STAMPED,
        "log",
        {"size": 1 << 52, "authority": "../../etc", "token_sha256": 1, "stamped_at": []},
    ),
)


def test_entries_that_no_row_can_hold(night: Night) -> None:
    world = night.world
    true = world.clip_ids[0]
    with world.services.database.write() as tx:
        world.services.ledger.append_many(tx, OPERATOR, MALFORMED)
        again = {"state": "x" * 500, "media_kind": 7}
        state = Event(EventKind.CLIP_STATE_CHANGED, f"clip:{true}", again, {"reason": -1})
        named = Event(EventKind.CLIP_NAMED, f"clip:{true}", {"naming": 1 << 52})
        removed = Event(EventKind.LINK_MADE, f"clip:{true}", {"link": [], "case": {}})
        world.services.ledger.append_many(tx, OPERATOR, (state, named, removed))
    size = world.publish()
    night.lose_rows()
    tried = recover(world, papers=Papers((night.papers,)), dry_run=True)
    done = recover(world, papers=Papers((night.papers,)))
    assert (done.done, done.size) == (True, size)
    assert tried.rebuilt.gone == done.rebuilt.gone
    gone = {(one.kind, one.id): one for one in done.rebuilt.gone}
    assert gone["clip", "short"].sha256 is None
    assert gone["clip", "short"].original is None
    assert ("clip", true) not in gone
    world.publish()
    assert "clip_row_altered" in codes(world)
    assert not recover(world, papers=Papers((night.papers,))).taken.taken


@pytest.mark.parametrize("night", ["sqlite"], indirect=True)
def test_a_journal_that_computes_without_an_end(night: Night, tmp_path: Path) -> None:
    """Beside it lie the true receipts, which are taken."""
    night.world.publish()
    night.lose_rows()
    for name, receipts in {
        "view.db": "CREATE VIEW receipts AS {endless}",
        "table.db": "CREATE TABLE receipts (note TEXT); CREATE VIEW manifests AS {endless}",
    }.items():
        endless = (
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
            "SELECT 'liuhen' AS note FROM n WHERE i < 0"
        )
        with closing(sqlite3.connect(tmp_path / name)) as journal:
            journal.executescript(receipts.format(endless=endless))
            journal.commit()
    done = recover(night.world, papers=Papers((tmp_path, night.papers)))
    assert done.taken.taken == 3
