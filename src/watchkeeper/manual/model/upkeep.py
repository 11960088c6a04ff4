"""
What keeps the system in order between incidents?

Backups and what they must give back, planned maintenance, routines, capacity, limits, caches, settings and notes.
"""

from typing import Annotated, Self

from pydantic import Field, model_validator

from watchkeeper.manual.model.base import ChannelName, Entry, IndicatorName, Named, PartName, Several, says
from watchkeeper.manual.model.calendar import DaysText, KeepText
from watchkeeper.manual.model.forms import InWords
from watchkeeper.manual.model.responding import Review
from watchkeeper.manual.model.scalars import (
    Amount_,
    Clock,
    Condition_,
    Date,
    Flag,
    Length,
    Response,
    Text,
    Texts,
    Weekday,
    Zone,
)
from watchkeeper.manual.model.unfit import Unfit


class Verify(Entry):
    """
    How one knows that a backup can be restored.
    """

    every: Length | None = says("how often it is tried")
    on: Text | None = says("what starts a try: `deployment`")
    how: Text | None = says("what is done")


class Backup(Entry):
    """
    What is copied, how often, for how long, and how one knows that it can be restored.
    """

    what: Text | None = says("what is copied")
    service: PartName | None = says("the service (or dependency) that it belongs to")
    every: Length | None = says("how often")
    on: Text | None = says("what starts it: `deployment`")
    continuous: Flag = says("as it happens", False)
    keep: KeepText | None = says("how long: `30d`, `10 deployments`, `forever`")
    where: Text | None = says("where the copy lies")
    verify: Verify | None = says("how a restore is tried")

    @model_validator(mode="after")
    def _one_pace(self) -> Self:
        paces = [key for key in ("every", "on", "continuous") if getattr(self, key)]
        if len(paces) > 1:
            raise Unfit(found=" and ".join(f"`{key}`" for key in paces), wanted="one of every, on, continuous")
        return self


class Recover(Entry):
    """
    How soon something is back, or how much of it may be lost.
    """

    scope: Text | None = says("what it covers")
    within: Length = Field(description="the longest time")
    backup: Annotated[Text | None, Field(description="the backup that gives it back")] = None


class Recovery(Entry):
    """
    What a disaster may cost: time until it works again (RTO), and the newest data lost (RPO).
    """

    rto: Named[Recover] = says("how soon it works again", {})
    rpo: Named[Recover] = says("how much of the newest data may be lost", {})


class Maintenance(Entry):
    """
    A planned interruption: it mutes pages, tells people, and leaves budgets alone where the manual says so.
    """

    service: PartName | None = says("the service that it is about")
    recurs: DaysText | None = says("when it comes again: `first Sunday of the month`, `every Monday`")
    start: Clock | None = says("when it begins")
    end: Clock | None = says("when it ends")
    for_: Annotated[Length | None, Field(alias="for", description="how long it takes")] = None
    zone: Zone | None = says("the time zone of its times, instead of the manual's")
    notice: Response | None = says("how long before people are told; `immediate` for none")
    tell: Several[ChannelName] = says("the channels that hear of it", ())
    exclude: Flag | None = says("its minutes count in no objective")
    approval: Texts = says("who must agree", ())
    report_within: Length | None = says("how soon after it the report is due")
    emergency: Flag = says("unplanned", False)


class Routine(Entry):
    """
    Work that comes again: tasks, audits, reviews.
    """

    every: Length | None = says("how often")
    day: Weekday | None = says("on which day")
    at: Clock | None = says("at what time")
    zone: Zone | None = says("the time zone of that time, instead of the manual's")
    tasks: Texts = says("what is done", ())
    kind: Text = says("task, audit or review", "task")
    last: Date | None = says("when it was done last")
    next: Date | None = says("when it is due")
    owner: Text | None = says("who does it")


class Capacity(Entry):
    """
    How much the system is built for.
    """

    what: Text | None = says("what is counted")
    value: Amount_ | None = says("how much: `500/h`, `~50/w`, `100..300 users`")
    min: Amount_ | None = says("at least")
    max: Amount_ | None = says("at most")
    approx: Flag = says("only about right", False)
    indicator: IndicatorName | None = says("the indicator that shows it")


class Limit(Entry):
    """
    A number that the system is set to: a pool's size, a breaker's threshold, an age.
    """

    what: Text | None = says("what is limited")
    service: PartName | None = says("the service (or dependency) that it belongs to")
    value: Amount_ | None = says("the number with its unit")
    min: Amount_ | None = says("at least")
    max: Amount_ | None = says("at most")
    per: Text | None = says("counted by what")
    rule: Text | None = says("the limit in words, where it has no number")
    in_code: Flag = says("the application's code says so; the manual repeats it", False)
    indicator: IndicatorName | None = says("the indicator that shows it")


class Cache(Entry):
    """
    How long an answer may be reused.
    """

    ttl: Amount_ | None = says("how long: `5m`, `5..15m`")
    where: Text | None = says("where it is kept")
    holds: Text | None = says("what is kept")


class SettingCheck(Entry):
    """
    How one sees that a setting is as written.
    """

    indicator: IndicatorName | None = says("the indicator that shows it")
    when: Condition_ | None = says("what must hold")
    how: Text | None = says("how to look, in words")


class Setting(Entry):
    """
    A value that somebody set somewhere, with an optional check that it still is.
    """

    value: Text | None = says("the value")
    values: Texts = says("the values, where there are several", ())
    where: Text | None = says("where it is set")
    check: SettingCheck | None = says("how one sees that it is so")


class NoteItem(Entry):
    """
    One point of a note. A text alone will do.
    """

    text: Text = Field(description="the point")
    effort: Length | None = says("how much work it is")
    items: Texts = says("its own points", ())


class Note(Entry):
    """
    What is not behaviour: plans, costs, versions, lists to look at.
    """

    text: Text | None = says("the note")
    items: Several[Annotated[NoteItem, InWords("text")]] = says("the note, point by point", ())
    about: Text | None = says("what it is about")
    when: Text | None = says("when it is meant for")
    review: Review | None = says("how often it is looked at again")
