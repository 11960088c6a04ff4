"""
How loudly should a message speak?

By its severity: its name where the field's words are used, else its place in the manual's ladder. What is over, and
what only informs, never shouts.

>>> manual = Manual(watchkeeper=1, manual="Shop", severities={"P1": {}, "P2": {}, "P3": {}, "P4": {}})
>>> [by_severity(name, manual).value for name in ("P1", "P2", "P3", "P4", "info", None)]
['critical', 'high', 'normal', 'low', 'low', 'normal']
"""

from typing import Final

from watchkeeper.act.message_values import Message, Urgency
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import Kind
from watchkeeper.manual.model.manual import Manual

#: Severities that say themselves how bad they are, whatever else the manual has.
_NAMED: Final = {
    "critical": Urgency.CRITICAL,
    "emergency": Urgency.CRITICAL,
    "error": Urgency.HIGH,
    "high": Urgency.HIGH,
    "major": Urgency.HIGH,
    "warning": Urgency.NORMAL,
    "medium": Urgency.NORMAL,
    "minor": Urgency.NORMAL,
    "info": Urgency.LOW,
    "low": Urgency.LOW,
}
_LADDER: Final = (Urgency.CRITICAL, Urgency.HIGH, Urgency.NORMAL, Urgency.LOW)
_QUIET: Final = frozenset({Kind.RESOLVED, Kind.WITHDRAWN, Kind.DIGEST, Kind.HAND_OFF})


def urgency_of(message: Message, manual: Manual) -> Urgency:
    """
    The urgency of a message.
    """
    if message.kind in _QUIET:
        return Urgency.LOW
    if message.kind is Kind.PAGE_OVER:
        exhausted = message.data.get("reason") == Reason.EXHAUSTED.value
        return by_severity(message.severity, manual) if exhausted else Urgency.LOW
    if message.kind is Kind.TEST:
        return Urgency.HIGH  # it shows whether a page would be heard
    return by_severity(message.severity, manual)


def by_severity(severity: str | None, manual: Manual) -> Urgency:
    """
    The urgency of a severity: normal where there is none, or where the manual does not have it.
    """
    if severity is None:
        return Urgency.NORMAL
    named = _NAMED.get(severity.lower())
    if named is not None:
        return named
    found = manual.severities.get(severity)
    if found is None:
        return Urgency.NORMAL
    ladder = [name for name, one in manual.severities.items() if one.scale == found.scale]
    return _LADDER[min(ladder.index(severity), len(_LADDER) - 1)]
