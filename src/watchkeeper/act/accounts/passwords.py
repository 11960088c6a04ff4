"""
Which passwords do, and how are they kept?

As argon2id with the parameters of RFC 9106 for machines with little memory; each holds its own, so that better ones can
come later. Two are tried at once at most: trying one takes 64 MiB and tens of milliseconds. A few more stand in line;
the others are sent away, for whoever stands in line holds a thread that pages and answers need.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LEAST: Final = 12  # characters
MOST: Final = 200
AT_ONCE: Final = 2
IN_LINE: Final = 8  # tried or waiting to be

_HASHER: Final = PasswordHasher()
_ROOM: Final = threading.BoundedSemaphore(AT_ONCE)
_LINE: Final = threading.BoundedSemaphore(IN_LINE)


class Busy(Exception):
    """
    Too many passwords are tried at the moment.
    """


@contextmanager
def in_line() -> Iterator[None]:
    """
    A place in the line of those whose password is tried; nobody waits for one. Raises Busy.
    """
    if not _LINE.acquire(blocking=False):
        raise Busy
    try:
        yield
    finally:
        _LINE.release()


def why_unfit(password: str, *, name: str) -> str | None:
    """
    Why nobody should sign in with this password; None where they may.

    >>> why_unfit("correct horse battery", name="ann"), why_unfit("short", name="ann")
    (None, 'found a password of 5 characters; wanted 12 to 200')
    >>> why_unfit("aaaaaaaaaaaaaa", name="ann")
    'found a password of very few different characters; wanted one that is harder to guess'
    """
    password = _plain(password)
    if not LEAST <= len(password) <= MOST:
        return f"found a password of {len(password)} characters; wanted {LEAST} to {MOST}"
    if len(set(password)) < 5:
        return "found a password of very few different characters; wanted one that is harder to guess"
    if name.lower() in password.lower() and len(password) < len(name) + LEAST:
        return "found a password that is mostly the name; wanted one that is harder to guess"
    return None


def kept(password: str) -> str:
    """
    What is remembered of a password.
    """
    with _ROOM:
        return _HASHER.hash(_plain(password))


def fits(password: str, remembered: str | None) -> bool:
    """
    Whether it is the password that is remembered. Takes as long where nothing is.
    """
    with _ROOM:
        try:
            return _HASHER.verify(remembered or _nobodys(), _plain(password)) and remembered is not None
        except (VerificationError, InvalidHashError):
            return False


def _plain(password: str) -> str:
    """
    The same characters however a keyboard composed them, without spaces around (forms lose those).
    """
    return unicodedata.normalize("NFKC", password[: 4 * MOST].strip())


def outdated(remembered: str) -> bool:
    """
    Whether it was kept with weaker parameters than are usual now.
    """
    return _HASHER.check_needs_rehash(remembered)


@cache
def _nobodys() -> str:
    return _HASHER.hash("the password of nobody")
