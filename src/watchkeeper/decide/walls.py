"""
When does a clock on the wall show a time?

Rotations and business days are said in local time. A local time that the clock shows twice counts the first time; one
that it jumps over counts at the jump, so that what is later on the wall is never earlier in the world:

>>> berlin = ZoneInfo("Europe/Berlin")
>>> shown = lambda *at: utc(first_at(datetime(*at), berlin)).isoformat(" ", "minutes")
>>> shown(2026, 3, 28, 2, 30), shown(2026, 3, 29, 2, 30), shown(2026, 3, 29, 3, 0)
('2026-03-28 01:30+00:00', '2026-03-29 01:00+00:00', '2026-03-29 01:00+00:00')
>>> shown(2026, 10, 25, 2, 30), shown(2026, 10, 25, 3, 0)
('2026-10-25 00:30+00:00', '2026-10-25 02:00+00:00')
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_MICROSECOND: Final = timedelta(microseconds=1)


def utc(at_ns: int) -> datetime:
    """
    Nanoseconds since 1970 as an aware instant.
    """
    return _EPOCH + timedelta(microseconds=at_ns // 1000)


def wall(at_ns: int, zone: ZoneInfo) -> datetime:
    """
    What a clock in this zone shows, without the zone.
    """
    return utc(at_ns).astimezone(zone).replace(tzinfo=None, fold=0)


@lru_cache(maxsize=16_384)
def first_at(shown: datetime, zone: ZoneInfo) -> int:
    """
    The first instant (ns since 1970) at which a clock in this zone shows this local time or a later one.
    """
    found = shown.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None, fold=0) != shown:  # the clock jumps over it
        found = _jump(shown, zone)
    return (found - _EPOCH) // _MICROSECOND * 1000


def _jump(shown: datetime, zone: ZoneInfo) -> datetime:
    """
    The instant at which the clock jumps over this time. PEP 495: `fold` chooses the offset before or after the jump.
    """
    before, after = (shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0))
    while after - before > _SECOND:  # `before` still shows an earlier time, `after` a later one
        middle = before + ((after - before) // 2 // _SECOND) * _SECOND
        if middle.astimezone(zone).replace(tzinfo=None, fold=0) < shown:
            before = middle
        else:
            after = middle
    return after
