"""
When would a page reach nobody, and when is a schedule empty?

Asked before the page, not after it: every policy, for every severity that leads to it, over a stretch of time to come.
A page reaches somebody when any step of its policy, for its severity, comes to a person on call or a contact with a
contact method that works, or to a channel that can send. Somebody whose quiet hours hold the page back is not reached.

>>> shop = Manual(
...     watchkeeper=1, manual="Shop", zone="UTC",
...     channels={"chat": {"kind": "slack", "address_env": "CHAT"}}, people={"ada": {"channels": "chat"}},
...     schedules={"day": {"rotation": {"every": "1d", "people": "ada", "during": {"from": "09:00", "to": "17:00"}}}},
...     policies={"standard": {"steps": {"schedule": "day"}}},
... )
>>> hour = 3600 * 10**9
>>> midnight = 20_454 * 24 * hour  # 2026-01-01
>>> for hole in holes(shop, [], begin_ns=midnight, end_ns=midnight + 24 * hour):
...     print(hole.policy, (hole.begin_ns - midnight) // hour, (hole.end_ns - midnight) // hour, hole.why)
standard 0 9 step 1: nobody is on call in `day`
standard 17 24 step 1: nobody is on call in `day`
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from zoneinfo import ZoneInfo

from watchkeeper.decide.oncall.coverage import shifts
from watchkeeper.decide.oncall.reach import CONTACT, why_silent, why_unreachable, why_unreachable_for
from watchkeeper.decide.oncall.rotations import open_hours
from watchkeeper.decide.oncall.values import Gap, Hole, Override, Shift
from watchkeeper.manual.liveness import why_not
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.reaching import EscalationStep
from watchkeeper.manual.routing import EVERYONE, policy_of


def holes(
    manual: Manual,
    overrides: Sequence[Override],
    *,
    begin_ns: int,
    end_ns: int,
    dead: Mapping[str, str] = {},  # noqa: B006 (never changed)
) -> list[Hole]:
    """
    Every stretch of time in which a page would reach nobody, by policy, severity and beginning.

    `dead`: channels that cannot send, and why.
    """
    ahead = _Ahead(manual, overrides, begin_ns, end_ns, dead)
    found: list[Hole] = []
    for policy, severity in leading(manual):
        found += ahead.holes(policy, severity)
    return found


def gaps(
    manual: Manual,
    overrides: Sequence[Override],
    *,
    begin_ns: int,
    end_ns: int,
    dead: Mapping[str, str] = {},  # noqa: B006 (never changed)
) -> list[Gap]:
    """
    Every stretch of time in which a schedule has nobody on call, or somebody who cannot be reached, by schedule.
    """
    found = []
    for name in manual.schedules:
        for one in shifts(name, manual, overrides, begin_ns=begin_ns, end_ns=end_ns):
            why = "nobody is on call" if one.person is None else why_unreachable(one.person, manual, dead)
            if why is not None:
                gap = Gap(schedule=name, person=one.person, begin_ns=one.begin_ns, end_ns=one.end_ns, why=why)
                found.append(gap)
    return found


def leading(manual: Manual) -> list[tuple[str, str | None]]:
    """
    Every policy with the severities whose pages come to it; one that nothing leads to, for no severity.
    """
    found: dict[str, dict[str | None, None]] = {name: {} for name in manual.policies}
    for name, alert in manual.alerts.items():
        values = {value for route in manual.routes for value in route.label.get(alert.each or "", ())}
        labels = [("", ""), *((alert.each or "", value) for value in sorted(values))]
        for label, value in labels:
            policy = policy_of(name, alert, manual, label=label, value=value)
            if policy is not None:
                found.setdefault(policy, {})[alert.severity] = None
    if manual.incidents is not None and manual.incidents.policy is not None:
        found[manual.incidents.policy] |= dict.fromkeys(manual.severities)
    return [(policy, severity) for policy, severities in found.items() for severity in severities or (None,)]


def steps_of(policy: str, manual: Manual) -> Sequence[EscalationStep]:
    """
    The steps of a policy; of `''`, one to everyone.
    """
    return (EscalationStep(everyone=True),) if policy == EVERYONE else manual.policies[policy].steps


@dataclass(frozen=True, slots=True)
class _Here:
    """
    What decides whom a page reaches: who is on call, and whose hours are quiet.
    """

    on_call: tuple[tuple[str, str | None], ...]
    quiet: frozenset[str]


@dataclass(frozen=True)
class _Ahead:
    """
    What lies ahead, looked up once for all policies.
    """

    manual: Manual
    overrides: Sequence[Override]
    begin_ns: int
    end_ns: int
    dead: Mapping[str, str]

    def holes(self, policy: str, severity: str | None) -> Iterator[Hole]:
        """
        The holes of one policy for one severity, in order.
        """
        numbered = enumerate(steps_of(policy, self.manual), start=1)
        steps = [(number, step) for number, step in numbered if not step.severity or severity in step.severity]
        names = sorted({name for _, step in steps for name in step.schedule})
        quiet = {person: self._quiet(person, severity) for person, entry in self.manual.people.items() if entry.quiet}
        known: dict[_Here, str | None] = {}
        last: Hole | None = None
        for begin_ns, end_ns in self._pieces(names, quiet):
            here = _Here(
                on_call=tuple((name, _at(self.on_call[name], begin_ns)) for name in names),
                quiet=frozenset(person for person, hours in quiet.items() if _within(hours, begin_ns)),
            )
            if here not in known:
                known[here] = self._why(steps, severity, here)
            why = known[here]
            if last is not None and last.why == why:
                last = replace(last, end_ns=end_ns)
                continue
            if last is not None:
                yield last
            last = Hole(policy=policy, severity=severity, begin_ns=begin_ns, end_ns=end_ns, why=why) if why else None
        if last is not None:
            yield last

    @cached_property
    def on_call(self) -> dict[str, list[Shift]]:
        """
        Who is on call in each schedule.
        """
        return {
            name: shifts(name, self.manual, self.overrides, begin_ns=self.begin_ns, end_ns=self.end_ns)
            for name in self.manual.schedules
        }

    def _quiet(self, person: str, severity: str | None) -> list[tuple[int, int]]:
        """
        When a person's quiet hours hold back pages of this severity.
        """
        entry = self.manual.people[person]
        hours = [one for one in entry.quiet if severity in one.severity]
        zone = ZoneInfo(entry.zone or self.manual.zone)
        return open_hours(hours, zone, self.begin_ns, self.end_ns) if hours else []

    def _pieces(self, names: Sequence[str], quiet: Mapping[str, Sequence[tuple[int, int]]]) -> list[tuple[int, int]]:
        """
        The stretches of time within which nothing changes.
        """
        edges = {self.begin_ns, self.end_ns}
        edges.update(one.begin_ns for name in names for one in self.on_call[name])
        edges.update(edge for hours in quiet.values() for hour in hours for edge in hour)
        return list(pairwise(sorted(edges)))

    def _why(self, steps: Sequence[tuple[int, EscalationStep]], severity: str | None, here: _Here) -> str | None:
        """
        Why no step reaches anybody; None when one does.
        """
        if not steps:
            return f"no step is for {severity}" if severity else "every step is for some severities only"
        said = []
        for number, step in steps:
            whys = list(self._whys(step, severity, here))
            if None in whys:
                return None
            said.append(f"step {number}: {', '.join(dict.fromkeys(filter(None, whys)))}")
        return "; ".join(said)

    def _whys(self, step: EscalationStep, severity: str | None, here: _Here) -> Iterator[str | None]:
        """
        For each of whom the step names: None when they are reached, else why not.
        """
        on_call = dict(here.on_call)
        for name in step.schedule:
            person = on_call[name]
            yield f"nobody is on call in `{name}`" if person is None else self._person(person, severity, here)
        for person in step.person:
            yield self._person(person, severity, here)
        for contact in step.contact:
            yield self._person(f"{CONTACT}{contact}", severity, here)
        for channel in step.channel:
            why = why_not("channels", channel, self.manual) or why_silent(channel, self.manual, self.dead)
            yield why and f"`{channel}` carries nothing ({why})"
        if step.everyone:
            yield from (self._person(person, severity, here) for person in self.manual.people)
            if not self.manual.people:
                yield "the manual names no people"

    def _person(self, person: str, severity: str | None, here: _Here) -> str | None:
        if person in here.quiet:
            return f"the quiet hours of {person} hold it back"
        why = why_unreachable_for(person, self.manual, severity=severity, dead=self.dead)
        return why and f"{person} cannot be reached ({why})"


def _at(found: Sequence[Shift], at_ns: int) -> str | None:
    return found[bisect_right(found, at_ns, key=lambda one: one.begin_ns) - 1].person


def _within(hours: Sequence[tuple[int, int]], at_ns: int) -> bool:
    return any(begin_ns <= at_ns < end_ns for begin_ns, end_ns in hours)
