"""
Which alerts page people, together with which others, and when is a page over?

What is told for the first time opens a page, or joins the one that stands for its group. A page that becomes more
severe by it begins again. It is over when none of its alerts fires any more.

>>> from watchkeeper.manual.load import load_text
>>> manual = load_text('''
... watchkeeper: 1
... manual: Shop
... streams: {jobs: {spans: 'name == "job"'}}
... indicators: {good: {from: jobs, good: ok, by: [country]}}
... alerts: {jobs: {indicator: good, when: "< 95%", each: country, severity: P1}}
... severities: {P1: {page: everyone}, P2: {}}
... ''').manual
>>> from watchkeeper.decide.rules import rules_of
>>> keys = [AlertKey(rule="jobs", label="country", value=country) for country in ("de", "fr")]
>>> told = [(rules_of(manual)[key.rule], key) for key in keys]
>>> [(page.key, page.title, sorted(page.outranks)) for page in openings(told, manual, at_ns=7)]
[('jobs', 'jobs: de, fr', ['P2'])]
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from watchkeeper.decide.paging.values import EndPage, OpenPage
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.rules import Rule
from watchkeeper.decide.values import AlertKey, AlertMemory, State, TurnPlan
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.routing import grouped_by, policy_of

PRODUCTION = "production"
SHOWN = 5  # values or alerts that a title names

_OVER = (State.RESOLVED, State.INACTIVE, State.WITHDRAWN)


def refusal(rule: Rule, key: AlertKey, manual: Manual) -> Reason | None:
    """
    Why nobody is paged for this alert; None where somebody is, and where the manual knows nobody to page.
    """
    if policy_of(rule.name, rule.alert, manual, label=key.label, value=key.value) is None:
        return Reason.NO_POLICY if manual.people else None
    return None if manual.environment == PRODUCTION else Reason.STAGING


def pages_somebody(rule: Rule, key: AlertKey, manual: Manual) -> bool:
    """
    Whether an escalation policy applies to this alert, here.
    """
    policy = policy_of(rule.name, rule.alert, manual, label=key.label, value=key.value)
    return policy is not None and manual.environment == PRODUCTION


def openings(told: Iterable[tuple[Rule, AlertKey]], manual: Manual, *, at_ns: int) -> list[OpenPage]:
    """
    The pages for these alerts, in their order: one per group, in pieces of one rule each, which are written with it.
    """
    groups: dict[str, list[tuple[Rule, AlertKey]]] = {}
    policies: dict[str, str] = {}
    for rule, key in told:
        policy = policy_of(rule.name, rule.alert, manual, label=key.label, value=key.value)
        if policy is not None and manual.environment == PRODUCTION:
            group = group_of(rule, key, manual, policy=policy)
            policies[group] = policy
            groups.setdefault(group, []).append((rule, key))
    return [
        page
        for group, members in groups.items()
        for page in _pieces(group, policies[group], members, manual, at_ns=at_ns)
    ]


def group_of(rule: Rule, key: AlertKey, manual: Manual, *, policy: str) -> str:
    """
    The key of the page that an alert belongs to. Alerts that other people are paged for never share one.

    A rule by itself is called by its name.
    """
    named = {
        "alert": rule.name,
        "service": rule.service or "",
        "severity": rule.alert.severity or "",
        key.label or "alert": key.value or rule.name,
    }
    by = grouped_by(rule.name, rule.alert, manual, label=key.label, value=key.value)
    if by == ("alert",):
        usual = policy == policy_of(rule.name, rule.alert, manual)
        return rule.name if usual else f"{rule.name}, policy={policy}"
    parts = [f"{what}={named.get(what, '')}" for what in by]
    return ", ".join((*parts, f"policy={policy or 'everyone'}"))


def ended_by(plan: TurnPlan, before: Mapping[AlertKey, AlertMemory]) -> dict[AlertKey, Reason]:
    """
    The alerts that nobody need see to any more by this plan, and why: over, withdrawn, silenced, settled.
    """
    found = {
        one.key: Reason.WITHDRAWN if one.new is State.WITHDRAWN else Reason.ALERTS_OVER
        for one in plan.transitions
        if one.new is State.WITHDRAWN or (one.old is State.FIRING and one.new in _OVER)
    }
    for memory in plan.memories:
        old = before.get(memory.key)
        if old is not None and old.hushed is not memory.hushed:
            if memory.hushed is Reason.SILENCED:
                found[memory.key] = Reason.SILENCED
            elif old.hushed is Reason.FLAPPING:
                found.setdefault(memory.key, Reason.ALERTS_OVER)
    return found


def ends_of(
    ended: Mapping[AlertKey, Reason],
    pages: Mapping[int, Collection[AlertKey]],
    memories: Mapping[AlertKey, AlertMemory],
    rules: Mapping[str, Rule],
    *,
    at_ns: int,
) -> list[EndPage]:
    """
    Of the standing pages of alerts that ended, by number: those of which no alert is the matter any more. What flaps is
    not over before it has settled.

    An event is over for whoever hears of it, not for us: its page stands until somebody has seen to it.
    """
    return [
        EndPage(id=number, at_ns=at_ns, reason=_why(alerts, ended), alerts=tuple(key for key in alerts if key in ended))
        for number, alerts in pages.items()
        if not ended.keys().isdisjoint(alerts) and all(_over(key, memories.get(key), rules) for key in alerts)
    ]


def severities_below(severity: str | None, manual: Manual) -> frozenset[str]:
    """
    The severities that this one is worse than: those after it on its own ladder.
    """
    if severity is None or severity not in manual.severities:
        return frozenset()
    names = list(manual.severities)
    scale = manual.severities[severity].scale
    later = names[names.index(severity) + 1 :]
    return frozenset(name for name in later if manual.severities[name].scale == scale)


def worst(severities: Iterable[str | None], manual: Manual) -> str | None:
    """
    The worst of these: the manual names them from the worst to the mildest.
    """
    order = {name: i for i, name in enumerate(manual.severities)}
    named = [one for one in severities if one is not None]
    return min(named, key=lambda one: order.get(one, len(order)), default=None)


def _pieces(
    group: str, policy: str, members: Sequence[tuple[Rule, AlertKey]], manual: Manual, *, at_ns: int
) -> Iterator[OpenPage]:
    rules: dict[str, Rule] = {rule.name: rule for rule, _ in members}
    keys: dict[str, list[AlertKey]] = {}
    for rule, key in members:
        keys.setdefault(rule.name, []).append(key)
    severity = worst((rule.alert.severity for rule in rules.values()), manual)
    services = {rule.service for rule in rules.values()}
    whole = OpenPage(
        key=group,
        title=_title(list(rules.values()), keys),
        policy=policy,
        severity=severity,
        service=next(iter(services)) if len(services) == 1 else None,
        alerts=(),
        at_ns=at_ns,
        outranks=severities_below(severity, manual),
    )
    for name, mine in keys.items():
        yield replace(whole, alerts=tuple(mine), happens=rules[name].condition is None)


def _title(rules: Sequence[Rule], keys: Mapping[str, Sequence[AlertKey]]) -> str:
    """
    What it is about: the rule and the values of its label, or the rules.
    """
    names = [rule.alert.title or rule.name.replace("-", " ") for rule in rules]
    if len(names) > 1:
        return _some(names)
    values = [key.value for key in keys[rules[0].name] if key.value]
    return f"{names[0]}: {_some(values)}" if values else names[0]


def _some(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _why(alerts: Iterable[AlertKey], ended: Mapping[AlertKey, Reason]) -> Reason:
    how = {ended[key] for key in alerts if key in ended}
    return how.pop() if len(how) == 1 else Reason.ALERTS_OVER


def _over(key: AlertKey, memory: AlertMemory | None, rules: Mapping[str, Rule]) -> bool:
    if memory is None or memory.state is State.WITHDRAWN or memory.hushed is Reason.SILENCED:
        return True
    rule = rules.get(key.rule)
    happens = rule is not None and rule.condition is None
    return memory.state in _OVER and not happens and memory.hushed is not Reason.FLAPPING
