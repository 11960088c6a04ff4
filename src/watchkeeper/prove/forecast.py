"""
If this goes wrong now, when does the alert fire, and once it is mended, when does it resolve?

Arithmetic on the window as it stands: with the traffic of the window going on and a share f of it failing, the bad
share climbs from what it is to the limit.

>>> from fractions import Fraction
>>> window = Window(length_ns=900 * 10**9, age_ns=900 * 10**9, events=900, bad=0)
>>> when = fires_in_ns(window, limit=Fraction(1, 20), failing=Fraction(3, 5), at_least=20)
>>> when // 10**9
75
"""

from dataclasses import dataclass
from fractions import Fraction

from watchkeeper.act.watch import AlertView, Watch
from watchkeeper.decide.rules import Rule, windows_of
from watchkeeper.manual.condition.ast import Age, Bad, InARow, Last, Left, Op, Ratio
from watchkeeper.manual.units import Quantity
from watchkeeper.measure.answers import Question, Span
from watchkeeper.measure.probing import TIMEOUT_NS

_BELOW, _ABOVE = (Op.LT, Op.LE), (Op.GT, Op.GE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """
    A window as it stands: its length, how long the stream has been heard at all (at most the length), and its events.
    """

    length_ns: int
    age_ns: int
    events: int
    bad: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """
    One alert under a fault that fails a share of its events: by when it fires, and by when it resolves should the fault
    end now.

    None where it cannot be said, with `why_not`.
    """

    alert: str
    fires_ns: int | None = None
    resolves_ns: int | None = None
    why_not: str = ""


def fires_in_ns(window: Window, *, limit: Fraction, failing: Fraction, at_least: int | None) -> int | None:
    """
    How long until more than `limit` of the window is bad, when from now on `failing` of its events are; None for never.

    In a full window old events leave as new ones come: b0 + (f - b0) s / W > limit. A young window only grows:
    (bad + f r s) / (events + r s) > limit, with r events per ns.
    """
    if failing <= limit or not window.events or not window.age_ns:
        return None
    before = Fraction(window.bad, window.events)
    if before > limit:
        return 0
    rate = Fraction(window.events, window.age_ns)
    grows = (limit * window.events - window.bad) / (rate * (failing - limit))
    slides = window.length_ns * (limit - before) / (failing - before)
    needed = Fraction(max(0, (at_least or 0) - window.events)) / rate
    dark = Fraction(window.length_ns, 2) - window.age_ns  # until half of it is heard nobody can say
    fits = window.age_ns + grows <= window.length_ns
    return int(max(grows if fits else slides, needed, dark))


def forecasts(watch: Watch, *, touches: list[str], label: dict[str, str], failing: Fraction | None) -> list[Forecast]:
    """
    A forecast for each alert that a fault touches (rule names), for the label that it touches.
    """
    found = []
    for view in watch.alerts():
        key, rule = view.memory.key, view.rule
        meant = rule is not None and rule.name in touches and label.get(key.label, key.value) == key.value
        if rule is not None and meant:
            found.append(_forecast(watch, view, rule, failing))
    return found


def _forecast(watch: Watch, view: AlertView, rule: Rule, failing: Fraction | None) -> Forecast:
    key, now_ns = str(view.memory.key), watch.clock.now_ns()
    windows = _rolling(rule)
    if rule.condition is not None and isinstance(rule.condition.strikes, InARow):
        return _of_strikes(watch, key, rule, rule.condition.strikes.n)
    if not windows:
        return Forecast(alert=key, why_not="it does not count over a rolling window")
    over = [now_ns + window.ns + rule.timing.resolve_after_ns + _slack_ns(watch, window.ns) for window in windows]
    limit, resolves = _limit(rule), min(over)  # of a pair, the first window that is clear ends it
    if limit is None or failing is None:
        return Forecast(alert=key, resolves_ns=resolves, why_not="how much of it fails is not known beforehand")
    fires = [_fires_by_ns(watch, view, rule, window, limit=limit, failing=failing) for window in windows]
    known = [at_ns for at_ns in fires if at_ns is not None]
    if len(known) < len(fires):
        return Forecast(alert=key, resolves_ns=resolves, why_not="the fault is too small for it, or nothing is heard")
    return Forecast(alert=key, fires_ns=max(known) + rule.timing.hold_ns, resolves_ns=resolves)


def _of_strikes(watch: Watch, key: str, rule: Rule, strikes: int) -> Forecast:
    """
    So many failed checks in a row, and one good one: each comes at the pace of the check, and takes its time.
    """
    manual = watch.standing.manual
    indicator = manual.indicators.get(rule.indicator)
    check = manual.checks.get(manual.streams[indicator.from_].check or "") if indicator else None
    if check is None:
        return Forecast(alert=key, why_not="nobody knows when the next result comes")
    answer_ns = (check.timeout.ns if check.timeout else TIMEOUT_NS) + _slack_ns(watch, check.every.ns)
    now_ns = watch.clock.now_ns()
    return Forecast(
        alert=key,
        fires_ns=now_ns + strikes * check.every.ns + answer_ns + rule.timing.hold_ns,
        resolves_ns=now_ns + check.every.ns + answer_ns + rule.timing.resolve_after_ns,
    )


def _fires_by_ns(
    watch: Watch, view: AlertView, rule: Rule, window: Span, *, limit: Fraction, failing: Fraction
) -> int | None:
    found = _window(watch, view, rule, window)
    in_ns = fires_in_ns(found, limit=limit, failing=failing, at_least=rule.alert.at_least)
    return None if in_ns is None else watch.clock.now_ns() + in_ns + _slack_ns(watch, window.ns)


def _rolling(rule: Rule) -> list[Span]:
    """
    The rolling windows in which the rule counts; none where it looks at something else.
    """
    if rule.condition is None or isinstance(rule.condition.measure, Age | Left | Last | Bad):
        return []
    return [window for window in windows_of(rule.condition) if isinstance(window, Span)]


def _limit(rule: Rule) -> Fraction | None:
    """
    The bad share above which the rule fires: `< 95%` of good ones leaves 5 %, `> 2%` of bad ones is 2 % itself.
    """
    condition = rule.condition
    if condition is None or rule.good is None or not isinstance(condition.measure, Ratio):
        return None
    if not isinstance(condition.value, Quantity) or condition.op not in (_BELOW if rule.good else _ABOVE):
        return None
    return 1 - condition.value.value if rule.good else condition.value.value


def _window(watch: Watch, view: AlertView, rule: Rule, window: Span) -> Window:
    now_ns, key = watch.clock.now_ns(), view.memory.key
    with watch.intake.lock:
        watch.intake.engine.advance(now_ns)
        question = Question(indicator=rule.indicator, window=window, label=key.label, value=key.value)
        answer = watch.intake.engine.ask(question, now_ns)
    bad = answer.count - answer.matched if rule.good else answer.matched
    age_ns = window.ns if answer.born_ns is None else min(window.ns, now_ns - answer.born_ns)
    return Window(length_ns=window.ns, age_ns=age_ns, events=answer.count, bad=bad)


def _slack_ns(watch: Watch, window_ns: int) -> int:
    """
    Slots are whole, batches take a moment to arrive, and a turn is taken every so often.
    """
    tier = watch.intake.engine.grid.tier_for(window_ns)
    return 2 * tier.slot_ns + 2 * 10**9
