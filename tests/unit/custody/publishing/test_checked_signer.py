"""The signer recomputes what it signs: a store that lies consistently gets no signature."""

import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from custody.errors import KeyHeldError, SigningRefusedError, StoredEntriesError
from custody.log.checkpoint import Checkpoint, open_checkpoint
from custody.log.entry import Entry
from custody.log.merkle import EMPTY_ROOT, hash_leaf
from custody.log.note import generate, sign_note
from custody.log.tiles import encode_bundle
from custody.object_keys import log_key
from custody.publishing.checked_signer import CheckedSigner
from custody.publishing.key_lock import KeyLock
from custody.publishing.signer import Signer
from custody.publishing.stored_entries import MAX_BYTES, require_stored
from storage.errors import StoreUnavailableError
from storage.memory import no_faults
from tests.services.key_sets import alone
from tests.unit.custody.log.samples import LOG_KEY, ORIGIN, SampleLog, chain
from tests.unit.custody.publishing.signing_logs import proof, signer_over, stored

SIZE = 600
LOG = SampleLog(chain("clip:other", SIZE))
#: Another history from the second entry of the second bundle on.
ENTRIES = LOG.entries
FORGED = SampleLog([*ENTRIES[:257], *chain("clip:forged", SIZE - 257)])
#: A tree over bytes of which one leaf is no entry.
NO_ENTRY = SampleLog([*ENTRIES[:590], b'{"v":1}', *ENTRIES[591:]])


def bundle(first: int, last: int, log: SampleLog = LOG) -> bytes:
    return encode_bundle(log.entries[first:last])


@pytest.mark.parametrize("old", [0, 1, 255, 256, 257, 511, 512, 599])
def test_what_the_entries_make_is_signed(tmp_path: Path, old: int) -> None:
    # The tiles and bundles of the last size alone: a log never needs those of earlier ones.
    signer = signer_over(stored(LOG), tmp_path)
    if old:
        Signer(alone(LOG_KEY), tmp_path / "state.json", ORIGIN).sign(LOG.checkpoint(old), [])
    note = signer.sign(LOG.checkpoint(), proof(LOG, old, SIZE))
    assert open_checkpoint(note, LOG_KEY.verifier) == LOG.checkpoint()
    assert signer.sign(LOG.checkpoint(), []) == note


@pytest.mark.parametrize(
    ("old", "asked", "changed", "named"),
    [
        # Rows, tiles and bundles agree on another history than was signed.
        (300, FORGED, {}, "300 entries were signed under"),
        # Rows and tiles agree on it, and the bundles, which auditors read, hold the true one.
        (300, FORGED, {"tile_entries_001": bundle(256, 512)}, "entry 257: expected"),
        (0, FORGED, {"tile_entries_001": bundle(256, 512)}, "tile/entries/001, entry 257: expect"),
        (512, LOG, {"tile_entries_002-p_88": bundle(512, 600, FORGED)}, "entry 512: expected"),
        # What was signed before, in the tiles and in the first part of the last bundle.
        (512, LOG, {"tile_1_000-p_2": FORGED.files["tile/1/000.p/2"]}, "512 entries were signed"),
        (
            590,
            LOG,
            {"tile_entries_002-p_88": encode_bundle([*FORGED.entries[512:513], *ENTRIES[513:]])},
            "590 entries were signed under",
        ),
        (0, NO_ENTRY, {}, "tile/entries/002.p/88, entry 590: This is not in the canonical form"),
        (590, NO_ENTRY, {}, "tile/entries/002.p/88, entry 590: This is not in the canonical form"),
        # Cut off, longer than it may be, short of an entry, one too many, or gone.
        (512, LOG, {"tile_entries_002-p_88": bundle(512, 600)[:-1]}, "tile/entries/002.p/88: A"),
        (512, LOG, {"tile_entries_002-p_88": bundle(512, 599)}, "tile/entries/002.p/88: A"),
        (512, LOG, {"tile_entries_002-p_88": bundle(511, 600)}, "tile/entries/002.p/88: A"),
        (512, LOG, {"tile_entries_002-p_88": b""}, "tile/entries/002.p/88: A"),
        (512, LOG, {"tile_entries_002-p_88": bytes(MAX_BYTES + 1)}, "more than 16777"),
        (512, LOG, {"tile_entries_002-p_88": None}, "tile/entries/002.p/88: No object"),
        (0, LOG, {"tile_entries_000": None}, "tile/entries/000: No object"),
        (512, LOG, {"tile_1_000-p_2": None}, "the tiles of 512 signed entries"),
        (512, LOG, {"tile_1_000-p_2": b"short"}, "the tiles of 512 signed entries"),
    ],
)
def test_anything_else_is_refused_by_name(
    tmp_path: Path, old: int, asked: SampleLog, changed: dict[str, bytes | None], named: str
) -> None:
    if old:
        Signer(alone(LOG_KEY), tmp_path / "state.json", ORIGIN).sign(LOG.checkpoint(old), [])
    before = Signer(alone(LOG_KEY), tmp_path / "state.json", ORIGIN).last()
    signer = signer_over(stored(asked, **changed), tmp_path)
    with pytest.raises(StoredEntriesError) as refused:
        signer.sign(asked.checkpoint(), proof(asked, old, SIZE))
    assert named in str(refused.value)
    assert signer.last() == before


def test_a_refusal_says_what_was_expected_and_found() -> None:
    other = bundle(512, 600, FORGED)
    store = stored(LOG, **{"tile_entries_002-p_88": other})
    with pytest.raises(StoredEntriesError) as refused:
        require_stored(store, 0, EMPTY_ROOT, SIZE, LOG.checkpoint().root)
    told = str(refused.value)
    assert LOG.checkpoint().root.hex() in told
    assert LOG.leaves[512].hex() in told
    assert hash_leaf(FORGED.entries[512]).hex() in told


