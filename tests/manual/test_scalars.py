"""
Each scalar is read as people write it, and what does not fit says what would.
"""

from collections.abc import Callable
from datetime import time

import pytest

from watchkeeper.manual.model import calendar, scalars
from watchkeeper.manual.model.unfit import Unfit


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("10:00", time(10)),
        ("02:00", time(2)),
        ("2:00 AM", time(2)),
        ("12:00 AM", time(0)),
        ("12:30pm", time(12, 30)),
        ("11:59 PM", time(23, 59)),
    ],
)
def test_a_time_of_day_is_read(text: str, at: time) -> None:
    assert scalars.read_clock(text) == at


@pytest.mark.parametrize("text", ["24:00", "10:60", "13:00 PM", "0:30 AM", "10", "noon", "1000", ""])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(Unfit, match="a time of day such as"):
        scalars.read_clock(text)


@pytest.mark.parametrize(("text", "number"), [("20", 20), ("20 events", 20), ("0", 0), (7, 7)])
def test_a_whole_number_is_read(text: object, number: int) -> None:
    assert scalars.read_whole(text) == number


@pytest.mark.parametrize("text", ["-1", "1.5", "20 5", "twenty", True, None, "9" * 40])
def test_what_is_no_whole_number_is_refused(text: object) -> None:
    with pytest.raises(Unfit, match="a whole number"):
        scalars.read_whole(text)


@pytest.mark.parametrize(
    ("text", "low", "high", "approx"),
    [
        ("50", 50, 50, False),
        ("5..15m", 300, 900, False),
        ("~ 1000", 1000, 1000, True),
        ("100..300 users", 100, 300, False),
    ],
)
def test_an_amount_is_a_number_or_a_range_exact_or_about(text: str, low: int, high: int, approx: bool) -> None:
    amount = scalars.read_amount(text)

    assert [amount.low.value, amount.high.value] == [low, high]
    assert amount.approx is approx
    assert str(amount) == text


@pytest.mark.parametrize(
    ("text", "weekday", "nth"),
    [
        ("first Sunday of the month", "Sunday", 1),
        ("last friday of every month", "Friday", -1),
        ("the third Monday of each month", "Monday", 3),
        ("every Tuesday", "Tuesday", None),
        ("every day", None, None),
    ],
)
def test_days_that_come_again_are_read(text: str, weekday: str | None, nth: int | None) -> None:
    days = calendar.read_days(text)

    assert (days.weekday, days.nth) == (weekday, nth)


@pytest.mark.parametrize(
    ("text", "seconds", "count", "unit"),
    [("30d", 2_592_000, None, None), ("10 deployments", None, 10, "deployments"), ("forever", None, None, None)],
)
def test_how_long_something_is_kept_is_read(
    text: str, seconds: int | None, count: int | None, unit: str | None
) -> None:
    keep = calendar.read_keep(text)

    assert (keep.length.ns // 1_000_000_000 if keep.length else None, keep.count, keep.unit) == (seconds, count, unit)


@pytest.mark.parametrize("text", ["2024-01", "2024-02-29"])
def test_a_date_is_a_day_or_a_month(text: str) -> None:
    assert scalars.read_date(text) == text


@pytest.mark.parametrize(
    ("read", "text", "wanted"),
    [
        (scalars.read_date, "2023-02-29", "a date such as"),
        (scalars.read_date, "2024-13", "a date such as"),
        (scalars.read_zone, "Europe/Berln", "did you mean `Europe/Berlin`"),
        (scalars.read_zone, "../etc/passwd", "an IANA time zone"),
        (scalars.read_name, "-x", "a name"),
        (scalars.read_name, "a" * 201, "a name"),
        (scalars.read_text, "  ", "a text"),
        (scalars.read_flag, "maybe", "`true` or `false`"),
        (scalars.read_window, "0s", "longer than nothing"),
        (scalars.read_window, "this decade", "this day, week, month, quarter or year"),
        (scalars.read_viewport, "1280", "a size such as"),
        (scalars.read_rate, "100", "a rate such as"),
        (scalars.read_condition, {"a": 1}, "a condition such as"),
        (calendar.read_days, "sometimes", "`first Sunday of the month`"),
    ],
)
def test_what_does_not_fit_says_what_would(read: Callable[[object], object], text: object, wanted: str) -> None:
    with pytest.raises(Unfit) as refused:
        read(text)

    assert wanted in str(refused.value)


@pytest.mark.parametrize(
    ("read", "text", "column"),
    [
        (scalars.read_length, "5m what", 3),
        (scalars.read_amount, "~ 5m what", 5),
        (scalars.read_condition, "< 95% ovr 15m", 7),
        (scalars.read_predicate, "status = 5", 8),
    ],
)
def test_a_mistake_inside_a_text_knows_its_column(read: Callable[[object], object], text: str, column: int) -> None:
    with pytest.raises(Unfit) as refused:
        read(text)

    assert refused.value.column == column
