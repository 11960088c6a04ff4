"""Whose turn it is: rotations by the clock on the wall, exceptions, gaps, and the hand-over."""

from tests.stories.duty import at_noon, fine, full, shop
from watchkeeper.testing import Story

WEEK = "{every: 1w, from: Monday, at: '09:00', starts: 2026-03-23, people: [ada, ben]}"
DAY = "{every: 1d, at: '02:30', starts: 2026-03-23, people: [ada, ben]}"


def paged_at(start: str, rotation: str = WEEK, *, more: str = "", minutes: int = 5, zone: str = "") -> str:
    """
    Who is paged for a disk that is full five minutes after this start (in Berlin).
    """
    told = opened(rotation, more=more, start=start, zone=zone)
    full(told.run(minutes=minutes - 5))
    [line] = told.pages
    return line.split()[1]


def opened(rotation: str = WEEK, *, more: str = "", start: str, zone: str = "", tick_seconds: float = 60) -> Story:
    entry = f"{{rotation: {rotation}{f', zone: {zone}' if zone else ''}{more}}}"
    text = shop("{steps: [{schedule: days}, {after: 10m, person: cleo}]}", rest=f"schedules: {{days: {entry}}}")
    return at_noon(text, start=start, tick_seconds=tick_seconds)


def test_a_turn_changes_hands_at_its_time_and_not_before():
    assert paged_at("2026-03-23T08:55:00") == "ada"
    assert paged_at("2026-03-30T08:54:00") == "ada"
    assert paged_at("2026-03-30T08:55:00") == "ben"
    assert paged_at("2026-04-06T08:55:00") == "ada"


def test_a_week_in_which_the_clocks_go_forward_still_ends_at_nine_on_the_wall():
    assert paged_at("2026-03-30T08:50:00") == "ada"  # the clocks went forward on Sunday
    assert paged_at("2026-03-30T08:55:00") == "ben"


def test_a_week_in_which_the_clocks_go_back_still_ends_at_nine_on_the_wall():
    week = WEEK.replace("2026-03-23", "2026-10-19")
    assert paged_at("2026-10-26T08:54:00", week) == "ada"
    assert paged_at("2026-10-26T08:55:00", week) == "ben"


def test_a_hand_over_in_the_hour_that_is_missing_takes_place_when_the_clock_jumps():
    assert paged_at("2026-03-29T01:54:00", DAY) == "ben"  # since the 28th at half past two
    assert paged_at("2026-03-29T01:55:00", DAY) == "ada"


def test_a_hand_over_in_the_hour_that_comes_twice_takes_place_once():
    day = DAY.replace("2026-03-23", "2026-10-24")
    told = opened(day, start="2026-10-25T02:24:00")  # ada until half past two
    assert full(told).pages[-1].split()[1] == "ada"
    fine(told, "a").run(minutes=10)
    assert full(told).pages[-1].split()[1] == "ben"
    fine(told, "a").run(minutes=50)  # half past two again
    assert full(told).pages[-1].split()[1] == "ben"


def test_a_schedule_of_another_zone_changes_at_its_own_nine():
    assert paged_at("2026-03-30T00:54:00", zone="Asia/Tokyo") == "ada"  # nine there is two in Berlin in summer
    assert paged_at("2026-03-30T01:55:00", zone="Asia/Tokyo") == "ben"


def test_a_step_asks_whoever_is_on_call_when_it_is_taken_and_not_when_the_page_opened():
    rotation = "{every: 1d, at: '12:05', starts: 2026-03-02, people: [ada, ben]}"
    text = shop(
        "{steps: [{person: cleo}, {after: 10m, schedule: days}]}", rest=f"schedules: {{days: {{rotation: {rotation}}}}}"
    )
    told = full(at_noon(text, start="2026-03-03T11:55:00")).run(minutes=11)
    assert told.pages == ["12:00 cleo P1 page Disk is full: a", "12:10 ben P1 page Disk is full: a"]


