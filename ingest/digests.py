"""SHA-256 and SM3 of the same bytes, each on a thread of its own over the same buffers.

SM3 is four times slower than SHA-256 and sets the pace, so it never waits for anything else.
`hashlib` releases the GIL for any buffer larger than 2 KiB.
"""

import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO

#: Large enough to make the switch between threads cheap.
BUFFER_BYTES = 2 * 1024 * 1024
#: Buffers that SM3 may lag behind before `DigestPair.update` waits for it: memory stays flat.
MAX_LAG = 3
#: Below this a thread costs more than it brings.
SMALL_BYTES = 128 * 1024


class DigestPair:
    """Two running digests over the same bytes. Not for use by several threads."""

    def __init__(self) -> None:
        self.size_bytes = 0
        self._sha256 = hashlib.sha256()
        self._sm3 = hashlib.new("sm3")
        self._thread: ThreadPoolExecutor | None = None
        self._lagging: deque[Future[None]] = deque()

    def update(self, data: bytes) -> None:
        """Take the next bytes."""
        if len(data) < SMALL_BYTES and not self._lagging:
            self._sm3.update(data)
        else:
            if self._thread is None:
                self._thread = ThreadPoolExecutor(1, thread_name_prefix="liuhen-sm3")
            self._lagging.append(self._thread.submit(self._sm3.update, data))
        self._sha256.update(data)
        self.size_bytes += len(data)
        while len(self._lagging) > MAX_LAG:
            self._lagging.popleft().result()

    def settle(self) -> None:
        """Wait until both digests have seen everything, and let the thread go."""
        while self._lagging:
            self._lagging.popleft().result()
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None

    @property
    def sha256(self) -> str:
        """Lower-case hex."""
        return self._sha256.hexdigest()

    @property
    def sm3(self) -> str:
        """Lower-case hex."""
        self.settle()
        return self._sm3.hexdigest()


def hash_prefix(reader: BinaryIO, length: int) -> DigestPair:
    """The digests of the next ``length`` bytes of ``reader``. Raises `EOFError` where they end."""
    digests = DigestPair()
    while left := length - digests.size_bytes:
        data = reader.read(min(left, BUFFER_BYTES))
        if not data:
            digests.settle()
            raise EOFError(f"{left} of {length} bytes are missing")
        digests.update(data)
    digests.settle()
    return digests
