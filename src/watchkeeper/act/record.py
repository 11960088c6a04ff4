"""
How do the nouns of deciding become JSON in a row, and nouns again?

Fractions are kept exact, as `[numerator, denominator]`.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import AlertKey, Finding, Kind, Notice, Numbers, Truth
from watchkeeper.manual.units import Dimension


def finding_to_json(finding: Finding | None) -> dict[str, Any]:
    """
    A finding with its arithmetic; an empty object for none.
    """
    if finding is None:
        return {}
    numbers = finding.numbers
    return {
        "truth": finding.truth.value,
        "reason": finding.reason.value,
        "others": list(finding.others),
        "value": _fraction(numbers.value),
        "limit": _fraction(numbers.limit),
        "dimension": numbers.dimension.value,
        "events": numbers.events,
        "hits": numbers.hits,
        "hits_are": numbers.hits_are,
        "window_ns": numbers.window_ns,
        "start_ns": numbers.start_ns,
        "at_least": numbers.at_least,
        "known": numbers.known,
        "slots": numbers.slots,
        "excluded": numbers.excluded,
        "excluded_ns": numbers.excluded_ns,
    }


def finding_from_json(found: dict[str, Any]) -> Finding | None:
    """
    The finding that `finding_to_json` wrote.
    """
    if not found:
        return None
    same = ("events", "hits", "hits_are", "window_ns", "start_ns", "at_least", "known", "slots")
    numbers = Numbers(
        value=_read(found["value"]),
        limit=_read(found["limit"]),
        dimension=Dimension(found["dimension"]),
        **{name: found[name] for name in same},
        excluded=found.get("excluded", 0),  # not there in what was written before there were exclusions
        excluded_ns=found.get("excluded_ns", 0),
    )
    return Finding(
        truth=Truth(found["truth"]), reason=Reason(found["reason"]), numbers=numbers, others=tuple(found["others"])
    )


def notice_to_json(notice: Notice) -> dict[str, Any]:
    """
    What a message needs to be written later, whatever the manual says by then.
    """
    return {
        "rule": notice.key.rule,
        "label": notice.key.label,
        "value": notice.key.value,
        "kind": notice.kind.value,
        "reason": notice.reason.value,
        "at_ns": notice.at_ns,
        "since_ns": notice.since_ns,
        "cycle": notice.cycle,
        "severity": notice.severity,
        "fine": list(notice.fine),
        "finding": finding_to_json(notice.finding),
    }


def notice_from_json(body: Mapping[str, Any], *, channel: str) -> Notice:
    """
    The notice that `notice_to_json` wrote, as it goes out through this channel.
    """
    return Notice(
        key=AlertKey(rule=body["rule"], label=body["label"], value=body["value"]),
        kind=Kind(body["kind"]),
        channel=channel,
        reason=Reason(body["reason"]),
        at_ns=body["at_ns"],
        since_ns=body["since_ns"],
        cycle=body["cycle"],
        severity=body["severity"],
        fine=tuple(body["fine"]),
        finding=finding_from_json(body["finding"]),
    )


def _fraction(value: Fraction | None) -> list[int] | None:
    return None if value is None else [value.numerator, value.denominator]


def _read(found: list[int] | None) -> Fraction | None:
    return None if found is None else Fraction(*found)
