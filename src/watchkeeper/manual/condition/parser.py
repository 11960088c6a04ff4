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
    Condition,
    InARow,
    Op,
    Previous,
    Ratio,
    Reference,
    Relative,
    SameHourLastWeek,
    Value,
    of_strikes,
)
from watchkeeper.manual.condition.clauses import STRIKES, Clauses, parse_strikes
from watchkeeper.manual.condition.fitting import check
from watchkeeper.manual.condition.measures import parse_measure
from watchkeeper.manual.condition.mistakes import ConditionMistake as ConditionMistake
from watchkeeper.manual.condition.mistakes import Wrong, nearest
from watchkeeper.manual.condition.reader import Reader
from watchkeeper.manual.units import Dimension, Range

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
    if reader.peek(STRIKES):
        return _strikes_alone(reader)
    measure_column = reader.column
    measure = parse_measure(reader, _COMPARISON)
    op = _comparison(reader)
    if isinstance(measure, Ratio) and reader.peek(STRIKES):
        return _strikes_alone(reader, op)
    approx = reader.take("~") is not None
    value_column = reader.column
    value = _value(reader, op)
    clauses = Clauses(reader)
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
    strikes = parse_strikes(reader)
    if op is not Op.GE:
        n = strikes.n if isinstance(strikes, InARow) else strikes.x
        rest = "in a row" if isinstance(strikes, InARow) else f"of {strikes.y}"
        hint = f"{n + 1} {rest}" if op is Op.GT else f"{n} {rest}"
        raise Wrong(column, f"{op} {n} {rest}", f"strikes are counted from a number up; write `{hint}`")
    clauses = Clauses(reader)
    for clause, name in (
        (clauses.window, "over"),
        (clauses.hold, "for"),
        (clauses.strikes, "a second number of strikes"),
    ):
        if clause is not None:
            raise Wrong(column, name, "strikes alone take no other clause than `in any|all|N of LABEL`")
    return of_strikes(strikes, clauses.where)
