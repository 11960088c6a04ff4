"""
Which minutes do people take out of the numbers, and what does a wish for it become?

An exclusion names minutes, what it is about (everything, a service, an indicator; one value of a label or all), who
wants it and why. It may lie in the past or to come, and can be undone: then the numbers are what they were.

>>> begin, end = whole_minutes(61 * 10**9, 119 * 10**9)
>>> begin // 10**9, end // 10**9
(60, 120)
"""

from collections.abc import Iterable
from dataclasses import dataclass

from watchkeeper.manual.model.manual import Manual
from watchkeeper.measure.exclusions import Exclusion
from watchkeeper.measure.grid import DAY
from watchkeeper.measure.plan import Plan
from watchkeeper.store.exclusions import ExclusionRow

AHEAD_NS = 366 * DAY  # further ahead nobody plans a day's work


class CannotExclude(Exception):
    """
    These minutes cannot be taken out; the text says why.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """
    What a person asks for: instants in ns since 1970; no service and no indicator mean everything.
    """

    begin_ns: int
    end_ns: int
    reason: str
    indicator: str = ""
    service: str = ""
    label: str = ""
    value: str = ""


def whole_minutes(begin_ns: int, end_ns: int, *, minute_ns: int = 60 * 10**9) -> tuple[int, int]:
    """
    The whole minutes that hold these instants.
    """
    return begin_ns // minute_ns * minute_ns, -(-end_ns // minute_ns) * minute_ns


def granted(wish: Wish, manual: Manual, plan: Plan, *, by: str, now_ns: int, minute_ns: int) -> ExclusionRow:
    """
    The row that a wish becomes. Raises CannotExclude, with what is wanted instead.
    """
    begin_ns, end_ns = whole_minutes(wish.begin_ns, wish.end_ns, minute_ns=minute_ns)
    if not wish.reason.strip():
        raise CannotExclude("found no reason; wanted why these minutes should not count")
    if begin_ns >= end_ns:
        raise CannotExclude("found an end that is not after the beginning; wanted at least a minute")
    if begin_ns < now_ns - plan.longest_ns:
        raise CannotExclude("found a beginning before the longest window of the manual; no number reaches back so far")
    if end_ns > now_ns + AHEAD_NS:
        raise CannotExclude("found an end more than a year ahead; wanted an earlier one")
    return ExclusionRow(
        begin_ns=begin_ns,
        end_ns=end_ns,
        indicators=_about(wish, manual, plan),
        label=wish.label,
        value=wish.value,
        author=by,
        reason=wish.reason.strip(),
        created_ns=now_ns,
    )


def in_force(rows: Iterable[ExclusionRow], plan: Plan) -> list[Exclusion]:
    """
    The exclusions as the engine takes them; what the manual no longer names is left out.
    """
    found = []
    for row in rows:
        known = [plan.indicators[name].meaning for name in row.indicators if name in plan.indicators]
        if row.indicators and not known:
            continue
        found.append(
            Exclusion(
                id=row.id,
                begin_ns=row.begin_ns,
                end_ns=row.end_ns,
                label=row.label,
                value=row.value,
                scope=frozenset(known) if row.indicators else None,
            )
        )
    return found


def _about(wish: Wish, manual: Manual, plan: Plan) -> list[str]:
    names = _named(wish, manual, plan)
    if not wish.label:
        if wish.value:
            raise CannotExclude("found a value without a label; wanted both, such as platform=spotify")
        return names
    broken_down = [name for name in names or plan.indicators if wish.label in plan.indicators[name].by]
    if not broken_down:
        raise CannotExclude(f"found the label {wish.label!r}; wanted one that the indicators are broken down by")
    return broken_down


def _named(wish: Wish, manual: Manual, plan: Plan) -> list[str]:
    if wish.indicator:
        if wish.indicator not in plan.indicators:
            raise CannotExclude(f"found no indicator {wish.indicator!r}; wanted one of {', '.join(plan.indicators)}")
        return [wish.indicator]
    if not wish.service:
        return []
    measured: set[str | None] = {one.indicator for one in manual.objectives.values() if one.service == wish.service}
    measured |= {one.indicator for one in manual.alerts.values() if one.service == wish.service}
    found = sorted(name for name in plan.indicators if name in measured)
    if not found:
        raise CannotExclude(f"found no service {wish.service!r} that anything is measured of")
    return found
