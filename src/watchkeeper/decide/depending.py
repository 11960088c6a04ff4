"""
Which alerts say already what the alert of a dependent would say again?

When a database is down, what needs the database fails as well. While an alert about something that a service needs
fires, the alerts about the service are held back, as far as they are no more severe and nobody hears of them who does
not hear of the other.

>>> needs = {"web": ("api",), "api": ("db",), "a": ("b",), "b": ("a",)}
>>> sorted(closure("web", needs)), closure("a", needs) - closure("b", needs)
(['api', 'db'], frozenset({'b'}))
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.promising import Alert
from watchkeeper.manual.routing import channels_of, policy_of, service_of

#: Rules that hold back, by the value of the label of the alert; '' for every other value.
Upstream = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Reach:
    """
    Who may hear of the alerts of a rule, whatever the value of its label, and who does in any case.
    """

    may: frozenset[str]
    does: frozenset[str]
    policies: frozenset[str | None]
    rank: int

    def covers(self, other: "Reach") -> bool:
        """
        Whether everybody who may hear of the other hears of this one, which is no milder.

        Pages count as heard when they climb by the same policy, or by that of something more severe.
        """
        pages = other.policies == {None} or self.policies == other.policies
        pages = pages or (None not in self.policies and self.rank < other.rank)
        return (
            bool(other.may or other.policies != {None})
            and other.may <= self.does
            and pages
            and (self.rank <= other.rank)
        )


def upstream_of(manual: Manual) -> dict[str, Upstream]:
    """
    For each alert of the manual that something holds back: the rules that do, what needs least first.
    """
    needs = {name: one.depends_on for name, one in manual.dependencies.items()}
    needs |= {name: one.depends_on for name, one in manual.services.items()}
    if not any(needs.values()):
        return {}
    closures = {name: closure(name, needs) for name in needs}
    by_service: dict[str, dict[Reach, list[str]]] = {}
    for name, alert in manual.alerts.items():
        service = service_of(alert, manual)
        if service is not None and alert.when is not None:
            by_service.setdefault(service, {}).setdefault(reach_of(name, alert, manual), []).append(name)
    return {
        name: found
        for service, reaches in by_service.items()
        for reach, names in reaches.items()
        if (found := _upstream(service, reach, closures, by_service))
        for name in names
    }


def closure(name: str, needs: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """
    Everything that something needs, and what that needs.
    """
    found: set[str] = set()
    todo = list(needs.get(name, ()))
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo += needs.get(one, ())
    return frozenset(found - {name})


def reach_of(name: str, alert: Alert, manual: Manual, values: Sequence[str] | None = None) -> Reach:
    """
    Who hears of a rule's alerts: of all, or of those with these values of its label.
    """
    label = alert.each or ""
    known = routed_values(alert, manual) if values is None else values
    heard = [_used(channels_of(name, alert, manual, label=label, value=value), manual) for value in known]
    policies = frozenset(policy_of(name, alert, manual, label=label, value=value) for value in known)
    names = list(manual.severities)
    rank = names.index(alert.severity) if alert.severity in names else len(names)
    return Reach(frozenset.union(*heard), frozenset.intersection(*heard), policies, rank)


def routed_values(alert: Alert, manual: Manual) -> list[str]:
    """
    The values of its label that routes speak of, and '' for every other one.
    """
    return ["", *sorted({value for route in manual.routes for value in route.label.get(alert.each or "", ())})]


def _upstream(
    service: str,
    reach: Reach,
    closures: Mapping[str, frozenset[str]],
    by_service: Mapping[str, Mapping[Reach, list[str]]],
) -> dict[str, tuple[str, ...]]:
    """
    An alert about one value of a label that is itself something the service needs is explained by that one alone.
    """
    below = [one for one in closures.get(service, ()) if service not in closures.get(one, ())]
    below.sort(key=lambda one: (len(closures.get(one, ())), one))

    def speaking(parts: list[str]) -> tuple[str, ...]:
        return tuple(
            name
            for part in parts
            for other, names in by_service.get(part, {}).items()
            if other.covers(reach)
            for name in names
        )

    every = speaking(below)
    if not every:
        return {}
    of_part = {part: speaking([one for one in below if one == part or one in closures[part]]) for part in below}
    return {"": every} | of_part


def _used(names: tuple[str, ...], manual: Manual) -> frozenset[str]:
    return frozenset(name for name in names if not manual.channels[name].planned)
