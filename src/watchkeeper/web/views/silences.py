"""
Which alerts does nobody hear of just now, on whose word, and until when?
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from watchkeeper.act.watch import Watch
from watchkeeper.decide.values import AlertMemory, Matchers, State
from watchkeeper.manual.model.manual import Manual
from watchkeeper.store.silences import SilenceRow
from watchkeeper.web.views import words
from watchkeeper.web.views.alert_line import alert_href
from watchkeeper.web.views.lists import readable
from watchkeeper.web.views.moments import Moment, moment, span

#: How long a silence may last, as the form sends it (minutes) and as it reads.
LASTS: Final = ((30, "30 min"), (60, "1 h"), (120, "2 h"), (240, "4 h"), (480, "8 h"), (1440, "1 d"), (2880, "2 d"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceLine:
    """
    One silence. `left` is how long it still holds; `undone` is None while nobody ended it.
    """

    number: int
    what: str
    begins: Moment
    ends: Moment
    left: str
    author: str
    reason: str
    undone: Moment | None
    undone_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """
    An alert that a silence would keep quiet.
    """

    title: str
    href: str
    firing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SilencesView:
    """
    The page. `hits` is what the silence in the form would keep quiet; None before a look.
    """

    title: str
    headline: str
    standing: tuple[SilenceLine, ...]
    past: tuple[SilenceLine, ...]
    alerts: tuple[tuple[str, str], ...]
    services: tuple[str, ...]
    severities: tuple[str, ...]
    labels: tuple[str, ...]
    lasts: tuple[tuple[int, str], ...]
    written: Mapping[str, str]
    hits: tuple[Hit, ...] | None
    why: str
    lives: bool = False  # a form that somebody fills in is not replaced under their hands


def silences_view(
    watch: Watch,
    rows: Sequence[SilenceRow],
    *,
    written: Mapping[str, str] | None = None,
    hits: Sequence[AlertMemory] | None = None,
    why: str = "",
) -> SilencesView:
    """
    The silences as they stand, and the form.
    """
    manual, now_ns = watch.standing.manual, watch.clock.now_ns()
    lines = [(row, _line(row, manual, now_ns=now_ns)) for row in rows]
    standing = tuple(line for row, line in lines if row.undone_ns is None and row.end_ns > now_ns)
    usual = dict.fromkeys(("alert", "service", "severity", "label", "value", "reason"), "") | {"minutes": "60"}
    return SilencesView(
        title="Silences",
        headline=_headline(len(standing)),
        standing=standing,
        past=tuple(line for _, line in lines if line not in standing),
        alerts=tuple((name, words.title(name, alert)) for name, alert in manual.alerts.items()),
        services=(*manual.services, *manual.dependencies),
        severities=tuple(manual.severities),
        labels=tuple(sorted({alert.each for alert in manual.alerts.values() if alert.each})),
        lasts=LASTS,
        written=usual | dict(written or {}),
        hits=None if hits is None else tuple(_hit(one, manual) for one in hits),
        why=why,
    )


def matchers_of(fields: Mapping[str, str]) -> Matchers:
    """
    What a person filled in; everything where they named nothing.

    >>> matchers_of({"alert": "disk", "service": "", "label": "host", "value": "db1, db1"}).label
    (('host', frozenset({'db1'})),)
    """
    alert, service, severity = (
        frozenset({fields[name]}) if fields.get(name) else frozenset[str]() for name in ("alert", "service", "severity")
    )
    values = frozenset(value.strip() for value in fields.get("value", "").split(",") if value.strip())
    label = ((fields["label"], values),) if fields.get("label") and values else ()
    return Matchers(alert=alert, service=service, severity=severity, label=label)


def _hit(memory: AlertMemory, manual: Manual) -> Hit:
    key = str(memory.key)
    return Hit(title=readable(key, manual), href=alert_href(key), firing=memory.state is State.FIRING)


def _line(row: SilenceRow, manual: Manual, *, now_ns: int) -> SilenceLine:
    zone = ZoneInfo(manual.zone)
    return SilenceLine(
        number=row.id,
        what=_what(row.matchers, manual),
        begins=moment(row.begin_ns, now_ns=now_ns, zone=zone),
        ends=moment(row.end_ns, now_ns=now_ns, zone=zone),
        left=span(row.end_ns - now_ns),
        author=row.author,
        reason=row.reason,
        undone=None if row.undone_ns is None else moment(row.undone_ns, now_ns=now_ns, zone=zone),
        undone_by=row.undone_by or "",
    )


def _what(matchers: Mapping[str, Any], manual: Manual) -> str:
    parts = [words.title(name, manual.alerts.get(name)) for name in matchers.get("alert", ())]
    parts += [f"service {name}" for name in matchers.get("service", ())]
    parts += [f"severity {name}" for name in matchers.get("severity", ())]
    parts += [f"{name} is {' or '.join(values)}" for name, values in matchers.get("label", {}).items()]
    return ", ".join(parts) or "everything"


def _headline(n: int) -> str:
    return "Nothing is silenced" if not n else f"{n} {'silence holds' if n == 1 else 'silences hold'}"
