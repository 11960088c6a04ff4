"""
What must an attribute hold so that a predicate can be true?

>>> from watchkeeper.manual.predicate.kinds import said
>>> from watchkeeper.manual.predicate.parser import parse
>>> needs = needed(parse('status >= 500 && (route == "/" || route.contains("pay"))'))
>>> {name: said(kinds) for name, kinds in needs.items()}
{'status': 'a number', 'route': 'a text'}
"""

from functools import reduce
from typing import TypeAlias

from watchkeeper.manual.predicate.ast import And, Attribute, Compare, Expression, In, Literal, Not, Or, TextTest
from watchkeeper.manual.predicate.kinds import ANY, BOOL, TEXT, Kinds, comparable, kind_of

Needs: TypeAlias = dict[str, Kinds]


def needed(expr: Expression) -> Needs:
    """
    By attribute, the kinds of value without which the predicate is not true; without those that may hold anything.
    """
    match expr:
        case And():
            return reduce(both, map(needed, expr.parts))
        case Or():
            return reduce(_either, map(needed, expr.parts))
        case Not(operand=Attribute() | TextTest() as operand):
            return needed(operand)
        case Not(operand=Compare(op="<" | "<=" | ">" | ">=") as operand):
            return needed(operand)
        case Attribute():
            return {expr.name: BOOL}
        case TextTest():
            return {side.name: TEXT for side in (expr.subject, expr.argument) if isinstance(side, Attribute)}
        case In(item=Attribute(name=name)) if all(isinstance(choice, Literal) for choice in expr.choices):
            kinds = [kind_of(choice.value) for choice in expr.choices if isinstance(choice, Literal)]
            return {name: comparable(frozenset().union(*kinds))}
        case Compare() if expr.op != "!=":
            return _compared(expr.left, expr.right) | _compared(expr.right, expr.left)
        case _:
            return {}


def both(first: Needs, second: Needs) -> Needs:
    """
    What is needed when both hold.
    """
    return {name: first.get(name, ANY) & second.get(name, ANY) for name in first | second}


def _either(first: Needs, second: Needs) -> Needs:
    return {name: first[name] | second[name] for name in first if name in second}


def _compared(one: Expression, other: Expression) -> Needs:
    if isinstance(one, Attribute) and isinstance(other, Literal):
        return {one.name: comparable(kind_of(other.value))}
    return {}
