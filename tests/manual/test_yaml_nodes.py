"""
What people wrote stays what they wrote, and what YAML cannot read is said in words.
"""

import pytest
import yaml

from watchkeeper.manual import yaml_nodes
from watchkeeper.manual.yaml_nodes import Node, plain, read_nodes


@pytest.fixture(params=["CSafeLoader", "SafeLoader"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Both parsers of PyYAML: machines without libyaml read the same.
    """
    if not hasattr(yaml, request.param):
        pytest.skip("this PyYAML comes without libyaml")
    monkeypatch.setattr(yaml_nodes, "Parser", getattr(yaml, request.param))


def _faults(text: str) -> list[tuple[int, int, str]]:
    found = read_nodes(text)
    assert isinstance(found, list), plain(found)
    return [(fault.mark.line, fault.mark.column, fault.wanted) for fault in found]


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("on: yes", {"on": "yes"}),
        ("at: 10:00", {"at": "10:00"}),
        ("next: 2024-01-15", {"next": "2024-01-15"}),
        ("n: 0x1F", {"n": "0x1F"}),
        ("n: 1_000", {"n": "1_000"}),
        ("a: null\nb: ~\nc:\nd: ''", {"a": "null", "b": "~", "c": None, "d": ""}),
        ("a: ~50/w", {"a": "~50/w"}),
        ("a: < 95% over 15m", {"a": "< 95% over 15m"}),
        ("a: {when: <= 5%, each: x}", {"a": {"when": "<= 5%", "each": "x"}}),
        ("a: >-\n  folded\n  text", {"a": "folded text"}),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": "1"}, "c": {"b": "1"}}),
        ("\ufeffa: 1\r\nb: 2\r\n", {"a": "1", "b": "2"}),
        ("", None),
    ],
)
def test_every_scalar_stays_text(text: str, data: object) -> None:
    found = read_nodes(text)

    assert isinstance(found, Node), found
    assert plain(found) == data


@pytest.mark.parametrize(
    ("text", "line", "column", "wanted"),
    [
        ("when: >= 97%", 1, 7, 'text that starts with `>` needs quotes round it: ">= 97%"'),
        ("a:\n  targets: [>= 97%]", 2, 13, 'text that starts with `>` needs quotes round it: ">= 97%"'),
        ("a: {when: > 5%, b: c}", 1, 11, 'text that starts with `>` needs quotes round it: "> 5%"'),
        ("when: != 3", 1, 7, 'text that starts with `!` needs quotes round it: "!= 3"'),
        ("a: @ops", 1, 4, 'text that starts with `@` needs quotes round it: "@ops"'),
        ("a: !!python/object:os.system x", 1, 4, "text that starts with `!`"),
        ("a:\n\tb: 1", 2, 1, "spaces for indentation"),
        ("a: b: c", 1, 5, "quotes round a text that holds `: `"),
        ("a: 1\nb: 2\na: 3", 3, 1, "one `a`; the first stands in line 1"),
        ("a: {<<: {b: 1}}", 1, 5, "the keys themselves, written out"),
        ("a: 1\n---\nb: 2", 2, 1, "one document in a file"),
        ("a: *x", 1, 4, "an anchor `&x` before it"),
        ("a: &x [*x]", 1, 8, "an anchor `&x` before it"),
        ("? [a]\n: b", 1, 3, "a name before the `:`"),
        ("b: 1\na: \x07", 2, 4, "readable text"),
        ('a: "\\e[31m"', 1, 4, "readable text"),
        ("[" * 200 + "]" * 200, 1, 42, "a smaller manual"),
    ],
)
def test_what_nobody_meant_is_said_with_its_place(text: str, line: int, column: int, wanted: str) -> None:
    [(at_line, at_column, said)] = _faults(text)

    assert (at_line, at_column) == (line, column)
    assert said.startswith(wanted)


def test_every_bare_comparison_is_told_at_once() -> None:
    text = "a:\n- >= 97%\n- '> 5%'\n- > 5%  # > 6%\n- {when: > 2% over 5m}\n- x  # - > 7%"

    assert [(line, column) for line, column, _ in _faults(text)] == [(2, 3), (4, 3), (5, 10)]


def test_doubled_keys_are_all_told() -> None:
    assert [line for line, _, _ in _faults("a: 1\na: 2\nb: {c: 1, c: 2}")] == [2, 3]


def test_anchors_cannot_blow_a_small_file_up() -> None:
    levels = "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(8))

    assert _faults("a: &a [x,x,x,x,x,x,x,x,x,x]\n" + levels)[0][2] == "a smaller manual"


def test_anchors_cannot_go_deeper_than_brackets() -> None:
    chain = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 2000))

    [fault] = read_nodes(chain)  # type: ignore[misc]  # a list of faults, or the test fails here
    assert fault.found == "more than 40 levels"


def test_a_huge_text_is_refused_before_it_is_read() -> None:
    assert "at most" in _faults("a" * (yaml_nodes.MOST_CHARACTERS + 1))[0][2]
