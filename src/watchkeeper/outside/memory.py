"""
How is memory that nobody needs given back to the system?

The C library keeps an arena per thread and what was freed in it; a watch has a dozen threads that hardly ever run at
the same time, so that most of it is only held. One arena, and a word after each fold, is a third less (docs/bench.md).
On systems without these calls nothing happens.

>>> give_back() in (True, False)
True
"""

import ctypes
from functools import cache

_ARENA_MAX = -8  # M_ARENA_MAX of mallopt(3)


def share_arenas(most: int = 1) -> bool:
    """
    All threads share so many arenas; to be called before there are threads. Whether the system can.
    """
    library = _library()
    return library is not None and bool(library.mallopt(_ARENA_MAX, most))


def give_back() -> bool:
    """
    Free pages go back to the system; whether there were any.
    """
    library = _library()
    return library is not None and bool(library.malloc_trim(0))


@cache
def _library() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(None)
        library.mallopt.argtypes = [ctypes.c_int, ctypes.c_int]
        library.malloc_trim.argtypes = [ctypes.c_size_t]
    except (OSError, AttributeError):
        return None
    return library
