"""
Which condition does a line of text say?

>>> condition = parse("p95 > 2s over 10m")
>>> condition.measure, condition.op.value, str(condition.value), str(condition.window.duration)
(Quantile(share=Fraction(19, 20)), '>', '2s', '10m')
>>> print(parse("< 95% over 15 mins"))
`over 15 mins`: unit `mins` is not known; write `15m`

    [measure] comparison quantity [of relative] [over window [and window]] [for duration]
        [N in a row | X of Y] [in any|all|N of [M] LABEL]

The trailing clauses may come in any order; the printer has one. `N in a row` or `X of Y` alone counts the bad results.
"""

from watchkeeper.manual.condition.ast import (
    BeforeRelease,
    Calendar,
    Condition,
    InARow,
    Op,
    Pair,
    Period,
    Previous,
    Quantifier,
    Ratio,
    Reference,
    Relative,
    Rolling,
    SameHourLastWeek,
    Strikes,
    Value,
    Where,
    Window,
    XofY,
    of_strikes,
)
from watchkeeper.manual.condition.fitting import check
from watchkeeper.manual.condition.measures import parse_measure
from watchkeeper.manual.condition.mistakes import ConditionMistake as ConditionMistake
from watchkeeper.manual.condition.mistakes import Wrong, nearest
from watchkeeper.manual.condition.reader import INTEGER, NAME, WORD, Reader
from watchkeeper.manual.units import Dimension, Duration, Range

LONGEST_TEXT = 1000

_COMPARISON = r"=>|=<|==|<>|<=|>=|!=|[<>=≤≥≠]"
_SPELLED = {"≤": "<=", "≥": ">=", "≠": "!="}
_NOT_THESE = {"=>": ">=", "=<": "<=", "==": "=", "<>": "!="}
_IN_WORDS = {
    "below": "<",
    "under": "<",
    "above": ">",
    "more": ">",
    "less": "<",
    "least": ">=",
    "most": "<=",
    "is": "=",
    "equals": "=",
}
_CLAUSE = "after the number come `over 15m`, `for 10m`, `3 in a row`, `8 of 10` or `in any LABEL`"
_STRIKES = INTEGER + r"\s*(?:in\s+a\s+row(?![A-Za-z_])|of\s+[0-9])"


def parse(text: str) -> Condition | ConditionMistake:
    """
    The condition that the line says, or the first mistake in it.
    """
    if len(text) > LONGEST_TEXT:
        return ConditionMistake(column=1, found=text[:40] + "...", wanted="a condition is one short line")
    reader = Reader(text)
    try:
        return _condition(reader)
    except Wrong as wrong:
        return wrong.mistake


def _condition(reader: Reader) -> Condition:
    if not reader.rest:
        raise reader.wrong("a condition is wanted, such as `< 95% over 15m`")
    if reader.peek(_STRIKES):
        return _strikes_alone(reader)
    measure_column = reader.column
    measure = parse_measure(reader, _COMPARISON)
    op = _comparison(reader)
    if isinstance(measure, Ratio) and reader.peek(_STRIKES):
        return _strikes_alone(reader, op)
    approx = reader.take("~") is not None
    value_column = reader.column
    value = _value(reader, op)
    clauses = _Clauses(reader)
    condition = Condition(
        measure=measure,
        op=op,
        value=value,
        window=clauses.window,
        hold=clauses.hold,
        strikes=clauses.strikes,
        where=clauses.where,
        approx=approx,
    )
    check(condition, measure_column=measure_column, value_column=value_column)
    return condition


def _comparison(reader: Reader) -> Op:
    column = reader.column
    found = reader.take(_COMPARISON)
    if found is None:
        word = reader.shown()
        if instead := _IN_WORDS.get(word.lower()):
            raise reader.wrong(f"write `{instead}`")
        if not word:
            raise reader.wrong("a comparison is wanted here: one of < <= > >= = !=")
        raise reader.wrong(f"a comparison is wanted before it, one of < <= > >= = !=; perhaps `>= {word}`")
    if instead := _NOT_THESE.get(found):
        raise Wrong(column, found, f"write `{instead}`")
    return Op(_SPELLED.get(found, found))


def _value(reader: Reader, op: Op) -> Value:
    value = reader.quantity(after=op.value)
    if not reader.peek(r"of(?![A-Za-z_])"):
        return value
    if isinstance(value, Range) or value.dimension is not Dimension.RATIO:
        raise reader.wrong(
            "an earlier number is compared by a share, such as `150% of previous 1h`", found=f"{value} of"
        )
    reader.take_word("of")
    return Relative(share=value, of=_reference(reader))


def _reference(reader: Reader) -> Reference:
    if reader.take_word("previous"):
        duration = reader.duration(after="previous")
        if duration.ns == 0:
            raise reader.wrong("the stretch before needs a length, such as `previous 1h`", found="previous 0")
        return Previous(duration=duration)
    if reader.take(r"same\s+hour\s+last\s+week(?![A-Za-z_])"):
        return SameHourLastWeek()
    if reader.take(r"before\s+release(?![A-Za-z_])"):
        return BeforeRelease()
    wanted = "wanted is `previous 1h`, `same hour last week` or `before release`"
    raise reader.wrong(nearest(reader.shown(), ["previous", "same hour last week", "before release"], wanted))


