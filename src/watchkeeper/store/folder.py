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
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from watchkeeper.store.errors import FolderInUse, NoFolder
from watchkeeper.store.opening import LOG, STATE


@contextmanager
def claim_folder(folder: Path) -> Iterator[Path]:
    """
    Make the folder (for this user alone) and hold it; the system lets go of it when the process ends, however it ends.
    """
    with _lock_file(folder) as lock:
        _for_us_alone(folder)
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


def _for_us_alone(folder: Path) -> None:
    """
    Close to others the files that an earlier version left open to them, in a folder that was there before.
    """
    for name in (STATE, LOG):
        for file in folder.glob(f"{name}*"):
            found = file.lstat()
            if stat.S_ISREG(found.st_mode) and found.st_uid == os.getuid() and found.st_mode & 0o077:
                file.chmod(0o600)


def _lock_file(folder: Path) -> TextIO:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return (folder / "lock").open("a+")
    except OSError as error:
        raise NoFolder(doing=f"use {folder}", why=error.strerror or str(error), retryable=False) from None
