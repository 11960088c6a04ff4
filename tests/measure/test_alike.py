"""
Are values told apart exactly where the manual can tell them apart?
"""

import numpy as np
import pytest

from watchkeeper.manual.predicate.columns import CompiledPredicate, compile_columns
from watchkeeper.manual.predicate.parser import parse
from watchkeeper.manual.predicate.rows import matches
from watchkeeper.measure.alike import Classes

PREDICATES = (
    "v == 1",
    "v != 'a' && v != 2.5",
    "v in [1, 'b', true]",
    "v > 1",
    "v >= 1.5 || v < -3",
    "has(v)",
    "v.startsWith('a')",
    "size(v) > 2",
    "v + 1 == 3",
    "v == null",
)
VALUES = (1, 1.0, True, "1", 2, 2.5, "a", "ab", "abc", "b", "zzz", -4, -3.0, 0.0, -0.0, 2**63, float("nan"), 1e300, 1.5)


def compiled(text: str) -> CompiledPredicate:
    found = parse(text)
    return compile_columns(found)  # type: ignore[arg-type]  # these are no mistakes


@pytest.mark.parametrize("first", PREDICATES)
@pytest.mark.parametrize("second", PREDICATES)
def test_values_of_one_class_satisfy_the_same_predicates(first: str, second: str) -> None:
    predicates = [compiled(first), compiled(second)]
    classes = Classes("v", predicates, named=("zzz",), apart=False)
    by_class: dict[int, set[tuple[bool, ...]]] = {}
    for value, one in zip(VALUES, classes.of(VALUES), strict=True):
        by_class.setdefault(one, set()).add(tuple(matches(each.expression, {"v": value}) for each in predicates))
    assert all(len(truths) == 1 for truths in by_class.values())
    assert classes.of(["zzz"]) != classes.of(["yyy"])


def test_a_label_tells_all_values_apart() -> None:
    classes = Classes("v", [], named=(), apart=True)
    assert sorted(classes.of(VALUES)) == list(range(1, len(VALUES) + 1))


def test_a_million_paths_are_as_many_classes_as_are_told_apart() -> None:
    classes = Classes("v", [compiled("v == '/' || v.startsWith('/api/')")], named=(), apart=False)
    assert len(set(classes.of([f"/api/{i}" for i in range(99)] + [f"/x/{i}" for i in range(99)]))) == 2


@pytest.mark.parametrize("text", ["v > 1.5 && v <= 3", "v == 2 || v != 2.5", "v < 9007199254740993", "1 < v"])
def test_numbers_at_once_have_the_classes_of_each(text: str) -> None:
    numbers = np.array([-1.0, 0.0, 1.0, 1.5, np.nextafter(1.5, 2), 2.0, 2.5, 3.0, 3.1, np.inf, 9007199254740992.0])
    classes = Classes("v", [compiled(text)], named=(), apart=False)
    assert classes.of_numbers(numbers).tolist() == classes.of(numbers.tolist())
