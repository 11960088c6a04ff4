"""
Is found what can never be right, and nothing else?
"""

import pytest
from hypothesis import given, settings

from tests.manual.predicate.strategies import expressions, rows
from watchkeeper.manual.predicate.ast import Expression, Scalar
from watchkeeper.manual.predicate.kinds import NUMBER, TEXT, Kinds, kind_of
from watchkeeper.manual.predicate.needs import needed
from watchkeeper.manual.predicate.parser import SyntaxMistake, parse
from watchkeeper.manual.predicate.rows import matches
from watchkeeper.manual.predicate.types import check


def found_in(text: str, **known: Kinds) -> list[tuple[int, str]]:
    expr = parse(text)
    assert not isinstance(expr, SyntaxMistake), str(expr)
    return [(mistake.column, mistake.message) for mistake in check(expr, known=known)]


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ('"abc" < 5', 7, "cannot order a text and a whole number"),
        ("a < null", 3, "cannot order a value and null"),
        ("a.startsWith(3)", 14, "`startsWith` wants a text, this is a whole number"),
        ('a.matches("(")', 11, "not a pattern of RE2: missing ): ("),
        (r'a.matches("(?<!b)c")', 11, "not a pattern of RE2"),
        ("a * 2 + 0.5 > 1", 7, "write both as whole numbers, or both with a point"),
        ('"1" == 1', 5, "never equal"),
        ("a in []", 3, "empty list"),
        ('size(a) in [1, "x"]', 16, "which a whole number never equals"),
        ("!5", 2, "wants true or false"),
        ("a / 0 > 1", 3, "division by zero"),
        ("1.5 % 1.0 > a", 5, "`%` cannot take"),
        ("size(3) > 1", 6, "characters of a text"),
        ("a + 1", 3, "a predicate is true or false, this is a whole number"),
        ("a && 5", 6, "on both sides"),
        ("a ? 1 : 2", 3, "a predicate is true or false"),
        ("1 < 2 < 3", 7, "cannot order"),
        ('a < "x" && a >= 500', 14, "`a` is a number here and a text before"),
        ('(a == "x" || a.contains("y")) && !(a < 3)', 34, "`a` is a number here and a text before"),
    ],
)
def test_what_can_never_be_right_is_named_with_its_column(text: str, column: int, message: str) -> None:
    [(at, said)] = found_in(text)
    assert at == column
    assert message in said


@pytest.mark.parametrize(
    "text",
    [
        'status < "x"',
        "a",
        "a && !b",
        "status >= 500 || status == 429",
        'a < "x" || a >= 500',
        "a == 1.5 && a > 3",
        'a in ["x", 1]',
        "a != 1 && a != 'x'",
        "a + b > c && a % 2 == 0",
        "a ? b : c == 1",
        'kind == "client" && db.system != ""',
        r'route.matches("^/api/v\\d+/")',
    ],
)
def test_what_can_be_right_is_left_alone(text: str) -> None:
    assert found_in(text) == []


def test_what_the_caller_knows_of_an_attribute_counts() -> None:
    assert found_in('status < "x"', status=NUMBER) == [(8, "`<` cannot order a number and a text")]
    assert found_in("status < 5", status=TEXT) == [(8, "`<` cannot order a text and a whole number")]
    assert found_in("status < 5", status=NUMBER) == []


def test_all_mistakes_are_found_at_once() -> None:
    assert [column for column, _ in found_in('"a" < 1 || !2 || x.matches("[")')] == [5, 13, 28]


@settings(max_examples=300, deadline=None)
@given(expressions(), rows)
def test_a_row_that_matches_has_what_the_predicate_needs(expr: Expression, row: dict[str, Scalar]) -> None:
    if matches(expr, row):
        for name, kinds in needed(expr).items():
            assert name in row
            assert kind_of(row[name]) <= kinds
