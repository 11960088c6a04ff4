"""
What does a message say to programs?

The same as to people, in SI units and shares, instants in UTC.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from watchkeeper.decide.rules import Rule
from watchkeeper.decide.values import Notice
from watchkeeper.manual.condition.printer import show
from watchkeeper.outside.clock import instant


def data_of(
    notice: Notice, rule: Rule | None, *, incident: int | None, links: Mapping[str, str | None]
) -> dict[str, Any]:
    """
    The notice as JSON. `value` and `limit` keep the polarity of the manual; `hits` are what `hits_are` says.
    """
    return {
        "rule": notice.key.rule,
        "labels": {notice.key.label: notice.key.value} if notice.key.label else {},
        "reason": notice.reason.value,
        "cycle": notice.cycle,
        "since": instant(notice.since_ns).isoformat().replace("+00:00", "Z"),
        "condition": show(rule.condition) if rule and rule.condition else None,
        "numbers": _numbers(notice),
        "fine": list(notice.fine),
        "runbook": rule.alert.runbook if rule else None,
        "incident": incident,
        "links": {name: url for name, url in links.items() if url},
    }


def _numbers(notice: Notice) -> dict[str, Any] | None:
    if notice.finding is None:
        return None
    numbers = notice.finding.numbers
    return {
        "value": _float(numbers.value),
        "limit": _float(numbers.limit),
        "events": numbers.events,
        "hits": numbers.hits,
        "hits_are": numbers.hits_are,
        "window_seconds": numbers.window_ns / 10**9,
    }


def _float(value: Fraction | None) -> float | None:
    return None if value is None else float(value)
