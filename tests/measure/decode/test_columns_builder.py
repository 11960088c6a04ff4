from math import nan
from types import SimpleNamespace as Attribute

import numpy as np
import pytest

from watchkeeper.measure.decode.columns_builder import LONGEST_TEXT, ColumnsBuilder


def given(**attributes):
    return [Attribute(key=key.replace("__", "."), value=value) for key, value in attributes.items()]


def columns(*names):
    return ColumnsBuilder(names, read=lambda value: value)


def rows(built, name):
    column = built[name]
    return [None if code < 0 else column.values[code] for code in column.codes]


@pytest.mark.parametrize(
    ("attributes", "status"),
    [
        (given(status="failed", http__response__status_code=500), "failed"),
        (given(http__response__status_code=500, status="failed"), "failed"),
        (given(http__status_code=404, http__response__status_code=500), 500),
        (given(http__status_code=404), 404),
        (given(other=1), "of the scope"),
        (given(status=None, http__status_code=404), 404),
    ],
)
def test_the_best_name_that_the_item_carries_counts(attributes, status):
    builder = columns("status")
    builder.under(given(status="of the resource"))
    builder.within(given(status="of the scope"))
    builder.row(attributes)
    assert rows(builder.build(), "status") == [status]


def test_a_row_inherits_from_its_scope_and_that_from_its_resource():
    builder = columns("service", "library", "mine")
    builder.under(given(service__name="parser", library="r", mine="r"))
    builder.within(given(library="s", mine="s"))
    builder.row(given(mine="i"))
    builder.within([])
    builder.row([])
    builder.under([])
    builder.row([])
    built = builder.build()
    assert rows(built, "service") == ["parser", "parser", None]
    assert rows(built, "library") == ["s", "r", None]
    assert rows(built, "mine") == ["i", "r", None]


def test_an_own_field_goes_before_any_attribute():
    builder = columns("name", "kind")
    builder.row(
        given(name="attribute", kind="attribute"), [(builder.index("name"), "own"), (builder.index("kind"), None)]
    )
    built = builder.build()
    assert (rows(built, "name"), rows(built, "kind")) == (["own"], [None])
    assert builder.index("other") == -1


def test_one_attribute_can_fill_several_columns():
    builder = columns("status", "http.status_code", "http.response.status_code")
    builder.row(given(http__status_code=404))
    assert [rows(builder.build(), name) for name in ("status", "http.status_code", "http.response.status_code")] == [
        [404]
    ] * 3


def test_values_that_python_calls_equal_stay_apart():
    builder = columns("a")
    for value in (1, 1.0, True, "1", 0, False, "", nan, float("nan"), 1):
        builder.row(given(a=value))
    built = builder.build()["a"]
    assert built.codes.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 7, 0]
    assert list(map(repr, built.values)) == ["1", "1.0", "True", "'1'", "0", "False", "''", "nan"]


def test_the_first_of_two_attributes_of_one_name_counts():
    builder = columns("a")
    builder.row([*given(a=1), *given(a=2)])
    assert rows(builder.build(), "a") == [1]


def test_long_text_is_cut_and_counted_each_time_it_comes():
    builder = columns("a")
    for tail in ("x", "y", "x"):
        builder.row(given(a="é" * LONGEST_TEXT + tail))
    builder.row(given(a="é" * LONGEST_TEXT))
    built = builder.build()["a"]
    assert (built.codes.tolist(), list(built.values), builder.cut) == ([0] * 4, ["é" * LONGEST_TEXT], 3)


def test_rows_can_be_picked_and_none_is_fine():
    builder = columns("a", "b")
    assert [column.codes.tolist() for column in builder.build().values()] == [[], []]
    builder.row(given(a="x"))
    builder.row(given(a="y"))
    picked = builder.build(np.array([1, 1, 0]))
    assert picked["a"].codes.tolist() == [1, 1, 0]
    assert picked["a"].codes.dtype == np.int32
    assert columns().build() == {}
