"""Writing a BagIt bag (RFC 8493): payload, tag files, manifests. Knows nothing of cases.

A bag grows in a hidden folder beside its destination and gets its name by one rename at the end;
until then nothing is visible, and whatever goes wrong removes it.
"""

import hashlib
import os
import secrets
import shutil
import unicodedata
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from custody.said import said
from storage.durable import new_file, sync_folder, write_all

ALGORITHM = "sha256"
COPY_BYTES = 1024 * 1024
#: Names Windows keeps for devices, whatever follows the first dot.
_RESERVED = {"CON", "PRN", "AUX", "NUL"} | {
    f"{name}{n}" for name in ("COM", "LPT") for n in range(10)
}
_ALLOWED = frozenset("-_.()")
MAX_NAME_BYTES = 120


class BagWriter:
    """One bag under way. Paths are relative to the bag, with ``/``."""

    def __init__(self, destination: Path) -> None:
        """``destination`` is the bag's folder: absent or empty, in a folder that is there.

        Raises `FileExistsError` and what the file system raises.
        """
        self.destination = destination.absolute()
        if self.destination.exists() and (
            not self.destination.is_dir() or any(self.destination.iterdir())
        ):
            raise FileExistsError(said("bag_there", path=self.destination))
        name = f".{self.destination.name}.{secrets.token_hex(4)}.part"
        self._folder = self.destination.with_name(name)
        self._folder.mkdir(mode=0o700)
        self._payload: dict[str, str] = {}
        self._tags: dict[str, str] = {}
        self.payload_bytes = 0

    def add_bytes(self, path: str, data: bytes) -> str:
        """Put ``data`` into the payload under ``data/<path>``; its SHA-256."""
        digest = self._write(f"data/{path}", [data])
        self._payload[f"data/{path}"] = digest
        self.payload_bytes += len(data)
        return digest

    def add_stream(self, path: str, source: BinaryIO, count: Callable[[int], None]) -> str:
        """Copy ``source`` into the payload, hash what is copied, close it; the SHA-256."""
        with closing(source):
            digest = self._write(f"data/{path}", self._counted(source, count))
        self._payload[f"data/{path}"] = digest
        return digest

    def finish(self, info: Iterable[tuple[str, str]]) -> tuple[str, str]:
        """Write tag files and manifests; the SHA-256 of payload manifest and tag manifest."""
        oxum = f"{self.payload_bytes}.{len(self._payload)}"
        lines = [*info, ("Payload-Oxum", oxum)]
        self._add_tag("bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
        self._add_tag("bag-info.txt", "".join(f"{name}: {_line(text)}\n" for name, text in lines))
        self._add_tag(f"manifest-{ALGORITHM}.txt", _manifest(self._payload))
        tags = self._write(f"tagmanifest-{ALGORITHM}.txt", [_manifest(self._tags).encode()])
        for folder, _, _ in os.walk(self._folder):
            sync_folder(Path(folder))
        return self._tags[f"manifest-{ALGORITHM}.txt"], tags

    def reveal(self) -> Path:
        """Give the finished bag its name, durably."""
        self._folder.chmod(0o755)
        self._folder.rename(self.destination)
        sync_folder(self.destination.parent)
        return self.destination

    def discard(self) -> None:
        """Remove what was written; harmless after `reveal`."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _add_tag(self, path: str, text: str) -> None:
        self._tags[path] = self._write(path, [text.encode()])

    def _counted(self, source: BinaryIO, count: Callable[[int], None]) -> Iterable[bytes]:
        while chunk := source.read(COPY_BYTES):
            self.payload_bytes += len(chunk)
            count(len(chunk))
            yield chunk

    def _write(self, path: str, chunks: Iterable[bytes]) -> str:
        target = self._folder.joinpath(*PurePosixPath(path).parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with new_file(target, mode=0o644) as descriptor:
            for chunk in chunks:
                digest.update(chunk)
                write_all(descriptor, chunk)
        return digest.hexdigest()


def safe_name(name: str) -> str:
    """A name every file system and tool takes, recognisably like ``name``.

    Letters and digits of any script stay, as do ``-_.()``; everything else becomes ``_``. Normal
    form NFC, no leading dot, no device name of Windows, at most `MAX_NAME_BYTES` in UTF-8.
    """
    text = "".join(
        letter if letter.isalnum() or letter in _ALLOWED else "_"
        for letter in unicodedata.normalize("NFC", name)
    ).strip("._")
    stem, dot, ending = text.rpartition(".")
    if not dot or len(ending) > 8:
        stem, ending = text, ""
    room = MAX_NAME_BYTES - len(ending.encode()) - 1
    stem = stem.encode()[:room].decode(errors="ignore") or "_"
    if stem.partition(".")[0].upper() in _RESERVED:
        stem = f"_{stem}"
    return f"{stem}.{ending}" if ending else stem


def _manifest(digests: dict[str, str]) -> str:
    return "".join(f"{digest}  {_encoded(path)}\n" for path, digest in sorted(digests.items()))


def _encoded(path: str) -> str:
    """RFC 8493 section 2.1.3: CR, LF and the percent sign are percent-encoded."""
    return path.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _line(text: str) -> str:
    """A tag value is one line."""
    return " ".join(text.split())
