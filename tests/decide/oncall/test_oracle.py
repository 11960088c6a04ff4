"""Rotations equal an oracle that walks minute by minute: ten zones, two years; ten years in `make torture`."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.decide.oncall.oracle import NOBODY, People, people_of
from tests.manuals import written
from watchkeeper.decide.oncall import rotations
from watchkeeper.decide.oncall.coverage import duty, on_call, shifts
from watchkeeper.decide.oncall.values import Override
from watchkeeper.manual.model.manual import Manual

#: Jumps of an hour, of half an hour, at midnight, backwards in winter, in Ramadan; offsets of quarters; and none.
ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Pacific/Chatham",
    "Europe/Dublin",
    "America/Havana",
    "Africa/Cairo",
    "Asia/Seoul",
    "America/St_Johns",
]
NAMES = ["ada", "bo", "cy", "di", "ed"]
MINUTE = 60 * 10**9
WORK = [{"days": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"], "from": "09:00", "to": "17:30"}]
NIGHT = [{"days": ["Friday", "Saturday"], "from": "22:00", "to": "02:30"}]
Schedule = Mapping[str, Any]

SCHEDULES: dict[str, Schedule] = {
    "week-long shifts": {"rotation": {"every": "1w", "from": "Monday", "at": "10:00", "people": NAMES[:3]}},
    "a hand-off in the missing hour": {"rotation": {"every": "1d", "at": "02:30", "people": NAMES[:2]}},
    "a hand-off at midnight": {"rotation": {"every": "1d", "people": NAMES[:3], "starts": "2025-09-15"}},
    "half a day": {"rotation": {"every": "12h", "at": "08:00", "people": NAMES[:3]}},
    "turns that drift through the day": {"rotation": {"every": "7h", "people": NAMES[:5]}},
    "turns shorter than the jump": {"rotation": {"every": "20m", "people": NAMES}, "short": True},
    "to Friday": {"rotation": {"every": "2w", "from": "Monday", "to": "Friday", "at": "02:15", "people": NAMES[:2]}},
    "a hand-off elsewhere": {
        "rotation": {"every": "1w", "during": WORK},
        "people": NAMES[:4],
        "hand_off": {"day": "Sunday", "at": "02:45", "zone": "Europe/London"},
        "zone": "America/Chicago",
    },
    "nights in turns": {"rotation": {"every": "1d", "people": NAMES[:3], "during": [{"from": "22:00", "to": "06:00"}]}},
    "layers": {
        "rotation": {"every": "1w", "from": "Wednesday", "at": "00:30", "people": NAMES[:2]},
        "layers": [
            {"every": "1d", "people": NAMES[2:4], "during": NIGHT},
            {"every": "36h", "at": "01:15", "people": NAMES[4:], "during": [{"from": "02:00", "to": "03:00"}]},
        ],
    },
}


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) // 60


def any_schedule(draw: random.Random) -> Schedule:
    return {
        "rotation": any_rotation(draw),
        "layers": [any_rotation(draw) for _ in range(draw.randrange(3))],
        "people": draw.sample(NAMES, 3),
    }


def any_rotation(draw: random.Random) -> dict[str, Any]:
    def clock() -> str:
        return f"{draw.choice([0, 0, 1, 2, 2, 3, 9, 23]):02}:{draw.choice([0, 15, 30, 45, 59]):02}"

    def hours() -> dict[str, Any]:
        days = draw.sample([*WORK[0]["days"], "Saturday", "Sunday"], draw.randrange(1, 8))
        return {"days": days, "from": clock(), "to": clock()}

    found: dict[str, Any] = {"every": draw.choice(["1d", "1w", "2w", "12h", "5h", "26h", "3d", "90m"])}
    if draw.random() < 0.7:
        found["at"] = clock()
    if draw.random() < 0.5:
        found["from"] = draw.choice(["Monday", "Sunday", "Thursday"])
    if found["every"].endswith("w") and "from" in found and draw.random() < 0.5:
        found["to"] = draw.choice(["Friday", "Sunday", "Monday"])
    if draw.random() < 0.5:
        found["starts"] = draw.choice(["2019-05-17", "2025-10-25", "2026-03-29"])
    if draw.random() < 0.6:
        found["during"] = [hours() for _ in range(draw.randrange(1, 3))]
    if draw.random() < 0.6:
        found["people"] = draw.sample(NAMES, draw.randrange(1, 5))
    return found


def any_overrides(draw: random.Random, begin: int, end: int, n: int) -> list[tuple[int, int, str]]:
    begins = [draw.randrange(begin - 2000, end) for _ in range(n)]
    return [(one, one + draw.randrange(1, 20_000), draw.choice([*NAMES, ""])) for one in begins]


def as_rows(found: list[tuple[int, int, str]]) -> list[Override]:
    return [
        Override(id=i, schedule="team", begin_ns=a * MINUTE, end_ns=b * MINUTE, person=name)
        for i, (a, b, name) in enumerate(found, start=1)
    ]


def manual_of(schedule: Schedule, zone: str) -> Manual:
    entry = {key: value for key, value in schedule.items() if key != "short"}
    people: dict[str, Any] = {name: {} for name in NAMES}
    return written(zone=zone, people=people, schedules={"team": entry})


def by_product(manual: Manual, overrides: list[Override], begin: int, end: int) -> People:
    found = shifts("team", manual, overrides, begin_ns=begin * MINUTE, end_ns=end * MINUTE)
    lengths = [one.end_ns - one.begin_ns for one in found]
    assert all(length > 0 and length % MINUTE == 0 for length in lengths)
    codes = [NOBODY if one.person is None else NAMES.index(one.person) for one in found]
    return np.repeat(np.array(codes, dtype=np.int16), np.array(lengths) // MINUTE)


def compare(schedule: Schedule, zone: str, begin: int, end: int, overrides: list[tuple[int, int, str]]) -> People:
    wanted = people_of(schedule, NAMES, zone=zone, begin=begin, end=end, overrides=overrides)
    found = by_product(manual_of(schedule, zone), as_rows(overrides), begin, end)
    assert len(found) == len(wanted)
    wrong = np.flatnonzero(found != wanted)
    if len(wrong):
        first = int(wrong[0])
        when = datetime.fromtimestamp((begin + first) * 60, UTC)
        pytest.fail(
            f"{len(wrong)} minutes differ, first {when}: found {found[first]}, wanted {wanted[first]}; {schedule}"
        )
    return wanted


def compare_zone(zone: str, begin: int, end: int, *, seed: int, random_ones: int) -> None:
    draw = random.Random(f"{seed} {zone}")  # noqa: S311 (a repeatable choice, no secret)
    for schedule in SCHEDULES.values():
        last = min(end, begin + 400 * 1440) if schedule.get("short") else end
        compare(schedule, zone, begin, last, any_overrides(draw, begin, last, 3))
    for _ in range(random_ones):
        compare(any_schedule(draw), zone, begin, end, any_overrides(draw, begin, end, draw.randrange(6)))


@pytest.mark.parametrize("zone", ZONES)
def test_two_years_of_rotations_equal_the_minute_walk(zone):
    compare_zone(zone, at("2025-08-01"), at("2027-08-01"), seed=1, random_ones=3)


@pytest.mark.torture
@pytest.mark.parametrize("zone", ZONES)
def test_ten_years_of_rotations_equal_the_minute_walk(zone):
    for seed in range(10):
        compare_zone(zone, at("2017-06-01"), at("2027-06-01"), seed=seed, random_ones=10)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Havana", "Australia/Lord_Howe"])
def test_who_until_when_and_who_next_equal_the_minute_walk(zone):
    begin, end, draw = at("2025-08-01"), at("2026-12-01"), random.Random(zone)  # noqa: S311
    for schedule in (SCHEDULES["layers"], SCHEDULES["to Friday"], any_schedule(draw)):
        overrides = any_overrides(draw, begin, end, 4)
        walked = people_of(schedule, NAMES, zone=zone, begin=begin, end=end, overrides=overrides)
        changes = [0, *(np.flatnonzero(np.diff(walked)) + 1).tolist(), len(walked)]
        manual, rows = manual_of(schedule, zone), as_rows(overrides)
        middle = [
            (i, a, b) for i, (a, b) in enumerate(zip(changes, changes[1:], strict=False)) if 1 < i < len(changes) - 9
        ]
        for i, first, after in draw.sample(middle, 25):
            minute = draw.choice([first, after - 1, draw.randrange(first, after)])
            found = duty("team", manual, rows, (begin + minute) * MINUTE)
            assert found.person == (None if walked[minute] == NOBODY else NAMES[walked[minute]])
            assert (found.since_ns, found.until_ns) == ((begin + first) * MINUTE, (begin + after) * MINUTE)
            coming = next((n for n in changes[i + 1 : -1] if walked[n] != NOBODY), None)
            if coming is not None:
                assert (found.next, found.next_ns) == (NAMES[walked[coming]], (begin + coming) * MINUTE)
            assert on_call("team", manual, rows, (begin + minute) * MINUTE) == found.person


def the_second_time(shown: datetime, zone: ZoneInfo) -> int:
    return round(shown.replace(tzinfo=zone, fold=1).timestamp()) * 10**9


def after_the_gap(shown: datetime, zone: ZoneInfo) -> int:
    return round(shown.replace(tzinfo=zone, fold=0).timestamp()) * 10**9


def in_winter_time(shown: datetime, zone: ZoneInfo) -> int:
    january = datetime(2026, 1, 1, tzinfo=zone).utcoffset()
    assert january is not None
    return round((shown.replace(tzinfo=UTC) - january).timestamp()) * 10**9


@pytest.mark.parametrize("defect", [the_second_time, after_the_gap, in_winter_time])
def test_a_planted_defect_is_caught(monkeypatch, defect):
    monkeypatch.setattr(rotations, "first_at", defect)
    schedule = SCHEDULES["a hand-off in the missing hour"]
    begin, end = at("2026-03-01"), at("2026-11-01")
    wanted = people_of(schedule, NAMES, zone="Europe/Berlin", begin=begin, end=end)
    found = by_product(manual_of(schedule, "Europe/Berlin"), [], begin, end)
    assert not np.array_equal(found, wanted)
