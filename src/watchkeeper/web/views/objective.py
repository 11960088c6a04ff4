"""
How does one promise stand, from all sides?

Its targets and agreements with their budgets, how the budget went over its window, the same number over other windows
and for each value of its labels, how far its alerts are from firing, and the worst that was seen lately.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from zoneinfo import ZoneInfo

from watchkeeper.act import saying
from watchkeeper.act.watch import AlertView, History, ObjectiveStory, Watch
from watchkeeper.decide.budgets import Budget, budget_of
from watchkeeper.decide.objectives import ObjectiveStatus, Standing, TargetStatus, polarity
from watchkeeper.manual.condition.ast import Condition
from watchkeeper.manual.condition.counting import as_share
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.units import Dimension
from watchkeeper.manual.words import count, measured, percent, words_ns
from watchkeeper.measure.merges import BUCKETS_PER_DOUBLING
from watchkeeper.web.doors import Doors
from watchkeeper.web.views import drawing, words
from watchkeeper.web.views.alert_line import AlertLine, alert_line
from watchkeeper.web.views.drawing import Sketch
from watchkeeper.web.views.facts import Fact, document_facts
from watchkeeper.web.views.moments import Moment, moment, span
from watchkeeper.web.views.objective_row import (
    Tank,
    burning,
    css,
    leading,
    measured_by,
    tank,
)
from watchkeeper.web.views.rule_chart import rule_chart

CHART = (720, 220)
LEAST = 20  # slots of a burn-down


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetLine:
    """
    A target or an agreement over its window. `since` where the window reaches back before anything was heard.
    """

    promise: str
    window: str
    standing: str
    state: str
    value: str
    counts: str
    excluded: str  # what people took out of the window; empty where nothing
    tank: Tank
    since: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowLine:
    """
    The same number over another window; `burn` is how fast the budget went in it.
    """

    window: str
    value: str
    bad: bool
    events: int
    counts: str
    burn: str
    heard: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """
    The objective for one value of a label.
    """

    value: str
    standing: str
    state: str
    measured: str
    counts: str
    tank: Tank


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """
    All values of one label.
    """

    label: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChart:
    """
    An alert that guards the objective: its line, and its rule as a dotted level.
    """

    line: AlertLine
    chart: Sketch | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """
    One of the worst observations of late.
    """

    at: Moment
    value: str
    trace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnDown:
    """
    What was left of the budget at each point of its window: for the script as JSON, and drawn for those without.
    `over` says the stretch that is drawn. `since` where the window reaches back before anything was heard.
    """

    json: str
    sketch: Sketch
    over: str
    window: str
    since: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveView:
    """
    The page of one objective.
    """

    title: str
    name: str
    standing: str
    state: str
    sentence: str
    about: str
    targets: tuple[TargetLine, ...]
    agreements: tuple[TargetLine, ...]
    burn_down: BurnDown | None
    windows: tuple[WindowLine, ...]
    breakdowns: tuple[Breakdown, ...]
    rules: tuple[RuleChart, ...]
    worst: tuple[Worst, ...]
    document: tuple[Fact, ...]  # what it says, and leaves open


def objective_view(story: ObjectiveStory, watch: Watch, doors: Doors) -> ObjectiveView:
    """
    The page of one objective; `story` is how it stands now.
    """
    manual, now_ns, status = watch.standing.manual, watch.clock.now_ns(), story.status
    objective = story.objective
    lead, name = leading(status), words.title(status.name, objective)
    burns = burning(watch, objective.indicator, lead.condition, fast=doors.fast)
    return ObjectiveView(
        title=name,
        name=status.name,
        standing=status.standing.value,
        state=css(status.standing),
        sentence=_sentence(name, status, lead),
        about=_about(story, manual),
        targets=tuple(_target(one, story, manual, now_ns, burns) for one in status.targets),
        agreements=tuple(_target(one, story, manual, now_ns, burns) for one in status.agreements),
        burn_down=_burn_down(lead, story, watch),
        windows=tuple(_windows(lead.condition, story, manual)),
        breakdowns=tuple(
            Breakdown(label=label, parts=tuple(_part(value, one, story, manual) for value, one in values.items()))
            for label, values in story.breakdown.items()
            if values
        ),
        rules=tuple(_rule(view, watch, fast=doors.fast) for view in story.alerts if view.rule is not None),
        worst=tuple(_worst(story, manual, now_ns)),
        document=tuple(document_facts(objective)),
    )


def _sentence(name: str, status: ObjectiveStatus, lead: TargetStatus) -> str:
    says = f"{words.promise(lead.condition)} {words.over(lead.condition)}".strip()
    if status.standing is Standing.UNKNOWN:
        return f"{name} is unknown: {words.gap(lead.finding)}; promised {says}"
    value = words.measured_of(lead.finding.numbers, lead.condition)
    measured = f"{words.measure(lead.condition)} {value}".strip()
    return f"{name} is {status.standing.value}: {measured}, promised {says}"


def _about(story: ObjectiveStory, manual: Manual) -> str:
    indicator = manual.indicators[story.objective.indicator]
    which = f"bad: {indicator.bad.text}" if indicator.bad else f"good: {indicator.good.text}" if indicator.good else ""
    return " · ".join(part for part in (f"from {indicator.from_}", which) if part)


def _target(
    one: TargetStatus, story: ObjectiveStory, manual: Manual, now_ns: int, burns: Fraction | None
) -> TargetLine:
    zone = ZoneInfo(manual.zone)
    return TargetLine(
        promise=words.promise(one.condition),
        window=words.window(one.condition),
        standing=one.standing.value,
        state=css(one.standing),
        value=words.measured_of(one.finding.numbers, one.condition),
        counts=_counts(one, story, manual),
        excluded=_excluded(one, story, manual),
        tank=tank(one, burns),
        since=None if one.since_ns is None else moment(one.since_ns, now_ns=now_ns, zone=zone),
    )


def _counts(one: TargetStatus, story: ObjectiveStory, manual: Manual) -> str:
    noun = words.noun(manual, story.objective.indicator)
    return saying.arithmetic(one.condition, one.finding.numbers, noun=noun) or words.gap(one.finding)


def _excluded(one: TargetStatus, story: ObjectiveStory, manual: Manual) -> str:
    """
    What people took out of the window: `30 min are taken out, with 12,040 parses`.
    """
    numbers = one.finding.numbers
    if not numbers.excluded_ns:
        return ""
    noun = words.noun(manual, story.objective.indicator)
    return f"{words_ns(numbers.excluded_ns)} of it taken out, with {count(numbers.excluded)} {noun}"


def _part(value: str, status: ObjectiveStatus, story: ObjectiveStory, manual: Manual) -> Part:
    lead = leading(status)
    return Part(
        value=value,
        standing=lead.standing.value,
        state=css(lead.standing),
        measured=words.measured_of(lead.finding.numbers, lead.condition),
        counts=_counts(lead, story, manual).partition(", ")[0],
        tank=tank(lead, None),
    )


def _windows(target: Condition, story: ObjectiveStory, manual: Manual) -> list[WindowLine]:
    indicator = manual.indicators[story.objective.indicator]
    noun, found = words.noun(manual, story.objective.indicator), []
    for length_ns, answer in story.windows:
        numbers, budget = measured_by(target, answer, indicator), budget_of(target, answer, indicator)
        spent = None if budget is None else budget.spent
        heard = Fraction(answer.known, answer.slots) if answer.slots else Fraction(0)
        counts = saying.arithmetic(target, numbers, noun=noun) or f"no {noun}"
        found.append(
            WindowLine(
                window=words_ns(length_ns),
                value=words.measured_of(numbers, target),
                bad=spent is not None and spent > 1,
                events=answer.count,
                counts=counts.partition(", ")[0] if numbers.hits is not None else counts,
                burn="" if spent is None else f"{measured(spent, Dimension.NUMBER)}×",
                heard=percent(min(heard, Fraction(1))),
            )
        )
    return found


def _rule(view: AlertView, watch: Watch, *, fast: bool) -> RuleChart:
    line = alert_line(view, watch.standing.manual, now_ns=watch.clock.now_ns())
    return RuleChart(line=line, chart=rule_chart(view, watch, width=360, height=96, fast=fast))


def _burn_down(lead: TargetStatus, story: ObjectiveStory, watch: Watch) -> BurnDown | None:
    budget = lead.budget
    if budget is None or not budget.allowed or not budget.total:
        return None
    now_ns = watch.clock.now_ns()
    slot_ns = watch.intake.engine.grid.fine.slot_ns
    known_ns = budget.window_ns if lead.since_ns is None else now_ns - lead.since_ns
    history = watch.history(story.objective.indicator, window_ns=min(budget.window_ns, max(known_ns, LEAST * slot_ns)))
    left = left_over_time(budget, _bad_by_slot(history, lead.condition, story, watch), history.heard)
    width, height = CHART
    known = [value for value in left if value is not None]
    low, high = min(0.0, *known), 100.0
    drawn = drawing.sketch(left, history.heard, width=width, height=height, low=low, high=high, level=0.0)
    at = [start // 1_000_000_000 for start in history.starts_ns]
    return BurnDown(
        json=json.dumps({"at": at, "left": left}, separators=(",", ":")),
        sketch=drawn,
        over=words.over(lead.condition)
        if lead.since_ns is None
        else f"in the last {span(now_ns - history.starts_ns[0])}",
        window=words.window(lead.condition),
        since=None if lead.since_ns is None else moment(lead.since_ns, now_ns=now_ns, zone=_zone(watch)),
    )


def _zone(watch: Watch) -> ZoneInfo:
    return ZoneInfo(watch.standing.manual.zone)


def left_over_time(budget: Budget, bad: Sequence[float], heard: Sequence[bool]) -> list[float | None]:
    """
    What was left of a budget (in per cent of it) after each slot; None before the first and where nothing was heard.

    >>> budget = Budget(allowed=Fraction(1, 10), bad=5, total=100, window_ns=4)
    >>> left_over_time(budget, [0, 1, 0, 4], [False, True, False, True])
    [None, 90.0, None, 50.0]
    """
    allowed, gone = float(budget.allowed) * budget.total, 0.0
    scale = budget.bad / sum(bad) if sum(bad) else 0.0  # exact in the end, also where slots only know buckets
    left: list[float | None] = []
    for number, known in zip(bad, heard, strict=True):
        gone += number * scale
        left.append(round(100 * (1 - gone / allowed), 3) if known else None)
    return left


def _bad_by_slot(history: History, target: Condition, story: ObjectiveStory, watch: Watch) -> list[float]:
    share = as_share(target)
    if share is None:
        good = polarity(watch.standing.manual.indicators[story.objective.indicator])
        pairs = zip(history.counts, history.matched, strict=True)
        return [float(count - matched if good else matched) for count, matched in pairs]
    limit = float(share.threshold) * story.scale
    above = share.op.value == ">="  # at least this share must lie below: what lies above is bad
    return [
        float(
            sum(
                n
                for bucket, n in (history.merges[i].buckets.items() if i in history.merges else ())
                if (2 ** ((bucket + 0.5) / BUCKETS_PER_DOUBLING) >= limit) is above
            )
        )
        for i in range(len(history.counts))
    ]


def _worst(story: ObjectiveStory, manual: Manual, now_ns: int) -> list[Worst]:
    zone, time = ZoneInfo(manual.zone), story.scale == 1_000_000_000
    dimension = Dimension.TIME if time else Dimension.NUMBER
    return [
        Worst(
            at=moment(at_ns, now_ns=now_ns, zone=zone),
            value=measured(Fraction(value, story.scale), dimension),
            trace=trace,
        )
        for at_ns, value, trace in story.worst
    ]
