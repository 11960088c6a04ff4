"""
How does everything stand, in a few lines? What `watchkeeper status` and `watchkeeper reload` print.
"""

from pydantic import ConfigDict, Field

from watchkeeper.act.watch import AlertView, Watch
from watchkeeper.decide.objectives import Standing
from watchkeeper.decide.values import State
from watchkeeper.manual.show import show
from watchkeeper.web.api.asking import TheDoors, TheWatch, Who, router
from watchkeeper.web.api.errors import CHANGES
from watchkeeper.web.api.incidents import Incident, incident_of
from watchkeeper.web.api.values import Model
from watchkeeper.web.views.alert_line import sentence
from watchkeeper.web.views.objective_row import ObjectiveRow
from watchkeeper.web.views.overview import mistakes_of, overview_view

routes = router("watch")

#: The states of alerts that a person looks at.
SHOWN = (State.FIRING, State.PENDING, State.UNKNOWN)


class ObjectiveLine(Model):
    """
    One objective in a line.
    """

    name: str
    standing: Standing
    now: str = Field(description="The value just now, in words.")
    budget: str = Field(description="What is left of the budget of its worst target, in words.")


class AlertLine(Model):
    """
    One alert in a line.
    """

    state: State
    key: str
    severity: str | None
    says: str = Field(description="One sentence: what was found, against the rule.")


class Trouble(Model):
    """
    What of the manual cannot do its work here.
    """

    what: str = Field(description="The part, such as `channel team`.")
    why: str = Field(description="Why not, and what to set.")


class Status(Model):
    """
    How everything stands.
    """

    manual: str = Field(description="The name of the manual.")
    revision: int = Field(description="Which loading of it runs.")
    says: str = Field(description="The sentence that answers what is the matter.")
    fast: bool = Field(description="Whether minutes of the manual pass as seconds.")
    objectives: list[ObjectiveLine]
    alerts: list[AlertLine] = Field(description="Those that fire, are about to, or cannot be judged; worst first.")
    incidents: list[Incident] = Field(description="The open ones, newest first.")
    mistakes: list[str] = Field(description="What kept the manual on disk from being used at the last reload.")
    troubles: list[Trouble] = Field(description="What of the manual cannot do its work here, and what to set.")


class Reloaded(Model):
    """
    Whether the manual was read anew: with mistakes, the one before goes on.
    """

    revision: int = Field(description="Which loading of the manual runs now.")
    mistakes: list[str] = Field(description="What keeps the manual on disk from being used; empty when it is used.")


class Live(Model):
    """
    Whether an entry of the manual runs in this version.
    """

    section: str
    name: str
    live: bool
    why_not: str | None


class ManualShown(Model):
    """
    The manual as loaded, section by section as `watchkeeper show --json` has it.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    manual: str = Field(description="The name of the manual.")
    revision: int = Field(description="Which loading of it runs.")
    live: list[Live]


@routes.get("/status")
def status(watch: TheWatch, doors: TheDoors) -> Status:
    """
    How everything stands, in the words of the first page.
    """
    view = overview_view(watch, doors)
    return Status(
        manual=watch.standing.manual.manual,
        revision=watch.standing.revision,
        says=view.headline,
        fast=doors.fast,
        objectives=[_objective(row) for row in view.objectives],
        alerts=_alerts(watch),
        incidents=[incident_of(one) for one in watch.incidents() if one.closed_ns is None],
        mistakes=list(view.mistakes),
        troubles=[Trouble(what=one.what, why=one.why) for one in view.troubles],
    )


@routes.post("/reload", responses=CHANGES)
def reload(watch: TheWatch, doors: TheDoors, who: Who) -> Reloaded:
    """
    Read the manual again: all of it or, with a mistake in it, nothing.
    """
    mistakes = mistakes_of(doors.reload())
    detail = {"revision": watch.standing.revision, "mistakes": len(mistakes)}
    watch.accounts.note(who, "manual.reload", "manual", "refused" if mistakes else "done", detail)
    return Reloaded(revision=watch.standing.revision, mistakes=list(mistakes))


@routes.get("/manual")
def manual(watch: TheWatch) -> ManualShown:
    """
    The manual as loaded, each entry with whether this version brings it to life.
    """
    return ManualShown(**show(watch.standing.manual), revision=watch.standing.revision)


def _objective(row: ObjectiveRow) -> ObjectiveLine:
    left = f"{row.tank.left} ({row.tank.worth})" if row.tank.left else row.tank.worth
    return ObjectiveLine(name=row.name, standing=Standing(row.standing), now=row.now, budget=left)


def _alerts(watch: Watch) -> list[AlertLine]:
    manual = watch.standing.manual
    ranks = [*manual.severities, None]

    def order(view: AlertView) -> tuple[int, int, str]:
        severity = _severity(view, watch)
        rank = ranks.index(severity) if severity in ranks else len(ranks)
        return SHOWN.index(view.memory.state), rank, str(view.memory.key)

    shown = sorted((view for view in watch.alerts() if view.memory.state in SHOWN), key=order)
    return [
        AlertLine(
            state=view.memory.state,
            key=str(view.memory.key),
            severity=_severity(view, watch),
            says=sentence(view, manual),
        )
        for view in shown
    ]


def _severity(view: AlertView, watch: Watch) -> str | None:
    said = watch.standing.manual.alerts.get(view.memory.key.rule)
    return view.memory.severity or (said.severity if said else None)
