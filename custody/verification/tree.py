"""The published tree: tiles, bundles and rows held against what the signed root vouches for."""

from dataclasses import dataclass, field

from custody.log.errors import TileError
from custody.log.merkle import Frontier, complete_root, hash_leaves
from custody.log.tiles import (
    HEIGHT,
    WIDTH,
    Tile,
    bundle_path,
    decode_bundle,
    tile_of,
    tile_path,
)
from custody.object_keys import log_key
from custody.said import said
from custody.verification.archive import ArchiveWalk
from custody.verification.context import ProgressCallback
from custody.verification.findings import Finding, FindingCode
from custody.verification.heads import Head
from custody.verification.objects import LogObjects, UnreadableError
from custody.verification.reports import MAX_FINDINGS, Progress, Report
from custody.verification.spools import HashSpool
from custody.verification.truth import SignedTree, read_tile


@dataclass(frozen=True, slots=True)
class Difference:
    """An index whose row is not the published entry; ``entry`` is that one if a bundle has it."""

    index: int
    published: bytes
    row: bytes | None
    entry: bytes | None


@dataclass(slots=True)
class TreeCheck:
    """Where rows differ from the published tree; ``unproved`` leaf tiles nobody can vouch for."""

    differences: list[Difference] = field(default_factory=list)
    more_differences: int = 0
    unproved: list[int] = field(default_factory=list)
    bad_tiles: set[tuple[int, int]] = field(default_factory=set)


