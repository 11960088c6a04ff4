"""
When would a page reach nobody?
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from zoneinfo import ZoneInfo

from watchkeeper.decide.oncall.values import Hole
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.words import words_ns
from watchkeeper.web.views import words
from watchkeeper.web.views.lists import plain
from watchkeeper.web.views.moments import Moment, moment

MOST_HOLES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class HoleLine:
    """
    A time in which a policy reaches nobody, for these severities.
    """

    policy: str
    policy_title: str
    severities: str
    begins: Moment
    ends: Moment
    lasts: str
    now: bool
    why: str


def hole_lines(holes: Iterable[Hole], manual: Manual, *, now_ns: int) -> tuple[HoleLine, ...]:
    """
    The holes, soonest first; severities that share one stand in one line.
    """
    zone = ZoneInfo(manual.zone)
    ordered = sorted(holes, key=_same)
    lines = []
    for _, group in groupby(ordered, key=_same):
        alike = list(group)
        first = alike[0]
        lines.append(
            HoleLine(
                policy=first.policy,
                policy_title=words.title(first.policy, manual.policies.get(first.policy))
                if first.policy
                else "everyone",
                severities=", ".join(dict.fromkeys(hole.severity for hole in alike if hole.severity)),
                begins=moment(first.begin_ns, now_ns=now_ns, zone=zone, with_day=True),
                ends=moment(first.end_ns, now_ns=now_ns, zone=zone, with_day=True),
                lasts=words_ns(first.end_ns - first.begin_ns),
                now=first.begin_ns <= now_ns < first.end_ns,
                why=plain(first.why),
            )
        )
    return tuple(lines[:MOST_HOLES])


def _same(hole: Hole) -> tuple[int, int, str, str]:
    return hole.begin_ns, hole.end_ns, hole.policy, hole.why


def policy_title(name: str, manual: Manual) -> str:
    """
    What people call a policy; the empty one pages everyone.
    """
    return words.title(name, manual.policies.get(name)) if name else "everyone"
