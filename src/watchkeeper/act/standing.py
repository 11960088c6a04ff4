"""
What do the turns of one revision of the manual go by?
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from watchkeeper.decide.rules import Rule, rules_of
from watchkeeper.manual.model.manual import Manual
from watchkeeper.measure.plan import Plan


def none_dead() -> Mapping[str, str]:
    """
    Every channel can send.
    """
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """
    What the turns of one revision of the manual go by. `dead` asks which channels cannot send just now, and why.
    """

    manual: Manual
    rules: Mapping[str, Rule]
    meanings: Mapping[str, str]  # of the indicator behind each rule
    revision: int
    dead: Callable[[], Mapping[str, str]] = none_dead
    times: int = 1  # what the manual leaves open passes so many times as fast


def standing_of(
    manual: Manual,
    plan: Plan,
    *,
    revision: int,
    times: int = 1,
    dead: Callable[[], Mapping[str, str]] = none_dead,
) -> Standing:
    """
    What turns go by under this manual; what it leaves open passes `times` as fast.
    """
    rules = rules_of(manual, times=times)
    known = plan.indicators
    meanings = {name: known[rule.indicator].meaning for name, rule in rules.items() if rule.indicator in known}
    return Standing(manual=manual, rules=rules, meanings=meanings, revision=revision, dead=dead, times=times)
