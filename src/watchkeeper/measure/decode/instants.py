"""
Which instant does a JSON value mean?

>>> instant("2026-11-20T11:00:00.5+01:00"), instant(1795168800.25)
(1795168800500000000, 1795168800250000000)
>>> instant(1795168800000)
'found 1795168800000, which looks like milliseconds; wanted seconds since 1970, or RFC 3339'

A fraction means what was written, to the nanosecond: not the float nearest to it.
"""

import re
from datetime import datetime
from decimal import Decimal
from math import isfinite
from typing import Any, Final

_RFC3339: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(?:([Zz])|([+-]\d\d:\d\d))", re.ASCII
)
_SECOND: Final = 10**9
_LATEST_S: Final = 9_223_372_036  # the last whole second that fits 64 bits of nanoseconds: the year 2262


def instant(value: Any) -> int | str:
    """
    Nanoseconds since 1970 UTC, or a sentence that says what was found and what is wanted.
    """
    if isinstance(value, str):
        return _written(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not _finite(value):
        return f"found {_short(value)}; wanted RFC 3339 (2026-11-20T10:00:00Z) or seconds since 1970"
    if value >= _LATEST_S:
        return f"found {_short(value)}, which looks like milliseconds; wanted seconds since 1970, or RFC 3339"
    if value <= 0:
        return f"found {_short(value)}; wanted an instant after 1970"
    return int(Decimal(repr(value)) * _SECOND)


def _written(text: str) -> int | str:
    match = _RFC3339.fullmatch(text)
    if match is None:
        return f"found {_short(text)}; wanted RFC 3339 with a zone (2026-11-20T10:00:00Z)"
    day, clock, fraction, zulu, offset = match.groups()
    try:
        whole = datetime.fromisoformat(f"{day}T{clock}{'+00:00' if zulu else offset}")
    except ValueError as error:
        return f"found {_short(text)}: {error}"
    at_ns = _since_1970(whole) * _SECOND + int((fraction or "0").ljust(9, "0"))
    return at_ns if 0 < at_ns < _LATEST_S * _SECOND else f"found {_short(text)}; wanted an instant from 1970 to 2261"


def _since_1970(at: datetime) -> int:
    since = at - datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    return since.days * 86_400 + since.seconds


def _finite(value: float) -> bool:
    return isinstance(value, int) or isfinite(value)


def _short(value: Any) -> str:
    text = (
        f'"{value}"'
        if isinstance(value, str)
        else "true"
        if value is True
        else "false"
        if value is False
        else repr(value)
    )
    return text if len(text) <= 60 else f"{text[:57]}..."
