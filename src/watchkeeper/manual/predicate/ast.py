"""
What does a predicate consist of?

Every node is a frozen value with the column (from 1) where it was written; the column takes no part in equality:

>>> Compare(op=">=", left=Attribute(name="status"), right=Literal(value=500)) == Compare(
...     op=">=", left=Attribute(name="status", column=1), right=Literal(value=500, column=11), column=8)
True
>>> Literal(value=1) == Literal(value=1.0), Literal(value=1) == Literal(value=True)
(False, False)

`&&` and `||` hold all their parts side by side, however they were bracketed, so that a long row of them is not deep:

>>> a, b, c = (Attribute(name=name) for name in "abc")
>>> And(parts=(a, And(parts=(b, c)))) == And(parts=(And(parts=(a, b)), c)) == And(parts=(a, b, c))
True
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias, assert_never

Scalar: TypeAlias = str | int | float | bool | None

SMALLEST_INT: Final = -(2**63)
LARGEST_INT: Final = 2**63 - 1
COMPARISONS: Final = ("==", "!=", "<=", ">=", "<", ">")
ARITHMETIC: Final = ("+", "-", "*", "/", "%")
METHODS: Final = ("startsWith", "endsWith", "contains", "matches")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    column: int = field(default=1, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal(_Node):
    """
    A value as written. Raises ValueError for what cannot be written: infinity, NaN, an int beyond 64 bits.
    """

    value: Scalar = field(compare=False)
    identity: str = field(init=False, repr=False)  # 1, 1.0 and true are equal in Python and not here; nor 0.0 and -0.0

    def __post_init__(self) -> None:
        if isinstance(self.value, float) and not math.isfinite(self.value):
            raise ValueError(f"{self.value} cannot be written in a predicate")
        if isinstance(self.value, int) and not SMALLEST_INT <= self.value <= LARGEST_INT:
            raise ValueError(f"{self.value} does not fit into 64 bits")
        object.__setattr__(self, "identity", repr(self.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute(_Node):
    """
    The value of an attribute, by its full name with dots.
    """

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Has(_Node):
    """
    Whether an attribute is present, whatever its value.
    """

    attribute: Attribute


@dataclass(frozen=True, slots=True, kw_only=True)
class Size(_Node):
    """
    The number of code points of a text.
    """

    operand: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTest(_Node):
    """
    `subject.method(argument)`, the method being one of METHODS.
    """

    method: str
    subject: "Expression"
    argument: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Negate(_Node):
    """
    `-operand`; a number with its sign is a literal.
    """

    operand: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Not(_Node):
    """
    `!operand`.
    """

    operand: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic(_Node):
    """
    `left op right`, the op being one of ARITHMETIC.
    """

    op: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare(_Node):
    """
    `left op right`, the op being one of COMPARISONS.
    """

    op: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class In(_Node):
    """
    `item in [choices]`.
    """

    item: "Expression"
    choices: tuple["Expression", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class And(_Node):
    """
    `a && b && ...`, flat, at least two parts.
    """

    parts: tuple["Expression", ...]

    def __post_init__(self) -> None:
        flat = [inner for part in self.parts for inner in (part.parts if isinstance(part, And) else (part,))]
        _hold(self, flat)


@dataclass(frozen=True, slots=True, kw_only=True)
class Or(_Node):
    """
    `a || b || ...`, flat, at least two parts.
    """

    parts: tuple["Expression", ...]

    def __post_init__(self) -> None:
        flat = [inner for part in self.parts for inner in (part.parts if isinstance(part, Or) else (part,))]
        _hold(self, flat)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choose(_Node):
    """
    `condition ? then : otherwise`.
    """

    condition: "Expression"
    then: "Expression"
    otherwise: "Expression"


Expression: TypeAlias = (
    Literal | Attribute | Has | Size | TextTest | Negate | Not | Arithmetic | Compare | In | And | Or | Choose
)


def children(expr: Expression) -> tuple[Expression, ...]:
    """
    The expressions directly inside this one, as written.
    """
    match expr:
        case Literal() | Attribute():
            return ()
        case Has():
            return (expr.attribute,)
        case Size() | Negate() | Not():
            return (expr.operand,)
        case TextTest():
            return (expr.subject, expr.argument)
        case Arithmetic() | Compare():
            return (expr.left, expr.right)
        case In():
            return (expr.item, *expr.choices)
        case And() | Or():
            return expr.parts
        case Choose():
            return (expr.condition, expr.then, expr.otherwise)
        case _:
            assert_never(expr)


def walk(expr: Expression) -> Iterator[tuple[Expression, int]]:
    """
    Every node with its depth (the root has 1), each before what is inside it, as written.
    """
    waiting = [(expr, 1)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting.extend((child, depth + 1) for child in reversed(children(node)))


def attributes(expr: Expression) -> frozenset[str]:
    """
    The names of all attributes that the expression reads.
    """
    return frozenset(node.name for node, _ in walk(expr) if isinstance(node, Attribute))


def atoms(expr: Expression) -> tuple[Expression, ...]:
    """
    The distinct parts that `&&`, `||`, `!` and `?:` put together, in the order in which they are written.
    """
    found: dict[Expression, None] = {}
    waiting = [expr]
    while waiting:
        node = waiting.pop()
        if isinstance(node, And | Or | Not | Choose):
            waiting.extend(reversed(children(node)))
        else:
            found[node] = None
    return tuple(found)


def _hold(node: And | Or, parts: list[Expression]) -> None:
    if len(parts) < 2:
        raise ValueError("`&&` and `||` need two parts")
    object.__setattr__(node, "parts", tuple(parts))
