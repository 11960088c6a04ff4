"""
Does every form of a condition mean what it says, and every mistake say what to write?
"""

from fractions import Fraction

import pytest

from tests.manual.condition.strategies import duration, quantity, range_of
from watchkeeper.manual.condition import ast
from watchkeeper.manual.condition.ast import Condition, Op
from watchkeeper.manual.condition.measures import parse_predicate
from watchkeeper.manual.condition.parser import ConditionMistake, parse
from watchkeeper.manual.condition.printer import show
from watchkeeper.manual.predicate.ast import attributes

NINETY_FIVE = quantity("95%")
REGIONS = ast.Where(kind=ast.Quantifier.N_OF, label="region", n=2, of=3)


def failing(divided: bool) -> ast.Distinct:
    where = parse_predicate('outcome == "fail"')
    assert isinstance(where, ast.Predicate), where
    return ast.Distinct(key="user", where=where, divided=divided)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        (
            "< 95% over 15m",
            Condition(measure=ast.Ratio(), op=Op.LT, value=NINETY_FIVE, window=ast.Rolling(duration=duration("15m"))),
        ),
        (
            "p99.9 <= 200ms over this month",
            Condition(
                measure=ast.Quantile(share=Fraction("0.999")),
                op=Op.LE,
                value=quantity("200ms"),
                window=ast.Calendar(period=ast.Period.MONTH),
            ),
        ),
        ("> 95% for 10m", Condition(measure=ast.Ratio(), op=Op.GT, value=NINETY_FIVE, hold=duration("10m"))),
        (
            "burn > 14.4 over 1h and 5m",
            Condition(
                measure=ast.Burn(),
                op=Op.GT,
                value=quantity("14.4"),
                window=ast.Pair(long=duration("1h"), short=duration("5m")),
            ),
        ),
        (
            "> 150% of previous 1h",
            Condition(
                measure=ast.Ratio(),
                op=Op.GT,
                value=ast.Relative(share=quantity("150%"), of=ast.Previous(duration=duration("1h"))),
            ),
        ),
        (
            "rate > 150% of same hour last week over 1h",
            Condition(
                measure=ast.Rate(),
                op=Op.GT,
                value=ast.Relative(share=quantity("150%"), of=ast.SameHourLastWeek()),
                window=ast.Rolling(duration=duration("1h")),
            ),
        ),
        (
            "mean > 150% of before release",
            Condition(
                measure=ast.Mean(),
                op=Op.GT,
                value=ast.Relative(share=quantity("150%"), of=ast.BeforeRelease()),
            ),
        ),
        ("3 in a row", ast.of_strikes(ast.InARow(n=3))),
        (">= 3 in a row", ast.of_strikes(ast.InARow(n=3))),
        ("8 of 10 in 2 of 3 region", ast.of_strikes(ast.XofY(x=8, y=10), REGIONS)),
        (
            "< 95% 3 in a row",
            Condition(measure=ast.Ratio(), op=Op.LT, value=NINETY_FIVE, strikes=ast.InARow(n=3)),
        ),
        (
            "> 5 8 of 10",
            Condition(measure=ast.Ratio(), op=Op.GT, value=quantity("5"), strikes=ast.XofY(x=8, y=10)),
        ),
        (
            "in_time_is_a_label",
            ConditionMistake(
                column=1,
                found="in_time_is_a_label",
                wanted="no measure has this name; known are mean min max last count rate age left burn p95 distinct",
            ),
        ),
        (
            "< 95% in any region",
            Condition(
                measure=ast.Ratio(),
                op=Op.LT,
                value=NINETY_FIVE,
                where=ast.Where(kind=ast.Quantifier.ANY, label="region"),
            ),
        ),
        (
            "< 95% in 2 of region",
            Condition(
                measure=ast.Ratio(),
                op=Op.LT,
                value=NINETY_FIVE,
                where=ast.Where(kind=ast.Quantifier.N_OF, label="region", n=2),
            ),
        ),
        ("distinct ip > 5", Condition(measure=ast.Distinct(key="ip"), op=Op.GT, value=quantity("5"))),
        (
            'distinct user where outcome == "fail" > 5',
            Condition(measure=failing(divided=False), op=Op.GT, value=quantity("5")),
        ),
        (
            'distinct user where outcome == "fail" / distinct user > 90%',
            Condition(measure=failing(divided=True), op=Op.GT, value=quantity("90%")),
        ),
        (
            "p95 < 400..700ms",
            Condition(measure=ast.Quantile(share=Fraction("0.95")), op=Op.LT, value=range_of("400..700ms")),
        ),
        (
            "rate <= ~500/h",
            Condition(measure=ast.Rate(), op=Op.LE, value=quantity("500/h"), approx=True),
        ),
        ("last != 0", Condition(measure=ast.Last(), op=Op.NE, value=quantity("0"))),
    ],
)
def test_each_form_means_what_it_says(text: str, condition: Condition | ConditionMistake) -> None:
    assert parse(text) == condition


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("p95≥2 s for 10m over 5m", "p95 >= 2s over 5m for 10m"),
        ("  <95%   in any  region 3 in  a row over 15m ", "< 95% over 15m 3 in a row in any region"),
        ("P99 ≤ 200 ms", "p99 <= 200ms"),
        (">= 2 in a row", "2 in a row"),
        ("p95.50 < 2.0s", "p95.5 < 2.0s"),
        ("rate > 20 / s", "rate > 20/s"),
        ("< 5m..15m", "< 5..15m"),
        ("> 5% over 1h30m", "> 5% over 1h30m"),
    ],
)
def test_clauses_are_read_in_any_order_and_printed_in_one(text: str, canonical: str) -> None:
    condition = parse(text)

    assert isinstance(condition, Condition), condition
    assert show(condition) == canonical


