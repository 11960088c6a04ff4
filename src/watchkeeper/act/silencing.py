"""
How does a person silence alerts, see what that hits, and undo it?

A silence has an end, an author and a reason; without any of them there is none. What it keeps quiet is refused with its
number, and at its end what still fires is told and paged.

>>> shown(Matchers(alert=frozenset({"disk"}), label=(("host", frozenset({"db1", "db2"})),)))
'alert disk, host db1 or db2'
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection

from watchkeeper.act import memory
from watchkeeper.act.accounts.audit import audited
from watchkeeper.act.accounts.visitor import By, name_of
from watchkeeper.act.standing import Standing
from watchkeeper.decide.hushing import matches
from watchkeeper.decide.values import AlertMemory, Matchers, Silence, State
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.unfit import nearest
from watchkeeper.outside.clock import Clock
from watchkeeper.store import alerts, silences
from watchkeeper.store.silences import SilenceRow
from watchkeeper.store.state import State as StateHome

LONGEST_NS: Final = 366 * 86_400 * 10**9


class CannotSilence(Exception):
    """
    There is no such silence; the text says why.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceWish:
    """
    What a person asks for: instants in ns since 1970. `begin_ns` of None means now.
    """

    end_ns: int
    reason: str
    matchers: Matchers = Matchers()
    begin_ns: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """
    What a silence would hit: the rules, and their alerts that are known, those that fire first.
    """

    rules: tuple[str, ...]
    alerts: tuple[AlertMemory, ...]

    @property
    def firing(self) -> tuple[AlertMemory, ...]:
        """
        Those of which nobody would hear from now on, although they fire.
        """
        return tuple(one for one in self.alerts if one.state is State.FIRING)


class Silences:
    """
    The silences of a running watch. Safe to call from any thread.
    """

    def __init__(self, state: StateHome, clock: Clock, standing: Callable[[], Standing]) -> None:
        self._state, self._clock, self._standing = state, clock, standing

    def recent(self, *, most: int = 100) -> list[SilenceRow]:
        """
        The newest, newest first.
        """
        with self._state.reading() as view:
            return silences.recent(view, most=most)

    def get(self, number: int) -> SilenceRow:
        """
        One silence; KeyError for an unknown number.
        """
        with self._state.reading() as view:
            row = silences.by_id(view, number)
        if row is None:
            raise KeyError(number)
        return row

    def create(self, wish: SilenceWish, *, by: By) -> SilenceRow:
        """
        A person silences alerts. Raises CannotSilence.
        """
        now_ns = self._clock.now_ns()
        row = granted(wish, self._standing().manual, by=name_of(by), now_ns=now_ns)
        with self._state.transaction() as tx:
            row = replace(row, id=silences.add(tx, row))
            audited(tx, by, "silence.create", f"silence/{row.id}", detail=_detail(row), at_ns=now_ns)
        return row

    def undo(self, number: int, *, by: By) -> SilenceRow:
        """
        A person ends a silence; one that is over already stays as it is. KeyError for an unknown number.
        """
        now_ns = self._clock.now_ns()
        with self._state.transaction() as tx:
            undone = silences.undo(tx, number, at_ns=now_ns, by=name_of(by))
            row = silences.by_id(tx, number)
            if row is None:
                raise KeyError(number)
            if undone:
                audited(tx, by, "silence.undo", f"silence/{number}", at_ns=now_ns)
        return row

    def preview(self, matchers: Matchers) -> Preview:
        """
        What a silence would hit as everything stands. Raises CannotSilence where it names what the manual has not.
        """
        rules = self._standing().rules
        known_names(matchers, self._standing().manual)
        hit = {
            name: rule
            for name, rule in rules.items()
            if (not matchers.alert or name in matchers.alert)
            and (not matchers.service or rule.service in matchers.service)
            and (not matchers.severity or rule.alert.severity in matchers.severity)
            and all(label == rule.each for label, _ in matchers.label)
        }
        with self._state.reading() as view:
            rows = [memory.memory_of(row) for row in alerts.every(view)]
        found = [one for one in rows if one.key.rule in hit and _hits(matchers, one, hit)]
        found.sort(key=lambda one: (one.state is not State.FIRING, str(one.key)))
        return Preview(rules=tuple(hit), alerts=tuple(found))