def test_what_is_asked_wrongly_is_refused_as_that(tmp_path: Path) -> None:
    signer = signer_over(stored(LOG), tmp_path)
    signer.sign(LOG.checkpoint(), [])
    for asked, message in (
        (Checkpoint("other.example", 700, LOG.checkpoint().root), "origin"),
        (LOG.checkpoint(599), "600 were signed already"),
        (FORGED.checkpoint(), "at 600 entries"),
        (Checkpoint(ORIGIN, SIZE, LOG.checkpoint().root, ("more",)), "lines after the root"),
    ):
        with pytest.raises(SigningRefusedError, match=message):
            signer.sign(asked, [])


def test_a_tree_that_the_proof_does_not_reach_is_refused(tmp_path: Path) -> None:
    signer = signer_over(stored(LOG), tmp_path)
    Signer(alone(LOG_KEY), tmp_path / "state.json", ORIGIN).sign(LOG.checkpoint(300), [])
    with pytest.raises(SigningRefusedError, match="do not continue"):
        signer.sign(LOG.checkpoint(), [])


def test_it_adopts_only_what_the_entries_make(tmp_path: Path) -> None:
    signer = signer_over(stored(LOG), tmp_path)
    with pytest.raises(SigningRefusedError, match="not ours"):
        signer.adopt(sign_note(LOG.checkpoint().encode(), [generate(ORIGIN)]), [])
    with pytest.raises(StoredEntriesError, match="600 entries are to be signed under"):
        signer.adopt(FORGED.note(), [])
    assert signer.last() is None
    signer.adopt(LOG.note(), [])
    last = signer.last()
    assert last is not None
    assert last.note == LOG.note()


def test_a_store_that_is_away_refuses_nothing_for_good(tmp_path: Path) -> None:
    store = stored(LOG)
    signer = signer_over(store, tmp_path)

    def away(*_: object) -> None:
        raise StoreUnavailableError("unplugged")

    store.faults = away
    with pytest.raises(StoreUnavailableError):
        signer.sign(LOG.checkpoint(), [])
    store.faults = no_faults
    assert signer.sign(LOG.checkpoint(), [])


def test_each_bundle_is_read_once(tmp_path: Path) -> None:
    reads: list[str] = []

    def count(operation: str, key: str, phase: str) -> None:
        if phase == "before":
            reads.append(f"{operation} {key}")

    store = stored(LOG)
    store.faults = count
    Signer(alone(LOG_KEY), tmp_path / "state.json", ORIGIN).sign(LOG.checkpoint(300), [])
    signer_over(store, tmp_path).sign(LOG.checkpoint(), proof(LOG, 300, SIZE))
    bundles = ("tile/1/000.p/2", "tile/entries/001", "tile/entries/002.p/88")
    assert reads == [f"open {log_key(path)}" for path in bundles]


def test_one_signer_of_a_key_at_a_time(tmp_path: Path) -> None:
    lock = KeyLock(tmp_path)
    signer = Signer(alone(LOG_KEY), tmp_path / "state.json", ORIGIN)
    checked = CheckedSigner(signer, stored(LOG), KeyLock(tmp_path).hold)
    with lock.hold():
        for refused in (
            lambda: checked.sign(LOG.checkpoint(), []),
            lambda: checked.adopt(LOG.note(), []),
        ):
            with pytest.raises(KeyHeldError, match=r"signer\.lock"):
                refused()
        assert checked.last() is None
    assert checked.sign(LOG.checkpoint(), [])


def test_memory_does_not_grow_with_the_backlog() -> None:
    """Where the record was lost, all of the log is read anew."""
    sample = Entry.decode(ENTRIES[0])
    entries = [
        replace(sample, item=f"clip:{n}", facts={"text": "x" * 2000}).encode()
        for n in range(16 * 256)
    ]
    log = SampleLog(entries)
    store, root = stored(log), log.checkpoint().root
    tracemalloc.start()
    try:
        require_stored(store, 0, EMPTY_ROOT, len(entries), root)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < sum(map(len, entries)) // 2


@pytest.mark.parametrize(
    ("number", "previous", "why"),
    [
        (0, None, "expected 1 behind"),  # again what it was signed as
        (1, "0" * 64, "expected 1 behind"),
        (2, "its", "expected 1 behind"),
    ],
)
def test_an_entry_that_does_not_follow_its_item(
    tmp_path: Path, number: int, previous: str | None, why: str
) -> None:
    """Whoever asks the signer himself: the first was signed before, the second comes now."""
    first = Entry.decode(ENTRIES[0])
    before = hash_leaf(first.encode()).hex()
    placed = replace(first, item_seq=number, item_prev=before if previous == "its" else previous)
    log = SampleLog([first.encode(), placed.encode()])
    signer = signer_over(stored(log), tmp_path)
    Signer(alone(LOG_KEY), tmp_path / "state.json", ORIGIN).sign(log.checkpoint(1), [])
    with pytest.raises(StoredEntriesError, match=why):
        signer.sign(log.checkpoint(), proof(log, 1, 2))
    followed = replace(first, item_seq=1, item_prev=before).encode()
    true = SampleLog([first.encode(), followed])
    assert signer_over(stored(true), tmp_path).sign(true.checkpoint(), proof(true, 1, 2))


def test_a_number_that_no_item_can_have(tmp_path: Path) -> None:
    far = replace(Entry.decode(ENTRIES[0]), item_seq=2**53 - 1, item_prev="0" * 64).encode()
    log = SampleLog([far])
    with pytest.raises(StoredEntriesError, match="more than there are"):
        signer_over(stored(log), tmp_path).sign(log.checkpoint(), [])
