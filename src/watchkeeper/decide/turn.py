"""
What follows from all that is known now?

One pure function from facts to a plan: transitions, notices and refusals, incidents to open and close. The same facts
and `now` give the same plan, so a record can be replayed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from watchkeeper.decide import alerts, incidents, notices
from watchkeeper.decide.alerts import Step
from watchkeeper.decide.conditions import Asked, judge
from watchkeeper.decide.rationing import ration
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.rules import Rule
from watchkeeper.decide.values import (
    AlertKey,
    AlertMemory,
    ChannelFacts,
    Finding,
    Incident,
    Kind,
    Notice,
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

    `asked` holds, per alert, what its condition is judged by; `events` the newest events of each event rule (ns);
    `told_through` the channels that heard of an alert whose rule is gone.
    """

    manual: Manual
    rules: Mapping[str, Rule]
    asked: Mapping[AlertKey, Asked]
    memories: Mapping[AlertKey, AlertMemory]
    events: Mapping[AlertKey, tuple[int, ...]] = field(default_factory=dict)
    channels: Mapping[str, ChannelFacts] = field(default_factory=dict)
    open_incidents: tuple[Incident, ...] = ()
    told_through: Mapping[AlertKey, tuple[str, ...]] = field(default_factory=dict)


def decide_turn(facts: TurnFacts, *, now_ns: int) -> TurnPlan:
    """
    The plan of one turn.
    """
    findings = _findings(facts)
    steps = _steps(facts, findings, now_ns)
    tellings = [told for step in steps if (told := _telling(step, facts, findings, now_ns)) is not None]
    said = [(notice, told.memory.told_ns) for told in tellings for notice in _notices(told, facts)]
    memories = {step.memory.key: step.memory for step in steps}
    memories |= {told.memory.key: _told(told) for told in tellings}
    transitions = tuple(step.transition for step in steps if step.transition is not None)
    opens = incidents.opens_of(transitions, facts.rules, facts.manual, facts.open_incidents)
    known = {str(key): memory for key, memory in {**facts.memories, **memories}.items()}
    return TurnPlan(
        at_ns=now_ns,
        memories=tuple(memory for key, memory in memories.items() if memory != facts.memories.get(key)),
        transitions=transitions,
        notices=tuple(ration(said, facts.manual, facts.channels, now_ns=now_ns)),
        opens=tuple(opens),
        closes=tuple(incidents.closes_of(facts.manual, facts.open_incidents, opens, known, now_ns=now_ns)),
        findings=findings,
    )


def gone(key: AlertKey, rules: Mapping[str, Rule]) -> bool:
    """
    Whether the manual no longer has this alert: its rule is gone, or speaks of another label.
    """
    rule = rules.get(key.rule)
    return rule is None or rule.each != key.label


def _findings(facts: TurnFacts) -> dict[AlertKey, Finding]:
    """
    What each condition comes to. An alert that nothing can be asked about any more is unknown, not forgotten.
    """
    found = {
        key: judge(condition, asked)
        for key, asked in facts.asked.items()
        if (condition := facts.rules[key.rule].condition) is not None
    }
    unheard = Finding(truth=Truth.UNKNOWN, reason=Reason.NOT_HEARD, numbers=Numbers())
    for key in facts.memories:
        if key not in found and not gone(key, facts.rules) and facts.rules[key.rule].condition is not None:
            found[key] = unheard
    return found


def _steps(facts: TurnFacts, findings: Mapping[AlertKey, Finding], now_ns: int) -> list[Step]:
    steps = []
    for key, finding in findings.items():
        rule, memory = facts.rules[key.rule], facts.memories.get(key) or AlertMemory(key=key, since_ns=now_ns)
        step = alerts.step(alerts.revive(memory, now_ns=now_ns), finding, rule.timing, now_ns=now_ns)
        steps.append(_with_severity(step, rule))
    for key, events_ns in facts.events.items():
        memory = facts.memories.get(key) or AlertMemory(key=key, since_ns=now_ns, event_ns=now_ns)
        step = alerts.happened(alerts.revive(memory, now_ns=now_ns), events_ns, now_ns=now_ns)
        steps.append(_with_severity(step, facts.rules[key.rule]))
    for key, memory in facts.memories.items():
        if gone(key, facts.rules) and memory.state is not State.WITHDRAWN:
            steps.append(alerts.withdraw(memory, now_ns=now_ns))
    return steps


def _with_severity(step: Step, rule: Rule) -> Step:
    if step.transition is None or step.transition.new is not State.FIRING:
        return step
    return replace(step, memory=step.memory.evolve(severity=rule.alert.severity))


def _telling(step: Step, facts: TurnFacts, findings: Mapping[AlertKey, Finding], now_ns: int) -> notices.Telling | None:
    memory, finding = step.memory, findings.get(step.memory.key)
    if step.transition is not None:
        told = notices.telling_of(step.transition, memory)
    elif gone(memory.key, facts.rules):
        return None
    else:
        told = notices.reminder(memory, facts.rules[memory.key.rule], finding, now_ns=now_ns)
    return None if told is None else replace(told, fine=_fine(memory.key, findings))


def _fine(key: AlertKey, findings: Mapping[AlertKey, Finding]) -> tuple[str, ...]:
    """
    The other values of the label in which nothing is wrong.
    """
    return tuple(
        other.value
        for other, finding in findings.items()
        if other.rule == key.rule and other.value != key.value and finding.truth is Truth.CLEAR
    )


def _notices(told: notices.Telling, facts: TurnFacts) -> Iterator[Notice]:
    key = told.memory.key
    if gone(key, facts.rules):
        names = notices.route_of_gone(told.memory, facts.told_through.get(key, ()), facts.manual)
        return notices.notices_of(told, names, facts.manual, severity=told.memory.severity)
    rule = facts.rules[key.rule]
    names = notices.route(rule, facts.manual)
    return notices.notices_of(told, names, facts.manual, severity=rule.alert.severity)


def _told(telling: notices.Telling) -> AlertMemory:
    memory = telling.memory
    asked = memory.asked_unknown or telling.kind is Kind.UNKNOWN
    return memory.evolve(told_ns=telling.at_ns, cycle=memory.cycle + 1, asked_unknown=asked)
