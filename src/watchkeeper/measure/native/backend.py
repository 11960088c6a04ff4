"""
Is the part of this name compiled?

Decoding, counting and asking exist twice: as a small extension in which every access is checked, and in Python, which
is the reference and the fallback. Both give the same numbers; the extension gives them faster.

>>> native("no_such_part") is None
True
"""

import os
from importlib import import_module
from types import ModuleType

#: Set to anything, it keeps the extension out: for tests of the reference, and for whoever distrusts a compiler.
PURE = "WATCHKEEPER_PURE"
PARTS = ("traces", "logs", "metrics", "remote_write", "series", "counting", "rings", "sweep")


def native(part: str) -> ModuleType | None:
    """
    The compiled part; None where it was not built, or is not wanted.
    """
    if os.environ.get(PURE):
        return None
    try:
        return import_module(f"watchkeeper.measure.native.{part}")
    except ImportError:
        return None


def in_use() -> str:
    """
    Which parts are compiled, in words: for the log at the start, and for `/health`.
    """
    found = [part for part in PARTS if native(part) is not None]
    if len(found) == len(PARTS):
        return "native"
    return f"native: {', '.join(found)}; the others in Python" if found else "Python"
