"""
By which messages, and when, does a page reach one person?

By every contact method, or as their personal rules say; those whose hours are quiet get it when they end. What does not
go out is a refusal with its reason.

>>> ada = {
...     "contacts": {"push": {"channel": "push"}, "mail": {"channel": "chat"}},
...     "rules": [{"by": "push"}, {"by": "mail", "after": "5m"}],
... }
>>> chats = {name: {"kind": "slack", "address_env": "HOOK"} for name in ("push", "chat")}
>>> shop = Manual(watchkeeper=1, manual="Shop", channels=chats, people={"ada": ada})
>>> ways = Ways(manual=shop, severity="P1", at_ns=0)
>>> [(one.method, one.due_ns // 10**9, one.send) for one in reach("ada", ways, reason=Reason.PAGED)]
[('push', 0, True), ('mail', 300, True)]
>>> dead = Ways(manual=shop, severity="P1", at_ns=0, dead={"push": "it is gone"})
>>> [(one.method, one.due_ns, one.reason.value) for one in reach("ada", dead, reason=Reason.PAGED)]
[('push', 0, 'unreachable'), ('mail', 0, 'paged')]
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from watchkeeper.decide.oncall.reach import Method, methods_of, why_dead, why_unreachable
from watchkeeper.decide.paging.values import Send
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.walls import first_at, wall
from watchkeeper.manual.liveness import why_not
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.reaching import Person, QuietHours
from watchkeeper.manual.model.scalars import WEEKDAYS

_MOST_QUIET: Final = 16  # stretches of quiet that follow each other without a break; then it goes all the same
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """
    What reaching somebody goes by. `dead`: channels (or `PERSON/METHOD`) that carry nothing just now, and why.
    """

    manual: Manual
    severity: str | None
    at_ns: int
    dead: Mapping[str, str] = field(default_factory=dict)


def reach(person: str, ways: Ways, *, reason: Reason) -> list[Send]:
    """
    The messages of one step to one person (or `contact:NAME`), and what refuses to go. None of them sends: nobody is
    reached.
    """
    methods = {method.name: method for method in methods_of(person, ways.manual)}
    if not methods:
        why = why_unreachable(person, ways.manual, ways.dead)
        return [_refused(person, "", "", Reason.UNREACHABLE, ways.at_ns, why)]
    found = ways.manual.people.get(person)
    timed, others = _timed(found, methods, ways.severity)
    sends = [
        _refused(person, methods[name].channel, name, Reason.OTHER_SEVERITY, ways.at_ns, ways.severity)
        for name in others
    ]
    alive = []
    for name, after_ns in timed:
        why = _why_dead(methods[name], person, ways)
        if why is None:
            alive.append((name, after_ns))
        else:
            sends.append(_refused(person, methods[name].channel, name, Reason.UNREACHABLE, ways.at_ns, why))
    sooner_ns = _sooner_ns(timed, alive)
    times: Counter[str] = Counter()
    for name, after_ns in alive:
        at_ns = ways.at_ns + after_ns - sooner_ns
        send = Send(person=person, channel=methods[name].channel, method=name, due_ns=at_ns, reason=reason)
        sends.append(replace(_kept_quiet(send, found, ways), cycle=times[name]))
        times[name] += 1
    return sends


def through(channel: str, ways: Ways, *, reason: Reason) -> Send:
    """
    The message of a step to a channel's own audience, or why there is none.
    """
    why = why_not("channels", channel, ways.manual) or _dead(channel, ways)
    if why is not None:
        return _refused("", channel, "", Reason.UNREACHABLE, ways.at_ns, why)
    return Send(person="", channel=channel, method="", due_ns=ways.at_ns, reason=reason)


def quiet_until(hours: Sequence[QuietHours], severity: str | None, at_ns: int, zone: ZoneInfo) -> int | None:
    """
    When the quiet hours that keep this severity waiting at this instant end; None where none do.
    """
    end_ns = at_ns
    for _ in range(_MOST_QUIET):
        ends = [_end_of(one, end_ns, zone) for one in hours if severity in one.severity]
        later = max((end for end in ends if end is not None), default=None)
        if later is None:
            break
        end_ns = later
    return end_ns if end_ns > at_ns else None


# --- how


def _timed(
    person: Person | None, methods: Mapping[str, Method], severity: str | None
) -> tuple[list[tuple[str, int]], list[str]]:
    """
    Which method is used how long after the page came, and those that no rule uses for this severity.
    """
    if person is None or not person.rules:
        return [(name, 0) for name in methods], []
    rules = [rule for rule in person.rules if not rule.severity or severity in rule.severity]
    used = [(rule.by, rule.after.ns if rule.after else 0) for rule in rules if rule.by in methods]
    left = {rule.by for rule in person.rules} - {name for name, _ in used}
    return sorted(used, key=lambda one: one[1]), [name for name in methods if name in left]


def _sooner_ns(timed: Sequence[tuple[str, int]], alive: Sequence[tuple[str, int]]) -> int:
    """
    Where the first methods are dead, the others need not wait for them.
    """
    if not alive:
        return 0
    return min(after for _, after in alive) - min(after for _, after in timed)


def _why_dead(method: Method, person: str, ways: Ways) -> str | None:
    alive = {name: why for name, why in ways.dead.items() if name != method.channel}
    return why_dead(method, person, ways.manual, alive) or _dead(method.channel, ways)


def _dead(channel: str, ways: Ways) -> str | None:
    """
    Why a channel cannot send; None when it can, or when another one carries its messages meanwhile.
    """
    why, name, seen = ways.dead.get(channel), channel, {channel}
    while name in ways.dead:
        entry = ways.manual.channels.get(name)
        name = entry.fallback or "" if entry else ""
        if name in seen or name not in ways.manual.channels:
            return why
        seen.add(name)
    return None


def _kept_quiet(send: Send, person: Person | None, ways: Ways) -> Send:
    if person is None or not person.quiet:
        return send
    zone = ZoneInfo(person.zone or ways.manual.zone)
    until_ns = quiet_until(person.quiet, ways.severity, send.due_ns, zone)
    if until_ns is None:
        return send
    return replace(send, due_ns=until_ns, held_until_ns=until_ns, reason=Reason.QUIET_HOURS)


def _end_of(hours: QuietHours, at_ns: int, zone: ZoneInfo) -> int | None:
    today = wall(at_ns, zone).date()
    for day in (today - _DAY, today):
        if hours.days and WEEKDAYS[day.weekday()] not in hours.days:
            continue
        last = day if hours.to > hours.from_ else day + _DAY
        begin_ns = first_at(datetime.combine(day, hours.from_), zone)
        end_ns = first_at(datetime.combine(last, hours.to), zone)
        if begin_ns <= at_ns < end_ns:
            return end_ns
    return None


def _refused(person: str, channel: str, method: str, reason: Reason, at_ns: int, why: str | None) -> Send:
    return Send(person=person, channel=channel, method=method, due_ns=at_ns, reason=reason, send=False, because_of=why)
