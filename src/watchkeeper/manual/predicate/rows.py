"""
Does a predicate hold for one row?

The plain reading of the language, one row at a time: the reference that the columnar evaluation is held to.

>>> from watchkeeper.manual.predicate.parser import parse
>>> predicate = parse('status >= 500 || route.startsWith("/pay")')
>>> matches(predicate, {"status": 503}), matches(predicate, {"route": "/home"}), matches(predicate, {})
(True, False, False)
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias, assert_never

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
from watchkeeper.manual.predicate.semantics import (
    UNKNOWN,
    Value,
    admit,
    arithmetic,
    compare,
    deny,
    is_in,
    negate,
    size,
    text_test,
)

Row: TypeAlias = Mapping[str, object]
Evaluator: TypeAlias = Callable[[Row], Value]


def matches(expr: Expression, row: Row) -> bool:
    """
    Whether the predicate is true for the row; what is false or unknown does not match.
    """
    return evaluator(expr)(row) is True


def evaluator(expr: Expression) -> Evaluator:
    """
    The expression as a function from a row to its value, for many rows.
    """
    match expr:
        case Literal(value=value):
            return lambda _row: value
        case Attribute(name=name):
            return lambda row: admit(row.get(name, UNKNOWN))
        case Has(attribute=Attribute(name=name)):
            return lambda row: name in row
        case Size() | Negate() | Not():
            return _unary(expr)
        case TextTest(method=method):
            return _binary(text_test, method, expr.subject, expr.argument)
        case Arithmetic(op=op):
            return _binary(arithmetic, op, expr.left, expr.right)
        case Compare(op=op):
            return _binary(compare, op, expr.left, expr.right)
        case In():
            item, choices = evaluator(expr.item), [evaluator(choice) for choice in expr.choices]
            return lambda row: is_in(item(row), [choice(row) for choice in choices])
        case And():
            return _joined(expr.parts, decisive=False)
        case Or():
            return _joined(expr.parts, decisive=True)
        case Choose():
            return _chosen(expr)
        case _:
            assert_never(expr)


def _unary(expr: Size | Negate | Not) -> Evaluator:
    operand = evaluator(expr.operand)
    match expr:
        case Size():
            return lambda row: size(operand(row))
        case Negate():
            return lambda row: negate(operand(row))
        case Not():
            return lambda row: deny(operand(row))


def _binary(
    operation: Callable[[str, Value, Value], Value], op: str, first: Expression, second: Expression
) -> Evaluator:
    left, right = evaluator(first), evaluator(second)
    return lambda row: operation(op, left(row), right(row))


def _joined(parts: tuple[Expression, ...], *, decisive: bool) -> Evaluator:
    evaluators = [evaluator(part) for part in parts]

    def join(row: Row) -> Value:
        result: Value = not decisive
        for one in evaluators:
            value = one(row)
            if value is decisive:
                return decisive
            if value is not (not decisive):
                result = UNKNOWN
        return result

    return join


def _chosen(expr: Choose) -> Evaluator:
    condition, then, otherwise = evaluator(expr.condition), evaluator(expr.then), evaluator(expr.otherwise)

    def choose(row: Row) -> Value:
        value = condition(row)
        if value is True:
            return then(row)
        return otherwise(row) if value is False else UNKNOWN

    return choose
