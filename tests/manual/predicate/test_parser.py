"""
Is text read as it is meant, and is every mistake named where it stands?
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.manual.predicate.strategies import ODD_NAMES, expressions, words_of
from watchkeeper.manual.predicate.ast import (
    And,
    Arithmetic,
    Attribute,
    Choose,
    Compare,
    Expression,
    In,
    Literal,
    Not,
    Or,
)
from watchkeeper.manual.predicate.parser import DEEPEST, LONGEST, SyntaxMistake, parse
from watchkeeper.manual.predicate.printer import show

A, B, C = (Attribute(name=name) for name in "abc")
ONE = Literal(value=1)


def read(text: str) -> Expression:
    expr = parse(text)
    assert not isinstance(expr, SyntaxMistake), str(expr)
    return expr


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("a || b && c", Or(parts=(A, And(parts=(B, C))))),
        ("(a || b) && c", And(parts=(Or(parts=(A, B)), C))),
        ("!a && b", And(parts=(Not(operand=A), B))),
        ("a - b - c", Arithmetic(op="-", left=Arithmetic(op="-", left=A, right=B), right=C)),
        ("a + b * c", Arithmetic(op="+", left=A, right=Arithmetic(op="*", left=B, right=C))),
        ("a -1", Arithmetic(op="-", left=A, right=ONE)),
        ("a == b == c", Compare(op="==", left=Compare(op="==", left=A, right=B), right=C)),
        ("a ? b : c ? a : b", Choose(condition=A, then=B, otherwise=Choose(condition=C, then=A, otherwise=B))),
        ("a || b ? b : c", Choose(condition=Or(parts=(A, B)), then=B, otherwise=C)),
        ("a in [1, 'x']", In(item=A, choices=(ONE, Literal(value="x")))),
        ("http.status_code >= 1", Compare(op=">=", left=Attribute(name="http.status_code"), right=ONE)),
        ('attr["x-y"] == 1', Compare(op="==", left=Attribute(name="x-y"), right=ONE)),
        ("attr['a.b'] == a.b", Compare(op="==", left=Attribute(name="a.b"), right=Attribute(name="a.b"))),
        ("size > 1", Compare(op=">", left=Attribute(name="size"), right=ONE)),
        ("-9223372036854775808 == a", Compare(op="==", left=Literal(value=-(2**63)), right=A)),
        ("a\n  == 1.0e0", Compare(op="==", left=A, right=Literal(value=1.0))),
        (
            r"""'it\'s \u00e9\x41\101\t' == r"\d" """,
            Compare(op="==", left=Literal(value="it's éAA\t"), right=Literal(value="\\d")),
        ),
    ],
)
def test_text_is_read_as_cel_reads_it(text: str, meant: Expression) -> None:
    assert parse(text) == meant


@pytest.mark.parametrize(
    ("text", "column", "found", "wanted"),
    [
        ("", 1, "", "`status >= 500`"),
        ("status = 500", 8, "=", "`==`"),
        ("a and b", 3, "and", "`&&`"),
        ("not a", 1, "not", "`!`"),
        ("a <> 1", 3, "<>", "`!=`"),
        ("a & b", 3, "&", "`&&`"),
        ("x > 300ms", 5, "300ms", "without a unit"),
        ('x.startswith("a")', 3, "startswith", "`startsWith`"),
        ("lenght(x) > 2", 1, "lenght", "size"),
        ("a in b", 6, "b", "list in brackets"),
        ("a in [1] + [2]", 10, "+", "no part of a sum"),
        ("a in [].size()", 8, ".", "no part of a sum"),
        ("a[0] == 1", 2, "[", "operator"),
        ("“x” == a", 1, "“", "straight quote"),
        ('a == "x', 6, '"', "closing quote"),
        ("a ? b ? c : d : e", 7, "?", "parentheses"),
        ("a.true == 1", 1, "a.true", 'attr["a.true"]'),
        ("!-x", 2, "-", "parentheses"),
        ("((a)", 5, "", "`)`"),
        ("a)", 2, ")", "the end"),
        ("9223372036854775808 == a", 1, "9223372036854775808", "64 bits"),
        ("a == 1e999", 6, "1e999", "smaller"),
        ("has(1)", 5, "1", "name of an attribute"),
        ("attr[x]", 6, "x", "in quotes"),
        (r'a == "\q"', 7, r"\q", "escape"),
        (r'a == "\ud800"', 7, r"\ud800", "exists"),
        ("a == '\ud800'", 6, r"''\ud800''", "exist"),
        ("a.contains()", 12, ")", "a value"),
    ],
)
def test_a_mistake_says_where_and_what_is_wanted(text: str, column: int, found: str, wanted: str) -> None:
    mistake = parse(text)
    assert isinstance(mistake, SyntaxMistake)
    assert (mistake.column, mistake.found.replace("\"'", "''").replace("'\"", "''")) == (column, found)
    assert wanted in mistake.wanted


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000 + "a",
        "(" * 1500 + "a" + ")" * 1500,
        "!" * 4000 + "a",
        "-" * 4000 + "a",
        "a ? b : " * 400 + "c",
        "a - " * 1000 + "a",
        "a" + " in [a]" * 500,
        "size(" * 800,
        "a" + ".contains(a" * 300,
        "[" * 4000,
        "1" * 4090,
        "a || " * 2000 + "a",
    ],
    ids=lambda text: f"{text[:12]} of {len(text)}",
)
def test_what_is_too_deep_or_too_long_is_a_mistake(text: str) -> None:
    assert isinstance(parse(text), SyntaxMistake)


def test_the_limits_themselves_are_allowed() -> None:
    assert show(read("(" * (DEEPEST - 1) + "a" + ")" * (DEEPEST - 1))) == "a"
    assert show(read("!" * (DEEPEST - 1) + "a")) == "!" * (DEEPEST - 1) + "a"
    long = " && ".join("a" * 9 for _ in range(300))
    assert show(read(long)) == long
    assert parse("a" * LONGEST) == Attribute(name="a" * LONGEST)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("ab.10 ()[]\"'\\!-+<=>&|?:,einrs") | st.characters(), max_size=60))
def test_random_text_never_raises(text: str) -> None:
    said = parse(text)
    assert not isinstance(said, SyntaxMistake) or 1 <= said.column <= len(text) + 1


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutated_predicates_never_raise_and_what_is_read_prints_and_reads_again(data: st.DataObject) -> None:
    words = words_of(show(data.draw(expressions(names=ODD_NAMES, any_text=True))))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(words) - 1))
        words[at] = data.draw(st.sampled_from([*words, "", "(", ")", '"', "\\", "-", "in", ".", "true", "9" * 20]))
    said = parse("".join(words))
    if isinstance(said, SyntaxMistake):
        assert 1 <= said.column <= len("".join(words)) + 1
    else:
        assert parse(show(said)) == said
