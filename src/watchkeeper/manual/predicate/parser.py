"""
What does the text of a predicate say?

>>> parse('status >= 500 || !has(route)')
Or(parts=(Compare(op='>=', left=Attribute(name='status'), right=Literal(value=500)), \
Not(operand=Has(attribute=Attribute(name='route')))))
>>> print(parse('status = 500'))
column 8: found `=`, wanted `==` to compare

The grammar is that of CEL, less what a row of attributes has no use for (messages, macros, bytes, unsigned numbers):

    expression = or [ "?" or ":" expression ]
    or         = and { "||" and }
    and        = relation { "&&" relation }
    relation   = sum { ("==" | "!=" | "<" | "<=" | ">" | ">=") sum | "in" "[" [ expression { "," expression } ] "]" }
    sum        = product { ("+" | "-") product }
    product    = unary { ("*" | "/" | "%") unary }
    unary      = "!" { "!" } member | "-" { "-" } member | member
    member     = primary { "." method "(" expression ")" }
    primary    = [ "-" ] number | text | "true" | "false" | "null" | "(" expression ")"
               | name | "attr" "[" text "]" | "has" "(" name ")" | "size" "(" expression ")"

Two things differ from CEL. A name with dots is one name of one attribute, not a path into messages; and an attribute
whose name is no name in this grammar is written `attr["x-request-id"]`. A predicate of more than 4096 characters, or
more than 100 levels deep, is a mistake.
"""

from typing import Final

from watchkeeper.manual.predicate.ast import (
    COMPARISONS,
    LARGEST_INT,
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
    Size,
    TextTest,
    walk,
)
from watchkeeper.manual.predicate.lexer import KEYWORDS, Kind, Token, tokens
from watchkeeper.manual.predicate.mistakes import SyntaxMistake as SyntaxMistake
from watchkeeper.manual.predicate.mistakes import Wrong, one_of

LONGEST: Final = 4096
DEEPEST: Final = 100

_RELATIONS: Final = dict.fromkeys((*COMPARISONS, "in"), 3)
_STRENGTH: Final = {"||": 1, "&&": 2, **_RELATIONS, "+": 4, "-": 4, "*": 5, "/": 5, "%": 5}
_WORDS: Final = {
    "and": "`&&`",
    "or": "`||`",
    "is": "`==`",
    "like": "`.matches(...)`",
}
_CONSTANTS: Final = {"true": True, "false": False, "null": None}


def parse(text: str) -> Expression | SyntaxMistake:
    """
    The predicate, or the first mistake in it. Never raises.
    """
    try:
        if len(text) > LONGEST:
            raise Wrong(LONGEST + 1, f"{len(text)} characters", f"at most {LONGEST}")
        return _Parser(tokens(text)).whole()
    except Wrong as wrong:
        return wrong.mistake