def granted(wish: SilenceWish, manual: Manual, *, by: str, now_ns: int) -> SilenceRow:
    """
    The row that a wish becomes. Raises CannotSilence, with what is wanted instead.
    """
    begin_ns = now_ns if wish.begin_ns is None else wish.begin_ns
    if not wish.reason.strip():
        raise CannotSilence("found no reason; wanted why nobody should hear of it")
    if not by.strip():
        raise CannotSilence("found nobody who asks for it; wanted a name")
    if wish.end_ns <= max(begin_ns, now_ns):
        raise CannotSilence("found an end that is not ahead; wanted one after the beginning and after now")
    if wish.end_ns - max(begin_ns, now_ns) > LONGEST_NS or begin_ns > now_ns + LONGEST_NS:
        raise CannotSilence("found an end more than a year ahead; wanted an earlier one: silence again if need be")
    known_names(wish.matchers, manual)
    return SilenceRow(
        begin_ns=max(begin_ns, now_ns),
        end_ns=wish.end_ns,
        matchers=matchers_to_json(wish.matchers),
        author=by.strip(),
        reason=wish.reason.strip(),
        created_ns=now_ns,
    )


def known_names(matchers: Matchers, manual: Manual) -> None:
    """
    Raises CannotSilence where a silence names what the manual has not: it would hit nothing, and look as if it did.
    """
    labels = {alert.each for alert in manual.alerts.values() if alert.each}
    known: Mapping[str, tuple[frozenset[str], list[str]]] = {
        "alert": (matchers.alert, sorted(manual.alerts)),
        "service": (matchers.service, sorted({*manual.services, *manual.dependencies})),
        "severity": (matchers.severity, list(manual.severities)),
        "label": (frozenset(label for label, _ in matchers.label), sorted(labels)),
    }
    for what, (named, there) in known.items():
        for name in sorted(named - set(there)):
            hint = nearest(name, there) or (f"; wanted one of {', '.join(there)}" if there else "; there is none")
            raise CannotSilence(f"found no {what} {name!r} in the manual{hint}")


def silence_of(row: SilenceRow) -> Silence:
    """
    A row as a value.
    """
    return Silence(id=row.id, begin_ns=row.begin_ns, end_ns=row.end_ns, matchers=matchers_from_json(row.matchers))


def active(view: Connection, *, now_ns: int) -> tuple[Silence, ...]:
    """
    The silences that hold now, for a turn.
    """
    return tuple(silence_of(row) for row in silences.active(view, now_ns=now_ns))


def matchers_to_json(matchers: Matchers) -> dict[str, Any]:
    """
    Matchers as a row keeps them; what means all is left out.
    """
    said: dict[str, Any] = {
        "alert": sorted(matchers.alert),
        "service": sorted(matchers.service),
        "severity": sorted(matchers.severity),
        "label": {label: sorted(values) for label, values in matchers.label},
    }
    return {what: value for what, value in said.items() if value}


def matchers_from_json(said: Mapping[str, Any]) -> Matchers:
    """
    The matchers that `matchers_to_json` wrote.
    """
    return Matchers(
        alert=frozenset(said.get("alert", ())),
        service=frozenset(said.get("service", ())),
        severity=frozenset(said.get("severity", ())),
        label=tuple((label, frozenset(values)) for label, values in sorted(said.get("label", {}).items())),
    )


def shown(matchers: Matchers) -> str:
    """
    What is meant, in words.
    """
    said = [("alert", matchers.alert), ("service", matchers.service), ("severity", matchers.severity), *matchers.label]
    return ", ".join(f"{what} {' or '.join(sorted(values))}" for what, values in said if values) or "everything"


def _detail(row: SilenceRow) -> dict[str, Any]:
    return {"of": shown(matchers_from_json(row.matchers)), "reason": row.reason, "end_ns": row.end_ns}


def _hits(matchers: Matchers, one: AlertMemory, rules: Mapping[str, Any]) -> bool:
    rule = rules[one.key.rule]
    return matches(matchers, one.key, service=rule.service, severity=rule.alert.severity)
