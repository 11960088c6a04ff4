"""
Do columns say the same as rows, one by one?
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.manual.predicate.strategies import NAMES, column_of, expressions, rows
from watchkeeper.manual.predicate.ast import Expression, Scalar, atoms
from watchkeeper.manual.predicate.columns import Column, compile_columns
from watchkeeper.manual.predicate.parser import SyntaxMistake, parse
from watchkeeper.manual.predicate.printer import show
from watchkeeper.manual.predicate.rows import evaluator


def read(text: str) -> Expression:
    expr = parse(text)
    assert not isinstance(expr, SyntaxMistake), str(expr)
    return expr


@settings(max_examples=300, deadline=None)
@given(expressions(), st.lists(rows, max_size=12), st.booleans())
def test_columns_say_what_rows_say(expr: Expression, table: list[dict[str, Scalar]], spare: bool) -> None:
    columns = {name: column_of([row.get(name) for row in table]) for name in NAMES}
    if spare:  # values that no row has, as in a table of few rows cut out of a large one
        columns = {name: Column(codes=one.codes, values=(*one.values, *range(20))) for name, one in columns.items()}
    truth = compile_columns(expr).truth(columns, len(table))
    values = [evaluator(expr)(row) for row in table]
    assert truth.is_true.tolist() == [value is True for value in values]
    assert truth.is_false.tolist() == [value is False for value in values]
    assert truth.is_true.dtype == np.bool_


def test_the_atoms_are_the_parts_that_logic_puts_together_each_once() -> None:
    expr = read("a == 1 && (!b || a == 1) && (c ? size(a) > 2 : (a && b) == c)")
    assert [show(atom) for atom in atoms(expr)] == ["a == 1", "b", "c", "size(a) > 2", "(a && b) == c"]


def test_a_column_that_is_not_given_is_absent() -> None:
    predicate = compile_columns(read("!has(a) && !(b == 1)"))
    assert predicate.attributes == {"a", "b"}
    assert predicate.evaluate({"b": column_of([2, None, 1])}, 3).tolist() == [True, False, False]
    assert predicate.evaluate({}, 2).tolist() == [False, False]
    assert compile_columns(read("true")).evaluate({}, 2).tolist() == [True, True]
    assert compile_columns(read("true")).evaluate({}, 0).tolist() == []


def test_a_column_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="column a has 2 rows, the table 3"):
        compile_columns(read("a == 1")).evaluate({"a": column_of([1, 2])}, 3)


def test_many_wide_columns_in_one_atom_do_not_overflow() -> None:
    n = 500
    wide = Column(codes=np.arange(n, dtype=np.int32), values=tuple(range(70_000)))
    columns = dict.fromkeys("abcde", wide) | {"f": column_of([i % 2 for i in range(n)])}
    sums = compile_columns(read("a + b + c + d + e == 5 * a && a + b + c + d + e + f > 5 * a"))
    assert sums.evaluate(columns, n).tolist() == [i % 2 == 1 for i in range(n)]


def test_few_rows_of_a_large_column_cost_few_evaluations() -> None:
    class Counted(tuple[int, ...]):
        looked = 0

        def __getitem__(self, index):
            Counted.looked += 1
            return super().__getitem__(index)

        def __iter__(self):
            raise AssertionError("looked at all values")

    column = Column(codes=np.array([7, 7, 9_000, -1], dtype=np.int32), values=Counted(range(10_000)))
    assert compile_columns(read("a > 8")).evaluate({"a": column}, 4).tolist() == [False, False, True, False]
    assert Counted.looked == 2