class _Parser:
    """
    Reads tokens from left to right; what binds more strongly is read deeper.
    """

    def __init__(self, words: list[Token]) -> None:
        self._words = words
        self._at = 0
        self._depth = 0

    def whole(self) -> Expression:
        if self._peek().kind is Kind.END:
            raise Wrong(self._peek().column, "", "a predicate such as `status >= 500`; `true` holds for all")
        expr = self._expression()
        if self._peek().kind is not Kind.END:
            raise self._wrong("an operator such as `&&`, or the end")
        _not_too_deep(expr)
        return expr

    def _peek(self) -> Token:
        return self._words[self._at]

    def _take(self) -> Token:
        token = self._peek()
        self._at += 1
        return token

    def _sees(self, sign: str) -> bool:
        return self._peek().text == sign and self._peek().kind is not Kind.TEXT

    def _expect(self, sign: str, wanted: str) -> Token:
        if not self._sees(sign):
            raise self._wrong(wanted)
        return self._take()

    def _wrong(self, wanted: str) -> Wrong:
        word = self._peek().text
        return Wrong(self._peek().column, word, _WORDS.get(word.lower(), wanted))

    def _expression(self) -> Expression:
        self._depth += 1
        if self._depth > DEEPEST:
            raise _too_deep(self._peek().column)
        expr = self._binary(1)
        if self._sees("?"):
            column = self._take().column
            then = self._binary(1)
            self._expect(":", "`:` and what holds otherwise (a choice inside a choice needs parentheses)")
            expr = Choose(condition=expr, then=then, otherwise=self._expression(), column=column)
        self._depth -= 1
        return expr

    def _binary(self, weakest: int) -> Expression:
        left = self._unary()
        while self._peek().kind is not Kind.TEXT and (strength := _STRENGTH.get(self._peek().text, 0)) >= weakest:
            sign = self._take()
            if sign.text == "in":
                left = In(item=left, choices=self._choices(), column=sign.column)
            elif strength <= 2:
                left = self._joined(left, sign, strength)
            else:
                left = _combined(sign, left, self._binary(strength + 1))
        return left

    def _joined(self, first: Expression, sign: Token, strength: int) -> Expression:
        parts = [first, self._binary(strength + 1)]
        while self._sees(sign.text):
            self._take()
            parts.append(self._binary(strength + 1))
        node = And if sign.text == "&&" else Or
        return node(parts=tuple(parts), column=sign.column)

    def _choices(self) -> tuple[Expression, ...]:
        self._expect("[", 'a list in brackets such as ["a", "b"]')
        if self._sees("]"):
            self._end_list()
            return ()
        found = [self._expression()]
        while not self._sees("]"):
            self._expect(",", "`,` or `]`")
            found.append(self._expression())
        self._end_list()
        return tuple(found)

    def _end_list(self) -> None:
        self._take()
        if _STRENGTH.get(self._peek().text, 0) > _STRENGTH["in"] or self._sees("."):
            raise self._wrong("an operator such as `&&`, or the end: a list is no part of a sum")

    def _unary(self) -> Expression:
        if not (self._sees("!") or self._sees("-")):
            return self._member()
        sign = self._take()
        if sign.text == "-" and self._peek().kind in (Kind.INT, Kind.FLOAT):
            return self._methods(_number(self._take(), sign=sign))
        self._depth += 1
        if self._depth > DEEPEST:
            raise _too_deep(sign.column)
        if self._sees("-" if sign.text == "!" else "!") and self._words[self._at + 1].kind not in (
            Kind.INT,
            Kind.FLOAT,
        ):
            raise self._wrong("a value, or parentheses round it")
        operand = self._unary()
        self._depth -= 1
        return (Not if sign.text == "!" else Negate)(operand=operand, column=sign.column)

    def _member(self) -> Expression:
        return self._methods(self._primary())

    def _methods(self, subject: Expression) -> Expression:
        while self._sees("."):
            self._take()
            name = self._take()
            if name.kind is not Kind.NAME or not self._sees("("):
                self._at -= 1
                raise self._wrong("a test such as `.contains(...)`; a name is written without spaces")
            subject = self._method(subject, name.text, name.column)
        return subject

    def _primary(self) -> Expression:
        token = self._take()
        match token.kind:
            case Kind.TEXT:
                return Literal(value=token.value, column=token.column)
            case Kind.INT | Kind.FLOAT:
                return _number(token)
            case Kind.NAME:
                return self._named(token)
        if token.text == "(":
            expr = self._expression()
            self._expect(")", "an operator or `)`")
            return expr
        self._at -= 1
        raise self._wrong("a name, a value or `(`")

    def _named(self, token: Token) -> Expression:
        if token.text in _CONSTANTS and not self._sees("("):
            return Literal(value=_CONSTANTS[token.text], column=token.column)
        if not KEYWORDS.isdisjoint(token.text.split(".")):
            raise Wrong(
                token.column, token.text, f'a value; an attribute of such a name is written attr["{token.text}"]'
            )
        if token.text == "not" and (self._sees("(") or self._peek().kind is Kind.NAME and not self._sees("in")):
            raise Wrong(token.column, "not", "`!` before what is denied")
        if self._sees("("):
            return self._call(token)
        if token.text == "attr" and self._sees("["):
            return self._odd_name(token)
        return Attribute(name=token.text, column=token.column)

    def _odd_name(self, token: Token) -> Attribute:
        self._take()
        if self._peek().kind is not Kind.TEXT:
            raise self._wrong('the name in quotes, as in attr["x-request-id"]')
        name = str(self._take().value)
        self._expect("]", "`]`")
        return Attribute(name=name, column=token.column)

    def _call(self, token: Token) -> Expression:
        subject, dot, name = token.text.rpartition(".")
        if dot:
            attribute = Attribute(name=subject, column=token.column)
            return self._method(attribute, name, token.column + len(subject) + 1)
        if name not in ("has", "size"):
            raise Wrong(token.column, name, one_of(name, ("has", "size", *(f"x.{method}" for method in METHODS))))
        self._take()
        inside = self._peek().text
        argument = self._expression()
        self._expect(")", "`)`")
        if name == "size":
            return Size(operand=argument, column=token.column)
        if not isinstance(argument, Attribute):
            raise Wrong(argument.column, inside, "the name of an attribute and nothing else, inside `has(...)`")
        return Has(attribute=argument, column=token.column)

    def _method(self, subject: Expression, name: str, column: int) -> Expression:
        if name not in (*METHODS, "size"):
            raise Wrong(column, name, one_of(name, METHODS))
        self._take()
        if name == "size":
            self._expect(")", "`)`")
            return Size(operand=subject, column=column)
        argument = self._expression()
        self._expect(")", "`)`")
        return TextTest(method=name, subject=subject, argument=argument, column=column)


def _combined(sign: Token, left: Expression, right: Expression) -> Expression:
    node = Compare if sign.text in COMPARISONS else Arithmetic
    return node(op=sign.text, left=left, right=right, column=sign.column)


def _number(token: Token, sign: Token | None = None) -> Literal:
    value = token.value
    assert isinstance(value, int | float)
    if sign is not None:
        return Literal(value=-value, column=sign.column)
    if isinstance(value, int) and value > LARGEST_INT:
        raise Wrong(token.column, token.text, "a whole number of at most 64 bits, or a fraction such as 1e30")
    return Literal(value=value, column=token.column)


def _not_too_deep(expr: Expression) -> None:
    # Beside the depth of what is being read, since `a - b - c` is read in a row but held as `(a - b) - c`.
    for node, depth in walk(expr):
        if depth > DEEPEST:
            raise _too_deep(node.column)


def _too_deep(column: int) -> Wrong:
    return Wrong(column, f"more than {DEEPEST} levels", "fewer levels of parentheses and operators")
