"""
Whom does an alert concern, and which channels carry it?

The one reading of `service`, `tell` and `routes`, for those who send and for those who object to a manual.
"""

from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.promising import Alert, Route


def service_of(alert: Alert, manual: Manual) -> str | None:
    """
    The service (or dependency) that an alert speaks of: its own, else that of the objective it guards.
    """
    objective = manual.objectives.get(alert.objective) if alert.objective else None
    return alert.service or (objective.service if objective else None)


def channels_of(name: str, alert: Alert, manual: Manual) -> tuple[str, ...]:
    """
    The channels of an alert: its own, else those of the first route that fits. Not all of them need be in use.
    """
    return alert.tell or routed(manual, severity=alert.severity, service=service_of(alert, manual), name=name)


def routed(manual: Manual, *, severity: str | None, service: str | None, name: str) -> tuple[str, ...]:
    """
    The channels of the first route that fits; none when no route does.
    """
    return next((one.tell for one in manual.routes if _fits(one, severity, service, name)), ())


def _fits(route: Route, severity: str | None, service: str | None, name: str) -> bool:
    wanted = ((route.severity, severity), (route.service, service), (route.alert, name))
    return all(not some or found in some for some, found in wanted)
