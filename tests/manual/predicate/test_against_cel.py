"""
Do independent implementations of CEL say the same of every row?

Two are asked, one in C++ and one in Rust. Where one of them departs from the language definition the question is not
put to it, and the reason stands beside.
"""

import math
from dataclasses import fields, replace
from typing import Any

import cel as rust_cel
import pytest
from cel_expr_python import cel as cpp_cel  # type: ignore[import-untyped]  # it ships no types
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.manual.predicate.strategies import NAMES, column_of, expressions, rows
from watchkeeper.manual.predicate.ast import (
    SMALLEST_INT,
    Attribute,
    Expression,
    Negate,
    Not,
    Scalar,
    Size,
    children,
    walk,
)
from watchkeeper.manual.predicate.columns import compile_columns
from watchkeeper.manual.predicate.printer import show
from watchkeeper.manual.predicate.rows import evaluator
from watchkeeper.manual.predicate.semantics import UNKNOWN, Value

#: Attributes become fields of a map `m`, since CEL asks `has(...)` of fields only.
CPP = cpp_cel.NewEnv(variables={"m": cpp_cel.Type.DYN})


def fielded(part: Any) -> Any:
    """
    The predicate with its attributes as fields of `m`.
    """
    if isinstance(part, tuple):
        return tuple(map(fielded, part))
    if isinstance(part, Attribute):
        return replace(part, name=f"m.{part.name}")
    if not isinstance(part, Expression) or not children(part):
        return part
    return replace(part, **{one.name: fielded(getattr(part, one.name)) for one in fields(part) if one.init})


def cpp_says(expr: Expression, row: dict[str, Scalar]) -> Value:
    said = CPP.compile(show(fielded(expr)), disable_check=True).eval(data={"m": row})
    value: Value = UNKNOWN if said.type() == cpp_cel.Type.ERROR else said.value()
    return value


def rust_says(expr: Expression, row: dict[str, Scalar]) -> Value:
    program = rust_cel.compile(show(fielded(expr)))
    try:
        value: Value = program.execute({"m": row})
    except (RuntimeError, TypeError, ValueError, KeyError, OverflowError, ZeroDivisionError):
        return UNKNOWN
    return value


def same(one: Value, other: Value) -> bool:
    return repr(one) == repr(other)  # tells 1 from 1.0 and true, and takes NaN for NaN


def drops_denials(expr: Expression) -> bool:
    """
    Both read `!!x` as `x`, which differs when x is no truth (and matches no row either way).
    """
    return any(isinstance(node, Not) and isinstance(node.operand, Not) for node, _ in walk(expr))


def rust_departs(expr: Expression, row: dict[str, Scalar]) -> bool:
    """
    The one in Rust counts bytes, negates truths and the least int, and takes an order with NaN for an error.
    """
    for node, _ in walk(expr):
        value = evaluator(node)(row)
        if isinstance(value, float) and math.isnan(value):
            return True
        if isinstance(node, Size | Negate):
            operand = evaluator(node.operand)(row)
            if (
                isinstance(operand, bool)
                or operand == SMALLEST_INT
                or (isinstance(operand, str) and not operand.isascii())
            ):
                return True
    return False


@settings(max_examples=300, deadline=None)
@given(expressions(), rows)
def test_cel_in_cpp_says_the_same(expr: Expression, row: dict[str, Scalar]) -> None:
    assume(not drops_denials(expr))
    assert same(evaluator(expr)(row), cpp_says(expr, row))


@settings(max_examples=300, deadline=None)
@given(expressions(), rows)
def test_cel_in_rust_says_the_same(expr: Expression, row: dict[str, Scalar]) -> None:
    assume(not drops_denials(expr) and not rust_departs(expr, row))
    assert same(evaluator(expr)(row), rust_says(expr, row))


@settings(max_examples=100, deadline=None)
@given(expressions(), st.lists(rows, min_size=1, max_size=8))
def test_columns_match_the_rows_that_cel_in_cpp_matches(expr: Expression, table: list[dict[str, Scalar]]) -> None:
    columns = {name: column_of([row.get(name) for row in table]) for name in NAMES}
    matched = compile_columns(expr).evaluate(columns, len(table)).tolist()
    assert matched == [cpp_says(expr, row) is True for row in table]


@pytest.mark.torture
@settings(max_examples=20_000, deadline=None)
@given(expressions(), rows)
def test_both_say_the_same_of_very_many(expr: Expression, row: dict[str, Scalar]) -> None:
    assume(not drops_denials(expr))
    value = evaluator(expr)(row)
    assert same(value, cpp_says(expr, row))
    assert rust_departs(expr, row) or same(value, rust_says(expr, row))
