"""
Does compiled code read beyond the end of what it was given?

A body is put so that its last byte is the last one before a page that nobody may touch: one byte too far ends the
process (a test that means to see that runs it in a process of its own).

>>> with Guard(100) as guard:
...     bytes(guard.put(b"abc"))
b'abc'
"""

import ctypes
import mmap
from types import TracebackType
from typing import Self

_NOBODY = 0  # PROT_NONE
_LIBC = ctypes.CDLL(None, use_errno=True)


class Guard:
    """
    Room for bodies of up to `most` bytes, with the page behind it. Each `put` overwrites the one before.
    """

    def __init__(self, most: int) -> None:
        page = mmap.PAGESIZE
        self._room = -(-max(most, 1) // page) * page
        self._map = mmap.mmap(-1, self._room + page)
        self._view = memoryview(self._map)
        start = ctypes.addressof(ctypes.c_char.from_buffer(self._map))
        behind = ctypes.c_void_p(start + self._room)
        if _LIBC.mprotect(behind, ctypes.c_size_t(page), _NOBODY) != 0:
            raise OSError(ctypes.get_errno(), "the page behind the body cannot be closed")

    def put(self, body: bytes) -> memoryview:
        """
        The body, where its end is the end of what may be read. Read-only, as bytes are.
        """
        if len(body) > self._room:
            raise ValueError(f"found {len(body)} bytes; there is room for {self._room}")
        self._view[self._room - len(body) : self._room] = body
        return self._view[self._room - len(body) : self._room].toreadonly()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._view.release()  # the mapping itself goes with the last look at it
