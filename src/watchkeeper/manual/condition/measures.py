"""
Which number of the indicator does a condition compare?

The word before the comparison says it; without a word it is the indicator's own ratio or gauge.
"""

import re
from fractions import Fraction

from watchkeeper.manual.condition.ast import (
    Age,
    Burn,
    Count,
    Distinct,
    Last,
    Left,
    Max,
    Mean,
    Measure,
    Min,
    Predicate,
    Quantile,
    Rate,
    Ratio,
)
from watchkeeper.manual.condition.mistakes import ConditionMistake, Wrong, nearest
from watchkeeper.manual.condition.reader import NAME, Reader
from watchkeeper.manual.predicate import parser as predicate_parser
from watchkeeper.manual.predicate import printer as predicate_printer

PLAIN: dict[str, Measure] = {
    "mean": Mean(),
    "min": Min(),
    "max": Max(),
    "last": Last(),
    "count": Count(),
    "rate": Rate(),
    "age": Age(),
    "left": Left(),
    "burn": Burn(),
}
_OTHER_WORDS = {
    "avg": "mean",
    "average": "mean",
    "median": "p50",
    "minimum": "min",
    "maximum": "max",
    "latest": "last",
    "newest": "last",
    "remaining": "left",
    "expires": "left",
    "unique": "distinct",
    "burnrate": "burn",
    "burn_rate": "burn",
}
_QUANTILE = re.compile(r"[pP]([0-9]{1,3}(?:\.[0-9]{1,6})?)")
_COMPARISON_IN_A_PREDICATE = re.compile(r"=>|=<|<=|>=|!=|==|[<>=≤≥≠]")


def parse_measure(reader: Reader, comparison: str) -> Measure:
    """
    The measure that stands here; `Ratio` when the comparison comes first.
    """
    if reader.peek(comparison) or reader.peek(r"[~0-9.%-]"):
        return Ratio()
    word = reader.peek(r"[A-Za-z][A-Za-z0-9_.]*")
    if word is None:
        raise reader.wrong("a condition begins with a measure or a comparison, such as `p95 < 2s` or `< 95%`")
    if word == "distinct":
        reader.take_word("distinct")
        return _distinct(reader)
    if found := _QUANTILE.fullmatch(word):
        return _quantile(reader, found[1])
    if word not in PLAIN:
        if instead := _OTHER_WORDS.get(word.lower()):
            raise reader.wrong(f"write `{instead}`", found=word)
        known = [*PLAIN, "p95", "distinct"]
        raise reader.wrong(nearest(word, known, f"no measure has this name; known are {' '.join(known)}"), found=word)
    reader.take_word(word)
    return PLAIN[word]


def _quantile(reader: Reader, percent: str) -> Quantile:
    share = Fraction(percent) / 100
    if not Fraction(1, 2) <= share <= Fraction(99_999, 100_000):
        raise reader.wrong("quantiles go from p50 to p99.9" + ("; write `max`" if share == 1 else ""))
    reader.take(_QUANTILE.pattern)
    return Quantile(share=share)


def _distinct(reader: Reader) -> Distinct:
    key = _key(reader)
    where = None
    if reader.take_word("where"):
        where = _predicate(reader)
    if not reader.take("/"):
        return Distinct(key=key, where=where)
    column = reader.column
    if not reader.take_word("distinct") or _key(reader) != key:
        raise Wrong(column, reader.text[column - 1 :].strip()[:60], f"wanted after `/` is `distinct {key}`")
    if where is None:
        raise Wrong(column, f"distinct {key}", "a share needs `where`, such as `distinct user where P / distinct user`")
    return Distinct(key=key, where=where, divided=True)


def _key(reader: Reader) -> str:
    key = reader.take(NAME)
    if key is None:
        raise reader.wrong("the attribute to count is wanted, such as `distinct user`")
    return key


def _predicate(reader: Reader) -> Predicate:
    """
    The predicate ends at the last `/ distinct` or, without one, at the last comparison outside quotes and brackets.
    """
    start = reader.column - 1
    end = _predicate_end(reader.text, start)
    text = reader.text[start:end].strip() if end else ""
    if end is None or not text:
        wanted = "wanted is a predicate and then a comparison: `distinct ip where status >= 500 > 5`"
        raise Wrong(start + 1, reader.text[start:].strip()[:60], wanted)
    reader.at = end
    found = parse_predicate(text)
    if isinstance(found, ConditionMistake):
        raise Wrong(start + found.column, found.found, found.wanted)
    return found


def parse_predicate(text: str) -> Predicate | ConditionMistake:
    """
    The predicate in its canonical text, or the first mistake in it, its column counted within `text`.
    """
    found = predicate_parser.parse(text)
    if isinstance(found, predicate_parser.SyntaxMistake):
        wanted = f"wanted in the predicate is {found.wanted}"
        return ConditionMistake(column=found.column, found=found.found, wanted=wanted)
    return Predicate(text=predicate_printer.show(found), expression=found)


def _predicate_end(text: str, start: int) -> int | None:
    open_text = _outside_quotes_and_brackets(text, start)
    comparisons = [found.start() for found in _COMPARISON_IN_A_PREDICATE.finditer(open_text, start)]
    if not comparisons:
        return None
    divisions = [
        found.start() for found in re.finditer(r"/\s*distinct\b", open_text[: comparisons[-1]]) if found.start() > start
    ]
    return divisions[-1] if divisions else comparisons[-1]


def _outside_quotes_and_brackets(text: str, start: int) -> str:
    """
    The text with what stands in quotes or brackets blanked out, so that columns stay.
    """
    shown, depth, quote, escaped = list(text), 0, "", False
    for at in range(start, len(text)):
        letter = text[at]
        inside = bool(quote) or depth > 0
        if quote:
            quote = "" if letter == quote and not escaped else quote
            escaped = letter == "\\" and not escaped
        elif letter in "\"'":
            quote, inside = letter, True
        elif letter in "([{":
            depth, inside = depth + 1, True
        elif letter in ")]}":
            depth = max(0, depth - 1)
        if inside:
            shown[at] = " "
    return "".join(shown)
