"""
Who is paged, who next when nobody answers, and who is that at this moment?

Each escalation policy as a ladder: when each step comes, whom it reaches now and through what, and where it reaches
nobody.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from watchkeeper.act.standing import Standing
from watchkeeper.act.watch import Watch
from watchkeeper.decide.oncall.coverage import duty
from watchkeeper.decide.oncall.reach import CONTACT
from watchkeeper.decide.oncall.values import Hole, Override
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.reaching import EscalationStep, Policy
from watchkeeper.manual.units import NS_PER_SECOND
from watchkeeper.manual.words import words as long
from watchkeeper.manual.words import words_ns
from watchkeeper.web.views import words
from watchkeeper.web.views.facts import Fact, document_facts
from watchkeeper.web.views.holes import HoleLine, hole_lines
from watchkeeper.web.views.ways import Reached, reached, reached_channel

#: What a step waits where the manual does not say, as `EscalationStep.after` and `Policy.repeat_after` document it.
USUAL_NS = 5 * 60 * NS_PER_SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """
    One step: `at` is when it comes, counted from the page; `empty` says why it reaches nobody now.
    """

    number: int
    at: str
    ends: tuple[Reached, ...]
    nobody: tuple[str, ...]  # schedules in which nobody is on call now
    severities: str
    empty: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """
    One policy. `after` says what follows its last step.
    """

    name: str
    title: str
    rungs: tuple[Rung, ...]
    after: str
    uses: tuple[str, ...]
    facts: tuple[Fact, ...]
    holes: tuple[HoleLine, ...]
    reaches: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PoliciesView:
    """
    The page.
    """

    title: str
    headline: str
    pulse: str
    ladders: tuple[Ladder, ...]
    people: int


def policies_view(watch: Watch, overrides: Sequence[Override], holes: Sequence[Hole]) -> PoliciesView:
    """
    Every policy with whom it reaches now.
    """
    standing, now_ns = watch.standing, watch.clock.now_ns()
    manual = standing.manual
    ladders = []
    for name, policy in manual.policies.items():
        lines = hole_lines((hole for hole in holes if hole.policy == name), manual, now_ns=now_ns)
        ladders.append(_ladder(name, policy, standing, overrides, lines, now_ns))
    return PoliciesView(
        title="Escalation",
        headline=_headline(ladders),
        pulse=_pulse(manual, ladders),
        ladders=tuple(ladders),
        people=len(manual.people),
    )


def rungs_of(policy: Policy, standing: Standing, overrides: Sequence[Override], *, at_ns: int) -> tuple[Rung, ...]:
    """
    The steps of a policy with whom they reach at an instant.
    """
    manual, dead, usual_ns = standing.manual, standing.dead(), USUAL_NS // standing.times
    found, passed = [], 0
    for number, step in enumerate(policy.steps, start=1):
        passed += step.after.ns if step.after is not None else (usual_ns if number > 1 else 0)
        ends = tuple(dict.fromkeys(_ends(step, manual, overrides, dead, at_ns)))
        nobody = tuple(
            words.title(name, manual.schedules.get(name))
            for name in step.schedule
            if duty(name, manual, overrides, at_ns).person is None
        )
        found.append(
            Rung(
                number=number,
                at="at once" if not passed else f"+{words_ns(passed)}",
                ends=ends,
                nobody=nobody,
                severities=", ".join(step.severity),
                empty=all(end.why for end in ends),
            )
        )
    return tuple(found)


def _ends(
    step: EscalationStep, manual: Manual, overrides: Sequence[Override], dead: Mapping[str, str], at_ns: int
) -> Iterator[Reached]:
    for name in step.schedule:
        person = duty(name, manual, overrides, at_ns).person
        if person is not None:
            yield reached(person, manual, dead, through=words.title(name, manual.schedules.get(name)))
    for person in (*step.person, *(manual.people if step.everyone else ())):
        yield reached(person, manual, dead)
    for contact in step.contact:
        yield reached(f"{CONTACT}{contact}", manual, dead)
    for channel in step.channel:
        yield reached_channel(channel, manual, dead)


def _ladder(
    name: str,
    policy: Policy,
    standing: Standing,
    overrides: Sequence[Override],
    holes: tuple[HoleLine, ...],
    now_ns: int,
) -> Ladder:
    rungs = rungs_of(policy, standing, overrides, at_ns=now_ns)
    return Ladder(
        name=name,
        title=words.title(name, policy),
        rungs=rungs,
        after=_after(policy, standing.times),
        uses=tuple(_uses(name, standing.manual)),
        facts=tuple(document_facts(policy)),
        holes=holes,
        reaches=any(not rung.empty for rung in rungs),
    )


def _after(policy: Policy, faster: int) -> str:
    again = words_ns(policy.repeat_after.ns if policy.repeat_after is not None else USUAL_NS // faster)
    times = {1: "once more", 2: "twice more"}.get(policy.repeat, f"{policy.repeat} times more")
    told = f"Nobody acknowledged: {again} after the last step it begins again, {times}." if policy.repeat else ""
    lapses = f"An acknowledgement lapses after {long(policy.lapses)} in which nothing follows." if policy.lapses else ""
    return " ".join(part for part in (told, lapses) if part) or "After the last step nobody else is asked."


def _uses(name: str, manual: Manual) -> Iterator[str]:
    if manual.defaults.policy == name:
        yield "whatever names no other"
    for severity, said in manual.severities.items():
        if said.policy == name:
            yield f"severity {severity}"
    for route in manual.routes:
        if route.policy == name:
            parts = (
                *route.severity,
                *route.service,
                *route.alert,
                *(f"{k}={','.join(v)}" for k, v in route.label.items()),
            )
            yield f"the route of {', '.join(parts)}" if parts else "the route of everything"
    for alert, rule in manual.alerts.items():
        if rule.policy == name:
            yield f"alert {words.title(alert, rule)}"
    if manual.incidents is not None and manual.incidents.policy == name:
        yield "incidents whose deadline is missed"


def _headline(ladders: Sequence[Ladder]) -> str:
    if not ladders:
        return "Nobody is paged: the manual names no escalation policy"
    lost = [ladder.title for ladder in ladders if not ladder.reaches]
    if len(lost) == len(ladders) > 1:
        return "No escalation policy reaches anybody at this moment"
    if len(lost) > 1:
        return f"{len(lost)} of {len(ladders)} escalation policies reach nobody at this moment"
    if lost:
        return f"{lost[0]} reaches nobody at this moment"
    if len(ladders) == 1:
        return "The escalation policy reaches somebody now"
    return f"{'Both' if len(ladders) == 2 else f'All {len(ladders)}'} escalation policies reach somebody now"


def _pulse(manual: Manual, ladders: Sequence[Ladder]) -> str:
    if manual.environment != "production" and ladders:
        return f"This manual is about {manual.environment}, so nobody is paged by it; channels are still told."
    skipped = sum(rung.empty for ladder in ladders for rung in ladder.rungs)
    if skipped:
        return f"{skipped} {'step reaches' if skipped == 1 else 'steps reach'} nobody now and would be skipped at once"
    return "Whom each step reaches if something fires now." if ladders else ""
