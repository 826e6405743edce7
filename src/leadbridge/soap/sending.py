"""Sends answers: a short one at once, a long one in blocks, as its reader takes them.

What the server has been given it keeps until it is read, without telling; what it was not given yet is ours to count,
and to let go where nobody reads it.
"""

import asyncio
from collections.abc import Iterator, Sequence

from leadbridge.log import get_logger
from leadbridge.room import LONG_MESSAGE
from leadbridge.soap.gate import Send
from leadbridge.soap.limits import GateLimits

log = get_logger(__name__)

_BLOCK = 65_536  # bytes; a server stops taking more at about as many


async def send_answer(
    send: Send,
    status: int,
    headers: Sequence[tuple[bytes, bytes]],
    pieces: Sequence[bytes],
    *,
    correlation_id: str,
    body: bool,
    limits: GateLimits,
) -> None:
    """Send status, headers, and the `pieces` unless there is to be no `body`. Returns when the server has all of it, or
    when the reader of a long answer has fallen behind the pace of `limits`; the server then hangs up.
    """
    length = sum(map(len, pieces))
    sent_headers = [
        *headers,
        (b"content-length", b"%d" % length),
        (b"x-content-type-options", b"nosniff"),
        (b"x-correlation-id", correlation_id.encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": sent_headers})
    if length <= LONG_MESSAGE or not body:
        await send({"type": "http.response.body", "body": b"".join(pieces) if body else b""})
        return
    sent = due = 0
    try:
        async with asyncio.timeout(limits.pace_seconds) as deadline:
            for block in _blocks(pieces):
                await send({"type": "http.response.body", "body": block, "more_body": True})
                sent += len(block)
                if sent >= due:
                    due = sent + int(limits.pace_seconds * limits.least_bytes_per_second)
                    deadline.reschedule(asyncio.get_running_loop().time() + limits.pace_seconds)
            await send({"type": "http.response.body", "body": b""})
    except TimeoutError:
        log.info("answer not read", correlation_id=correlation_id, bytes=length, taken=sent)


def _blocks(pieces: Sequence[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        for start in range(0, len(piece), _BLOCK):
            yield piece[start : start + _BLOCK]
