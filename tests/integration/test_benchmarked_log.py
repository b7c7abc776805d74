"""Logs that benchmarks are taken of are sound, and the bare hashing beside them is true."""

from api.verification_runs import context_of
from benchmarks import bare_log, log_steps, log_world
from custody.clip_rows import ClipState
from custody.log.entry import Entry
from custody.log.merkle import hash_leaf, root_of, tree_root
from custody.log.tiles import TileReader
from custody.tables import clips
from custody.verification import LOG_ONLY, verify_all

SIZE = 600


def test_a_log_to_be_measured_is_whole_and_its_bare_hashing_makes_its_root(database_url, tmp_path):
    with log_world.open_log(tmp_path, database_url) as services:
        log_world.append_entries(services, SIZE)
        assert services.publisher.run_once().size == SIZE
        report = verify_all(context_of(services), LOG_ONLY)
        assert report.good
        assert report.entries_checked == SIZE
        root = report.checkpoint.root
        assert bare_log.root_of_rows(services.database) == root
        assert bare_log.root_of_bundles(tmp_path / "objects" / "log", SIZE) == root
        assert bare_log.decode_rows(services.database) == SIZE
        with services.database.write() as tx:
            tx.execute(
                clips.update()
                .where(clips.c.id == log_world.a_clip(7).id)
                .values(state=ClipState.DAMAGED.value)
            )
        assert [one.code for one in verify_all(context_of(services), LOG_ONLY).findings] == [
            "clip_row_altered"
        ]


def test_a_tree_without_rows_is_of_entries_like_true_ones(tmp_path):
    size = 700
    log_steps.build(tmp_path, None, size)
    tree = tmp_path / "objects" / "log"
    reader = TileReader(lambda path: (tree / path).read_bytes(), size)
    entries = [reader.entry(index) for index in range(size)]
    assert len(set(entries)) == size
    assert {Entry.decode(entry).kind for entry in entries} == {"clip.viewed"}
    root = root_of(map(hash_leaf, entries))
    assert tree_root(size, reader.read) == root
    assert bare_log.root_of_bundles(tree, size) == root
