"""
What of a manual does this version bring to life?

One table. Everything that it does not name is *declared, not yet live*: shown as written, never as working.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from watchkeeper.manual.condition.ast import BeforeRelease, Condition, Relative
from watchkeeper.manual.model.manual import SECTIONS, Manual
from watchkeeper.manual.model.measuring import Indicator
from watchkeeper.manual.model.promising import Alert, Channel, Objective
from watchkeeper.manual.model.unfit import nearest
from watchkeeper.manual.unread import unread

LIVE_SIGNALS = frozenset({"spans", "metric", "logs", "events", "check"})
LIVE_CHANNELS = frozenset({"webhook", "slack", "discord", "email", "ntfy", "pagerduty"})
LIVE_CHECKS = frozenset({"http"})
#: Sections whose entries are read and used as they are.
LIVE_SECTIONS = frozenset(
    {
        *("services", "dependencies", "severities", "routes"),
        *("people", "contacts", "schedules", "policies", "calendars", "heartbeat"),
        *("incidents", "switches"),
    }
)
#: What sections wait for, in words; a section that is missing here and above is decided entry by entry below.
WAITING = {
    "journeys": "walks through the product are not run yet",
    "sources": "sources are not asked yet",
    "dashboards": "dashboards have no page yet",
    "on_call": "roles and kit are shown; schedules say who is on call",
    "runbooks": "runbooks are shown and linked; their steps do not run yet",
    "load": "load tests are not run yet",
    "web": "page budgets are not measured yet",
    "baselines": "pictures are not compared yet",
    "gates": "gates are not asked yet",
    "ci": "CI is not read yet",
    "backups": "backups are not watched yet",
    "recovery": "restores are not tried yet",
    "maintenance": "maintenance does not mute or exclude yet",
    "routines": "routines are not started yet",
    "capacity": "capacity is not compared with the load yet",
    "limits": "limits are not checked yet",
    "caches": "caches are not checked yet",
    "settings": "settings are not checked yet",
    "notes": "notes are shown; they do nothing",
}


@dataclass(frozen=True, slots=True)
class Live:
    """
    One entry: does it run in this version, and if not, why not (empty when it does)?

    `but` says what of a live entry is not yet as written; empty when all is.
    """

    section: str
    name: str
    live: bool
    why: str = ""
    but: str = ""


def live(manual: Manual) -> tuple[Live, ...]:
    """
    Every entry of the manual in its order; sections without names count as one entry named like the section.
    """
    return tuple(_entries(manual))


def why_not(section: str, name: str, manual: Manual) -> str:
    """
    Why the entry is declared only; empty when it is live.
    """
    match section:
        case "streams":
            return _stream(name, manual)
        case "indicators":
            return _indicator(manual.indicators[name], manual)
        case "checks":
            kind = manual.checks[name].kind
            return "" if kind in LIVE_CHECKS else f"{kind} checks do not run yet"
        case "objectives":
            return _objective(manual.objectives[name], manual)
        case "alerts":
            return _alert(manual.alerts[name], manual)
        case "channels":
            return _channel(name, manual)
    return "" if section in LIVE_SECTIONS else WAITING[section]


def _entries(manual: Manual) -> Iterator[Live]:
    for section in type(manual).model_fields:
        held = getattr(manual, section)
        whole = section in WAITING or section in ("routes", "incidents")
        names = tuple(held) if section in SECTIONS else (section,) if whole else ()
        for name in names if held else ():
            why = why_not(section, name, manual)
            yield Live(section, name, not why, why, "" if why else _but(section, name, manual))


def _but(section: str, name: str, manual: Manual) -> str:
    """
    What of a live entry is not yet as written: keys that nothing reads, and regions that are only names.
    """
    held = getattr(manual, section)
    entries = (held[name],) if isinstance(held, Mapping) else held if isinstance(held, tuple) else (held,)
    several = section == "checks" and len(manual.checks[name].regions) > 1
    regions = "its regions are all asked from this machine until agents come" if several else ""
    words = "`to`: only mail is addressed by it" if section == "channels" and _only_words(manual.channels[name]) else ""
    return "; ".join(dict.fromkeys(filter(None, (regions, words, *map(unread, entries)))))


def _only_words(channel: Channel) -> bool:
    return bool(channel.to) and channel.kind != "email"


def _stream(name: str, manual: Manual) -> str:
    stream = manual.streams[name]
    if stream.signal not in LIVE_SIGNALS:
        return f"signals of the kind `{stream.signal}` are not read yet"
    if stream.check is not None:
        return why_not("checks", stream.check, manual) if stream.check in manual.checks else WAITING["journeys"]
    return ""


def _indicator(indicator: Indicator, manual: Manual) -> str:
    return _stream(indicator.from_, manual) or ("slots are not judged yet" if indicator.slot_good_when else "")


def _objective(objective: Objective, manual: Manual) -> str:
    return why_not("indicators", objective.indicator, manual) or next(
        filter(None, map(_condition, (*objective.targets, *objective.agreements))), ""
    )


def _alert(alert: Alert, manual: Manual) -> str:
    if alert.when is None:
        return ""  # any kind of event is taken at /v1/events
    name = alert.indicator or manual.objectives[alert.objective or ""].indicator
    return why_not("indicators", name, manual) or _condition(alert.when)


def _condition(condition: Condition) -> str:
    if isinstance(condition.value, Relative) and isinstance(condition.value.of, BeforeRelease):
        return "comparisons with the time before a release are not made yet"
    return ""


def _channel(name: str, manual: Manual) -> str:
    channel = manual.channels[name]
    if channel.planned:
        return "the document names it as future"
    if channel.kind in LIVE_CHANNELS:
        return ""
    return f"{channel.kind} is not sent yet{nearest(channel.kind, sorted(LIVE_CHANNELS))}"
