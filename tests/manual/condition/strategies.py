"""
Conditions of every form, for tests that must hold for all of them.
"""

from fractions import Fraction

from hypothesis import strategies as st

from watchkeeper.manual.condition import ast
from watchkeeper.manual.condition.measures import PLAIN, parse_predicate
from watchkeeper.manual.units import Duration, Quantity, Range, parse_duration, parse_quantity, parse_range

PREDICATES = (
    'outcome == "fail"',
    "status >= 500",
    'route.startsWith("/api/") && status >= 500',
    'a == "x > 3" && b in ["/ distinct", "y"]',
    "!(status < 400)",
    'method == "POST"',
)
names = st.sampled_from(["region", "user", "client.ip", "http.request.method", "user_id", "of", "in", "where", "row"])
decimals = st.sampled_from(["0", "1", "5", "14.4", "99.95", "2.0", "0.1", "1000"])
smalls = st.integers(1, 500)


def quantity(text: str) -> Quantity:
    """
    The quantity that this text must say.
    """
    found = parse_quantity(text)
    assert isinstance(found, Quantity), found
    return found


def duration(text: str) -> Duration:
    """
    The span of time that this text must say.
    """
    found = parse_duration(text)
    assert isinstance(found, Duration), found
    return found


def range_of(text: str) -> Range:
    """
    The range that this text must say.
    """
    found = parse_range(text)
    assert isinstance(found, Range), found
    return found


durations = st.builds(
    lambda n, u: duration(f"{n}{u}"), smalls, st.sampled_from(["ms", "s", "m", "h", "d", "w", "mo", "h30m"])
)
references: st.SearchStrategy[ast.Reference] = st.one_of(
    st.just(ast.SameHourLastWeek()),
    st.just(ast.BeforeRelease()),
    st.builds(lambda d: ast.Previous(duration=d), durations),
)
units = {
    "ratio": st.just("%"),
    "s": st.sampled_from(["ms", "s", "m", "h", "d", "mo", "y"]),
    "bytes": st.sampled_from(["B", "kB", "MiB", "GB"]),
    "per_second": st.sampled_from(["/s", "/min", "/h", "/5m"]),
    "number": st.sampled_from(["", " events", " users"]),
}
of_measure = {ast.Age: "s", ast.Left: "s", ast.Rate: "per_second", ast.Count: "number", ast.Burn: "number"}


@st.composite
def measures(draw: st.DrawFn) -> ast.Measure:
    """
    Any measure but the strikes' own.
    """
    kind = draw(st.sampled_from(["ratio", "quantile", "distinct", *PLAIN]))
    if kind == "quantile":
        return ast.Quantile(share=Fraction(draw(st.integers(500, 999)), 1000))
    if kind == "distinct":
        where = draw(st.none() | st.sampled_from(PREDICATES).map(parse_predicate))
        assert where is None or isinstance(where, ast.Predicate)
        return ast.Distinct(key=draw(names), where=where, divided=where is not None and draw(st.booleans()))
    return PLAIN.get(kind, ast.Ratio())


@st.composite
def values(draw: st.DrawFn, measure: ast.Measure) -> ast.Value:
    """
    A value that fits the measure.
    """
    dimension = of_measure.get(type(measure)) or draw(st.sampled_from(list(units)))
    if isinstance(measure, ast.Distinct):
        dimension = "ratio" if measure.divided else "number"
    form = draw(st.sampled_from(["one", "one", "range", "relative"]))
    if form == "relative" and not isinstance(measure, ast.Burn):
        reference: ast.Reference = draw(references)
        return ast.Relative(share=quantity(draw(decimals) + "%"), of=reference)
    unit = draw(units[dimension])
    if form == "range":
        low = draw(st.integers(0, 100))
        return range_of(f"{low}..{low + draw(smalls)}{unit}")
    return quantity(draw(decimals) + unit)


@st.composite
def windows(draw: st.DrawFn, measure: ast.Measure) -> ast.Window | None:
    """
    A window that fits the measure.
    """
    kinds = ["none", "rolling", "pair"] + ([] if isinstance(measure, ast.Burn) else ["calendar"])
    match draw(st.sampled_from(kinds)):
        case "rolling":
            return ast.Rolling(duration=draw(durations))
        case "pair":
            return ast.Pair(long=duration("400w"), short=draw(durations.filter(lambda d: d.ns < duration("400w").ns)))
        case "calendar":
            return ast.Calendar(period=draw(st.sampled_from(ast.Period)))
    return None


strikes = st.builds(lambda n: ast.InARow(n=n), smalls) | st.builds(lambda x, y: ast.XofY(x=x, y=x + y), smalls, smalls)
wheres = st.builds(
    lambda kind, label: ast.Where(kind=kind, label=label),
    st.sampled_from([ast.Quantifier.ANY, ast.Quantifier.ALL]),
    names,
) | st.builds(
    lambda n, more, label: ast.Where(kind=ast.Quantifier.N_OF, label=label, n=n, of=None if more is None else n + more),
    smalls,
    st.none() | smalls,
    names,
)


@st.composite
def conditions(draw: st.DrawFn) -> ast.Condition:
    """
    Any condition that can be written.
    """
    if draw(st.integers(0, 9)) == 0:
        return ast.of_strikes(draw(strikes), draw(st.none() | wheres))
    measure = draw(measures())
    ops = [op for op in ast.Op if not (isinstance(measure, ast.Quantile) and op in (ast.Op.EQ, ast.Op.NE))]
    return ast.Condition(
        measure=measure,
        op=draw(st.sampled_from(ops)),
        value=draw(values(measure)),
        window=draw(windows(measure)),
        hold=draw(st.none() | durations),
        strikes=draw(st.none() | strikes),
        where=draw(st.none() | wheres),
        approx=draw(st.booleans()),
    )
