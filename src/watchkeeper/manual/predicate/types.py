"""
What in a predicate can never be right?

A mistake is what cannot be worked out for any row, or comes out alike for all: `"abc" < 5`, `startsWith(3)`, `1 + 1.5`,
`"1" == 1`, a pattern that RE2 refuses, two demands on one attribute that no value meets. What an attribute holds is
open, unless the caller knows:

>>> from watchkeeper.manual.predicate.parser import parse
>>> check(parse('status < "x"'))
[]
>>> for mistake in check(parse('status < "x"'), known={"status": NUMBER}): print(mistake)
column 8: `<` cannot order a number and a text
>>> for mistake in check(parse('status < "x" && status >= 500')): print(mistake)
column 24: `status` is a number here and a text before: no row has both
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import assert_never

import re2  # type: ignore[import-untyped]  # it ships no types

from watchkeeper.manual.predicate.ast import (
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
    Size,
    TextTest,
)
from watchkeeper.manual.predicate.kinds import ANY, BOOL, INT, NULL, NUMBER, TEXT, Kinds, comparable, kind_of, said
from watchkeeper.manual.predicate.needs import Needs, both, needed
from watchkeeper.manual.predicate.semantics import compiled


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeMistake:
    """
    What can never be right, and at which column (from 1).
    """

    column: int
    message: str

    def __str__(self) -> str:
        return f"column {self.column}: {self.message}"


def check(expr: Expression, *, known: Mapping[str, Kinds] = MappingProxyType({})) -> list[TypeMistake]:
    """
    All that can never be right, by column. `known` says which kinds of value attributes hold, where the caller knows.
    """
    checker = _Checker(known)
    checker.want(BOOL, expr, "a predicate is true or false")
    return sorted(checker.mistakes, key=lambda mistake: mistake.column)


class _Checker:
    """
    Finds the kinds that each part can have. Where none is left it notes a mistake and goes on as if all were well.
    """

    def __init__(self, known: Mapping[str, Kinds]) -> None:
        self.known = known
        self.mistakes: list[TypeMistake] = []

    def want(self, wanted: Kinds, expr: Expression, why: str) -> Kinds:
        kinds = self._kinds(expr)
        if kinds & wanted:
            return kinds & wanted
        self._note(expr.column, f"{why}, this is {said(kinds)}")
        return wanted

    def _note(self, column: int, message: str) -> None:
        self.mistakes.append(TypeMistake(column=column, message=message))

    def _kinds(self, expr: Expression) -> Kinds:
        match expr:
            case Literal():
                return kind_of(expr.value)
            case Attribute():
                return self.known.get(expr.name, ANY)
            case Has():
                return BOOL
            case Size():
                self.want(TEXT, expr.operand, "`size` counts the characters of a text")
                return INT
            case TextTest():
                return self._text_test(expr)
            case Negate():
                return self.want(NUMBER, expr.operand, "`-` wants a number")
            case Not():
                return self.want(BOOL, expr.operand, "`!` wants true or false")
            case Arithmetic():
                return self._arithmetic(expr)
            case Compare():
                return self._compare(expr)
            case In():
                return self._in(expr)
            case And() | Or():
                return self._joined(expr)
            case Choose():
                self.want(BOOL, expr.condition, "`?` wants true or false before it")
                return self._kinds(expr.then) | self._kinds(expr.otherwise)
            case _:
                assert_never(expr)

    def _text_test(self, expr: TextTest) -> Kinds:
        self.want(TEXT, expr.subject, f"`{expr.method}` looks at a text")
        self.want(TEXT, expr.argument, f"`{expr.method}` wants a text")
        if expr.method == "matches" and isinstance(expr.argument, Literal) and isinstance(expr.argument.value, str):
            try:
                compiled(expr.argument.value)
            except re2.error as refused:
                self._note(expr.argument.column, f"not a pattern of RE2: {_reason(refused)}")
        return BOOL

    def _arithmetic(self, expr: Arithmetic) -> Kinds:
        left, right = self._kinds(expr.left), self._kinds(expr.right)
        fitting = {"+": NUMBER | TEXT, "%": INT}.get(expr.op, NUMBER)
        kinds = left & right & fitting
        if not kinds:
            hint = " (write both as whole numbers, or both with a point)" if left | right == NUMBER else ""
            self._note(expr.column, f"`{expr.op}` cannot take {said(left)} and {said(right)}{hint}")
            return fitting
        if expr.op in "/%" and expr.right == Literal(value=0):
            self._note(expr.column, "a division by zero")
        return kinds

    def _compare(self, expr: Compare) -> Kinds:
        left, right = self._kinds(expr.left), self._kinds(expr.right)
        if expr.op in ("==", "!="):
            if not comparable(left) & right:
                self._note(expr.column, f"`{expr.op}` compares {said(left)} with {said(right)}: they are never equal")
        elif not comparable(left) & (right - NULL):
            self._note(expr.column, f"`{expr.op}` cannot order {said(left)} and {said(right)}")
        return BOOL

    def _in(self, expr: In) -> Kinds:
        kinds = self._kinds(expr.item)
        if not expr.choices:
            self._note(expr.column, "nothing is in an empty list")
        for choice in expr.choices:
            theirs = self._kinds(choice)
            if not comparable(kinds) & theirs:
                self._note(choice.column, f"this is {said(theirs)}, which {said(kinds)} never equals")
        return BOOL

    def _joined(self, expr: And | Or) -> Kinds:
        sign = "&&" if isinstance(expr, And) else "||"
        for part in expr.parts:
            self.want(BOOL, part, f"`{sign}` wants true or false on both sides")
        if isinstance(expr, And):
            self._clashes(expr.parts)
        return BOOL

    def _clashes(self, parts: tuple[Expression, ...]) -> None:
        so_far: Needs = {}
        for part in parts:
            needs = needed(part)
            for name, kinds in needs.items():
                before = so_far.get(name, ANY)
                if kinds and before and not kinds & before:
                    message = f"`{name}` is {said(kinds)} here and {said(before)} before: no row has both"
                    self._note(part.column, message)
            so_far = both(so_far, needs)


def _reason(refused: Exception) -> str:
    reason = refused.args[0] if refused.args else ""
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
