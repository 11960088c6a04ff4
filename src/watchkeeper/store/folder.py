"""
Does another process already run on this folder of state?

>>> folder = getfixture("tmp_path") / "data"
>>> with claim_folder(folder):
...     with claim_folder(folder):   # doctest: +ELLIPSIS
...         pass
Traceback (most recent call last):
    ...
watchkeeper.store.errors.FolderInUse: Another Watchkeeper runs on this folder, so this one cannot use ... holds it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from watchkeeper.store.errors import FolderInUse, NoFolder


@contextmanager
def claim_folder(folder: Path) -> Iterator[Path]:
    """
    Make the folder (for this user alone) and hold it; the system lets go of it when the process ends, however it ends.
    """
    with _lock_file(folder) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read().strip() or "unknown"
            raise FolderInUse(doing=f"use {folder}", why=f"process {owner} holds it", retryable=True) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield folder


def _lock_file(folder: Path) -> TextIO:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return (folder / "lock").open("a+")
    except OSError as error:
        raise NoFolder(doing=f"use {folder}", why=error.strerror or str(error), retryable=False) from None
