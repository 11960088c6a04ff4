"""
How did an alert's own number go, against its rule?

At each point the line shows what the rule's window held then; the dotted level is where it fires.
"""

from watchkeeper.act.watch import AlertView, Watch
from watchkeeper.decide.rules import windows_of
from watchkeeper.measure.answers import Span
from watchkeeper.web.views import drawing, series
from watchkeeper.web.views.drawing import Sketch
from watchkeeper.web.views.objective_row import FASTER, LAST_NS


def rule_chart(view: AlertView, watch: Watch, *, width: int, height: int, fast: bool) -> Sketch | None:
    """
    The chart of one alert; None where its rule has no rolling window, or speaks of several values at once.
    """
    rule, key, known = view.rule, view.memory.key, watch.intake.engine.plan.indicators
    if rule is None or rule.condition is None or rule.where or rule.indicator not in known:
        return None
    window = windows_of(rule.condition)[-1]
    if not isinstance(window, Span) or rule.condition.strikes is not None:
        return None
    drawn_ns = max(LAST_NS // FASTER if fast else LAST_NS, 4 * window.ns)
    history = watch.history(rule.indicator, window_ns=drawn_ns + window.ns, label=key.label, value=key.value)
    shares, level = rule.good is not None, series.level(rule.condition)
    scale = known[rule.indicator].scale
    line = series.rolling(history, rule.condition, window_ns=window.ns, scale=scale, shares=shares)
    line = series.since_heard(line)
    low, high = drawing.bounds(line.values, level, floor=0.0, ceiling=1.0 if shares else None)
    return drawing.sketch(line.values, line.heard, width=width, height=height, low=low, high=high, level=level)
