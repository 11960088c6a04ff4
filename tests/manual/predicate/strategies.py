"""
Which predicates, rows and tables do the property tests draw?
"""

import functools
import re
from collections.abc import Mapping, Sequence

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from watchkeeper.manual.predicate.ast import (
    ARITHMETIC,
    COMPARISONS,
    METHODS,
    And,
    Arithmetic,
    Attribute,
    Choose,
    Compare,
    Expression,
    Has,
    In,
    Literal,
    Negate,
    Not,
    Or,
    Scalar,
    Size,
    TextTest,
)
from watchkeeper.manual.predicate.columns import Column

#: Each name mostly holds what it says: an int, a double, a text, a truth.
NAMES = ("i", "d", "s", "t")
ODD_NAMES = ("http.status_code", "x-request-id", "size", "has", "attr", "true", "in", "a.null", 'q"u\\o', "ä b", "r")

# Few distinct values, so that comparisons meet; the edges of 64 bits among them.
TEXTS = ("", "a", "ab", "b", "é", "😀", "A\n", "/api/x", "1")
INTS = (0, 1, -1, 2, -7, 500, 2**63 - 1, -(2**63))
DOUBLES = (0.0, -0.0, 1.0, 0.5, -7.0, 500.0, 1e300)
PATTERNS = ("a", "^a$", "b|é", "^.$", "[0-9]", "(", "")

scalars: SearchStrategy[Scalar] = st.sampled_from([*TEXTS, *INTS, *DOUBLES, True, False])
_FITTING: Mapping[str, SearchStrategy[Scalar]] = {
    "i": st.sampled_from(INTS),
    "d": st.sampled_from(DOUBLES),
    "s": st.sampled_from(TEXTS),
    "t": st.booleans(),
}
rows: SearchStrategy[dict[str, Scalar]] = st.one_of(
    st.fixed_dictionaries(_FITTING),
    st.fixed_dictionaries({}, optional=_FITTING),
    st.dictionaries(st.sampled_from(NAMES), scalars),
)


def literal(value: Scalar) -> Expression:
    """
    The literal of a value.
    """
    return Literal(value=value)


def expressions(*, names: Sequence[str] = NAMES, any_text: bool = False) -> SearchStrategy[Expression]:
    """
    Predicates, most of them with kinds that fit, some of any kinds.
    """
    return _truths(3, tuple(names), any_text) | _truths(2, tuple(names), any_text) | _wild(tuple(names), any_text)


@functools.cache
def _attribute(names: tuple[str, ...], mostly: str) -> SearchStrategy[Expression]:
    weighted = [mostly] * 12 if mostly in names else []
    return st.sampled_from([*weighted, *names]).map(lambda name: Attribute(name=name))


@functools.cache
def _truths(depth: int, names: tuple[str, ...], any_text: bool) -> SearchStrategy[Expression]:
    truth = _attribute(names, "t")
    has = _attribute(names, "t").map(lambda one: Has(attribute=one) if isinstance(one, Attribute) else one)
    if depth == 0:
        return st.one_of(truth, has, st.booleans().map(literal))
    inner = _truths(depth - 1, names, any_text)
    number, text = _numbers(depth - 1, names, any_text), _texts(depth - 1, names, any_text)
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    comparison = st.sampled_from(COMPARISONS)
    return st.one_of(
        truth,
        has,
        st.builds(Compare, op=comparison, left=number, right=number),
        st.builds(Compare, op=comparison, left=text, right=text),
        st.builds(Compare, op=comparison, left=inner, right=inner),
        st.builds(TextTest, method=st.sampled_from(METHODS[:3]), subject=text, argument=text),
        st.builds(TextTest, method=st.just("matches"), subject=text, argument=st.sampled_from(PATTERNS).map(literal)),
        st.builds(In, item=number, choices=st.lists(number, max_size=3).map(tuple)),
        st.builds(In, item=text, choices=st.lists(text | number, max_size=3).map(tuple)),
        st.builds(And, parts=several),
        st.builds(Or, parts=several),
        st.builds(Not, operand=inner),
        st.builds(Choose, condition=inner, then=inner, otherwise=inner),
    )


@functools.cache
def _numbers(depth: int, names: tuple[str, ...], any_text: bool) -> SearchStrategy[Expression]:
    more = [st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False)] if any_text else []
    whole = st.one_of(_attribute(names, "i"), st.sampled_from(INTS).map(literal))
    fraction = st.one_of(
        _attribute(names, "d"), st.sampled_from(DOUBLES).map(literal), *(one.map(literal) for one in more)
    )
    if depth == 0:
        return whole | fraction
    inner = _numbers(depth - 1, names, any_text)
    sign = st.sampled_from(ARITHMETIC)
    return st.one_of(
        whole,
        fraction,
        st.builds(Arithmetic, op=sign, left=whole, right=whole),
        st.builds(Arithmetic, op=sign, left=fraction, right=fraction),
        st.builds(Arithmetic, op=sign, left=inner, right=inner),
        st.builds(Negate, operand=inner),
        st.builds(Size, operand=_texts(depth - 1, names, any_text)),
    )


@functools.cache
def _texts(depth: int, names: tuple[str, ...], any_text: bool) -> SearchStrategy[Expression]:
    plain = _attribute(names, "s") | st.sampled_from(TEXTS).map(literal)
    if any_text:
        plain |= st.text().map(literal)
    if depth == 0:
        return plain
    return plain | st.builds(Arithmetic, op=st.just("+"), left=plain, right=plain)


@functools.cache
def _wild(names: tuple[str, ...], any_text: bool) -> SearchStrategy[Expression]:
    leaves = st.one_of(
        scalars.map(literal),
        st.just(literal(None)),
        _attribute(names, "s"),
        _truths(0, names, any_text),
        _truths(1, names, any_text),
    )
    return st.recursive(leaves, _grown, max_leaves=8)


def _grown(inner: SearchStrategy[Expression]) -> SearchStrategy[Expression]:
    parts = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Compare, op=st.sampled_from(COMPARISONS), left=inner, right=inner),
        st.builds(And, parts=parts),
        st.builds(Or, parts=parts),
        st.builds(Not, operand=inner),
        st.builds(Choose, condition=inner, then=inner, otherwise=inner),
        st.builds(Arithmetic, op=st.sampled_from(ARITHMETIC), left=inner, right=inner),
        st.builds(Negate, operand=inner),
        st.builds(Size, operand=inner),
        st.builds(TextTest, method=st.sampled_from(METHODS), subject=inner, argument=inner),
        st.builds(In, item=inner, choices=st.lists(inner, max_size=3).map(tuple)),
    )


def column_of(values: Sequence[object]) -> Column:
    """
    The column of these values, None being absent; one code for each distinct value, 1, 1.0 and true being three.
    """
    known: dict[str, int] = {}
    held = []
    codes = []
    for value in values:
        if value is None:
            codes.append(-1)
            continue
        if repr(value) not in known:
            known[repr(value)] = len(known)
            held.append(value)
        codes.append(known[repr(value)])
    return Column(codes=np.array(codes, dtype=np.int32), values=tuple(held))  # type: ignore[arg-type]  # drawn from scalars


def words_of(text: str) -> list[str]:
    """
    The text in pieces to shuffle.
    """
    return re.findall(r"\w+|\s+|.", text, re.DOTALL)
