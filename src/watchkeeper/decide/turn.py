"""
What follows from all that is known now?

One pure function from facts to a plan: transitions, notices and refusals, incidents to open and close. The same facts
and `now` give the same plan, so a record can be replayed.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain

from watchkeeper.decide import alerts, incidents, notices
from watchkeeper.decide.alerts import Step
from watchkeeper.decide.conditions import Asked, judge
from watchkeeper.decide.hushing import Hushing, flaps, noted, settled
from watchkeeper.decide.paging import opening
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
    Silence,
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

    `fine` names alerts that are clear as they were, of which nothing needed to be asked; `strays` the remembered alerts
    of which nothing can be asked any more, None where every alert that `asked` lacks is one. `firings` is how often
    alerts have fired within the time that the manual calls flapping.
    """

    manual: Manual
    rules: Mapping[str, Rule]
    asked: Mapping[AlertKey, Asked]
    memories: Mapping[AlertKey, AlertMemory]
    events: Mapping[AlertKey, tuple[int, ...]] = field(default_factory=dict)
    channels: Mapping[str, ChannelFacts] = field(default_factory=dict)
    open_incidents: tuple[Incident, ...] = ()
    told_through: Mapping[AlertKey, tuple[str, ...]] = field(default_factory=dict)
    fine: Collection[AlertKey] = ()
    strays: Collection[AlertKey] | None = None
    silences: Collection[Silence] = ()
    firings: Mapping[AlertKey, int] = field(default_factory=dict)


def decide_turn(facts: TurnFacts, *, now_ns: int) -> TurnPlan:
    """
    The plan of one turn.
    """
    findings = _findings(facts)
    steps = _steps(facts, findings, now_ns)
    memories = {step.memory.key: step.memory for step in steps}
    hushing = Hushing(facts.rules, facts.memories, memories, facts.silences, now_ns=now_ns)
    steps = [_noted(step, facts, hushing, now_ns) for step in steps]
    memories = {step.memory.key: step.memory for step in steps}
    tellings = _tellings(steps, facts, findings, hushing, now_ns)
    said = [(notice, told.memory.told_ns) for told in tellings for notice in _notices(told, facts)]
    memories |= {told.memory.key: _told(told) for told in tellings}
    transitions = tuple(step.transition for step in steps if step.transition is not None)
    pages = opening.openings(_paging(tellings, facts), facts.manual, at_ns=now_ns)
    opens = incidents.opens_of(transitions, facts.rules, facts.manual, facts.open_incidents)
    everything = {**facts.memories, **memories} if facts.open_incidents else {}
    known = {str(key): memory for key, memory in everything.items()}
    return TurnPlan(
        at_ns=now_ns,
        memories=tuple(memory for key, memory in memories.items() if memory != facts.memories.get(key)),
        transitions=transitions,
        notices=tuple(ration(said, facts.manual, facts.channels, now_ns=now_ns)),
        opens=tuple(opens),
        closes=tuple(incidents.closes_of(facts.manual, facts.open_incidents, opens, known, now_ns=now_ns)),
        findings=findings,
        pages=tuple(pages),
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
    for key in facts.memories if facts.strays is None else facts.strays:
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
    for key in facts.memories if facts.strays is None else facts.strays:
        if gone(key, facts.rules) and facts.memories[key].state is not State.WITHDRAWN:
            steps.append(alerts.withdraw(facts.memories[key], now_ns=now_ns))
    return steps


def _with_severity(step: Step, rule: Rule) -> Step:
    if step.transition is None or step.transition.new is not State.FIRING:
        return step
    return replace(step, memory=step.memory.evolve(severity=rule.alert.severity))


def _noted(step: Step, facts: TurnFacts, hushing: Hushing, now_ns: int) -> Step:
    """
    What a silence, or its end, changes without a word.
    """
    rule, memory = facts.rules.get(step.memory.key.rule), step.memory
    if rule is None:
        return step
    if step.transition is not None:
        fires_settled = memory.state is State.FIRING and settled(memory, rule.timing, now_ns=now_ns)
        memory = memory.evolve(hushed=None) if fires_settled else memory
    else:
        silence = hushing.silence_of(memory.key) if memory.state is State.FIRING else None
        memory = noted(memory, rule, silence, now_ns=now_ns)
    return step if memory is step.memory else replace(step, memory=memory)


def _tellings(
    steps: Iterable[Step], facts: TurnFacts, findings: Mapping[AlertKey, Finding], hushing: Hushing, now_ns: int
) -> list[notices.Telling]:
    """
    What people are told of, or would be, if nothing held it back.
    """
    tellings = []
    for step in steps:
        key, rule = step.memory.key, facts.rules.get(step.memory.key.rule)
        if rule is None or gone(key, facts.rules):
            told = notices.telling_of(step.transition, step.memory) if step.transition is not None else None
        elif step.transition is not None:
            hush = hushing.hush_of(key) if step.transition.new is State.FIRING else None
            fast = flaps(step.memory, rule.timing, fired=facts.firings.get(key, 0))
            told = notices.telling_of(step.transition, step.memory, hush=hush, flaps=fast)
        else:
            hush_of = partial(hushing.hush_of, key)
            told = notices.reminder(step.memory, rule, findings.get(key), now_ns=now_ns, hush=hush_of)
        if told is not None:
            tellings.append(told)
    beside = _fine(tellings, facts, findings)
    return [replace(told, fine=beside(told.memory.key)) for told in tellings]


def _fine(
    tellings: Iterable[notices.Telling], facts: TurnFacts, findings: Mapping[AlertKey, Finding]
) -> Callable[[AlertKey], tuple[str, ...]]:
    """
    Of each alert that is told: the other values of its label in which nothing is wrong.
    """
    clear: dict[str, list[str]] = {told.memory.key.rule: [] for told in tellings}
    asked = (key for key, finding in findings.items() if finding.truth is Truth.CLEAR)
    for key in chain(asked, facts.fine):
        if key.rule in clear:
            clear[key.rule].append(key.value)
    return lambda key: tuple(sorted(value for value in clear[key.rule] if value != key.value))


def _notices(told: notices.Telling, facts: TurnFacts) -> Iterator[Notice]:
    key = told.memory.key
    if gone(key, facts.rules):
        names = notices.route_of_gone(told.memory, facts.told_through.get(key, ()), facts.manual)
        yield from notices.notices_of(told, names, facts.manual, severity=told.memory.severity)
        return
    rule = facts.rules[key.rule]
    names = notices.route(rule, key, facts.manual)
    yield from notices.notices_of(told, names, facts.manual, severity=rule.alert.severity)
    if notices.pages(told) and (unpaged := told.refused or opening.refusal(rule, key, facts.manual)):
        pages = opening.pages_somebody(rule, key, facts.manual)
        if pages or told.refused is None:
            yield notices.unpaged(told, unpaged)


def _paging(tellings: Iterable[notices.Telling], facts: TurnFacts) -> Iterator[tuple[Rule, AlertKey]]:
    """
    The alerts that people are paged for, as far as the manual names a policy for them.
    """
    for told in tellings:
        key = told.memory.key
        if notices.pages(told) and told.refused is None and not gone(key, facts.rules):
            yield facts.rules[key.rule], key


def _told(telling: notices.Telling) -> AlertMemory:
    memory = telling.memory
    if telling.refused is not None and telling.reason is not Reason.REPEAT:
        return memory  # nobody was told: the first word of this firing is still to come, or never will
    asked = memory.asked_unknown or telling.kind is Kind.UNKNOWN
    return memory.evolve(told_ns=telling.at_ns, cycle=memory.cycle + 1, asked_unknown=asked)
