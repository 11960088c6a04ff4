"""
Whom does an alert concern, which channels carry it, and which policy pages people for it?

The one reading of `service`, `tell`, `policy` and `routes`, for those who send and for those who object to a manual.
Each question is answered by the first route that fits and says something about it.
"""

from collections.abc import Iterator

from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.promising import Alert, Route

EVERYONE = ""  # the policy of a severity that pages everyone
_ALERT = ("alert",)


def service_of(alert: Alert, manual: Manual) -> str | None:
    """
    The service (or dependency) that an alert speaks of: its own, else that of the objective it guards.
    """
    objective = manual.objectives.get(alert.objective) if alert.objective else None
    return alert.service or (objective.service if objective else None)


def channels_of(name: str, alert: Alert, manual: Manual, *, label: str = "", value: str = "") -> tuple[str, ...]:
    """
    The channels of an alert: its own, else those of the first route that fits. Not all of them need be in use.
    """
    service = service_of(alert, manual)
    return alert.tell or routed(manual, severity=alert.severity, service=service, name=name, label=label, value=value)


def routed(
    manual: Manual, *, severity: str | None, service: str | None, name: str, label: str = "", value: str = ""
) -> tuple[str, ...]:
    """
    The channels of the first route that fits and names any; none when no route does.
    """
    fitting = _fitting(manual, severity, service, name, label, value)
    return next((route.tell for route in fitting if route.tell), ())


def policy_of(name: str, alert: Alert, manual: Manual, *, label: str = "", value: str = "") -> str | None:
    """
    The escalation policy that pages people for an alert: its own, that of the first route that fits and names one, that
    of its severity, the default. `EVERYONE` for a severity that pages everyone; None where nobody is paged.
    """
    fitting = _fitting(manual, alert.severity, service_of(alert, manual), name, label, value)
    routes = (route.policy for route in fitting if route.policy is not None)
    named = alert.policy or next(routes, None)
    if named is not None:
        return named
    severity = manual.severities.get(alert.severity) if alert.severity else None
    if severity is not None and severity.policy is not None:
        return severity.policy
    if severity is not None and severity.page == "everyone":
        return EVERYONE
    return manual.defaults.policy


def policy_of_incident(severity: str | None, manual: Manual) -> str | None:
    """
    The escalation policy of an incident that no alert pages for; `EVERYONE` for a severity that pages everyone.
    """
    said = manual.severities.get(severity or "")
    if said is not None and said.policy is None and said.page == "everyone" and manual.people:
        return EVERYONE
    return manual.incidents.policy if manual.incidents is not None else None


def grouped_by(name: str, alert: Alert, manual: Manual, *, label: str = "", value: str = "") -> tuple[str, ...]:
    """
    What the pages of an alert are one per value of: as the first route that fits and groups says; else the alert rule.
    """
    fitting = _fitting(manual, alert.severity, service_of(alert, manual), name, label, value)
    return next((route.group for route in fitting if route.group), _ALERT)


def _fitting(
    manual: Manual, severity: str | None, service: str | None, name: str, label: str, value: str
) -> Iterator[Route]:
    wanted = {"severity": severity, "service": service, "alert": name}
    for route in manual.routes:
        said = all(not getattr(route, what) or found in getattr(route, what) for what, found in wanted.items())
        if said and all(what == label and value in values for what, values in route.label.items()):
            yield route
