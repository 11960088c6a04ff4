"""
What does a whole manual hold?

`Manual` is the root: every section of the YAML is one of its fields, in the order in which people think of it: what
there is, what is measured, what is promised, who answers, how it is kept in order, how it is proved.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_origin

from pydantic import BeforeValidator, Field

from watchkeeper.manual.model import measuring, promising, proving, reaching, responding, switching, upkeep
from watchkeeper.manual.model.base import (
    DependencyName,
    Entry,
    Named,
    PartName,
    PolicyName,
    RunbookName,
    Several,
    says,
)
from watchkeeper.manual.model.scalars import WEEKDAYS, Length, Name, Text, Weekday, WholeNumber, Window, Zone
from watchkeeper.manual.model.unfit import Unfit

FORMAT = 1


def _format(value: Any) -> int:
    if str(value) != str(FORMAT):
        raise Unfit(found=f"`{value}`", wanted=f"`watchkeeper: {FORMAT}`, the format that this version reads")
    return FORMAT


class Defaults(Entry):
    """
    What holds where an entry says nothing.
    """

    window: Window | None = says("the window of objectives that name none")
    alert_window: Length | None = says("the window of alert conditions that name none")
    lateness: Length | None = says("how old an observation may arrive and still count")
    unknown_after: Length | None = says("unknown this long asks a person")
    at_least: WholeNumber | None = says("fewer observations than this in the window: unknown")
    resolve_after: Length | None = says("a condition must be clear this long before its alert resolves; 1m if not said")
    repeat_every: Length | None = says("an alert that still fires is told again this often")
    flapping: promising.Flapping | None = says("an alert that fires more often than this is told once, as flapping")
    throttle: reaching.Throttle | None = says("how many pages one contact method of a person carries")
    policy: PolicyName | None = says("the escalation policy of alerts whose route and severity name none")


class Service(Entry):
    """
    A part of the product that promises something.
    """

    owner: Text | None = says("who answers for it")
    depends_on: Several[PartName] = says("services and dependencies that it needs", ())
    url: Text | None = says("where it is")
    url_env: Text | None = says("the environment variable that holds its address")
    runbook: RunbookName | None = says("what to do when it is down")


class Dependency(Entry):
    """
    Something that others run: a vendor, a database, a cache.
    """

    kind: Text | None = says("vendor, database, cache ...")
    limit: measuring.VendorLimit | None = says("what it allows")
    depends_on: Several[DependencyName] = says("dependencies that it needs", ())
    url: Text | None = says("where it is")
    runbook: RunbookName | None = says("what to do when it is down")


class Manual(Entry):
    """
    A whole manual. Every section may be left out.
    """

    watchkeeper: Annotated[Literal[1], BeforeValidator(_format)] = Field(description="the version of this format: 1")
    manual: Name = Field(description="the name of the manual")
    about: Text | None = says("what it is about")
    environment: Literal["production", "staging", "development"] = says(
        "which deployment it is about; shown, and changes nothing until people are paged", "production"
    )
    zone: Zone = says("the time zone of calendar windows and clock times", "UTC")
    business_days: Several[Weekday] = says("the days that `next business day` counts", WEEKDAYS[:5])
    calendars: Named[reaching.BusinessCalendar] = says("business calendars, for severities that name one", {})
    base_url: Text | None = says("the address of the product, for checks that name a path")
    base_url_env: Text | None = says("the environment variable that holds that address")
    defaults: Defaults = says("what holds where an entry says nothing", Defaults())

    services: Named[Service] = says("the parts of the product", {})
    dependencies: Named[Dependency] = says("what others run for it", {})

    streams: Named[measuring.Stream] = says("signals", {})
    indicators: Named[measuring.Indicator] = says("what is read off them (SLI)", {})
    checks: Named[measuring.Check] = says("probes", {})
    journeys: Named[measuring.Journey] = says("walks through the product", {})
    sources: Named[measuring.Source] = says("systems that are asked", {})
    dashboards: Named[measuring.Dashboard] = says("things to watch", {})

    objectives: Named[promising.Objective] = says("promises (SLO and SLA)", {})
    alerts: Named[promising.Alert] = says("when people hear of it", {})
    severities: Named[promising.Severity] = says("how bad, and how fast people move", {})
    channels: Named[promising.Channel] = says("where messages go", {})
    routes: Several[promising.Route] = says("which messages go where, first fit", ())

    incidents: responding.Incidents | None = says("the incident process")
    contacts: Named[reaching.Contact] = says("whom to reach", {})
    people: Named[reaching.Person] = says("who can be on call", {})
    on_call: reaching.OnCall | None = says("roles and kit of being on call")
    schedules: Named[reaching.Schedule] = says("who is on call when", {})
    policies: Named[reaching.Policy] = says("escalation policies: who is paged, and who next", {})
    heartbeat: reaching.Heartbeat | None = says("an address outside that notices when this watch falls silent")
    runbooks: Named[responding.Runbook] = says("what to do", {})
    switches: Named[switching.Switch] = says("what a runbook flips in the application", {})

    load: Named[proving.Load] = says("load tests", {})
    web: Named[proving.Web] = says("budgets of web pages", {})
    baselines: Named[proving.Baseline] = says("pictures that pages are compared with", {})
    gates: Named[proving.Gate] = says("what must hold before or after a release", {})
    ci: Named[proving.Ci] = says("what CI runs", {})

    backups: Named[upkeep.Backup] = says("what is copied", {})
    recovery: upkeep.Recovery | None = says("what a disaster may cost (RTO, RPO)")
    maintenance: Named[upkeep.Maintenance] = says("planned interruptions", {})
    routines: Named[upkeep.Routine] = says("work that comes again", {})
    capacity: Named[upkeep.Capacity] = says("how much the system is built for", {})
    limits: Named[upkeep.Limit] = says("numbers that the system is set to", {})
    caches: Named[upkeep.Cache] = says("how long answers are reused", {})
    settings: Named[upkeep.Setting] = says("values that somebody set somewhere", {})
    notes: Named[upkeep.Note] = says("what is not behaviour", {})


#: The sections whose entries have names, in the order of the manual.
SECTIONS = tuple(name for name, info in Manual.model_fields.items() if get_origin(info.annotation) is Mapping)