def test_a_layer_takes_the_place_of_the_rotation_in_its_hours_only():
    more = ", layers: [{every: 1w, people: [cleo], during: {from: '22:00', to: '06:00'}}]"
    assert paged_at("2026-03-23T21:54:00", more=more) == "ada"
    assert paged_at("2026-03-23T21:55:00", more=more) == "cleo"
    assert paged_at("2026-03-24T05:54:00", more=more) == "cleo"
    assert paged_at("2026-03-24T05:55:00", more=more) == "ada"


def test_a_gap_is_skipped_at_once_and_was_known_before():
    nights = "{every: 1w, people: [ada], during: {from: '08:00', to: '20:00'}}"
    text = shop("{steps: [{schedule: days}]}", rest=f"schedules: {{days: {{rotation: {nights}}}}}")
    told = at_noon(text)
    [hole, *_] = told.holes(days=2)
    assert hole.policy == "ladder"
    assert told.local(hole.begin_ns) == "2026-03-02T20:00"
    assert told.local(hole.end_ns) == "2026-03-03T08:00"


def test_a_gap_of_all_days_is_known_too():
    told = at_noon(shop("{steps: [{schedule: days}]}", rest="schedules: {days: {rotation: {every: 1w}}}"))
    assert {hole.policy for hole in told.holes(days=2)} == {"ladder"}


def test_somebody_without_a_way_to_reach_them_is_a_hole_before_the_page():
    told = at_noon(shop("{steps: [{person: dora}]}", people="\n  dora: {}\n"))
    assert {hole.policy for hole in told.holes(days=1)} == {"ladder"}


def test_an_override_takes_a_shift_from_its_beginning_to_its_end_and_no_longer():
    told = opened(start="2026-03-23T11:55:00")
    told.override("days", "cleo", "13:00", "14:00", by="ada")
    told.at("12:59:30")
    assert full(told).pages[-1].split()[1] == "ada"
    fine(told, "a").at("13:30")
    assert full(told).pages[-1].split()[1] == "cleo"
    fine(told, "a").at("14:00")
    assert full(told).pages[-1].split()[1] == "ada"


def test_of_two_overrides_of_one_hour_the_newer_holds_and_undoing_it_gives_the_older_back():
    told = opened(start="2026-03-23T11:55:00")
    told.override("days", "ben", "12:00", "18:00", by="ada")
    second = told.override("days", "cleo", "12:00", "18:00", by="ada")
    assert full(told.run(minutes=1)).pages[-1].split()[1] == "cleo"
    told.undo_override(second, by="ada")
    fine(told, "a").run(minutes=5)
    assert full(told).pages[-1].split()[1] == "ben"


def test_two_people_swap_their_weeks():
    told = opened(start="2026-03-23T11:55:00")
    told.swap("days", "2026-03-24T12:00", "2026-03-31T12:00", by="ada")
    assert full(told.run(minutes=1)).pages[-1].split()[1] == "ben"
    assert told.on_call("days", "2026-03-31T12:00") == "ada"
    assert told.on_call("days", "2026-04-07T12:00") == "ada"  # her turn by the rotation


def test_an_override_outlives_a_restart():
    told = opened(start="2026-03-23T11:55:00")
    told.override("days", "cleo", "12:00", "14:00", by="ada")
    assert full(told.restart().run(minutes=1)).pages[-1].split()[1] == "cleo"


def test_a_hand_over_tells_both_and_the_channel_once():
    told = opened(more=", hand_off: {tell: [team]}", start="2026-03-30T08:50:00").at("09:30")
    assert told.heard("ada") == told.heard("ada")[:1] == ["09:00 ada hand-off days: ben"]
    assert told.heard("ben") == ["09:00 ben hand-off days: ben"]
    assert told.messages == ["09:00 hand-off days: ben"]


def test_a_hand_over_that_was_slept_through_is_told_after_the_restart():
    told = opened(start="2026-03-30T08:50:00")
    told.sleep(minutes=20).restart().run(minutes=1)
    assert told.heard("ben") == ["09:15 ben hand-off days: ben"]
