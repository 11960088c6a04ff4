"""
Who hears of it when a turn changes hands?

A timer per schedule holds who was on call and when that changes; whoever looks late still sees who it was before. At a
hand-off the one who comes and the one who leaves get a digest with the open incidents, each through their first contact
method that works, and so do the channels under `hand_off: tell:`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Connection

from watchkeeper.act.incidents import journal
from watchkeeper.act.overriding import overrides_of
from watchkeeper.act.standing import Standing
from watchkeeper.decide.oncall.coverage import duty
from watchkeeper.decide.oncall.reach import methods_of, why_dead, why_silent, why_unreachable
from watchkeeper.decide.oncall.values import Duty
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import Kind
from watchkeeper.manual.liveness import why_not
from watchkeeper.store import decisions, outbox, timers
from watchkeeper.store.decisions import DecisionRow
from watchkeeper.store.notices import NoticeRow
from watchkeeper.store.state import State
from watchkeeper.store.timers import Timer

KIND: Final = "hand-off"
_DAY_NS: Final = 86_400 * 10**9
_LOOK_BACK_NS: Final = 400 * _DAY_NS
_PRODUCTION: Final = "production"


def run(state: State, standing: Standing, *, now_ns: int) -> bool:
    """
    Tell of every hand-off that took place by now; whether there was one. The first look at a schedule tells nobody.
    """
    names = {_key(name): name for name in standing.manual.schedules}
    if not names:
        return False
    with state.reading() as view:
        known = timers.named(view, names)
    told = False
    for key, name in names.items():
        if _is_due(known.get(key), standing, now_ns):
            with state.transaction() as tx:
                told = _look(tx, name, standing, now_ns=now_ns) or told
    return told


def look_again(tx: Connection, schedule: str, *, at_ns: int) -> None:
    """
    An override came or went: whoever is on call may be another one from now on.
    """
    known = timers.named(tx, [_key(schedule)])
    timers.set_all(tx, [Timer(key=key, kind=KIND, due_ns=at_ns, payload=row.payload) for key, row in known.items()])


def _key(schedule: str) -> str:
    return f"hand-off/{schedule}"


def _is_due(timer: Timer | None, standing: Standing, now_ns: int) -> bool:
    return timer is None or timer.due_ns <= now_ns or timer.payload.get("revision") != standing.revision


def _look(tx: Connection, name: str, standing: Standing, *, now_ns: int) -> bool:
    timer = timers.named(tx, [_key(name)]).get(_key(name))
    if not _is_due(timer, standing, now_ns):
        return False  # somebody else looked meanwhile
    known = overrides_of(tx, since_ns=now_ns - _LOOK_BACK_NS)
    found = duty(name, standing.manual, known, now_ns)
    before = timer.payload if timer is not None else {"person": found.person}
    payload = {
        "person": found.person,
        "last": found.person or before.get("last"),
        "revision": standing.revision,
    }
    due_ns = now_ns + _DAY_NS if found.until_ns is None else found.until_ns
    timers.set_all(tx, [Timer(key=_key(name), kind=KIND, due_ns=due_ns, payload=payload)])
    if before.get("person") == found.person:
        return False
    return _tell(tx, name, standing, found, leaving=before.get("last"), now_ns=now_ns)


def _tell(tx: Connection, name: str, standing: Standing, found: Duty, *, leaving: str | None, now_ns: int) -> bool:
    body = {
        "at_ns": now_ns,
        "schedule": name,
        "role": standing.manual.schedules[name].role,
        "coming": found.person,
        "leaving": leaving if leaving != found.person else None,
        "until_ns": found.until_ns,
        "next": found.next,
        "incidents": [
            {"number": one.number, "severity": one.severity, "title": one.title} for one in journal.open_incidents(tx)
        ],
    }
    rows, refusals = [], []
    for person, channel, method, why in _recipients(name, standing, body):
        if why is None:
            rows.append(_row(name, person, channel, method, body, now_ns=now_ns))
        else:
            refusals.append(_refusal(name, person, channel, why, now_ns=now_ns))
    outbox.add(tx, rows)
    decisions.add(tx, refusals)
    return bool(rows)


def _recipients(
    name: str, standing: Standing, body: Mapping[str, Any]
) -> Iterator[tuple[str, str, str, tuple[Reason, str | None] | None]]:
    """
    Person, channel, contact method, and why they are not told after all (None: they are).
    """
    manual, dead = standing.manual, standing.dead()
    entry = manual.schedules[name]
    for channel in entry.hand_off.tell if entry.hand_off else ():
        silent = why_not("channels", channel, manual) or why_silent(channel, manual, dead)
        yield "", channel, "", (Reason.UNREACHABLE, silent) if silent else None
    people = [body["coming"], body["leaving"]] if body["coming"] else []
    for person in filter(None, people):
        if manual.environment != _PRODUCTION:
            yield person, "", "", (Reason.STAGING, None)
            continue
        alive = (method for method in methods_of(person, manual) if why_dead(method, person, manual, dead) is None)
        method = next(alive, None)
        if method is None:
            yield person, "", "", (Reason.UNREACHABLE, why_unreachable(person, manual, dead))
        else:
            yield person, method.channel, method.name, None


def _row(name: str, person: str, channel: str, method: str, body: dict[str, Any], *, now_ns: int) -> NoticeRow:
    return NoticeRow(
        subject=f"schedule/{name}",
        kind=Kind.HAND_OFF.value,
        channel=channel,
        person=person,
        address=method,
        transition_id=now_ns,  # one hand-off of a schedule at an instant
        body=body,
        created_ns=now_ns,
        due_ns=now_ns,
    )


def _refusal(name: str, person: str, channel: str, why: tuple[Reason, str | None], *, now_ns: int) -> DecisionRow:
    reason, because = why
    return DecisionRow(
        at_ns=now_ns,
        alert_key=f"schedule/{name}",
        channel=channel,
        verdict="refuse",
        reason=reason.value,
        because_of=because,
        person=person,
    )
