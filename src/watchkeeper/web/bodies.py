"""
How does a body get from the wire into memory, and no more of it than there is room for?

Bodies are read in a stream under a cap; large ones share one room while they arrive, however slowly; what is packed is
opened under a cap again, aside of the loop where it may be much.
"""

from collections.abc import Collection
from typing import Final

import anyio
import anyio.to_thread
from starlette.requests import ClientDisconnect, Request

from watchkeeper.measure.decode.body import open_body
from watchkeeper.measure.values import Rejection

MOST_RAW: Final = 16 * 2**20  # bytes on the wire
UNPACK_ASIDE: Final = 4 * 2**10  # larger packed bodies are unpacked in a thread: each may be a thousand times as large
UNPACKING: Final = 2  # bodies unpacked at the same time
SMALL: Final = 2**20
MOST_HELD: Final = 128 * 2**20  # bytes of all bodies above `SMALL` that are on their way in
READ_SECONDS: Final = 30.0


class Room:
    """
    The memory that large bodies share while they arrive: however many clients send slowly, it is bounded.
    """

    def __init__(self, most: int = MOST_HELD) -> None:
        self.left = most  # bytes


class Hold:
    """
    What one body takes of a room; given back at the end of the `with` block.
    """

    def __init__(self, room: Room) -> None:
        self._room, self._held = room, 0

    def __enter__(self) -> "Hold":
        return self

    def __exit__(self, *_: object) -> None:
        self._room.left += self._held

    def grown(self, size: int) -> bool:
        """
        Whether there is room for the body now that it has `size` bytes; small ones always have it.
        """
        more = size - self._held
        if size > SMALL and more > self._room.left:
            return False
        if size > SMALL:
            self._room.left -= more
            self._held = size
        return True


async def read_capped(request: Request, *, most: int = MOST_RAW, hold: Hold | None = None) -> bytes | Rejection:
    """
    The body as it came over the wire; 413 above `most` bytes, 503 when it does not arrive in time (senders drop what is
    answered with 408) or others take all the room that `hold` is of.
    """
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > most:
        return _too_large(most)
    body = bytearray()
    try:
        with anyio.fail_after(READ_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    return _too_large(most)
                if hold is not None and not hold.grown(len(body)):
                    return Rejection(status=503, why="too many large bodies are on their way in; send it again")
    except TimeoutError:
        return Rejection(status=503, why=f"the body did not arrive within {READ_SECONDS:g} seconds; send it again")
    except ClientDisconnect:
        return Rejection(status=400, why="the connection ended before the body did")
    return bytes(body)


async def opened(
    raw: bytes, request: Request, *, most: int, types: Collection[str], limiter: anyio.CapacityLimiter
) -> bytes | Rejection:
    """
    The body as its sender wrote it; 415, 413 or 400 where that cannot be had.
    """
    packed = request.headers.get("content-encoding", "")

    def unpack() -> bytes | Rejection:
        kind = request.headers.get("content-type", "")
        return open_body(raw, content_type=kind, content_encoding=packed, limit=most, types=types)

    aside = packed and len(raw) > UNPACK_ASIDE
    return await anyio.to_thread.run_sync(unpack, limiter=limiter) if aside else unpack()


def _too_large(most: int) -> Rejection:
    return Rejection(status=413, why=f"the body is larger than {most} bytes; send it in smaller batches")
