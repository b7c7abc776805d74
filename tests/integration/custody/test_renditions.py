"""Renditions: each kind once, whoever delivers twice."""

from dataclasses import replace

import pytest

from custody.errors import ClipNotFoundError, RenditionNotFoundError
from custody.history import history_of
from custody.ledger import Ledger
from custody.renditions import (
    NewRendition,
    add_rendition,
    find_rendition,
    get_rendition,
    renditions_of,
)
from storage.database import Database
from tests.services.custody import ALICE, admit_clip


def proxy(clip_id: str) -> NewRendition:
    return NewRendition(clip_id, "proxy", "renditions/p", "a" * 64, 12, "video/mp4", "ffmpeg 7")


def test_a_rendition_is_registered_with_its_entry(database: Database, ledger: Ledger) -> None:
    with database.write() as tx:
        clip = admit_clip(tx, ledger, "a")
        assert add_rendition(tx, ledger, ALICE, proxy(clip.id))
    with database.read() as tx:
        made = get_rendition(tx, clip.id, "proxy")
        event = history_of(tx, f"clip:{clip.id}")[1]
    assert (made.sha256, made.size_bytes, made.media_type) == ("a" * 64, 12, "video/mp4")
    assert event.kind == "rendition.made"
    assert event.facts == {
        "clip": clip.id, "rendition": made.id, "kind": "proxy", "sha256": "a" * 64,
        "size_bytes": 12, "media_type": "video/mp4",
    }  # fmt: skip
    assert event.details["made_with"] == "ffmpeg 7"


def test_the_first_of_a_kind_stands(database: Database, ledger: Ledger) -> None:
    with database.write() as tx:
        clip = admit_clip(tx, ledger, "a")
        add_rendition(tx, ledger, ALICE, proxy(clip.id))
    with database.write() as tx:
        again = replace(proxy(clip.id), sha256="b" * 64)
        assert not add_rendition(tx, ledger, ALICE, again)
    with database.read() as tx:
        assert get_rendition(tx, clip.id, "proxy").sha256 == "a" * 64
        assert len(history_of(tx, f"clip:{clip.id}")) == 2


def test_a_rendition_that_was_not_made(database: Database, ledger: Ledger) -> None:
    with database.write() as tx:
        clip = admit_clip(tx, ledger, "a")
        assert find_rendition(tx, clip.id, "poster") is None
        with pytest.raises(RenditionNotFoundError, match="poster"):
            get_rendition(tx, clip.id, "poster")


def test_a_rendition_of_no_clip(database: Database, ledger: Ledger) -> None:
    with pytest.raises(ClipNotFoundError), database.write() as tx:
        add_rendition(tx, ledger, ALICE, proxy("nobody"))


def test_renditions_of_many_clips(database: Database, ledger: Ledger) -> None:
    with database.write() as tx:
        first, second = (admit_clip(tx, ledger, seed) for seed in ("a", "b"))
        for kind in ("sheet", "poster"):
            add_rendition(tx, ledger, ALICE, replace(proxy(first.id), kind=kind))
        found = renditions_of(tx, [first.id, second.id])
    assert [made.kind for made in found[first.id]] == ["poster", "sheet"]
    assert found[second.id] == []
