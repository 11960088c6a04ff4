"""
What follows from all that is known now?

One pure function from facts to a plan: transitions, notices and refusals, incidents to open and close. The same facts and
`now` give the same plan, so a record can be replayed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from watchkeeper.decide import alerts, incidents, notices
from watchkeeper.decide.alerts import Step
from watchkeeper.decide.conditions import Asked, judge
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.rules import Rule
from watchkeeper.decide.values import (
    AlertKey,
    AlertMemory,
    ChannelFacts,
    Finding,
    Incident,
    Kind,
    Numbers,
    State,
    Truth,
    TurnPlan,
)
from watchkeeper.manual.model.manual import Manual


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnFacts:
    """
    Everything a turn decides by: the manual's rules, what was measured, what is remembered.

    `asked` holds, per alert, what its condition is judged by; `events` the newest event of each event rule (ns).
    """

    manual: Manual
    rules: Mapping[str, Rule]
    asked: Mapping[AlertKey, Asked]
    memories: Mapping[AlertKey, AlertMemory]
    events: Mapping[AlertKey, int] = field(default_factory=dict)
    channels: Mapping[str, ChannelFacts] = field(default_factory=dict)
    open_incidents: tuple[Incident, ...] = ()


def decide_turn(facts: TurnFacts, *, now_ns: int) -> TurnPlan:
    """
    The plan of one turn.
    """
    findings = {
        key: judge(condition, asked)
        for key, asked in facts.asked.items()
        if (condition := facts.rules[key.rule].condition) is not None
    }
    steps = _steps(facts, findings, now_ns)
    tellings = [telling for step in steps for telling in _tellings(step, facts, findings, now_ns)]
    told = [
        notice
        for telling in tellings
        if (rule := facts.rules.get(telling.memory.key.rule)) is not None
        for notice in notices.notices_of(telling, rule, facts.manual, facts.channels)
    ]
    memories = {step.memory.key: step.memory for step in steps}
    for telling in tellings:
        memories[telling.memory.key] = _told(memories[telling.memory.key], telling)
    transitions = tuple(step.transition for step in steps if step.transition is not None)
    known = {str(key): memory for key, memory in {**facts.memories, **memories}.items()}
    live = [one for one in transitions if one.key.rule in facts.rules]
    return TurnPlan(
        at_ns=now_ns,
        memories=tuple(memory for key, memory in memories.items() if memory != facts.memories.get(key)),
        transitions=transitions,
        notices=(*told, *notices.digests(list(facts.channels.values()), now_ns=now_ns)),
        opens=tuple(incidents.opens_of(live, facts.rules, facts.manual, facts.open_incidents)),
        closes=tuple(incidents.closes_of(facts.manual, facts.open_incidents, known, now_ns=now_ns)),
        findings=findings,
    )


def _steps(facts: TurnFacts, findings: Mapping[AlertKey, Finding], now_ns: int) -> list[Step]:
    steps = []
    for key, finding in findings.items():
        memory = facts.memories.get(key) or AlertMemory(key=key, since_ns=now_ns)
        steps.append(alerts.step(_revived(memory), finding, facts.rules[key.rule].timing, now_ns=now_ns))
    for key, event_ns in facts.events.items():
        memory = facts.memories.get(key) or AlertMemory(key=key, since_ns=now_ns, event_ns=now_ns)
        steps.append(alerts.happened(_revived(memory), _event(event_ns), event_ns=event_ns, now_ns=now_ns))
    for key, memory in facts.memories.items():
        if key.rule not in facts.rules and memory.state is not State.WITHDRAWN:
            steps.append(alerts.withdraw(memory, now_ns=now_ns))
    return steps


def _revived(memory: AlertMemory) -> AlertMemory:
    """
    A rule that came back starts afresh.
    """
    return memory.evolve(state=State.INACTIVE) if memory.state is State.WITHDRAWN else memory


def _event(event_ns: int) -> Finding:
    return Finding(truth=Truth.HOLDS, reason=Reason.EVENT, numbers=Numbers(events=1, start_ns=event_ns))


def _tellings(step: Step, facts: TurnFacts, findings: Mapping[AlertKey, Finding], now_ns: int) -> list[notices.Telling]:
    memory = step.memory
    if step.transition is not None:
        telling = notices.telling_of(step.transition, memory, fine=_fine(memory.key, findings))
        return [] if telling is None else [telling]
    rule = facts.rules.get(memory.key.rule)
    telling = None if rule is None else notices.reminder(memory, rule, now_ns=now_ns)
    return (
        []
        if telling is None
        else [replace(telling, finding=findings.get(memory.key), fine=_fine(memory.key, findings))]
    )


def _fine(key: AlertKey, findings: Mapping[AlertKey, Finding]) -> tuple[str, ...]:
    """
    The other values of the label in which nothing is wrong.
    """
    return tuple(
        other.value
        for other, finding in findings.items()
        if other.rule == key.rule and other.value != key.value and finding.truth is Truth.CLEAR
    )


def _told(memory: AlertMemory, telling: notices.Telling) -> AlertMemory:
    if telling.kind is Kind.UNKNOWN:
        return memory.evolve(asked_unknown=True)
    return memory.evolve(told_ns=telling.at_ns, cycle=memory.cycle + 1)
