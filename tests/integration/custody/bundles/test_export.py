"""What lies in a bag, and under which names."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from custody.bundles.export import plan_bundle, write_bundle
from custody.cases import NewCase, create_case, link_clip
from custody.clips import assign_clip
from custody.clock import FixedClock
from custody.ledger import Ledger
from custody.renditions import NewRendition, add_rendition
from custody.verification.fixity import StoredObject
from custody.verification.reports import Report
from custody.verification.run import HeldCase
from storage.database import Database
from storage.memory import MemoryStore
from tests.services.custody import ALICE, STATION, admit_clip


@pytest.mark.parametrize(
    ("name", "media_type", "expected"),
    [
        ("a.mov", "video/mp4", "proxies/001-a.mp4"),
        ("a.wav", "audio/mp4", "proxies/001-a.m4a"),
        ("a.bmp", "image/jpeg", "proxies/001-a.jpg"),
        ("a", "image/png", "proxies/001-a.png"),
        ("a.mov", "of a later version", "proxies/001-a.bin"),
    ],
)
def test_a_proxy_is_named_for_what_it_is(
    database: Database,
    ledger: Ledger,
    clock: FixedClock,
    store: MemoryStore,
    tmp_path: Path,
    name: str,
    media_type: str,
    expected: str,
) -> None:
    clock_at, typed = datetime(2036, 1, 1, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)
    with database.write() as tx:
        clip = admit_clip(tx, ledger, "a", name=name, recorded_at=clock_at)
        clip = assign_clip(tx, ledger, ALICE, clip.id, None, None, typed)
        sha256 = "36a9e7f1c95b82ffb99743e0c5c4ce95d83c9a430aac59f84ef3cbfab6145068"
        new = NewRendition(clip.id, "proxy", "renditions/p", sha256, 1, media_type, "a test")
        add_rendition(tx, ledger, STATION, new)
        case = create_case(
            tx, ledger, ALICE, NewCase("零城执罚决字〔2026〕第1号", "general", "a case")
        )
        link_clip(tx, ledger, ALICE, case.id, clip.id, "investigation")
    store.put_bytes(clip.object_key, b"a")
    store.put_bytes("renditions/p", b" ")
    with database.read() as tx:
        proxy = StoredObject(clip.id, "proxy", "renditions/p", sha256, None, 1)
        original = StoredObject(clip.id, None, clip.object_key, clip.sha256, clip.sm3, 1)
        objects = {(one.clip_id, one.kind): one for one in (original, proxy)}
        held = HeldCase(case.id, Report(), objects)
        plan = plan_bundle(
            tx, store, held, receipts={}, vkeys={"log.vkey": "l", "receipts.vkey": "r"}
        )
    bundle = write_bundle(
        store,
        plan,
        tmp_path / "bag",
        clock=clock,
        actor=ALICE,
        bureau="b",
        progress=lambda *_: None,
    )
    data = bundle.reveal() / "data"
    assert [f"proxies/{path.name}" for path in (data / "proxies").iterdir()] == [expected]
    [about] = json.loads((data / "case.json").read_text())["clips"]
    assert (about["proxy"], about["proxy_sha256"]) == (expected, sha256)
    assert (data / about["file"]).read_bytes() == b"a"
    assert (about["recorded_at"], about["recorded_at_source"], about["recorder_clock_at"]) == (
        "2026-11-20T00:00:00.000Z",
        "hand",
        "2036-01-01T00:00:00.000Z",
    )
