"""
Over which time, how often and where must a comparison hold?

The clauses after the number: `over 15m`, `for 10m`, `3 in a row`, `8 of 10`, `in 2 of 3 region`.
"""

from watchkeeper.manual.condition.ast import (
    Calendar,
    InARow,
    Pair,
    Period,
    Quantifier,
    Rolling,
    Strikes,
    Where,
    Window,
    XofY,
)
from watchkeeper.manual.condition.mistakes import Wrong, nearest
from watchkeeper.manual.condition.reader import INTEGER, NAME, WORD, Reader
from watchkeeper.manual.units import Duration

_CLAUSE = "after the number come `over 15m`, `for 10m`, `3 in a row`, `8 of 10` or `in any LABEL`"
STRIKES = INTEGER + r"\s*(?:in\s+a\s+row(?![A-Za-z_])|of\s+[0-9])"

#: A second window after the first, as people write it who do not know how: `, 5m` or `and burn > 14 over 5m`.
_SECOND_WINDOW = r"(?:,\s*|and\s[^,]*\sover\s+)[0-9]+[a-z]+"


class Clauses:
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
        if reader.peek(STRIKES):
            _once(self.strikes, column, word)
            self.strikes = parse_strikes(reader)
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
    if more := reader.peek(_SECOND_WINDOW):
        short = more.split()[-1].lstrip(",")
        raise reader.wrong(f"two windows of one condition are written `over {first} and {short}`")
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


def parse_strikes(reader: Reader) -> Strikes:
    """
    `N in a row` or `X of Y`, which is known to begin here.
    """
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
