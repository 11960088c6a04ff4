"""
How is a large plan written without keeping others from writing?

When a thousand alerts change at once, their rows are written a few rules at a time. All that belongs to one rule is in
one portion, so no transition is ever without its messages, its incident and its page; what speaks of all comes last.

>>> from watchkeeper.decide.values import AlertKey, AlertMemory
>>> plan = TurnPlan(at_ns=7, memories=tuple(AlertMemory(key=AlertKey(rule=rule)) for rule in "aabcd"))
>>> [[memory.key.rule for memory in portion.memories] for portion in portions(plan, most=2)]
[['a', 'a'], ['b', 'c'], ['d']]
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from watchkeeper.decide.values import TurnPlan

MOST = 15  # alerts in a portion, but for a rule that has more by itself


def portions(plan: TurnPlan, *, most: int = MOST) -> Iterator[TurnPlan]:
    """
    The plan in portions of so many alerts, in its order.
    """
    if len(plan.memories) <= most:
        yield plan
        return
    groups = _groups(plan, most)
    last = len(set(groups.values())) - 1

    def of(rule: str) -> int:
        return groups.get(rule, last)  # digests, and what else belongs to no alert of this turn

    for number in range(last + 1):
        yield replace(
            plan,
            memories=tuple(one for one in plan.memories if of(one.key.rule) == number),
            transitions=tuple(one for one in plan.transitions if of(one.key.rule) == number),
            notices=tuple(one for one in plan.notices if of(one.key.rule) == number),
            opens=tuple(one for one in plan.opens if of(one.alerts[0].rule) == number),
            closes=plan.closes if number == last else (),
            pages=tuple(one for one in plan.pages if of(one.alerts[0].rule) == number),
            page_ends=tuple(one for one in plan.page_ends if max(of(key.rule) for key in one.alerts) == number),
        )


def _groups(plan: TurnPlan, most: int) -> dict[str, int]:
    """
    The portion of each rule.
    """
    groups: dict[str, int] = {}
    number = held = 0
    for rule, n in Counter(memory.key.rule for memory in plan.memories).items():
        if held and held + n > most:
            number, held = number + 1, 0
        groups[rule] = number
        held += n
    return groups