def check_tree(
    objects: LogObjects,
    head: Head,
    rows: HashSpool,
    *,
    rows_hold: bool,
    walk: ArchiveWalk,
    report: Report,
    progress: ProgressCallback,
) -> TreeCheck:
    """Walk the tree of ``head`` from left to right, leaf tile by leaf tile.

    Where the rows make the signed root they are the truth and everything else is held against
    them. Where they do not, the stored tile, the bundle and the rows are tried in turn, and the
    first that the signed root vouches for is.
    """
    check = TreeCheck()
    signed = None if rows_hold else SignedTree(objects, head.size, head.root)
    frontier: Frontier | None = Frontier()
    above = _Above(objects, report, check)
    tiles = -(-head.size // WIDTH)
    for index in range(tiles):
        width = tile_of(head.size, 0, index).width
        found = rows.read(index * WIDTH, width)
        tile, tile_readable = _read_tile(objects, Tile(0, index, width))
        bundle, bundle_readable = _read_bundle(objects, index, width)
        hashes = None if bundle is None else hash_leaves(bundle)
        truth = _truth(signed, index, found, tile, hashes)
        if truth is None:
            check.unproved.append(index)
            frontier = None
            above.give_up()
            continue
        if tile_readable and tile != truth:
            above.report_tile(Tile(0, index, width), tile, truth)
        if bundle_readable and hashes != truth:
            _report_bundle(objects, report, index, width, hashes, truth)
        if found != truth:
            _note_differences(check, index, found, truth, bundle, hashes)
        root = complete_root(truth) if width == WIDTH else None
        if frontier is not None:
            _grow(frontier, truth, root, walk)
        if root is not None:
            above.add(root)
        if index % 64 == 0:
            progress(Progress("tiles", index, tiles))
    above.finish()
    walk.finish()
    progress(Progress("tiles", tiles, tiles))
    return check


def _grow(frontier: Frontier, leaves: list[bytes], root: bytes | None, walk: ArchiveWalk) -> None:
    """Add a leaf tile, which has this ``root`` if it is full, and meet the checkpoints in it."""
    if root is None or frontier.size < walk.next_size < frontier.size + WIDTH:
        for leaf_hash in leaves:
            frontier.append(leaf_hash)
            if frontier.size == walk.next_size:
                walk.meet(frontier.root())
        return
    frontier.append_subtree(HEIGHT, root)
    if frontier.size == walk.next_size:
        walk.meet(frontier.root())


def read_bundle(objects: LogObjects, index: int, width: int) -> list[bytes] | None:
    """The entries of a bundle as stored, believed by nobody yet; None if missing or malformed.

    The full bundle stands in for a partial one that is gone. Raises `UnreadableError`.
    """
    data = objects.find(log_key(bundle_path(index, width)))
    if data is None and width < WIDTH:
        data = objects.find(log_key(bundle_path(index)))
    if data is None:
        return None
    try:
        entries = decode_bundle(data)
    except TileError:
        return None
    return entries[:width] if len(entries) >= width else None


def _read_tile(objects: LogObjects, tile: Tile) -> tuple[list[bytes] | None, bool]:
    try:
        return read_tile(objects, tile), True
    except UnreadableError:
        return None, False


def _read_bundle(objects: LogObjects, index: int, width: int) -> tuple[list[bytes] | None, bool]:
    try:
        return read_bundle(objects, index, width), True
    except UnreadableError:
        return None, False


def _truth(
    signed: SignedTree | None,
    index: int,
    rows: list[bytes | None],
    tile: list[bytes] | None,
    bundle: list[bytes] | None,
) -> list[bytes] | None:
    if signed is None:
        return [value for value in rows if value is not None]
    for candidate in (tile, bundle, rows):
        if candidate is not None and signed.accepts(index, candidate):
            return [value for value in candidate if value is not None]
    return None


def _note_differences(
    check: TreeCheck,
    index: int,
    rows: list[bytes | None],
    truth: list[bytes],
    bundle: list[bytes] | None,
    hashes: list[bytes] | None,
) -> None:
    for place, (row, published) in enumerate(zip(rows, truth, strict=True)):
        if row == published:
            continue
        if len(check.differences) >= MAX_FINDINGS:
            check.more_differences += 1
            continue
        known = bundle is not None and hashes is not None and hashes[place] == published
        entry = bundle[place] if bundle is not None and known else None
        check.differences.append(Difference(index * WIDTH + place, published, row, entry))


def _report_bundle(
    objects: LogObjects,
    report: Report,
    index: int,
    width: int,
    found: list[bytes] | None,
    truth: list[bytes],
) -> None:
    key = log_key(bundle_path(index, width))
    if found is None and objects.find(key) is None:
        report.add(
            Finding(
                FindingCode.BUNDLE_MISSING,
                key,
                said("bundle_gone", first=index * WIDTH, last=index * WIDTH + width - 1),
                entry_index=index * WIDTH,
            )
        )
        return
    place = _first_difference(found, truth)
    report.add(
        Finding(
            FindingCode.BUNDLE_ALTERED,
            key,
            said("bundle_other", index=index * WIDTH + place),
            expected=truth[place].hex(),
            found=said("no_bundle") if found is None else found[place].hex(),
            entry_index=index * WIDTH + place,
        )
    )


def _first_difference(found: list[bytes] | None, truth: list[bytes]) -> int:
    if found is None:
        return 0
    pairs = enumerate(zip(found, truth, strict=True))
    return next((place for place, (one, other) in pairs if one != other), 0)


class _Above:
    """The tiles above the leaves, built up from the truth and compared with the stored ones."""

    def __init__(self, objects: LogObjects, report: Report, check: TreeCheck) -> None:
        self._objects = objects
        self._report = report
        self._check = check
        self._levels: list[tuple[int, list[bytes]]] | None = []  # (index of the tile, its hashes)

    def give_up(self) -> None:
        """A hash below is not known, so those above are not."""
        self._levels = None

    def add(self, full_root: bytes) -> None:
        """The root of the next full leaf tile."""
        levels = self._levels
        if levels is None:
            return
        for level in range(1, len(levels) + 2):
            if level > len(levels):
                levels.append((0, []))
            index, hashes = levels[level - 1]
            hashes.append(full_root)
            if len(hashes) < WIDTH:
                return
            self._compare(Tile(level, index), hashes)
            full_root = complete_root(hashes)
            levels[level - 1] = (index + 1, [])

    def finish(self) -> None:
        """Compare the partial tiles at the right edge."""
        for level, (index, hashes) in enumerate(self._levels or [], start=1):
            if hashes:
                self._compare(Tile(level, index, len(hashes)), hashes)

    def _compare(self, tile: Tile, truth: list[bytes]) -> None:
        try:
            found = read_tile(self._objects, tile)
        except UnreadableError:
            return
        if found != truth:
            self.report_tile(tile, found, truth)

    def report_tile(self, tile: Tile, found: list[bytes] | None, truth: list[bytes]) -> None:
        key = log_key(tile_path(tile))
        self._check.bad_tiles.add((tile.level, tile.index))
        if found is None and self._objects.find(key) is None:
            self._report.add(
                Finding(
                    FindingCode.TILE_MISSING,
                    key,
                    said("tile_gone", index=tile.index, level=tile.level),
                )
            )
            return
        place = _first_difference(found, truth)
        self._report.add(
            Finding(
                FindingCode.TILE_ALTERED,
                key,
                said("tile_other", place=place),
                expected=truth[place].hex(),
                found=said("no_tile") if found is None else found[place].hex(),
                entry_index=tile.index * WIDTH + place if tile.level == 0 else None,
            )
        )
