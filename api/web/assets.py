"""The page's own files: read once, served with their digest in the address and packed with gzip.

Only these are packed: a page carries secrets, and packing secrets beside what a stranger may choose
gives them away (BREACH).

``blank.mp4``, which plyr shows between two films, is our own, a tenth of a second of black:
``ffmpeg -f lavfi -i color=black:s=16x16:d=0.1:r=10 -pix_fmt yuv420p -c:v libx264 blank.mp4``.
"""

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).with_name("static")

_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".mp4": "video/mp4",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file. ``packed`` is its gzip form, ``version`` the head of its SHA-256."""

    body: bytes
    packed: bytes
    media_type: str
    version: str


class Assets:
    """All files of the folder by their path in it."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._assets = {
            path.relative_to(folder).as_posix(): _load(path)
            for path in sorted(folder.rglob("*"))
            if path.suffix in _MEDIA_TYPES
        }

    def find(self, name: str) -> Asset | None:
        return self._assets.get(name)

    def address(self, name: str) -> str:
        """The file's address, which changes with it. Raises `KeyError`: run ``make`` first."""
        return f"/static/{name}?v={self._assets[name].version}"


def _load(path: Path) -> Asset:
    body = path.read_bytes()
    return Asset(
        body=body,
        packed=gzip.compress(body, 9, mtime=0),
        media_type=_MEDIA_TYPES[path.suffix],
        version=hashlib.sha256(body).hexdigest()[:12],
    )
