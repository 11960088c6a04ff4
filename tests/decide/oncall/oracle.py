"""
Who is on call, by brute force?

Walks every minute of UTC, looks up what a clock on the wall shows then, and reads off whose turn that is. It takes the
YAML as plain data and shares no code with the product: no manual, no model, no arithmetic of its own on time zones but
"ask zoneinfo what time it is". The one rule it is written from: *a clock never goes back*. What it has shown, it has
shown, so that a time shown twice counts the first time, and a time that is jumped over counts at the jump.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Minutes = NDArray[np.int32]  # since 1970, of UTC or on the wall
People = NDArray[np.int16]  # index into the names; -1: nobody
Bools = NDArray[np.bool_]

NOBODY = -1
EPOCH = date(1970, 1, 1).toordinal()
QUARTER = 15
LEAD = 5 * 1440  # walked before the first minute asked for, so that the clock has shown what it has shown
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
UNITS = {"m": 1, "h": 60, "d": 1440, "w": 7 * 1440}

_EVERY = re.compile(r"(\d+)([mhdw])")


@dataclass(frozen=True, eq=False)
class Walk:
    """
    Every minute from `begin` to before `end` (minutes of UTC), and the latest time that the wall clock has shown by it.
    """

    begin: int
    end: int
    shown: Minutes
    of_day: Minutes
    weekday: Minutes


@lru_cache(maxsize=6)
def walk(zone: str, begin: int, end: int) -> Walk:
    shown = np.maximum.accumulate(_walls(ZoneInfo(zone), begin - LEAD, end))[LEAD:]
    return Walk(begin, end, shown, shown % 1440, (shown // 1440 + 3) % 7)  # 1970-01-01 was a Thursday


def _walls(zone: ZoneInfo, begin: int, end: int) -> Minutes:
    """
    What the wall shows, minute by minute; of a quarter of an hour at whose ends it runs alike, zoneinfo is asked once.
    """
    assert begin % QUARTER == 0 == end % QUARTER
    quarters = np.array([_offset(zone, quarter) for quarter in range(begin, end + 1, QUARTER)], dtype=np.int32)
    minutes = np.arange(begin, end, dtype=np.int32) + np.repeat(quarters[:-1], QUARTER)
    for changes in np.flatnonzero(np.diff(quarters)).tolist():
        for minute in range(changes * QUARTER, (changes + 1) * QUARTER):
            minutes[minute] = begin + minute + _offset(zone, begin + minute)
    return minutes


def _offset(zone: ZoneInfo, minute: int) -> int:
    offset = datetime.fromtimestamp(minute * 60, UTC).astimezone(zone).utcoffset()
    assert offset is not None
    assert offset.total_seconds() % 60 == 0
    return int(offset.total_seconds()) // 60


def people_of(
    schedule: Mapping[str, Any], names: Sequence[str], *, zone: str, begin: int, end: int, overrides: Sequence[Any] = ()
) -> People:
    """
    Who is on call in each minute. `zone` is the manual's; an override is (begin, end, name or ''), the newest last.
    """
    hand_off = schedule.get("hand_off", {})
    own = schedule.get("zone") or hand_off.get("zone") or zone
    found = np.full(end - begin, NOBODY, dtype=np.int16)
    if "rotation" not in schedule and schedule.get("people"):
        found[:] = names.index(schedule["people"][0])
    rotations = [schedule["rotation"]] if "rotation" in schedule else []
    for rotation in (*rotations, *schedule.get("layers", ())):
        people = rotation.get("people") or schedule.get("people", ())
        if people:
            turn, covers = _turns(rotation, hand_off, own, begin, end)
            if "during" in rotation:
                covers &= _during(rotation["during"], walk(own, begin, end))
            codes = np.array([names.index(name) for name in people], dtype=np.int16)
            found = np.where(covers, codes[turn % len(codes)], found)
    for first, last, name in overrides:
        found[max(first - begin, 0) : max(last - begin, 0)] = names.index(name) if name else NOBODY
    return found


def _turns(
    rotation: Mapping[str, Any], hand_off: Mapping[str, Any], own: str, begin: int, end: int
) -> tuple[Minutes, Bools]:
    """
    The number of the turn in each minute, and whether it is anybody's.
    """
    zone, at = own, rotation.get("at")
    if at is None and "at" in hand_off:
        zone, at = hand_off.get("zone") or own, hand_off["at"]
    if at is None:
        begins = {one.get("from", "00:00") for one in rotation.get("during", ())}
        at = begins.pop() if len(begins) == 1 else "00:00"
    number, unit = _EVERY.fullmatch(rotation["every"]).groups()  # type: ignore[union-attr]  # a test writes it so
    every = int(number) * UNITS[unit]
    first = date.fromisoformat(rotation.get("starts", "2024-01-01"))
    day = rotation.get("from") or hand_off.get("day")
    while day is not None and DAYS[first.weekday()] != day:
        first = date.fromordinal(first.toordinal() + 1)
    anchor = (first.toordinal() - EPOCH) * 1440 + _minute(at)
    since = walk(zone, begin, end).shown - np.int32(anchor)
    covers = since >= 0
    if "to" in rotation:
        lasts = max(n for n in range(1, every // 1440 + 1) if DAYS[(first.weekday() + n) % 7] == rotation["to"])
        covers &= since % every < lasts * 1440
    return since // every, covers


def _during(hours: Sequence[Mapping[str, Any]], walked: Walk) -> Bools:
    inside = np.zeros(len(walked.shown), dtype=np.bool_)
    for one in hours:
        opens, closes = _minute(one.get("from", "00:00")), _minute(one.get("to", "00:00"))
        days = np.array([not one.get("days") or day in one["days"] for day in DAYS])
        today, yesterday = days[walked.weekday], days[walked.weekday - 1]
        if closes > opens:
            inside |= today & (walked.of_day >= opens) & (walked.of_day < closes)
        else:
            inside |= (today & (walked.of_day >= opens)) | (yesterday & (walked.of_day < closes))
    return inside


def _minute(text: str) -> int:
    at = time.fromisoformat(text)
    return at.hour * 60 + at.minute
