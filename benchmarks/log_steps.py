"""The steps of `benchmarks.log_scale`, each a process of its own: `python -m benchmarks.log_steps`.

Prints one line of JSON: what was measured, and the most memory (MiB) that the process ever held.
"""

import argparse
import json
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from api.verification_runs import context_of
from benchmarks import bare_log, log_world
from benchmarks.harness import peak_mib, timed
from custody.ledger import build_row
from custody.log.merkle import (
    hash_leaf,
    prove_consistency,
    prove_inclusion,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from custody.log.tile_writer import extend_bundles, extend_tiles
from custody.log.tiles import WIDTH, TileReader
from custody.object_keys import log_key
from custody.publishing.published import tile_reader
from custody.publishing.publisher import SEQUENCE_LIMIT
from custody.publishing.sequencer import sequence
from custody.verification import LOG_ONLY, verify_all
from custody.verification.reports import Report
from custody.verification.whole_log import check_whole_log
from storage.local import LocalStore

Measured = dict[str, float]

#: Proofs of each sort.
PROOFS = 2000
#: Entries written as tiles at once.
BUILT_AT_ONCE = 64 * WIDTH


def fill(home: Path, url: str | None, size: int) -> Measured:
    """Commit entries through the ledger; pending afterwards."""
    with log_world.open_log(home, url) as services, timed() as seconds:
        log_world.append_entries(services, size)
    return {"filling": seconds()}


def publish(home: Path, url: str | None, size: int) -> Measured:
    """Number them, then a turn of the publisher: into tiles, signed, public."""
    with log_world.open_log(home, url) as services:
        with timed() as sequencing:
            numbered = SEQUENCE_LIMIT
            while numbered == SEQUENCE_LIMIT:
                with services.database.write() as tx:
                    numbered = sequence(tx, SEQUENCE_LIMIT)
        with timed() as integrating:
            published = services.publisher.run_once()
        log_world.analyze(services.database)
    if published.size != size:
        raise RuntimeError(f"{published.size} of {size} entries were published")
    return {"sequencing": sequencing(), "integrating": integrating()}


def build(home: Path, url: str | None, size: int) -> Measured:  # noqa: ARG001
    """The tiles and bundles of a log without rows, by the same tile writer; no fsync."""
    tree = home / "objects" / "log"

    def fetch(path: str) -> bytes:
        return (tree / path).read_bytes()

    entries = _entries_without_rows()
    with timed() as seconds:
        for first in range(0, size, BUILT_AT_ONCE):
            batch = list(islice(entries, min(BUILT_AT_ONCE, size - first)))
            leaf_hashes = [hash_leaf(entry) for entry in batch]
            for path, data in extend_bundles(fetch, first, batch):
                _write(tree / path, data)
            for path, data in extend_tiles(fetch, first, leaf_hashes):
                _write(tree / path, data)
    return {"building": seconds()}


def prove(home: Path, url: str | None, size: int) -> Measured:  # noqa: ARG001
    """Proofs at random places, each by a reader that has read nothing yet, each then verified.

    Milliseconds for the median and the slowest hundredth, and how many tiles one reads.
    """
    store = LocalStore(home / "objects")
    chance = random.Random(size)  # the same places in every run
    root = tree_root(size, tile_reader(store, size).read)
    reads = 0

    def fetch(path: str) -> bytes:
        nonlocal reads
        reads += 1
        return store.read_bytes(log_key(path))

    def inclusion() -> float:
        index = chance.randrange(size)
        with timed() as seconds:
            proof = prove_inclusion(index, size, TileReader(fetch, size).read)
        leaf_hash = tile_reader(store, size).leaf_hash(index)
        verify_inclusion(index, size, leaf_hash, proof, root)
        return seconds()

    def consistency() -> float:
        old = chance.randrange(1, size)
        with timed() as seconds:
            proof = prove_consistency(old, size, TileReader(fetch, size).read)
        old_root = tree_root(old, tile_reader(store, size).read)
        verify_consistency(old, size, old_root, root, proof)
        return seconds()

    measured = Measured()
    for name, prove_one in (("inclusion", inclusion), ("consistency", consistency)):
        reads = 0
        milliseconds = sorted(prove_one() * 1000 for _ in range(PROOFS))
        measured |= {
            f"{name}_p50": milliseconds[PROOFS // 2],
            f"{name}_p99": milliseconds[PROOFS * 99 // 100],
            f"{name}_tiles": reads / PROOFS,
        }
    return measured


def verify(home: Path, url: str | None, size: int) -> Measured:
    """`liuhen log verify`, and of that the log and its tree alone; beside them the bare work."""
    with log_world.open_log(home, url) as services:
        context = context_of(services)
        tree = home / "objects" / "log"
        with timed() as bare:
            roots = {
                bare_log.root_of_rows(services.database),
                bare_log.root_of_bundles(tree, size),
            }
        with timed() as decoding:
            sound = bare_log.decode_rows(services.database)
        report = Report()
        with timed() as tree_alone:
            check_whole_log(context, report, lambda _: None)
        with timed() as everything:
            whole = verify_all(context, LOG_ONLY)
        head = whole.checkpoint
    same = head is not None and {head.root} == roots and sound == size
    if report.findings or not whole.good or not same:
        raise RuntimeError(f"a sound log does not verify: {report.findings + whole.findings}")
    return {
        "bare": bare(),
        "bare_all": bare() + decoding(),
        "tree": tree_alone(),
        "everything": everything(),
    }


STEPS = {step.__name__: step for step in (fill, publish, build, prove, verify)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.log_steps", description=__doc__)
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("home", type=Path)
    parser.add_argument("size", type=int)
    parser.add_argument("--database", help="address; without it the home's own SQLite")
    options = parser.parse_args()
    measured = STEPS[options.step](options.home, options.database, options.size)
    print(json.dumps(measured | {"peak_mib": peak_mib()}))


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _entries_without_rows() -> Iterator[bytes]:
    """Entries as they are when a viewing is closed, each of another viewing; without end."""
    clip = log_world.a_clip(0)
    *_, event = log_world.viewings(clip)
    entry = build_row(log_world.VIEWER, event, log_world.NOW, (8, bytes(32))).entry
    head, tail = entry.split(str(event.facts["grant"]).encode())
    number = 0
    while True:
        yield b"%b%036d%b" % (head, number, tail)
        number += 1


if __name__ == "__main__":
    main()
