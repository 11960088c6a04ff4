"""
What would a careful reader object to about people, rotations and escalation policies?

Lint knows what a manual says; who could be reached in the next days takes a rotation and a present instant.

>>> from watchkeeper.manual.load import load_text
>>> shop = load_text('''
... watchkeeper: 1
... manual: Shop
... people: {ada: {}}
... policies: {standard: {steps: [{person: ada}]}}
... ''').manual
>>> for objection in objections(shop, now_ns=0):
...     print(objection.kind.value, objection.says)
unreachable no contact method and no channel is named for them: nobody can page them
dead-policy it reaches nobody: step 1: ada cannot be reached (no contact method and no channel is named for them)
idle-policy nothing leads to it: no alert, route, severity, default or incident process names it
"""

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from watchkeeper.decide.oncall.holes import holes, leading, steps_of
from watchkeeper.decide.oncall.reach import CONTACT, why_unreachable
from watchkeeper.decide.walls import wall
from watchkeeper.manual.lint import Kind, Objection
from watchkeeper.manual.marks import Place
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.reaching import Schedule
from watchkeeper.manual.routing import EVERYONE, policy_of

_HOUR_NS = 3600 * 10**9
_AHEAD_NS = 30 * 24 * _HOUR_NS


def objections(manual: Manual, *, now_ns: int) -> Iterator[Objection]:
    """
    Every objection; holes are those of the next 30 days.
    """
    for name in _needed(manual):
        if why := why_unreachable(name, manual):
            section, key = ("contacts", name.removeprefix(CONTACT)) if name.startswith(CONTACT) else ("people", name)
            yield Objection(Kind.UNREACHABLE, (section, key), f"{why}: nobody can page them")
    for name, schedule in manual.schedules.items():
        yield from _of_schedule(name, schedule)
    yield from _holes(manual, now_ns)
    yield from _without_policy(manual)
    led = leading(manual)
    for policy in manual.policies:
        if (policy, None) in led and not _severityless(policy, manual):
            says = "nothing leads to it: no alert, route, severity, default or incident process names it"
            yield Objection(Kind.IDLE_POLICY, ("policies", policy), says)


def _needed(manual: Manual) -> Iterable[str]:
    """
    Everybody whom a rotation or a policy may come to.
    """
    found: dict[str, None] = {}
    for schedule in manual.schedules.values():
        for rotation in (schedule.rotation, *schedule.layers):
            found |= dict.fromkeys(rotation.people if rotation else ())
        found |= dict.fromkeys(schedule.people)
    for policy, _ in leading(manual):
        for step in steps_of(policy, manual):
            found |= dict.fromkeys(step.person) | dict.fromkeys(f"{CONTACT}{name}" for name in step.contact)
            found |= dict.fromkeys(manual.people if step.everyone else ())
    return found


def _of_schedule(name: str, schedule: Schedule) -> Iterator[Objection]:
    path: Place = ("schedules", name)
    rotations = [one for one in (schedule.rotation, *schedule.layers) if one is not None]
    if not schedule.people and not any(rotation.people for rotation in rotations):
        yield Objection(Kind.EMPTY_SCHEDULE, path, "it names nobody: nobody is ever on call")
    elif not rotations and len(schedule.people) > 1:
        says = f"it has no rotation: `{schedule.people[0]}` is always on call, and the others never"
        yield Objection(Kind.NO_ROTATION, path, says)
    first, hand_off = schedule.rotation, schedule.hand_off
    if first is None or hand_off is None:
        return
    day = hand_off.day is not None and first.from_ not in (None, hand_off.day)
    at = hand_off.at is not None and first.at not in (None, hand_off.at)
    if day or at:
        says = "the rotation changes at another time than the hand-off names; the rotation's holds"
        yield Objection(Kind.HAND_OFF, (*path, "hand_off"), says)


def _holes(manual: Manual, now_ns: int) -> Iterator[Objection]:
    """
    One objection for the severities of a policy that have the same holes.
    """
    spans_of: dict[tuple[str, str | None], list[tuple[int, int, str]]] = {}
    for hole in holes(manual, [], begin_ns=now_ns, end_ns=now_ns + _AHEAD_NS):
        spans_of.setdefault((hole.policy, hole.severity), []).append((hole.begin_ns, hole.end_ns, hole.why))
    alike: dict[tuple[str, tuple[tuple[int, int, str], ...]], list[str | None]] = {}
    for (policy, severity), found in spans_of.items():
        alike.setdefault((policy, tuple(found)), []).append(severity)
    for (policy, spans), severities in alike.items():
        named = [severity for severity in severities if severity is not None]
        paged: Place = ("severities", named[0]) if policy == EVERYONE and named else ("manual",)
        path = paged if policy == EVERYONE else ("policies", policy)
        of = f"for {', '.join(named)} " if named else ""
        if sum(end - begin for begin, end, _ in spans) == _AHEAD_NS:
            yield Objection(Kind.DEAD_POLICY, path, f"{of}it reaches nobody: {spans[0][2]}")
        else:
            yield Objection(Kind.HOLE, path, f"{of}{_said(spans, manual)}")


def _said(spans: tuple[tuple[int, int, str], ...], manual: Manual) -> str:
    hours = sum(end - begin for begin, end, _ in spans) / _HOUR_NS
    begin_ns, _, why = spans[0]
    first = wall(begin_ns, ZoneInfo(manual.zone))
    return f"it reaches nobody in {hours:.4g} hours of the next 30 days, first {first:%Y-%m-%d %H:%M}: {why}"


def _without_policy(manual: Manual) -> Iterator[Objection]:
    if not manual.people:
        return
    for name, alert in manual.alerts.items():
        values = {value for route in manual.routes for value in route.label.get(alert.each or "", ())}
        by_label = (policy_of(name, alert, manual, label=alert.each or "", value=value) for value in values)
        if policy_of(name, alert, manual) is None and all(policy is None for policy in by_label):
            yield Objection(Kind.NO_POLICY, ("alerts", name), "no escalation policy applies to it: it pages nobody")


def _severityless(policy: str, manual: Manual) -> bool:
    """
    Whether an alert without a severity leads here.
    """
    found = (policy_of(name, alert, manual) for name, alert in manual.alerts.items() if alert.severity is None)
    return policy in found
