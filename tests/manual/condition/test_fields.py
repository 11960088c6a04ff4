"""
Do the fields say to machines what the text says to people?
"""

from typing import Any

import pytest

from watchkeeper.manual.condition.ast import Condition
from watchkeeper.manual.condition.fields import fields
from watchkeeper.manual.condition.parser import parse

PLAIN: dict[str, Any] = {
    "quantile": None,
    "window": None,
    "for": None,
    "strikes": None,
    "where": None,
    "of": None,
    "distinct": None,
    "approx": False,
}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "< 95% over 15m",
            {"measure": "ratio", "op": "<", "value": 0.95, "unit": "ratio", "window": 900},
        ),
        (
            "p95 > 2s over 1500ms",
            {"measure": "p", "op": ">", "value": 2, "unit": "s", "quantile": 0.95, "window": 1.5},
        ),
        (
            "burn > 14.4 over 1h and 5m",
            {"measure": "burn", "op": ">", "value": 14.4, "unit": "number", "window": [3600, 300]},
        ),
        (
            "8 of 10 in 2 of 3 region",
            {
                "measure": "bad",
                "op": ">=",
                "value": 8,
                "unit": "number",
                "strikes": {"bad": 8, "of": 10},
                "where": {"in": "n_of", "label": "region", "n": 2, "of": 3},
            },
        ),
        (
            "max > 5MB for 1m 3 in a row in any region",
            {
                "measure": "max",
                "op": ">",
                "value": 5_000_000,
                "unit": "bytes",
                "for": 60,
                "strikes": {"in_a_row": 3},
                "where": {"in": "any", "label": "region"},
            },
        ),
        (
            "rate > ~150% of previous 1h",
            {"measure": "rate", "op": ">", "value": 1.5, "unit": "ratio", "of": {"previous": 3600}, "approx": True},
        ),
        (
            "mean > 150% of before release",
            {"measure": "mean", "op": ">", "value": 1.5, "unit": "ratio", "of": "before release"},
        ),
        (
            'distinct user where outcome == "fail" / distinct user > 90%',
            {
                "measure": "distinct",
                "op": ">",
                "value": 0.9,
                "unit": "ratio",
                "distinct": {"key": "user", "where": 'outcome == "fail"', "divided": True},
            },
        ),
    ],
)
def test_the_fields_of_a_condition(text: str, said: dict[str, Any]) -> None:
    condition = parse(text)

    assert isinstance(condition, Condition), condition
    assert fields(condition, zone="UTC") == {**PLAIN, "text": text, **said}


def test_whole_numbers_stay_whole() -> None:
    condition = parse("p99 <= 1000ms over 60s")

    assert isinstance(condition, Condition), condition
    found = fields(condition, zone="UTC")
    assert [type(found[key]) for key in ("value", "window", "quantile")] == [int, int, float]
