"""
How is a predicate written?

Always in one way: double quotes, single spaces, only the parentheses that are needed. Reading it gives the same again.

>>> from watchkeeper.manual.predicate.parser import parse
>>> show(parse("((status>=500)||(a&&(b)))&&!(method in['GET','HEAD'])"))
'(status >= 500 || a && b) && !(method in ["GET", "HEAD"])'
"""

from typing import Final, assert_never

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
from watchkeeper.manual.predicate.lexer import KEYWORDS, NAME
from watchkeeper.manual.predicate.quoting import encode

_CHOOSE, _OR, _AND, _RELATION, _SUM, _PRODUCT, _UNARY, _MEMBER, _SUBJECT = range(9)
_STRENGTH: Final = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "%": _PRODUCT}


def show(expr: Expression) -> str:
    """
    The canonical text of the predicate.
    """
    return _written(expr, _CHOOSE)


def _written(expr: Expression, weakest: int) -> str:
    text, strength = _text(expr)
    return text if strength >= weakest else f"({text})"


def _text(expr: Expression) -> tuple[str, int]:
    match expr:
        case Literal():
            return _literal(expr)
        case Attribute():
            return _name(expr.name), _SUBJECT
        case Has():
            return f"has({_name(expr.attribute.name)})", _SUBJECT
        case Size():
            return f"size({_written(expr.operand, _CHOOSE)})", _SUBJECT
        case TextTest():
            subject, argument = _written(expr.subject, _SUBJECT), _written(expr.argument, _CHOOSE)
            return f"{subject}.{expr.method}({argument})", _SUBJECT
        case Negate():
            return f"-{_negated(expr.operand)}", _UNARY
        case Not():
            weakest = _UNARY if isinstance(expr.operand, Not) else _MEMBER
            return f"!{_written(expr.operand, weakest)}", _UNARY
        case Arithmetic():
            return _binary(expr, _STRENGTH[expr.op])
        case Compare():
            return _binary(expr, _RELATION)
        case In():
            choices = ", ".join(_written(choice, _CHOOSE) for choice in expr.choices)
            return f"{_written(expr.item, _RELATION)} in [{choices}]", _RELATION
        case And():
            return " && ".join(_written(part, _RELATION) for part in expr.parts), _AND
        case Or():
            return " || ".join(_written(part, _AND) for part in expr.parts), _OR
        case Choose():
            condition, then = _written(expr.condition, _OR), _written(expr.then, _OR)
            return f"{condition} ? {then} : {_written(expr.otherwise, _CHOOSE)}", _CHOOSE
        case _:
            assert_never(expr)


def _binary(expr: Arithmetic | Compare, strength: int) -> tuple[str, int]:
    return f"{_written(expr.left, strength)} {expr.op} {_written(expr.right, strength + 1)}", strength


def _negated(operand: Expression) -> str:
    # `-3` is a literal, and implementations of CEL disagree about `--x`: both get parentheses.
    if isinstance(operand, Literal) and type(operand.value) in (int, float):
        return f"({_written(operand, _CHOOSE)})"
    return _written(operand, _MEMBER)


def _literal(literal: Literal) -> tuple[str, int]:
    value = literal.value
    if isinstance(value, str):
        return encode(value), _SUBJECT
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value], _MEMBER  # `true.x` would be a name
    return repr(value), _SUBJECT


def _name(name: str) -> str:
    plain = NAME.fullmatch(name) and KEYWORDS.isdisjoint(name.split("."))
    return name if plain else f"attr[{encode(name)}]"
