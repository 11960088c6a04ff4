"""
Would it have been decided so, had what came late been known?

A transition that people heard of is never un-sent. When late observations turn its verdict round, that is put on the
record, beside it. Only the late ones are added to the numbers that it was decided by, so nothing else can change it:

>>> numbers = Numbers(value=Fraction(18, 20), limit=Fraction(19, 20), events=20, hits=18, hits_are="good")
>>> on_reflection(Op.LT, numbers, Late(events=180, hits=180))
False
>>> on_reflection(Op.LT, numbers, Late(events=0, hits=0)) is None
True
"""

from dataclasses import dataclass
from fractions import Fraction

from watchkeeper.decide.conditions import COMPARE
from watchkeeper.decide.rules import Rule
from watchkeeper.decide.values import Numbers, State, Transition
from watchkeeper.manual.condition.ast import Op, Ratio, Rolling


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """
    What arrived late in the closed slots of the window of a transition.
    """

    events: int = 0
    hits: int = 0


def on_reflection(op: Op, numbers: Numbers, late: Late) -> bool | None:
    """
    Whether the condition held, with what came late; None where nothing came, or nothing can be said.
    """
    events, hits = numbers.events + late.events, (numbers.hits or 0) + late.hits
    if not late.events or numbers.hits is None or numbers.limit is None or not events:
        return None
    return COMPARE[op](Fraction(hits, events), numbers.limit)


def can_be_corrected(rule: Rule, transition: Transition) -> bool:
    """
    Shares over one rolling window, judged for the alert's own series; of other conditions the record stays as it is.
    """
    condition = rule.condition
    return (
        condition is not None
        and transition.finding is not None
        and transition.new in (State.FIRING, State.RESOLVED)
        and isinstance(condition.measure, Ratio)
        and isinstance(condition.window, Rolling)
        and rule.good is not None
        and condition.where is None
    )
