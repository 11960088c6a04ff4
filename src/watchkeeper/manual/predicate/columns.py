"""
For which rows of a table of columns does a predicate hold?

A column holds each distinct value once, and per row the code of its value. What `&&`, `||`, `!` and `?:` put together
(an *atom*) is worked out once for each distinct value, or each distinct combination of values, and gathered by code;
the rest is arithmetic on two arrays of bits, *is true* and *is false* (neither of them: unknown).

>>> from watchkeeper.manual.predicate.parser import parse
>>> status = Column(codes=np.array([0, 1, 0, -1], dtype=np.int32), values=(200, 503))
>>> compile_columns(parse("!(status >= 500)")).evaluate({"status": status}, 4).tolist()
[True, False, True, False]
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from watchkeeper.manual.predicate.ast import And, Choose, Expression, Not, Or, atoms, attributes
from watchkeeper.manual.predicate.rows import Evaluator, evaluator

Bits: TypeAlias = NDArray[np.bool_]

_WIDEST = 2**62  # a joint code stays below this, so that it fits into 64 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """
    One attribute of a table: per row the code of its value, -1 where it is absent.
    """

    codes: NDArray[np.int32]
    values: Sequence[str | int | float | bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """
    Where a predicate is true and where it is false; where it is neither, it is unknown.
    """

    is_true: Bits
    is_false: Bits


@dataclass(frozen=True, slots=True, kw_only=True)
class _Atom:
    names: tuple[str, ...]
    of: Evaluator


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledPredicate:
    """
    A predicate ready for tables. `attributes` are the names it reads; a column that is not given is absent in all rows.
    """

    expression: Expression
    attributes: frozenset[str]
    _atoms: Mapping[Expression, _Atom] = field(repr=False, compare=False)

    def evaluate(self, columns: Mapping[str, Column], n: int) -> Bits:
        """
        True for the rows, out of n, that match. Cheap on few rows, however many values their columns know.
        """
        return self.truth(columns, n).is_true

    def truth(self, columns: Mapping[str, Column], n: int) -> Truth:
        """
        For each of the n rows whether the predicate is true, false or unknown.
        """
        known = {atom: _atom_truth(how, columns, n) for atom, how in self._atoms.items()}
        return _combined(self.expression, known)


def compile_columns(expr: Expression) -> CompiledPredicate:
    """
    The predicate, ready for any number of tables. `compile_columns(atom)` for each of `ast.atoms(expr)` is allowed too.
    """
    prepared = {atom: _Atom(names=tuple(sorted(attributes(atom))), of=evaluator(atom)) for atom in atoms(expr)}
    return CompiledPredicate(expression=expr, attributes=attributes(expr), _atoms=prepared)


def _combined(expr: Expression, known: Mapping[Expression, Truth]) -> Truth:
    match expr:
        case And() | Or():
            parts = [_combined(part, known) for part in expr.parts]
            every, some = (np.logical_and.reduce, np.logical_or.reduce)
            if isinstance(expr, Or):
                every, some = some, every
            return Truth(
                is_true=every([part.is_true for part in parts]), is_false=some([part.is_false for part in parts])
            )
        case Not():
            operand = _combined(expr.operand, known)
            return Truth(is_true=operand.is_false, is_false=operand.is_true)
        case Choose():
            when, then, other = (_combined(one, known) for one in (expr.condition, expr.then, expr.otherwise))
            return Truth(
                is_true=when.is_true & then.is_true | when.is_false & other.is_true,
                is_false=when.is_true & then.is_false | when.is_false & other.is_false,
            )
        case _:
            return known[expr]


def _atom_truth(atom: _Atom, columns: Mapping[str, Column], n: int) -> Truth:
    present = {name: columns[name] for name in atom.names if name in columns}
    for name, column in present.items():
        if len(column.codes) != n:
            raise ValueError(f"column {name} has {len(column.codes)} rows, the table {n}")
    if not present:
        return _spread(atom, [{}], np.zeros(n, dtype=np.intp))
    name, column = next(iter(present.items()))
    if len(present) == 1 and len(column.values) <= n:
        rows: list[dict[str, object]] = [{name: value} for value in column.values]
        return _spread(atom, [*rows, {}], column.codes)  # code -1, absent, is the last row
    which, examples = _combinations(present, n)
    return _spread(atom, _rows(present, examples), which)


def _spread(atom: _Atom, rows: list[dict[str, object]], which: NDArray[np.signedinteger]) -> Truth:
    values = [atom.of(row) for row in rows]
    is_true = np.array([value is True for value in values], dtype=np.bool_)
    is_false = np.array([value is False for value in values], dtype=np.bool_)
    return Truth(is_true=is_true[which], is_false=is_false[which])


def _combinations(columns: Mapping[str, Column], n: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """
    For each row the number of its combination of codes, and for each combination one row that has it.
    """
    joint, width = np.zeros(n, dtype=np.int64), 1
    for column in columns.values():
        base = len(column.values) + 1
        if width * base > _WIDEST:
            joint, width = np.unique(joint, return_inverse=True)[1].astype(np.int64), n
        joint, width = joint * base + (column.codes + 1), width * base
    _, examples, which = np.unique(joint, return_index=True, return_inverse=True)
    return which, examples


def _rows(columns: Mapping[str, Column], examples: NDArray[np.intp]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = [{} for _ in examples]
    for name, column in columns.items():
        for row, code in zip(rows, column.codes[examples].tolist(), strict=True):
            if code >= 0:
                row[name] = column.values[code]
    return rows
