"""Which keys under ``log/`` the log itself has written."""

from contextlib import suppress

import sqlalchemy as sa

from custody.errors import SignerAwayError, SignerStateError
from custody.log.errors import TileError
from custody.log.tiles import HEIGHT, WIDTH, Tile, parse_bundle_path, parse_tile_path
from custody.object_keys import CHECKPOINT_KEY, COSIGNATURE_PREFIX
from custody.tables import log_entries
from custody.verification.context import VerificationContext
from custody.verification.findings import Report
from custody.verification.heads import ARCHIVE_PREFIX, size_of_key
from custody.verification.rows import snapshot

LOG_PREFIX = "log/"


class LogKeys:
    """Tells the log's own objects from others, as they are listed in order of key.

    A tile is the log's as far as the log reaches: by its rows, by what was published or signed.
    What is filed under ``log/checkpoints/`` and ``log/cosignatures/`` is looked at elsewhere, by
    its name.
    """

    def __init__(self, context: VerificationContext, report: Report) -> None:
        self._context = context
        self._reach = 0 if report.checkpoint is None else report.checkpoint.size
        if context.signer is not None:
            with suppress(SignerAwayError, SignerStateError):  # named already
                self._reach = max(self._reach, (context.signer() or (0,))[0])

    def has(self, key: str) -> bool:
        """Whether the log wrote ``key``."""
        if key.startswith(ARCHIVE_PREFIX):
            self._reach = max(self._reach, size_of_key(key))
            return True
        if key == CHECKPOINT_KEY or key.startswith(COSIGNATURE_PREFIX):
            return True
        try:
            tile = _parse(key.removeprefix(LOG_PREFIX))
        except TileError:
            return False
        end = (tile.index * WIDTH + tile.width) << (HEIGHT * tile.level)
        if end > self._reach:
            # Rows are numbered before their tiles are written, and go on being so meanwhile.
            self._reach = max(self._reach, self._rows())
        return end <= self._reach

    def _rows(self) -> int:
        with snapshot(self._context.database) as tx:
            newest = tx.scalar(sa.select(sa.func.max(log_entries.c.idx)))
        return newest + 1 if isinstance(newest, int) else 0


def _parse(path: str) -> Tile:
    if path.startswith("tile/entries/"):
        index, width = parse_bundle_path(path)
        return Tile(0, index, width)
    return parse_tile_path(path)
