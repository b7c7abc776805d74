"""From the event loop to the thread that hashes and writes: one request's bytes, a few at a time.

Nothing but moving references happens on the event loop. At most `IN_FLIGHT` batches wait for the
writer; then nothing more is read from the socket, and the sender waits.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

from custody.actors import Actor
from ingest.digests import BUFFER_BYTES
from ingest.receiving import Receiver
from ingest.reception import Checksum

IN_FLIGHT = 2

T = TypeVar("T")


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
    `Reception.end` and `Receiver.admit`; the upload is free for the next request in every case.
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
        whole = await _pump(request, thread, reception.write)
        await run(lambda: reception.end(whole=whole))
        if reception.is_complete:
            await run(lambda: receiver.admit(reception, actor))
        return reception.durable_offset
    finally:
        # In the same thread, so after whatever it is still doing, even when we are cancelled.
        closing = thread.submit(stack.close)
        thread.shutdown(wait=False)
        await asyncio.shield(asyncio.wrap_future(closing))


async def _pump(
    request: Request, thread: ThreadPoolExecutor, write: Callable[[list[bytes]], None]
) -> bool:
    """Hand the body over in batches of `BUFFER_BYTES`; False if its sender went away."""
    chunks: list[bytes] = []
    size, whole = 0, True
    waiting: deque[asyncio.Future[None]] = deque()
    try:
        async for chunk in request.stream():
            chunks.append(chunk)
            size += len(chunk)
            if size >= BUFFER_BYTES:
                waiting.append(asyncio.wrap_future(thread.submit(write, chunks)))
                chunks, size = [], 0
                while len(waiting) >= IN_FLIGHT:
                    await waiting.popleft()
    except ClientDisconnect:
        whole = False
    if size:
        waiting.append(asyncio.wrap_future(thread.submit(write, chunks)))
    while waiting:
        await waiting.popleft()
    return whole
