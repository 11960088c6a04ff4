"""
Can the condition language say what the five operations manuals say?

Clause id, the condition as a manual would write it, and its fields: op, value, quantile, window, for.
"""

from typing import Any

import pytest

from watchkeeper.manual.condition.ast import Condition
from watchkeeper.manual.condition.fields import fields
from watchkeeper.manual.condition.parser import parse
from watchkeeper.manual.condition.printer import show

MONTH = {"calendar": "month", "zone": "Europe/Berlin"}

CLAUSES: list[tuple[str, str, str, Any, float | None, Any, int | None]] = [
    # JamFind
    ("A01", ">= 99.9%", ">=", 0.999, None, None, None),
    ("A02", "≥97%", ">=", 0.97, None, None, None),
    ("A03", "p95 < 1.5s", "<", 1.5, 0.95, None, None),
    ("A04", "<1%", "<", 0.01, None, None, None),
    ("A05", "< 99.5% over 5m", "<", 0.995, None, 300, None),
    ("A06", "< 95% over 15m", "<", 0.95, None, 900, None),
    ("A07", "P95 > 2s over 10m", ">", 2, 0.95, 600, None),
    ("A08", "> 2% over 30m", ">", 0.02, None, 1800, None),
    ("A09", "> 70% for 10m", ">", 0.7, None, None, 600),
    ("A10", "p95 > 2s", ">", 2, 0.95, None, None),
    ("A11", "> 80%", ">", 0.8, None, None, None),
    ("A20", "<= 100..300 users", "<=", [100, 300], None, None, None),
    ("A21", "rate <= ~50/w", "<=", 50 / 604_800, None, None, None),
    ("A22", "rate <= ~1000/d", "<=", 1000 / 86_400, None, None, None),
    ("A23", "rate <= ~500/h", "<=", 500 / 3600, None, None, None),
    # Bookiji
    ("B01", ">= 99.9% over this month", ">=", 0.999, None, MONTH, None),
    ("B02", "p95 < 700ms", "<", 0.7, 0.95, None, None),
    ("B03", "p99 < 1.2s", "<", 1.2, 0.99, None, None),
    ("B04", "p95 < 400ms", "<", 0.4, 0.95, None, None),
    ("B05", "p99 < 800ms", "<", 0.8, 0.99, None, None),
    ("B06", "< 0.5%", "<", 0.005, None, None, None),
    ("B07", "p95 < 1.5s", "<", 1.5, 0.95, None, None),
    ("B08", "p95 < 2.0s", "<", 2, 0.95, None, None),
    ("B09", "p95 < 2.0s", "<", 2, 0.95, None, None),
    ("B10", "p99 < 3.5s", "<", 3.5, 0.99, None, None),
    ("B11", "< 1.5s", "<", 1.5, None, None, None),
    ("B12", "< 2.5s", "<", 2.5, None, None, None),
    ("B13", "< 0.1", "<", 0.1, None, None, None),
    ("B14", "p95 < 100ms", "<", 0.1, 0.95, None, None),
    ("B15", "p95 < 500ms", "<", 0.5, 0.95, None, None),
    ("B16", "max < 2s", "<", 2, None, None, None),
    ("B17", "1 in a row", ">=", 1, None, None, None),
    ("B18", ">= 2 in a row", ">=", 2, None, None, None),
    ("B32", "rate >= 20/s", ">=", 20, None, None, None),
    ("B33", "rate >= 200/s", ">=", 200, None, None, None),
    ("B34", "< 0.5%", "<", 0.005, None, None, None),
    ("B35", "p95 < 700ms", "<", 0.7, 0.95, None, None),
    ("B36", "p99 < 1.2s", "<", 1.2, 0.99, None, None),
    ("B37", "rate <= 1/5m", "<=", 1 / 300, None, None, None),
    ("B39", "< 5% over 1m", "<", 0.05, None, 60, None),
    ("B43", "count = 0 diffs", "=", 0, None, None, None),
    ("B44", ">= 100% over 24h in 2 of 2 region", ">=", 1, None, 86_400, None),
    ("B45", "p95 < 700ms", "<", 0.7, 0.95, None, None),
    ("B46", "< 0.5%", "<", 0.005, None, None, None),
    ("B48", "= 100%", "=", 1, None, None, None),
    ("B49", "p95 < 2.0s", "<", 2, 0.95, None, None),
    ("B50", "p99 < 3.5s", "<", 3.5, 0.99, None, None),
    ("B51", "p95 < 400..700ms", "<", [0.4, 0.7], 0.95, None, None),
    ("B52", "p99 < 1.2s", "<", 1.2, 0.99, None, None),
    ("B53", "> 99.5% over 1h", ">", 0.995, None, 3600, None),
    ("B54", "> 99.9% over 1d", ">", 0.999, None, 86_400, None),
    ("B55", ">= 99.9% over this month", ">=", 0.999, None, MONTH, None),
    # MySetlist
    ("C01", ">= 99.9%", ">=", 0.999, None, None, None),
    ("C02", "mean < 2s", "<", 2, None, None, None),
    ("C03", "< 0.1%", "<", 0.001, None, None, None),
    ("C04", "<99.5% over 5m", "<", 0.995, None, 300, None),
    ("C05", "> 5s for 2m", ">", 5, None, None, 120),
    ("C06", "> 1% over 5m", ">", 0.01, None, 300, None),
    ("C07", ">= 100% in all endpoint", ">=", 1, None, None, None),
    ("C08", "count >= 1", ">=", 1, None, None, None),
    ("C09", ">= 100% over 5m", ">=", 1, None, 300, None),
    ("C10", "count > 0", ">", 0, None, None, None),
    ("C11", "> 3s", ">", 3, None, None, None),
    ("C12", "> 0.5%", ">", 0.005, None, None, None),
    ("C13", "> 80%", ">", 0.8, None, None, None),
    ("C14", "> 85%", ">", 0.85, None, None, None),
    ("C16", "p95 > 150% of same hour last week", ">", 1.5, 0.95, None, None),
    ("C17", "count >= 1 over 5m", ">=", 1, None, 300, None),
    ("C18", "> 20%", ">", 0.2, None, None, None),
    ("C19", 'distinct user where outcome == "fail" / distinct user > 90% over 5m', ">", 0.9, None, 300, None),
    ("C20", "mean > 5s", ">", 5, None, None, None),
    ("C21", "mean < 150% of previous 1h", "<", 1.5, None, None, None),
    ("C21", "distinct user where broken == true / distinct user < 10%", "<", 0.1, None, None, None),
    ("C41", "age > 6h", ">", 21_600, None, None, None),
    ("C50", "rate < 100/min", "<", 100 / 60, None, None, None),
    ("C51", "rate < 200/min", "<", 200 / 60, None, None, None),
    ("C52", "rate < 50/min", "<", 50 / 60, None, None, None),
    ("C54", "> 50%", ">", 0.5, None, None, None),
    ("C57", "max > 1000ms", ">", 1, None, None, None),
    ("C62", "age <= 6h", "<=", 21_600, None, None, None),
    # Backend
    ("D01", ">= 99.9% over this year", ">=", 0.999, None, {"calendar": "year", "zone": "Europe/Berlin"}, None),
    ("D02", ">= 99.5%", ">=", 0.995, None, None, None),
    ("D04", "p95 < 200ms", "<", 0.2, 0.95, None, None),
    ("D05", "p99 < 500ms", "<", 0.5, 0.99, None, None),
    ("D07", "< 0.1%", "<", 0.001, None, None, None),
    ("D08", "< 0.5%", "<", 0.005, None, None, None),
    ("D10", "p95 < 100ms", "<", 0.1, 0.95, None, None),
    ("D11", "p99 < 500ms", "<", 0.5, 0.99, None, None),
    ("D13", "1 in a row", ">=", 1, None, None, None),
    ("D14", "> 0.5%", ">", 0.005, None, None, None),
    ("D15", "> 80%", ">", 0.8, None, None, None),
    ("D16", "max > 1s", ">", 1, None, None, None),
    ("D17", "< 80%", "<", 0.8, None, None, None),
    # ZZIK LIVE
    ("E01", "≥ 97%", ">=", 0.97, None, None, None),
    ("E02", "<= 0%", "<=", 0, None, None, None),
    ("E03", "p95 ≤ 60s", "<=", 60, 0.95, None, None),
    ("E04", "≤ 0.3%", "<=", 0.003, None, None, None),
    ("E05", "p75 <= 2.5s", "<=", 2.5, 0.75, None, None),
    ("E06", "p75 <= 100ms", "<=", 0.1, 0.75, None, None),
    ("E07", "<= 0.1", "<=", 0.1, None, None, None),
    ("E08", "p95 <= 600ms", "<=", 0.6, 0.95, None, None),
    ("E09", "p95 <= 100ms", "<=", 0.1, 0.95, None, None),
    ("E10", "p99 <= 200ms", "<=", 0.2, 0.99, None, None),
    ("E11", "p95 <= 80ms", "<=", 0.08, 0.95, None, None),
    ("E12", "p99 <= 150ms", "<=", 0.15, 0.99, None, None),
    ("E13", "p95 <= 50ms", "<=", 0.05, 0.95, None, None),
    ("E14", "p99 <= 100ms", "<=", 0.1, 0.99, None, None),
    ("E15", "p95 <= 500ms", "<=", 0.5, 0.95, None, None),
    ("E16", "p99 <= 1000ms", "<=", 1, 0.99, None, None),
    ("E17", ">= 99.9% over this month", ">=", 0.999, None, MONTH, None),
    ("E18", ">= 99.95% over this month", ">=", 0.9995, None, MONTH, None),
    ("E19", ">= 99.99% over this month", ">=", 0.9999, None, MONTH, None),
    ("E20", "1 in a row", ">=", 1, None, None, None),
    ("E21", "> 5% for 5m", ">", 0.05, None, None, 300),
    ("E22", "p95 > 3s for 10m", ">", 3, 0.95, None, 600),
    ("E23", "> 80%", ">", 0.8, None, None, None),
    ("E24", "< 20%", "<", 0.2, None, None, None),
    ("E25", "left < 30d", "<", 2_592_000, None, None, None),
    ("E26", "last > 0", ">", 0, None, None, None),
    ("E39", "age > 6h", ">", 21_600, None, None, None),
    ("E49", "last >= 2 connections", ">=", 2, None, None, None),
    ("E50", "last <= 10 connections", "<=", 10, None, None, None),
    ("E58", "> 10%", ">", 0.1, None, None, None),
    ("E59", "count >= 1", ">=", 1, None, None, None),
    ("E60", "p95 > 150% of before release", ">", 1.5, 0.95, None, None),
]


@pytest.mark.parametrize(
    ("text", "op", "value", "quantile", "window", "hold"),
    [row[1:] for row in CLAUSES],
    ids=[f"{row[0]} {row[1]}" for row in CLAUSES],
)
def test_what_the_clause_says_can_be_written_and_read(
    text: str, op: str, value: Any, quantile: float | None, window: Any, hold: int | None
) -> None:
    condition = parse(text)

    assert isinstance(condition, Condition), condition
    found = fields(condition, zone="Europe/Berlin")
    assert (found["op"], found["value"], found["quantile"], found["window"], found["for"]) == (
        op,
        value,
        quantile,
        window,
        hold,
    )
    assert parse(show(condition)) == condition
