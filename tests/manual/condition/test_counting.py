"""
Is "p95 < 2s" exactly "at least 95 % under 2 s", for every quantile, comparison and list of values?
"""

import operator
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.manual.condition.ast import Condition, Op
from watchkeeper.manual.condition.counting import Threshold, as_share, thresholds
from watchkeeper.manual.condition.parser import parse

COMPARE: dict[str, Callable[[int, int], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def condition(text: str) -> Condition:
    found = parse(text)
    assert isinstance(found, Condition), found
    return found


def nearest_rank(values: list[int], percent: str) -> int:
    """
    The ceil(q n)-th smallest, by counting up in whole numbers.
    """
    q, ordered, rank = Fraction(percent) / 100, sorted(values), 1
    while rank < q * len(values):
        rank += 1
    return ordered[rank - 1]


@settings(max_examples=500)
@given(
    st.lists(st.integers(0, 8), min_size=1, max_size=60),
    st.sampled_from(["50", "75", "90", "95", "97.5", "99", "99.9"]),
    st.sampled_from(list(COMPARE)),
    st.integers(0, 8),
)
def test_a_quantile_condition_is_exactly_its_share_condition(values: list[int], p: str, op: str, limit: int) -> None:
    share = as_share(condition(f"p{p} {op} {limit}s"))
    assert share is not None
    under = sum(v <= share.threshold if share.inclusive else v < share.threshold for v in values)

    assert share.holds(under=under, total=len(values)) == COMPARE[op](nearest_rank(values, p), limit)


@pytest.mark.parametrize(
    ("op", "inclusive", "shared"), [("<", False, Op.GE), ("<=", True, Op.GE), (">", True, Op.LT), (">=", False, Op.LT)]
)
def test_the_truth_table_of_the_four_comparisons(op: str, inclusive: bool, shared: Op) -> None:
    share = as_share(condition(f"p99 {op} 200ms"))

    assert share is not None
    assert (share.threshold, share.inclusive, share.op, share.share) == (
        Fraction(1, 5),
        inclusive,
        shared,
        Fraction(99, 100),
    )


def test_exactly_the_share_is_enough_and_one_less_is_not() -> None:
    share = as_share(condition("p95 < 1.5s"))

    assert share is not None
    assert share.holds(under=95, total=100) is True
    assert share.holds(under=94, total=100) is False


def test_nothing_seen_is_neither_met_nor_broken() -> None:
    share = as_share(condition("p95 < 1.5s"))

    assert share is not None
    assert share.holds(under=0, total=0) is None


def test_the_thresholds_to_count_are_those_of_quantiles_alone() -> None:
    assert thresholds(condition("p95 > 2s over 10m")) == (Threshold(value=Fraction(2), inclusive=True),)
    for text in ("mean < 2s", "< 95%", "p95 > 150% of previous 1h", "p95 < 400..700ms", "3 in a row"):
        assert thresholds(condition(text)) == ()
