"""Further names of a clip: each kept once with its entry, found by the search."""

import threading

from custody.clip_names import add_name, is_named, names_of_clips
from custody.clip_search import ClipFilter, search_clips
from custody.clock import FixedClock
from custody.history import history_of
from custody.ledger import Ledger
from storage.database import Database
from tests.services.custody import ALICE, STATION, admit_clip

NAME = "TA00716_JX0227_20261122093621.MOV"


def test_another_name_is_kept_once_with_its_entry(
    database: Database, ledger: Ledger, clock: FixedClock
) -> None:
    with database.write() as tx:
        clip = admit_clip(tx, ledger, "a")
        other = admit_clip(tx, ledger, "b")
        assert not add_name(tx, ledger, STATION, clip, clip.name, clip.name_raw)
        assert add_name(tx, ledger, STATION, clip, NAME, NAME.encode())
        assert not add_name(tx, ledger, ALICE, clip, NAME, NAME.encode())
        assert add_name(tx, ledger, STATION, other, NAME, NAME.encode())  # names repeat
        assert is_named(tx, clip, NAME.encode())
        assert not is_named(tx, clip, b"another")
    with database.read() as tx:
        names = names_of_clips(tx, [clip.id, other.id])
        admitted, named = history_of(tx, f"clip:{clip.id}")
    [one] = names[clip.id]
    assert (one.name, one.name_raw, one.named_at, one.named_by) == (
        NAME,
        NAME.encode(),
        clock.now(),
        STATION.id,
    )
    assert [name.name for name in names[other.id]] == [NAME]
    assert (admitted.kind, named.kind) == ("clip.admitted", "clip.named")
    assert named.facts == {"clip": clip.id, "naming": one.id}
    assert named.details["name"] == NAME


def test_a_name_longer_than_any_index_takes(database: Database, ledger: Ledger) -> None:
    long = b"\xff" * 4096
    with database.write() as tx:
        clip = admit_clip(tx, ledger, "a")
        assert add_name(tx, ledger, STATION, clip, "\\xff" * 4096, long)
        assert not add_name(tx, ledger, STATION, clip, "\\xff" * 4096, long)
        assert is_named(tx, clip, long)


def test_of_several_that_bring_a_name_at_once_one_is_kept(
    database: Database, ledger: Ledger
) -> None:
    with database.write() as tx:
        clip = admit_clip(tx, ledger, "a")
    kept: list[bool] = []
    start = threading.Barrier(4)

    def bring() -> None:
        start.wait()
        with database.write() as tx:
            kept.append(add_name(tx, ledger, STATION, clip, NAME, NAME.encode()))

    threads = [threading.Thread(target=bring) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(kept) == [False, False, False, True]
    with database.read() as tx:
        kinds = [event.kind for event in history_of(tx, f"clip:{clip.id}")]
    assert kinds == ["clip.admitted", "clip.named"]


def test_a_clip_is_found_by_each_of_its_names(database: Database, ledger: Ledger) -> None:
    with database.write() as tx:
        clip = admit_clip(tx, ledger, "a")
        admit_clip(tx, ledger, "b")
        add_name(tx, ledger, STATION, clip, NAME, NAME.encode())
        for text in ("20261122", "ta00716", "A.mp4"):
            page = search_clips(tx, ClipFilter(text=text))
            assert ([one.id for one in page.clips], page.total) == ([clip.id], 1), text
        assert search_clips(tx, ClipFilter(text="%")).total == 0
