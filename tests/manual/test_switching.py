"""A switch in the manual: its kind, its value, who may flip it and how long, read or refused with what is wanted."""

import pytest

from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.manual.model.switching import Switch, read_value, texts_of
from watchkeeper.manual.model.unfit import Unfit

HEAD = "watchkeeper: 1\nmanual: Shop\nswitches:\n"


@pytest.mark.parametrize(
    ("keys", "texts", "value"),
    [
        ({"kind": "boolean", "default": "false"}, ["yes"], True),
        ({"kind": "percentage", "default": "100%"}, ["12.5%"], 12.5),
        ({"kind": "percentage", "default": "100%"}, ["50"], 50.0),
        ({"kind": "number", "default": "10"}, ["7"], 7),
        ({"kind": "number", "default": "1.5"}, ["7"], 7.0),
        ({"kind": "number", "default": "3", "allowed": ["3", "5"]}, ["5"], 5),
        ({"kind": "percentage", "default": "50%", "range": "10..50%"}, ["10"], 10.0),
        ({"kind": "text", "default": "a b"}, ["c d"], "c d"),
        ({"kind": "address", "default": "cache-1:6379"}, ["https://x.test/y"], "https://x.test/y"),
        ({"kind": "address", "default": "cache-1:6379"}, ["[::1]:6379"], "[::1]:6379"),
        ({"kind": "set", "default": ["b", "a", "a"]}, [], ()),
        ({"kind": "set", "default": []}, ["b", "a", "a"], ("a", "b")),
    ],
)
def test_a_value_is_read_by_the_kind_of_its_switch_and_written_as_it_is_read(keys, texts, value):
    switch = Switch(**keys)
    found = read_value(switch, texts)

    assert (found, type(found)) == (value, type(value))
    assert read_value(switch, texts_of(found)) == value


@pytest.mark.parametrize(
    ("keys", "texts", "wanted"),
    [
        ({"kind": "boolean", "default": "false"}, ["maybe"], "`true` or `false`"),
        ({"kind": "boolean", "default": "false"}, [], "one value for a boolean"),
        ({"kind": "percentage", "default": "100%"}, ["101%"], "from 0% to 100%"),
        ({"kind": "percentage", "default": "100%"}, ["nan"], "a percentage such as"),
        ({"kind": "number", "default": "10"}, ["1.5"], "a whole number"),
        ({"kind": "number", "default": "1.5"}, ["1e9"], "a number"),
        ({"kind": "number", "default": "3", "range": "1..5"}, ["6"], "within 1..5"),
        ({"kind": "number", "default": "3", "allowed": ["3", "5"]}, ["4"], "one of 3, 5"),
        ({"kind": "text", "default": "normal", "allowed": ["normal", "read-only"]}, ["read-onyl"], "did you mean"),
        ({"kind": "text", "default": "a"}, ["a\nb"], "one line"),
        ({"kind": "address", "default": "cache-1:6379"}, ["cache"], "an address such as"),
        ({"kind": "address", "default": "cache-1:6379"}, ["redis://me:secret@x:1"], "no place for secrets"),
        ({"kind": "set", "default": ["a"], "allowed": ["a", "b"]}, ["c"], "one of a, b"),
        ({"kind": "set", "default": []}, ["x"] * 1001, "at most 1000"),
    ],
)
def test_what_does_not_fit_a_switch_is_refused_with_what_is_wanted(keys, texts, wanted):
    with pytest.raises(Unfit) as refused:
        read_value(Switch(**keys), texts)
    assert wanted in str(refused.value)


@pytest.mark.parametrize(
    ("entry", "wanted"),
    [
        ("{kind: bolean, default: no}", "did you mean `boolean`?"),
        ("{kind: boolean}", "default"),
        ("{kind: boolean, default: perhaps}", "`true` or `false`"),
        ("{kind: boolean, default: no, role: viewer}", "responder, manager, admin"),
        ("{kind: boolean, default: no, allowed: [a]}", "a number, a text, an address or a set"),
        ("{kind: text, default: a, range: 1..2}", "a number or a percentage"),
        ("{kind: number, default: 3, range: 5..1}", "two numbers"),
        ("{kind: number, default: 3, range: 1..2}", "within 1..2"),
        ("{kind: number, default: 3, range: 1s..5s}", "two numbers"),
        ("{kind: number, default: 3, longest: 0s}", "longer than nothing"),
        ("{kind: number, default: 3, service: nobody}", "a name from"),
    ],
)
def test_a_switch_that_cannot_be_is_a_mistake_with_a_place(entry, wanted):
    mistakes = load_text(f"{HEAD}  a: {entry}\n")

    assert not isinstance(mistakes, Loaded)
    assert wanted in str(mistakes)
    assert ":4:" in str(mistakes)
