"""The same work done bare: read, both digests, write, fsync, read back. No network."""

import hashlib
import os
import queue
import threading
from pathlib import Path
from typing import BinaryIO

from benchmarks.harness import MIB, timed

BUFFER = 4 * MIB


def copy_bare(sources: list[Path], folder: Path, *, hash_back: bool) -> float:
    """Seconds for all of ``sources``; one thread a digest over the same buffers."""
    folder.mkdir(parents=True, exist_ok=True)
    with timed() as seconds:
        for source in sources:
            _copy_one(source, folder / source.name, hash_back=hash_back)
    return seconds()


def digest_bare(source: Path, target: BinaryIO | None = None) -> None:
    """Read ``source`` once for SHA-256 and SM3, and write it to ``target`` if there is one."""
    digests = [hashlib.sha256(), hashlib.new("sm3")]
    queues: list[queue.Queue[bytes | None]] = [queue.Queue(4) for _ in digests]

    def drain(digest: "hashlib._Hash", chunks: "queue.Queue[bytes | None]") -> None:
        while (chunk := chunks.get()) is not None:
            digest.update(chunk)

    threads = [
        threading.Thread(target=drain, args=pair) for pair in zip(digests, queues, strict=True)
    ]
    for thread in threads:
        thread.start()
    with source.open("rb", buffering=0) as reader:
        while chunk := reader.read(BUFFER):
            for chunks in queues:
                chunks.put(chunk)
            if target is not None:
                target.write(chunk)
    if target is not None:
        os.fsync(target.fileno())
    for chunks in queues:
        chunks.put(None)
    for thread in threads:
        thread.join()


def _copy_one(source: Path, target: Path, *, hash_back: bool) -> None:
    with target.open("wb", buffering=0) as writer:
        digest_bare(source, writer)
    back = hashlib.sha256()
    with target.open("rb", buffering=0) as reader:
        while chunk := reader.read(BUFFER):
            if hash_back:
                back.update(chunk)