def _strikes_alone(reader: Reader, op: Op = Op.GE) -> Condition:
    column = reader.column
    strikes = _strikes(reader)
    if op is not Op.GE:
        n = strikes.n if isinstance(strikes, InARow) else strikes.x
        rest = "in a row" if isinstance(strikes, InARow) else f"of {strikes.y}"
        hint = f"{n + 1} {rest}" if op is Op.GT else f"{n} {rest}"
        raise Wrong(column, f"{op} {n} {rest}", f"strikes are counted from a number up; write `{hint}`")
    clauses = _Clauses(reader)
    for clause, name in (
        (clauses.window, "over"),
        (clauses.hold, "for"),
        (clauses.strikes, "a second number of strikes"),
    ):
        if clause is not None:
            raise Wrong(column, name, "strikes alone take no other clause than `in any|all|N of LABEL`")
    return of_strikes(strikes, clauses.where)


class _Clauses:
    """
    The trailing clauses, each at most once, in any order.
    """

    def __init__(self, reader: Reader) -> None:
        self.window: Window | None = None
        self.hold: Duration | None = None
        self.strikes: Strikes | None = None
        self.where: Where | None = None
        while reader.rest:
            self._one(reader)

    def _one(self, reader: Reader) -> None:
        column, word = reader.column, reader.shown()
        if reader.peek(_STRIKES):
            _once(self.strikes, column, word)
            self.strikes = _strikes(reader)
        elif reader.take_word("over"):
            _once(self.window, column, word)
            self.window = _window(reader)
        elif reader.take_word("for"):
            _once(self.hold, column, word)
            self.hold = reader.duration(after="for")
        elif reader.take_word("in"):
            _once(self.where, column, word)
            self.where = _where(reader)
        else:
            raise reader.wrong(_unknown_clause(word))


def _once(clause: object | None, column: int, word: str) -> None:
    if clause is not None:
        raise Wrong(column, word, "said twice; each clause stands at most once")


def _unknown_clause(word: str) -> str:
    if word in ("and", "or", "&&", "||"):
        return "a condition has one comparison; two windows are written `over 1h and 5m`, two conditions are two rules"
    if word[0].isdigit():
        return f"write `over {word}` (a window) or `for {word}` (it must hold so long)"
    if word.lower() in ("within", "during", "last", "per"):
        return "write `over`"
    return nearest(word, ["over", "for", "in", "of"], _CLAUSE)


def _window(reader: Reader) -> Window:
    if reader.take_word("this"):
        return _calendar(reader)
    if reader.peek("|".join(Period) + r"(?![A-Za-z_])"):
        raise reader.wrong(f"write `over this {reader.shown()}`", found=f"over {reader.shown()}")
    column = reader.column
    first = _length(reader, "over")
    if not reader.take_word("and"):
        return Rolling(duration=first)
    second = _length(reader, "and")
    if second.ns >= first.ns:
        raise Wrong(column, f"over {first} and {second}", "write the longer window first, such as `over 1h and 5m`")
    return Pair(long=first, short=second)


def _calendar(reader: Reader) -> Calendar:
    word = reader.peek(WORD) or ""
    if word not in set(Period):
        raise reader.wrong(
            nearest(word, list(Period), "wanted is this day, week, month, quarter or year"),
            found=f"over this {word}".strip(),
        )
    reader.take(WORD)
    return Calendar(period=Period(word))


def _length(reader: Reader, after: str) -> Duration:
    column = reader.column
    duration = reader.duration(after=after)
    if duration.ns == 0:
        raise Wrong(column, f"{after} {duration}", "a window is longer than nothing")
    return duration


def _strikes(reader: Reader) -> Strikes:
    column = reader.column
    n = int(reader.take(INTEGER) or 0)
    if reader.take(r"in\s+a\s+row"):
        if n < 1:
            raise Wrong(column, f"{n} in a row", "at least 1 in a row is wanted")
        return InARow(n=n)
    reader.take_word("of")
    y = reader.take(INTEGER)
    if y is None:
        raise reader.wrong("a whole number is wanted, such as `8 of 10`")
    if not 1 <= n <= int(y):
        raise Wrong(column, f"{n} of {y}", "the first number is at least 1 and at most the second, such as `8 of 10`")
    return XofY(x=n, y=int(y))


def _where(reader: Reader) -> Where:
    kind = reader.take_word("any", "all")
    if kind:
        return Where(kind=Quantifier(kind), label=_label(reader))
    column = reader.column
    n = reader.take(INTEGER)
    if n is None:
        wanted = "wanted is `in any LABEL`, `in all LABEL` or `in 2 of 3 LABEL`"
        raise reader.wrong(nearest(reader.shown(), ["any", "all"], wanted), found=f"in {reader.shown()}".strip())
    if not reader.take_word("of"):
        raise reader.wrong(f"write `in {n} of LABEL` or `in {n} of 3 LABEL`", found=f"in {n} {reader.shown()}".strip())
    of = reader.take(INTEGER)
    if int(n) < 1 or (of is not None and int(of) < int(n)):
        raise Wrong(column, f"in {n} of {of or ''}".strip(), "the first number is at least 1 and at most the second")
    return Where(kind=Quantifier.N_OF, label=_label(reader), n=int(n), of=int(of) if of is not None else None)


def _label(reader: Reader) -> str:
    label = reader.take(NAME)
    if label is None:
        raise reader.wrong("the name of a label is wanted, such as `in any region`")
    return label
