"""
Which values of an attribute does the manual not tell apart?

What an observation counts for depends on the values that the manual names (`status == 429`), on those that become a
label, and on the truth of everything else that it says of an attribute (`path.startsWith("/api/")`). Values that agree
in all of it are one *class*: a million paths are two.

>>> from watchkeeper.manual.predicate.columns import compile_columns
>>> from watchkeeper.manual.predicate.parser import parse
>>> of_a_path = compile_columns(parse('path == "/" || path.startsWith("/api/")'))
>>> classes = Classes("path", [of_a_path], named=(), apart=False)
>>> classes.of(["/", "/api/a", "/x", "/api/b", "/y"])
[1, 2, 3, 2, 3]
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from watchkeeper.manual.predicate.ast import Attribute, Compare, Expression, In, Literal, atoms, attributes
from watchkeeper.manual.predicate.columns import CompiledPredicate
from watchkeeper.manual.predicate.rows import Evaluator, evaluator
from watchkeeper.manual.predicate.semantics import UNKNOWN, admit
from watchkeeper.measure.values import Floats

ABSENT = 0


class Classes:
    """
    The classes of the values of one attribute, numbered from 1; 0 is no value. `example(class)` is one of its values.

    `named` are values that are told apart besides those in predicates; `apart` tells all values apart.
    """

    def __init__(
        self, name: str, predicates: Iterable[CompiledPredicate], *, named: Iterable[object], apart: bool
    ) -> None:
        self.examples: list[object] = []  # a value of each class
        self._name, self._apart = name, apart
        self._named: set[object] = set(named)
        self._tests: list[Evaluator] = []
        self._known: dict[object, int] = {}
        mine = {atom for one in predicates for atom in atoms(one.expression) if name in attributes(atom)}
        for atom in sorted(mine, key=repr):
            literals = _literals(atom)
            if literals is not None:
                self._named.update(literals)
            elif attributes(atom) == {name}:
                self._tests.append(evaluator(atom))
            else:
                self._apart = True  # compared with another attribute
        self._edges = None if self._apart else _edges(mine)

    def __len__(self) -> int:
        return len(self.examples)

    def of(self, values: Sequence[object]) -> list[int]:
        """
        The class of each value.
        """
        return [self._of(value) for value in values]

    def of_numbers(self, values: Floats) -> NDArray[np.int32]:
        """
        The class of each number. Where the manual only compares it with numbers, those between two of them are alike.
        """
        if self._edges is None:
            return np.array(self.of(values.tolist()), dtype=np.int32)
        between = np.searchsorted(self._edges, values, "left") + np.searchsorted(self._edges, values, "right")
        between = np.where(np.isnan(values), -1, between)
        _, examples, which = np.unique(between, return_index=True, return_inverse=True)
        return np.array(self.of(values[examples].tolist()), dtype=np.int32)[which]

    def forget(self) -> None:
        """
        Number the classes anew.
        """
        self.examples.clear()
        self._known.clear()

    def _of(self, value: object) -> int:
        key = value if type(value) is str and self._apart else self._key(value)
        found = self._known.get(key)
        if found is None:
            self.examples.append(value)
            found = self._known[key] = len(self.examples)
        return found

    def _key(self, value: object) -> object:
        """
        A value's type belongs to it: 1, 1.0 and true are equal in Python and not in a predicate. A float is told by how
        it is written: 0.0 and -0.0 are equal too, and NaN is not itself.
        """
        if self._apart or value in self._named:
            return value if type(value) is str else (type(value), repr(value))
        row = {self._name: value}
        return admit(value) is UNKNOWN, *(_truth(test(row)) for test in self._tests)


def _truth(value: object) -> int:
    return 1 if value is True else 0 if value is False else -1


def _edges(said: Iterable[Expression]) -> Floats | None:
    """
    The numbers that an attribute is compared with, where it is only compared with numbers that a float holds exactly.
    """
    found: set[float] = set()
    for atom in said:
        match atom:
            case (
                Compare(left=Attribute(), right=Literal(value=value))
                | Compare(left=Literal(value=value), right=Attribute())
            ) if type(value) is float or (type(value) is int and abs(value) <= 2**53):
                found.add(float(value))
            case _:
                return None
    return np.array(sorted(found), dtype=np.float64)


def _literals(atom: Expression) -> list[object] | None:
    """
    The values that an atom compares an attribute with, where that is all it does.
    """
    match atom:
        case Compare(op="==" | "!=", left=Attribute(), right=Literal(value=value)):
            return [value]
        case Compare(op="==" | "!=", left=Literal(value=value), right=Attribute()):
            return [value]
        case In(item=Attribute(), choices=choices) if all(isinstance(one, Literal) for one in choices):
            return [one.value for one in choices if isinstance(one, Literal)]
        case _:
            return None
