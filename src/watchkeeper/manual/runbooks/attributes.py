"""
What does the line that opens a fenced block say?

>>> found = read_attributes('bash {run=restart, timeout=30s, needs=approval, repeatable}')
>>> found.kind, found.given["run"].value, found.given["repeatable"].value
('bash', 'restart', '')
>>> read_attributes("bash").given is None
True
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from watchkeeper.manual.model.unfit import Unfit, nearest

#: Each attribute: the kinds of block that it belongs to (empty: all), and whether a value follows.
ATTRIBUTES: dict[str, tuple[frozenset[str], bool]] = {
    "run": (frozenset(), True),
    "needs": (frozenset(), True),
    "repeatable": (frozenset(), False),
    "timeout": (frozenset({"bash", "sql", "http"}), True),
    "target": (frozenset({"bash", "sql", "http"}), True),
    "plain": (frozenset({"bash"}), False),
    "expect": (frozenset({"http"}), True),
}
_HEAD = re.compile(r"([^\s{]*)\s*(\{.*)?")
_ONE = re.compile(r"""[\s,]*([A-Za-z_-]+)(\s*=\s*(?:"([^"]*)"|([^\s,{}"]+))|(?=[\s,}]))""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """
    One attribute's value (empty for a flag) and the column, from 1, where its name begins in the info string.
    """

    value: str
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """
    The language of a block, and its attributes; `given` is None where there are no braces at all.
    """

    kind: str
    given: dict[str, Given] | None


def read_attributes(info: str) -> Attributes:
    """
    The attributes in an info string. Raises Unfit with the column in it.
    """
    head = _HEAD.fullmatch(info)
    if head is None:
        raise Unfit(found=f"`{info[:60]}`", wanted="a kind and attributes in braces: `bash {run=restart}`")
    if head[2] is None:
        return Attributes(kind=head[1], given=None)
    if not head[2].rstrip().endswith("}"):
        raise Unfit(found=f"`{head[2][:60]}`", wanted="a closing `}`", column=head.start(2) + 1)
    given: dict[str, Given] = {}
    for name, each in _each(info, head.start(2) + 1):
        if name in given:
            raise Unfit(found=f"`{name}` a second time", wanted="it once", column=each.column)
        given[name] = each
    return Attributes(kind=head[1], given=given)


def _each(info: str, at: int) -> Iterator[tuple[str, Given]]:
    end = info.rstrip().rindex("}")
    while info[at:end].strip(" \t,"):
        one = _ONE.match(info, at, end + 1)
        if one is None:
            rest = info[at:end].lstrip(" \t,")
            column = end - len(rest) + 1
            raise Unfit(found=f"`{rest.strip()}`", wanted="`name=value` or a flag, with commas between", column=column)
        yield one[1], _given(one)
        at = one.end()


def _given(one: re.Match[str]) -> Given:
    name, column = one[1], one.start(1) + 1
    if name not in ATTRIBUTES:
        known = ", ".join(ATTRIBUTES)
        raise Unfit(found=f"`{name}`", wanted=f"one of {known}{nearest(name, ATTRIBUTES)}", column=column)
    value = one[3] if one[3] is not None else one[4]
    if ATTRIBUTES[name][1] and not value:
        raise Unfit(found=f"`{name}` without a value", wanted=f"`{name}=...`", column=column)
    if not ATTRIBUTES[name][1] and value is not None:
        raise Unfit(found=f"`{name}={value}`", wanted=f"`{name}` alone", column=column)
    return Given(value=value or "", column=column)
