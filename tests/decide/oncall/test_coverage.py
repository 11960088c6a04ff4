"""Who is on call when: turns, clock changes, layers, gaps, overrides."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from tests.manuals import written
from watchkeeper.decide.oncall.coverage import duty, on_call, shifts
from watchkeeper.decide.oncall.values import Override, Shift
from watchkeeper.decide.walls import utc
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.reaching import Rotation

HOUR = 3600 * 10**9
PEOPLE: dict[str, Any] = {name: {} for name in ("ada", "bo", "cy", "di")}


def manual(zone: str = "Europe/Berlin", **schedule: Any) -> Manual:
    return written(zone=zone, people=PEOPLE, schedules={"team": schedule})


def at(text: str, zone: str = "Europe/Berlin") -> int:
    """An instant in ns; local time unless it ends with Z."""
    found = datetime.fromisoformat(text)
    found = found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))
    return int(found.timestamp()) * 10**9


def said(found: list[Shift], zone: str = "Europe/Berlin") -> list[str]:
    """`MM-DD HH:MM person` of each beginning, on the wall; `-` is nobody."""
    return [f"{utc(one.begin_ns).astimezone(ZoneInfo(zone)):%m-%d %H:%M} {one.person or '-'}" for one in found]


def between(found: Manual, begin: str, end: str, *overrides: Override, zone: str = "Europe/Berlin") -> list[str]:
    return said(shifts("team", found, overrides, begin_ns=at(begin, zone), end_ns=at(end, zone)), zone)


def over(number: int, begin: str, end: str, person: str, schedule: str = "team") -> Override:
    return Override(id=number, schedule=schedule, begin_ns=at(begin), end_ns=at(end), person=person)


def hours(found: list[Shift]) -> list[float]:
    return [(one.end_ns - one.begin_ns) / HOUR for one in found]


WEEKLY = {"every": "1w", "from": "Monday", "at": "10:00", "people": ["ada", "bo"], "starts": "2026-01-05"}


def test_week_long_turns_change_at_ten_on_the_wall_across_both_clock_changes():
    found = shifts("team", manual(rotation=WEEKLY), [], begin_ns=at("2026-03-16T10:00"), end_ns=at("2026-11-02T10:00"))
    assert {f"{utc(one.begin_ns).astimezone(ZoneInfo('Europe/Berlin')):%a %H:%M}" for one in found} == {"Mon 10:00"}
    lengths = {f"{utc(one.begin_ns):%m-%d}": length for one, length in zip(found, hours(found), strict=True)}
    assert {day: length for day, length in lengths.items() if length != 168} == {"03-23": 167, "10-19": 169}


def test_a_hand_off_inside_the_missing_hour_takes_place_at_the_jump():
    daily = {"every": "1d", "at": "02:30", "people": ["ada", "bo"]}
    found = shifts("team", manual(rotation=daily), [], begin_ns=at("2026-03-28T12:00"), end_ns=at("2026-03-30T12:00"))
    assert said(found) == ["03-28 12:00 bo", "03-29 03:00 ada", "03-30 02:30 bo"]
    assert found[1].begin_ns == at("2026-03-29T01:00:00+00:00")


def test_a_hand_off_inside_the_double_hour_takes_place_once_and_the_first_time():
    daily = {"every": "1d", "at": "02:30", "people": ["ada", "bo"]}
    found = shifts("team", manual(rotation=daily), [], begin_ns=at("2026-10-24T12:00"), end_ns=at("2026-10-26T12:00"))
    assert [one.person for one in found] == ["bo", "ada", "bo"]
    assert [one.begin_ns for one in found[1:]] == [at("2026-10-25T00:30:00+00:00"), at("2026-10-26T01:30:00+00:00")]


def test_a_turn_that_lies_wholly_in_the_missing_hour_is_skipped_without_a_gap():
    short = {"every": "30m", "people": ["ada", "bo", "cy", "di"]}
    found = between(manual(rotation=short), "2026-03-29T01:00", "2026-03-29T04:00")
    assert [one.partition(" ")[2].split()[0] for one in found] == ["01:00", "01:30", "03:00", "03:30"]
    assert "-" not in {one.split()[-1] for one in found}


def test_half_day_turns_keep_to_the_wall():
    half = {"every": "12h", "at": "08:00", "people": ["ada", "bo"]}
    assert between(manual(rotation=half), "2026-03-28T12:00", "2026-03-30T12:00") == [
        "03-28 12:00 ada",
        "03-28 20:00 bo",
        "03-29 08:00 ada",
        "03-29 20:00 bo",
        "03-30 08:00 ada",
    ]


def test_the_hand_off_of_the_schedule_gives_day_time_and_zone():
    found = manual(
        zone="UTC",
        rotation={"every": "1w"},
        people=["ada", "bo"],
        hand_off={"day": "Tuesday", "at": "10:00", "zone": "Asia/Seoul"},
    )
    assert between(found, "2026-03-02T00:00", "2026-03-11T00:00", zone="Asia/Seoul") == [
        "03-02 00:00 ada",
        "03-03 10:00 bo",
        "03-10 10:00 ada",
    ]


def test_a_rotation_of_working_days_leaves_the_weekend_to_nobody():
    rotation = WEEKLY | {"to": "Friday"}
    assert between(manual(rotation=rotation), "2026-03-02T12:00", "2026-03-10T12:00") == [
        "03-02 12:00 ada",
        "03-06 10:00 -",
        "03-09 10:00 bo",
    ]


def test_from_monday_to_monday_is_the_whole_week():
    assert between(manual(rotation=WEEKLY | {"to": "Monday"}), "2026-03-02T12:00", "2026-03-10T12:00") == [
        "03-02 12:00 ada",
        "03-09 10:00 bo",
    ]


def test_a_later_layer_takes_the_hours_it_covers():
    nights = {
        "every": "1d",
        "people": ["cy"],
        "during": {"days": ["Monday", "Tuesday"], "from": "22:00", "to": "06:00"},
    }
    assert between(manual(rotation=WEEKLY, layers=[nights]), "2026-03-02T12:00", "2026-03-05T00:00") == [
        "03-02 12:00 ada",
        "03-02 22:00 cy",
        "03-03 06:00 ada",
        "03-03 22:00 cy",
        "03-04 06:00 ada",
    ]


def test_whoever_has_the_night_has_all_of_it():
    during = {"from": "22:00", "to": "06:00"}
    nights = {"every": "1d", "starts": "2026-03-02", "people": ["ada", "bo"], "during": during}
    assert between(manual(rotation=nights), "2026-03-02T12:00", "2026-03-04T12:00") == [
        "03-02 12:00 -",
        "03-02 22:00 ada",
        "03-03 06:00 -",
        "03-03 22:00 bo",
        "03-04 06:00 -",
    ]


def test_hours_that_touch_or_overlap_are_one():
    hours_ = [{"from": "09:00", "to": "12:00"}, {"from": "11:00", "to": "17:00"}, {"from": "17:00", "to": "18:00"}]
    found = manual(rotation={"every": "1w", "people": ["ada"], "during": hours_})
    assert between(found, "2026-03-02T00:00", "2026-03-03T00:00") == [
        "03-02 00:00 -",
        "03-02 09:00 ada",
        "03-02 18:00 -",
    ]


def test_hours_inside_the_missing_hour_are_none_and_the_double_hour_counts_twice():
    night = {"every": "1d", "people": ["ada"], "during": {"from": "02:00", "to": "03:00"}}
    assert between(manual(rotation=night), "2026-03-29T00:00", "2026-03-29T12:00") == ["03-29 00:00 -"]
    [_, both, _] = shifts(
        "team", manual(rotation=night), [], begin_ns=at("2026-10-25T00:00"), end_ns=at("2026-10-25T12:00")
    )
    assert hours([both]) == [2.0]


def test_nobody_is_on_call_before_the_first_turn():
    found = manual(rotation=WEEKLY | {"starts": "2026-03-04"})
    assert between(found, "2026-03-02T12:00", "2026-03-17T12:00") == [
        "03-02 12:00 -",
        "03-09 10:00 ada",
        "03-16 10:00 bo",
    ]


def test_a_schedule_without_a_rotation_is_always_its_first_persons():
    found = duty("team", manual(people=["ada", "bo"]), [], at("2026-03-02T12:00"))
    assert (found.person, found.until_ns, found.next) == ("ada", None, None)


def test_of_overrides_the_newest_holds_and_one_to_nobody_makes_a_gap():
    found = between(
        manual(rotation=WEEKLY),
        "2026-03-02T12:00",
        "2026-03-04T00:00",
        over(2, "2026-03-02T18:00", "2026-03-02T20:00", ""),
        over(1, "2026-03-02T16:00", "2026-03-03T00:00", "cy"),
        over(3, "2026-03-02T16:00", "2026-03-03T00:00", "di", schedule="other"),
    )
    assert found == ["03-02 12:00 ada", "03-02 16:00 cy", "03-02 18:00 -", "03-02 20:00 cy", "03-03 00:00 ada"]


def test_an_override_to_somebody_who_left_is_as_if_it_were_not():
    gone = over(1, "2026-03-02T16:00", "2026-03-03T00:00", "zed")
    assert between(manual(rotation=WEEKLY), "2026-03-02T12:00", "2026-03-04T00:00", gone) == ["03-02 12:00 ada"]


def test_now_until_and_next():
    found = duty("team", manual(rotation=WEEKLY), [], at("2026-03-04T12:00"))
    assert (found.person, found.since_ns, found.until_ns) == ("ada", at("2026-03-02T10:00"), at("2026-03-09T10:00"))
    assert (found.next, found.next_ns) == ("bo", at("2026-03-09T10:00"))


def test_next_is_the_one_after_a_gap():
    found = duty("team", manual(rotation=WEEKLY | {"to": "Friday"}), [], at("2026-03-05T12:00"))
    assert (found.until_ns, found.next, found.next_ns) == (at("2026-03-06T10:00"), "bo", at("2026-03-09T10:00"))
    empty = duty("team", manual(rotation=WEEKLY | {"to": "Friday"}), [], at("2026-03-07T12:00"))
    assert (empty.person, empty.since_ns, empty.next) == (None, at("2026-03-06T10:00"), "bo")


def test_turns_of_the_same_person_in_a_row_are_one_duty():
    rotation = WEEKLY | {"people": ["ada", "ada", "bo"], "starts": "2026-03-02"}
    found = duty("team", manual(rotation=rotation), [], at("2026-03-04T12:00"))
    assert (found.until_ns, found.next) == (at("2026-03-16T10:00"), "bo")


def test_a_short_rotation_under_a_long_override_still_says_until_when():
    hourly = {"every": "1h", "people": ["ada", "bo"]}
    found = duty(
        "team", manual(rotation=hourly), [over(1, "2026-01-01T00:00", "2026-06-01T00:00", "cy")], at("2026-03-04T12:00")
    )
    assert (found.person, found.since_ns, found.until_ns) == ("cy", at("2026-01-01T00:00"), at("2026-06-01T00:00"))
    assert found.next in ("ada", "bo")


def test_a_schedule_whose_rotation_names_nobody_has_nobody():
    assert on_call("team", manual(rotation={"every": "1w"}), [], at("2026-03-04T12:00")) is None


def test_shifts_tile_the_time_asked_for():
    found = shifts(
        "team",
        manual(
            rotation=WEEKLY | {"to": "Saturday"},
            layers=[{"every": "5h", "people": ["cy", "di"], "during": {"days": "Sunday"}}],
        ),
        [over(1, "2026-03-10T01:00", "2026-03-20T16:00", "di")],
        begin_ns=at("2026-03-01T03:00"),
        end_ns=at("2026-04-07T12:00"),
    )
    assert found[0].begin_ns == at("2026-03-01T03:00")
    assert found[-1].end_ns == at("2026-04-07T12:00")
    assert all(a.end_ns == b.begin_ns for a, b in zip(found, found[1:], strict=False))
    assert all(one.begin_ns < one.end_ns for one in found)


@pytest.mark.parametrize("every", ["1mo", "1y", "0s", "90s", "30s", "53w"])
def test_turns_that_cannot_be_counted_on_the_wall_are_a_mistake(every):
    with pytest.raises(ValidationError, match="whole minutes, hours, days or weeks"):
        Rotation(every=every)


@pytest.mark.parametrize("keys", [{"every": "1d", "from": "Monday", "to": "Friday"}, {"every": "1w", "to": "Friday"}])
def test_a_day_on_which_short_turns_end_is_a_mistake(keys):
    with pytest.raises(ValidationError, match="during"):
        Rotation(**keys)


@pytest.mark.parametrize("starts", ["1969-12-31", "2201-01", "9999-12-31"])
def test_a_first_day_that_no_clock_of_ours_reaches_is_a_mistake(starts):
    with pytest.raises(ValidationError, match="a day from 1970 to 2200"):
        Rotation.model_validate({"every": "1d", "starts": starts})


def test_the_same_wall_time_is_asked_twice_for_the_same_answer():
    first = datetime(2026, 3, 29, tzinfo=UTC)
    found = manual(rotation={"every": "1d", "at": "02:30", "people": ["ada", "bo"]})
    for minute in range(0, 180, 7):
        at_ns = int((first + timedelta(minutes=minute)).timestamp()) * 10**9
        assert on_call("team", found, [], at_ns) == duty("team", found, [], at_ns).person
