"""
What was known when an incident opened?
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from watchkeeper.act.incidents.people import called
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.words import words_ns
from watchkeeper.web.views.lists import readable
from watchkeeper.web.views.moments import Moment, moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """
    One of the worst observations.
    """

    at: Moment
    value: str
    trace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberLine:
    """
    What an alert found, its arithmetic, and the worst observations behind it.
    """

    says: str
    arithmetic: str
    worst: tuple[Worst, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceView:
    """
    All of it; nothing was kept where `at` is None.
    """

    at: Moment | None
    numbers: tuple[NumberLine, ...]
    releases: tuple[tuple[Moment, str], ...]
    on_call: tuple[tuple[str, str], ...]  # role or schedule, and who


def evidence_view(found: Mapping[str, Any], manual: Manual, *, now_ns: int) -> EvidenceView:
    """
    The evidence of one incident, as it was written down.
    """
    zone = ZoneInfo(manual.zone)

    def at(at_ns: int) -> Moment:
        return moment(at_ns, now_ns=now_ns, zone=zone)

    worst = found.get("exemplars", {})
    return EvidenceView(
        at=at(found["at_ns"]) if "at_ns" in found else None,
        numbers=tuple(
            NumberLine(
                says=one["says"] or readable(one["key"], manual),
                arithmetic=one["arithmetic"],
                worst=tuple(
                    Worst(at=at(each["at_ns"]), value=_value(each), trace=each["trace"])
                    for each in worst.get(one["key"], ())
                ),
            )
            for one in found.get("alerts", ())
        ),
        releases=tuple((at(one["at_ns"]), readable(one["alert"], manual)) for one in found.get("releases", ())),
        on_call=tuple(
            (one["role"] or one["schedule"], called(manual, one["person"]) if one["person"] else "nobody")
            for one in found.get("on_call", ())
        ),
    )


def _value(one: Mapping[str, Any]) -> str:
    value = one["value"]
    return words_ns(round(value * 1e9)) if one.get("unit") == "s" else f"{value:g}"
