"""
Does what is printed read as the same, with no more parentheses than it needs?
"""

import re

import pytest
from hypothesis import given, settings

from tests.manual.predicate.strategies import ODD_NAMES, expressions
from watchkeeper.manual.predicate.ast import Expression
from watchkeeper.manual.predicate.parser import SyntaxMistake, parse
from watchkeeper.manual.predicate.printer import show


@settings(max_examples=300, deadline=None)
@given(expressions(names=ODD_NAMES, any_text=True))
def test_what_is_printed_reads_as_the_same(expr: Expression) -> None:
    assert parse(show(expr)) == expr


@settings(max_examples=300, deadline=None)
@given(expressions())
def test_no_pair_of_parentheses_can_be_taken_away(expr: Expression) -> None:
    text = show(expr)
    for start, end in _bare_pairs(text):
        without = text[:start] + text[start + 1 : end] + text[end + 1 :]
        assert parse(without) != expr


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("((a))||((b&&c))", "a || b && c"),
        ("a&&(b&&c)", "a && b && c"),
        ("(a-b)-c == a-(b-c)", "a - b - c == a - (b - c)"),
        ("'x'.contains('\"')", r'"x".contains("\"")'),
        (r"'\x00\u2028é' == a", r'"\u0000\u2028é" == a'),
        ('attr["a.b"] == attr["a-b"]', 'a.b == attr["a-b"]'),
        ("x.size()>-(3)", "size(x) > -(3)"),
        ("(true).startsWith('a')", '(true).startsWith("a")'),
        ("(a?b:c)?(a?b:c):(a?b:c)", "(a ? b : c) ? (a ? b : c) : a ? b : c"),
        ("!(!(a))", "!!a"),
        ("--a", "-(-a)"),
        ("1E3==a", "1000.0 == a"),
    ],
)
def test_a_predicate_has_one_canonical_form(written: str, canonical: str) -> None:
    expr = parse(written)
    assert not isinstance(expr, SyntaxMistake)
    assert show(expr) == canonical
    assert parse(canonical) == expr


def _bare_pairs(text: str) -> list[tuple[int, int]]:
    """
    Where parentheses open and close; without those of calls, in texts, and in `-(-x)` (kept for the eye).
    """
    blank = re.sub(r'"(?:[^"\\]|\\.)*"', lambda found: '"' + "_" * (len(found[0]) - 2) + '"', text)
    pairs, waiting = [], []
    for at, sign in enumerate(blank):
        if sign == "(":
            waiting.append(at)
        elif sign == ")":
            start = waiting.pop()
            called = start > 0 and (blank[start - 1].isalpha())
            if not called and not (blank[max(start - 1, 0)] == "-" and blank[start + 1] == "-"):
                pairs.append((start, at))
    return pairs
