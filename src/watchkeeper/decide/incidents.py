"""
Does this open an incident, and is one over?

An alert of a severity that the manual's process opens incidents for opens one, or joins the open incident of its own
rule. An incident closes by a person, or, where the manual says so, when all of its alerts have resolved.
"""

from collections.abc import Mapping, Sequence

from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.rules import Rule
from watchkeeper.decide.values import AlertMemory, CloseIncident, Incident, OpenIncident, State, Transition
from watchkeeper.manual.model.manual import Manual

BY_RULE = "when its alerts resolve"


def opens_of(
    transitions: Sequence[Transition], rules: Mapping[str, Rule], manual: Manual, open_: Sequence[Incident]
) -> list[OpenIncident]:
    """
    The incidents that these transitions open or join, one per rule.
    """
    by_rule: dict[str, list[Transition]] = {}
    for transition in transitions:
        rule = rules.get(transition.key.rule)
        if transition.new is State.FIRING and rule is not None and _opens(rule, manual):
            by_rule.setdefault(transition.key.rule, []).append(transition)
    return [_open(rules[name], found, open_) for name, found in by_rule.items()]


def closes_of(
    manual: Manual,
    open_: Sequence[Incident],
    opens: Sequence[OpenIncident],
    memories: Mapping[str, AlertMemory],
    *,
    now_ns: int,
) -> list[CloseIncident]:
    """
    The incidents that end by rule: each of their alerts has resolved, and none joins them in this very turn.
    """
    if manual.incidents is None or manual.incidents.closes != BY_RULE:
        return []
    joined = {one.joins for one in opens}
    return [
        CloseIncident(id=one.id, at_ns=now_ns, reason=Reason.ALERTS_RESOLVED)
        for one in open_
        if one.id not in joined and one.alerts and all(_over(memories.get(alert)) for alert in one.alerts)
    ]


def _opens(rule: Rule, manual: Manual) -> bool:
    severity = rule.alert.severity
    if severity is None:
        return False
    listed = manual.incidents is not None and severity in manual.incidents.opens
    return listed or manual.severities[severity].opens_incident


def _open(rule: Rule, found: list[Transition], open_: Sequence[Incident]) -> OpenIncident:
    joins = next((one.id for one in open_ if any(alert.partition("[")[0] == rule.name for alert in one.alerts)), None)
    values = ", ".join(transition.key.value for transition in found if transition.key.value)
    title = rule.alert.title or rule.name.replace("-", " ")
    return OpenIncident(
        title=f"{title}: {values}" if values else title,
        severity=rule.alert.severity or "",
        service=rule.service,
        alerts=tuple(transition.key for transition in found),
        at_ns=found[0].at_ns,
        reason=Reason.SEVERITY_OPENS,
        joins=joins,
    )


def _over(memory: AlertMemory | None) -> bool:
    return memory is None or memory.state in (State.RESOLVED, State.INACTIVE, State.WITHDRAWN)