def test_quotes_and_brackets_hide_what_would_end_a_predicate() -> None:
    condition = parse('distinct ip where a == "x / distinct ip > 3" && (b == "\\") < 2") / distinct ip > 5%')

    assert isinstance(condition, Condition), condition
    assert isinstance(condition.measure, ast.Distinct)
    assert condition.measure.where is not None
    assert condition.measure.where.text == 'a == "x / distinct ip > 3" && b == "\\") < 2"'


def test_a_share_is_divided_at_the_last_place_where_it_says_distinct() -> None:
    condition = parse("distinct user where bytes / distinct > 2 / distinct user > 5%")

    assert isinstance(condition, Condition), condition
    assert isinstance(condition.measure, ast.Distinct)
    assert condition.measure.divided
    assert condition.measure.where == parse_predicate("bytes / distinct > 2")


def test_a_predicate_is_held_in_its_canonical_text_with_what_it_says() -> None:
    found = parse_predicate("((status>=500))&&method=='GET'")

    assert isinstance(found, ast.Predicate), found
    assert found.text == 'status >= 500 && method == "GET"'
    assert attributes(found.expression) == {"status", "method"}
    assert found == parse_predicate('status >= 500 && (method == "GET")')


def test_a_mistake_in_a_predicate_is_told_at_its_column_in_the_condition() -> None:
    found = parse("distinct ip where status >= && ok > 5")

    assert isinstance(found, ConditionMistake), found
    assert (found.column, found.found) == (29, "&&")
    assert "in the predicate" in found.wanted


