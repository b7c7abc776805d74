"""From the event loop to the thread that hashes and writes: one request's bytes, a few at a time.

Nothing but moving references happens on the event loop. At most `IN_FLIGHT` batches wait for the
writer; then nothing more is read from the socket, and the sender waits.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from enum import Enum, auto
from typing import TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

from custody.actors import Actor
from ingest.digests import BUFFER_BYTES
from ingest.receiving import Receiver
from ingest.reception import Checksum

IN_FLIGHT = 2
#: How long a sender may be silent. Behind a pulled cable no word ever comes that it went away,
#: and until then its upload is held: the station's next try would be told 423.
IDLE_S = 30.0

T = TypeVar("T")


class UploadStalledError(Exception):
    """Nothing came for too long; what came before is kept, go on from there."""


class _Outcome(Enum):
    """How a request's body ended."""

    WHOLE = auto()
    CUT_OFF = auto()
    STALLED = auto()


async def receive(
    request: Request,
    receiver: Receiver,
    upload_id: str,
    actor: Actor,
    *,
    offset: int,
    length: int | None,
    checksum: Checksum | None,
) -> int | None:
    """Take the body of ``request`` into an upload, and admit it when it is complete.

    Gives the new offset, None where there was nothing to do any more. Raises as `Receiver.open`,
    `Reception.end` and `Receiver.admit`, and `UploadStalledError`; the upload is
    free for the next request in every case.
    """
    loop = asyncio.get_running_loop()
    thread = ThreadPoolExecutor(1, thread_name_prefix="liuhen-upload")
    stack = ExitStack()

    async def run(work: Callable[[], T]) -> T:
        return await loop.run_in_executor(thread, work)

    try:
        reception = await run(
            lambda: stack.enter_context(
                receiver.open(upload_id, actor.id, offset=offset, length=length, checksum=checksum)
            )
        )
        if reception is None:
            return None
        outcome = await _pump(request, thread, reception.write)
        await run(lambda: reception.end(whole=outcome is _Outcome.WHOLE))
        if reception.is_complete:
            await run(lambda: receiver.admit(reception, actor))
        elif outcome is _Outcome.STALLED:
            raise UploadStalledError
        return reception.durable_offset
    finally:
        # In the same thread, so after whatever it is still doing, even when we are cancelled.
        closing = thread.submit(stack.close)
        thread.shutdown(wait=False)
        await asyncio.shield(asyncio.wrap_future(closing))


async def _pump(
    request: Request, thread: ThreadPoolExecutor, write: Callable[[list[bytes]], None]
) -> _Outcome:
    """Hand the body over in batches of `BUFFER_BYTES`; how it ended."""
    chunks: list[bytes] = []
    size, outcome = 0, _Outcome.WHOLE
    waiting: deque[asyncio.Future[None]] = deque()
    try:
        async for chunk in _chunks(request):
            chunks.append(chunk)
            size += len(chunk)
            if size >= BUFFER_BYTES:
                waiting.append(asyncio.wrap_future(thread.submit(write, chunks)))
                chunks, size = [], 0
                while len(waiting) >= IN_FLIGHT:
                    await waiting.popleft()
    except ClientDisconnect:
        outcome = _Outcome.CUT_OFF
    except TimeoutError:
        outcome = _Outcome.STALLED
    if size:
        waiting.append(asyncio.wrap_future(thread.submit(write, chunks)))
    while waiting:
        await waiting.popleft()
    return outcome


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    """The body as it comes. Raises `TimeoutError` after `IDLE_S` of silence."""
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(IDLE_S):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        yield chunk
