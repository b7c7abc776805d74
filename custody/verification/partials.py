"""Partial tiles and bundles of earlier sizes: superseded, but published all the same."""

from itertools import zip_longest

from custody.log.errors import TileError
from custody.log.merkle import HASH_BYTES, hash_leaf
from custody.log.tiles import (
    HEIGHT,
    WIDTH,
    Tile,
    decode_bundle,
    parse_bundle_path,
    parse_tile_path,
    split_hashes,
)
from custody.said import said
from custody.verification.context import ProgressCallback
from custody.verification.findings import Finding, FindingCode
from custody.verification.objects import LogObjects, UnreadableError
from custody.verification.reports import Progress, Report
from custody.verification.spools import HashSpool
from custody.verification.tree import TreeCheck
from custody.verification.truth import read_tile

TILE_PREFIX = "log/tile/"
_PROGRESS_STEP = 500


def check_partial_tiles(
    objects: LogObjects,
    size: int,
    rows: HashSpool,
    check: TreeCheck,
    report: Report,
    progress: ProgressCallback,
) -> None:
    """Hold each against the tree of ``size`` entries that has been walked.

    ``rows`` and ``check`` tell its leaf hashes; above them the whole tile does, unless it was
    itself reported.
    """
    published = {one.index: one.published for one in check.differences}
    done = 0
    for key in objects.keys(TILE_PREFIX):
        if ".p/" not in key:
            continue
        done += 1
        if done % _PROGRESS_STEP == 0:
            progress(Progress("tiles", done, 0))
        try:
            tile, is_bundle = _parse(key)
            last = ((tile.index * WIDTH + tile.width) << (HEIGHT * tile.level)) - 1
            width = min((size >> (HEIGHT * tile.level)) - tile.index * WIDTH, WIDTH)
            if last >= size or tile.width == width:
                continue  # not published yet, or of this very size and looked at already
            if tile.level == 0 and tile.index in check.unproved:
                continue  # nobody knows what it should be
            if is_bundle or tile.level == 0:
                first = tile.index * WIDTH
                truth = [
                    published.get(first + place, row)
                    for place, row in enumerate(rows.read(first, tile.width))
                ]
            elif (tile.level, tile.index) in check.bad_tiles:
                continue
            else:
                whole = read_tile(objects, Tile(tile.level, tile.index, width))
                truth = [] if whole is None else list(whole)
            _compare(objects, key, tile, is_bundle, truth[: tile.width], report)
        except (TileError, UnreadableError):
            continue  # no tile of this log, or noted as unreadable


def _parse(key: str) -> tuple[Tile, bool]:
    path = key.removeprefix("log/")
    if path.startswith("tile/entries/"):
        index, width = parse_bundle_path(path)
        return Tile(0, index, width), True
    return parse_tile_path(path), False


def _compare(
    objects: LogObjects,
    key: str,
    tile: Tile,
    is_bundle: bool,
    truth: list[bytes | None],
    report: Report,
) -> None:
    data = objects.find(key)
    if data is None:
        return  # removed since it was listed, which a log may do with partial tiles
    found: list[bytes] = []
    if is_bundle:
        try:
            found = [hash_leaf(entry) for entry in decode_bundle(data)]
        except TileError:
            found = []
    elif len(data) % HASH_BYTES == 0:
        found = split_hashes(data)
    if found != truth:
        report.add(_finding(key, tile, is_bundle, truth, found, len(data)))


def _finding(
    key: str,
    tile: Tile,
    is_bundle: bool,
    truth: list[bytes | None],
    found: list[bytes],
    size_bytes: int,
) -> Finding:
    """The first place where the two differ, by its hash; one that ends early differs there."""
    # Nothing at all stands for an end; None for an entry of which nobody knows the hash.
    pairs = enumerate(zip_longest(truth, found, fillvalue=b""))
    place, (expected, there) = next(pair for pair in pairs if pair[1][0] != pair[1][1])
    code = FindingCode.BUNDLE_ALTERED if is_bundle else FindingCode.TILE_ALTERED
    if there:
        shown = there.hex()
    elif found or not size_bytes:
        shown = said("ends_after", count=len(found))
    else:
        shown = said("bytes_no_bundle" if is_bundle else "bytes_no_tile", size=size_bytes)
    return Finding(
        code,
        key,
        said("old_bundle" if is_bundle else "old_tile", place=place),
        expected=None if expected is None else expected.hex() or said("nothing_more"),
        found=shown,
        entry_index=None if tile.level else tile.index * WIDTH + place,
    )