@pytest.mark.parametrize(
    ("text", "column", "sentence"),
    [
        ("", 1, "a condition is wanted, such as `< 95% over 15m`"),
        ("< 95% over 15 mins", 12, "`over 15 mins`: unit `mins` is not known; write `15m`"),
        ("=> 3%", 1, "`=>`: write `>=`"),
        ("p95 =< 3s", 5, "`=<`: write `<=`"),
        ("last == 3", 6, "`==`: write `=`"),
        ("97%", 1, "`97%`: a comparison is wanted before it, one of < <= > >= = !=; perhaps `>= 97%`"),
        ("p95 below 2s", 5, "`below`: write `<`"),
        ("p95", 4, "a comparison is wanted here: one of < <= > >= = !="),
        ("p95 <", 6, "`<`: a number is wanted here, such as `97%` or `15m`"),
        ("avg < 2s", 1, "`avg`: write `mean`"),
        ("maen < 2s", 1, "`maen`: write `mean`"),
        ("p100 < 2s", 1, "`p100`: quantiles go from p50 to p99.9; write `max`"),
        ("p5 < 2s", 1, "`p5`: quantiles go from p50 to p99.9"),
        ("p95 = 2s", 1, "`p95 =`: a quantile is compared with <, <=, > or >="),
        ("p95 < 2s 10m", 10, "`10m`: write `over 10m` (a window) or `for 10m` (it must hold so long)"),
        ("p95 < 2s ovr 10m", 10, "`ovr`: write `over`"),
        ("p95 < 2s within 10m", 10, "`within`: write `over`"),
        ("p95 < 2s over 10m over 5m", 19, "`over`: said twice; each clause stands at most once"),
        ("p95 < 2s over 10", 15, "`over 10`: a span of time is wanted, such as `15m`; write `10m` for minutes"),
        ("p95 < 2s over 0s", 15, "`over 0s`: a window is longer than nothing"),
        ("p95 < 2s over 5..10m", 15, "`over 5..10m`: one span of time is wanted, not a range"),
        ("p95 < 2s over month", 15, "`over month`: write `over this month`"),
        ("p95 < 2s over this mnth", 20, "`over this mnth`: write `month`"),
        (
            "burn > 1 over 5m and 1h",
            15,
            "`over 5m and 1h`: write the longer window first, such as `over 1h and 5m`",
        ),
        (
            "burn > 1 over 60m and 1h",
            15,
            "`over 60m and 1h`: write the longer window first, such as `over 1h and 5m`",
        ),
        (
            "burn > 1 over this month",
            1,
            "`burn over this month`: a burn rate is measured over a rolling window, such as `over 1h and 5m`",
        ),
        ("burn > 5%", 8, "`5%`: a burn rate is a plain number, such as `14.4`"),
        ("rate > 20", 8, "`20`: a rate is per time, such as `20/s` or `500/h`"),
        ("age > 26", 7, "`26`: an age is a time, such as `26h`"),
        ("distinct ip > 5%", 15, "`5%`: a number of distinct values is a plain number, such as `5`"),
        (
            "distinct user / distinct user > 5%",
            17,
            "`distinct user`: a share needs `where`, such as `distinct user where P / distinct user`",
        ),
        (
            "distinct user where a == 1 / distinct ip > 5%",
            30,
            "`distinct ip > 5%`: wanted after `/` is `distinct user`",
        ),
        ("> 2 in a row", 3, "`> 2 in a row`: strikes are counted from a number up; write `3 in a row`"),
        ("0 in a row", 1, "`0 in a row`: at least 1 in a row is wanted"),
        ("10 of 8", 1, "`10 of 8`: the first number is at least 1 and at most the second, such as `8 of 10`"),
        (
            "3 in a row over 5m",
            1,
            "`over`: strikes alone take no other clause than `in any|all|N of LABEL`",
        ),
        ("> 5% in anny region", 9, "`in anny`: write `any`"),
        ("> 5% in any", 12, "the name of a label is wanted, such as `in any region`"),
        ("> 5% in 3 of 2 region", 9, "`in 3 of 2`: the first number is at least 1 and at most the second"),
        ("> 5% of prevous 1h", 9, "`prevous`: write `previous`"),
        (
            "> 5 of previous 1h",
            5,
            "`5 of`: an earlier number is compared by a share, such as `150% of previous 1h`",
        ),
        (
            "burn > 14 over 1h and burn > 14 over 5m",
            19,
            "`and`: two windows of one condition are written `over 1h and 5m`",
        ),
        ("burn > 14 over 1h , 5m", 19, "`,`: two windows of one condition are written `over 1h and 5m`"),
        ("burn > 14 over 1h, 5m", 18, "`,`: two windows of one condition are written `over 1h and 5m`"),
        (
            "> 5% and < 7%",
            6,
            "`and`: a condition has one comparison; two windows are written `over 1h and 5m`, "
            "two conditions are two rules",
        ),
    ],
)
def test_a_wrong_condition_says_where_and_what_to_write(text: str, column: int, sentence: str) -> None:
    found = parse(text)

    assert isinstance(found, ConditionMistake), found
    assert (found.column, str(found)) == (column, sentence)


def test_a_text_of_any_length_is_answered() -> None:
    assert isinstance(parse("(" * 100_000), ConditionMistake)
    assert isinstance(parse("> " + "9" * 900), ConditionMistake)
