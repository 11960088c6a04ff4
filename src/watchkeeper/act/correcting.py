"""
Which transitions does late data correct, and how does that stand on the record?

For each newer transition, while its stream may still deliver late, the tally of what arrived in the closed slots of
its window. When that turns the verdict round, one row is written beside the transition: nobody is told, nothing is
un-sent. The tallies live in the process: what arrived late before a restart is counted in every number, and corrects
no record.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from watchkeeper.act.record import finding_to_json
from watchkeeper.decide.corrections import Late, can_be_corrected, on_reflection
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.rules import Rule
from watchkeeper.decide.values import Finding, Numbers, State, Transition, Truth
from watchkeeper.manual.condition.ast import Op
from watchkeeper.measure.answers import Span
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.rows import Series, count_row, matched_row
from watchkeeper.measure.values import Ints
from watchkeeper.store.alerts import TransitionRow

MOST = 1000  # transitions watched at once; the oldest make room


@dataclass(slots=True)
class _Watched:
    id: int
    rule: Rule
    transition: Transition
    first: int  # finest slots of its window that had closed
    last: int
    until_ns: int
    count_row: str
    matched_row: str
    late: Late = Late()


class Corrections:
    """
    The transitions that late data may still correct.
    """

    def __init__(self) -> None:
        self._watched: list[_Watched] = []

    def watch(
        self, ids: Sequence[int], transitions: Sequence[Transition], rules: Mapping[str, Rule], engine: Engine
    ) -> None:
        """
        Remember transitions that were just written, under their ids.
        """
        for number, one in zip(ids, transitions, strict=True):
            rule = rules.get(one.key.rule)
            if rule is not None and can_be_corrected(rule, one):
                self._watched.append(_watched(number, one, rule, engine))
        del self._watched[:-MOST]

    def take(self, late: Ints, engine: Engine, *, now_ns: int) -> list[TransitionRow]:
        """
        Count what arrived late (row, finest slot, amount, a line each), and return the rows of the corrections that
        follow.
        """
        self._watched = [one for one in self._watched if one.until_ns > now_ns]
        if not self._watched:
            return []
        rows = [(engine.registry.find(one.count_row), engine.registry.find(one.matched_row)) for one in self._watched]
        by_row = _by_row(late[np.isin(late[:, 0], rows)])
        for one, (counted, matched) in zip(self._watched, rows, strict=True):
            one.late = Late(
                events=one.late.events + _inside(by_row.get(counted), one),
                hits=one.late.hits + _inside(by_row.get(matched), one),
            )
        corrected = [one for one in self._watched if _turned_round(one)]
        self._watched = [one for one in self._watched if one not in corrected]
        return [_row(one, now_ns) for one in corrected]


def _watched(number: int, transition: Transition, rule: Rule, engine: Engine) -> _Watched:
    plan, key = engine.plan.indicators[rule.indicator], transition.key
    (question,) = rule.questions(value=key.value)
    assert isinstance(question.window, Span)
    at_ns = transition.at_ns - plan.stream.delay_ns
    tier, fine = engine.grid.tier_for(question.window.ns), engine.grid.fine
    series = str(Series(meaning=plan.meaning, label=key.label, value=key.value))
    return _Watched(
        id=number,
        rule=rule,
        transition=transition,
        first=tier.first(at_ns, question.window.ns) * tier.slot_ns // fine.slot_ns,
        last=fine.slot(at_ns) - 1,  # the slot that was open then filled up in due time, not late
        until_ns=transition.at_ns + plan.stream.lateness_ns,
        count_row=count_row(series),
        matched_row=matched_row(series),
    )


def _by_row(late: Ints) -> dict[int, list[tuple[int, int]]]:
    found: dict[int, list[tuple[int, int]]] = {}
    for row, slot, amount in late.tolist():
        found.setdefault(row, []).append((slot, amount))
    return found


def _inside(amounts: list[tuple[int, int]] | None, one: _Watched) -> int:
    """
    How much of it lies in the closed slots of the transition's window.
    """
    return sum(amount for slot, amount in amounts or () if one.first <= slot <= one.last)


def _turned_round(one: _Watched) -> bool:
    held = on_reflection(_op(one), _numbers(one), one.late)
    return held is not None and held is not (one.transition.new is State.FIRING)


def _row(one: _Watched, now_ns: int) -> TransitionRow:
    """
    What was decided, and what it would have been; the numbers are those with the late ones.
    """
    was = _numbers(one)
    numbers = replace(was, events=was.events + one.late.events, hits=(was.hits or 0) + one.late.hits)
    truth = Truth.CLEAR if one.transition.new is State.FIRING else Truth.HOLDS
    return TransitionRow(
        alert_key=str(one.transition.key),
        at_ns=now_ns,
        old=one.transition.new.value,
        new=one.transition.old.value,
        reason=Reason.CORRECTED.value,
        numbers=finding_to_json(Finding(truth=truth, reason=Reason.CORRECTED, numbers=numbers)),
        correction_of=one.id,
    )


def _op(one: _Watched) -> Op:
    assert one.rule.condition is not None
    return one.rule.condition.op


def _numbers(one: _Watched) -> Numbers:
    assert one.transition.finding is not None
    return one.transition.finding.numbers
