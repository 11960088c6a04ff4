"""
Which incidents are there, and how did the last ones go?
"""

from dataclasses import dataclass

from watchkeeper.act.watch import Watch
from watchkeeper.decide.process import RESPOND
from watchkeeper.decide.response_times import Times
from watchkeeper.manual.words import words_ns
from watchkeeper.web.views.incident import IncidentPage, incident_page
from watchkeeper.web.views.lists import IncidentRow, incident_row

__all__ = ["IncidentPage", "incident_page", "incidents_view"]

DAYS = 30
_DAY_NS = 86_400 * 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """
    One number of how incidents went, with its arithmetic.
    """

    name: str
    value: str
    arithmetic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentsView:
    """
    All incidents, those that are open first. `wrong` says why the form to open one changed nothing.
    """

    title: str
    headline: str
    open: tuple[IncidentRow, ...]
    closed: tuple[IncidentRow, ...]
    figures: tuple[Figure, ...]
    severities: tuple[str, ...]
    services: tuple[str, ...]
    wrong: str
    days: int = DAYS


def incidents_view(watch: Watch, *, wrong: str = "") -> IncidentsView:
    """
    The list of incidents.
    """
    manual, now_ns = watch.standing.manual, watch.clock.now_ns()
    rows = [incident_row(one, manual, now_ns=now_ns) for one in watch.incidents(most=200)]
    open_ = tuple(row for row in rows if row.open)
    n = len(open_)
    said = "No incident is open" if not n else "1 incident is open" if n == 1 else f"{n} incidents are open"
    return IncidentsView(
        title="Incidents",
        headline=said,
        open=open_,
        closed=tuple(row for row in rows if not row.open),
        figures=_figures(watch, now_ns),
        severities=tuple(manual.severities),
        services=(*manual.services, *manual.dependencies),
        wrong=wrong,
    )


def _figures(watch: Watch, now_ns: int) -> tuple[Figure, ...]:
    found = watch.desk.times(begin_ns=now_ns - DAYS * _DAY_NS, end_ns=now_ns + 1)
    lines = [("until somebody had it", found.acknowledge), ("until it was over", found.resolve)]
    longest = max(found.stages.items(), key=lambda one: one[1].mean_ns, default=None)
    if longest is not None:
        lines.append((f"in {longest[0]}, the longest stage", longest[1]))
    figures = [_figure(name, times) for name, times in lines if times is not None]
    kept = found.clocks.get(RESPOND)
    if kept is not None and kept.met + kept.missed:
        of = kept.met + kept.missed
        figures.append(Figure(name="answered in time", value=f"{kept.met} of {of}", arithmetic=f"{kept.missed} late"))
    return tuple(figures)


def _figure(name: str, times: Times) -> Figure:
    of = "1 incident" if times.n == 1 else f"{times.n} incidents"
    more = f"; half within {_words(times.median_ns)}, the longest {_words(times.longest_ns)}" if times.n > 1 else ""
    return Figure(name=name, value=_words(times.mean_ns), arithmetic=f"mean of {of}{more}")


def _words(span_ns: int) -> str:
    return words_ns(span_ns // 10**9 * 10**9)
