"""
Who can be reached, when is whose turn, and who is next when nobody answers?

People with their contact methods and personal rules, contacts outside of the rotation, schedules with their layers, and
escalation policies.
"""

from typing import Annotated, Self

from pydantic import Field, model_validator

from watchkeeper.manual.model.base import (
    ChannelName,
    ContactName,
    Entry,
    Named,
    PersonName,
    ScheduleName,
    Several,
    SeverityName,
    Strict,
    says,
)
from watchkeeper.manual.model.forms import InWords
from watchkeeper.manual.model.scalars import (
    WEEKDAYS,
    Clock,
    Date,
    Flag,
    Length,
    Name,
    Text,
    Texts,
    Weekday,
    WholeNumber,
    Zone,
)
from watchkeeper.manual.model.unfit import Unfit
from watchkeeper.manual.units import NS_PER_SECOND

_MINUTE = 60 * NS_PER_SECOND
_WEEK = 7 * 24 * 60 * _MINUTE


class Contact(Entry):
    """
    Somebody to reach outside the rotation. What the document leaves blank stays a `placeholder`, and lint finds it.

    With an `email` and a `channel` that carries mail they can be told and paged like a person.
    """

    role: Text | None = says("what they are there for")
    group: Text | None = says("the list it belongs to: emergency, security")
    name: Text | None = says("their name")
    phone: Text | None = says("their telephone number")
    email: Text | None = says("their mail address")
    channel: ChannelName | None = says("the channel that carries messages to them")
    address: Text | None = says("any other way to reach them")
    placeholder: Text | None = says("what the document writes where a name should stand; lint finds it")
    placeholders: Texts = says("the same, where it writes several", ())


class ContactMethod(Entry):
    """
    One way to reach a person: a channel, and their address in it. Without one: their `email`, or the channel's own.
    """

    channel: ChannelName = Field(description="the channel that carries it")
    to: Text | None = says("their address in it: a mail address, a topic of ntfy")
    to_env: Text | None = says("the environment variable that holds their address, where it is a secret")

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if self.to is not None and self.to_env is not None:
            raise Unfit(found="both `to` and `to_env`", wanted="one of them")
        return self


class PersonalRule(Entry):
    """
    What reaches a person when they are paged: this way, so long after the page reached their turn.
    """

    by: Name = Field(description="the contact method, by its name")
    after: Length | None = says("how long after the page came to them; at once if not said")
    severity: Several[SeverityName] = says("for these severities only", ())


class QuietHours(Entry):
    """
    Hours of a person's own day in which pages of these severities wait until the hours end.
    """

    from_: Annotated[Clock, Field(alias="from", description="when they begin, in the person's zone")]
    to: Clock = Field(description="when they end; the next day when it is not later")
    severity: Several[SeverityName] = Field(description="the severities that wait; all others come through")
    days: Several[Weekday] = says("the days on which they begin; every day if not said", ())


class Throttle(Strict):
    """
    At most `count` pages per `per` reach one contact method; the first of a page is never held, what is over arrives as
    one bundle.
    """

    count: WholeNumber = says("how many pages", 5)
    per: Length = Field(description="in how much time")


class Person(Entry):
    """
    Somebody who can be on call.
    """

    name: Text | None = says("their name")
    zone: Zone | None = says("the time zone they live in; the manual's if not said")
    email: Text | None = says("their mail address")
    phone: Text | None = says("their telephone number; shown, nobody is called by telephone")
    channels: Several[ChannelName] = says("how they are reached, first to last, where no `contacts` are named", ())
    contacts: Named[ContactMethod] = says("their contact methods by name", {})
    rules: Several[PersonalRule] = says("which contact method is used when; all of them at once if not said", ())
    quiet: Several[QuietHours] = says("hours in which some severities wait", ())
    throttle: Throttle | None = says("how many pages one contact method carries")

    @model_validator(mode="after")
    def _known_methods(self) -> Self:
        for rule in self.rules:
            if rule.by not in self.contacts and rule.by not in self.channels:
                wanted = ", ".join((*self.contacts, *self.channels)) or "a contact method in `contacts`"
                raise Unfit(found=f"`by: {rule.by}`", wanted=wanted)
        return self


class OnCallRole(Entry):
    """
    What somebody in this role does.
    """

    title: Text | None = says("the name for people")
    duties: Texts = says("what they do", ())


class OnCall(Entry):
    """
    The roles of being on call, and what belongs into the bag.
    """

    roles: Named[Annotated[OnCallRole, InWords("duties")]] = says("the roles by name", {})
    kit: Texts = says("what somebody on call has at hand", ())


class Hours(Entry):
    """
    A part of the week, in the zone of the schedule: these days, between these times.
    """

    days: Several[Weekday] = says("the days on which they begin; every day if not said", ())
    from_: Annotated[Clock | None, Field(alias="from", description="when they begin; midnight if not said")] = None
    to: Clock | None = says("when they end; the next day when it is not later than `from`; midnight if not said")


class Rotation(Entry):
    """
    Who is on call changes every so often. A layer of a schedule: a later layer takes the place of an earlier one.
    """

    every: Length = Field(description="how long one turn is: `1w`, `1d`, `12h`, or any other")
    from_: Annotated[Weekday | None, Field(alias="from", description="the day a turn begins")] = None
    to: Weekday | None = says("the day it ends")
    at: Clock | None = says(
        "the time of the change, in the zone of the schedule; else that of the hand-off, else as its hours begin"
    )
    starts: Date | None = says("the day on or after which the first turn begins; 2024-01-01 if not said")
    during: Several[Hours] = says("the hours that this layer covers; all if not said", ())
    people: Several[PersonName] = says("who takes turns, in order", ())

    @model_validator(mode="after")
    def _turns(self) -> Self:
        every, written = self.every.ns, self.every.written
        if every < _MINUTE or every % _MINUTE or every > 52 * _WEEK or written.endswith(("mo", "y")):
            wanted = "whole minutes, hours, days or weeks (at most 52); months and years are not all as long"
            raise Unfit(found=f"`every: {written}`", wanted=wanted)
        if self.to is not None and self.to != self.from_ and (self.from_ is None or every % _WEEK):
            wanted = "`from` as well, and turns of whole weeks; hours of other turns are said with `during`"
            raise Unfit(found=f"`to: {self.to}`", wanted=wanted)
        if self.starts is not None and not "1970" <= self.starts[:4] <= "2200":
            raise Unfit(found=f"`starts: {self.starts}`", wanted="a day from 1970 to 2200")
        return self


class HandOff(Entry):
    """
    When one person hands over to the next.
    """

    day: Weekday | None = says("the day")
    at: Clock | None = says("the time")
    zone: Zone | None = says("the time zone of that time, instead of the manual's")
    how: Text | None = says("what happens, in words")
    tell: Several[ChannelName] = says("the channels that get the hand-off digest; those who change get it too", ())


class Schedule(Entry):
    """
    A rotation, or several in layers: who is on call when.
    """

    rotation: Rotation | None = says("how turns follow each other")
    layers: Several[Rotation] = says(
        "more rotations: each takes the place of those before it in the hours it covers", ()
    )
    zone: Zone | None = says("the time zone of its times; else the hand-off's, else the manual's")
    hand_off: HandOff | None = says("the meeting at which a turn changes hands")
    role: Text | None = says("the role it fills: primary, secondary, manager")
    people: Several[PersonName] = says("who takes turns, where the rotation names nobody", ())


class EscalationStep(Entry):
    """
    Who is paged in one step of a policy. A step that reaches nobody is skipped at once.
    """

    after: Length | None = says(
        "how long after the step before; the first one goes at once if not said, others after 5m"
    )
    schedule: Several[ScheduleName] = says("whoever is on call in these schedules", ())
    person: Several[PersonName] = says("these people", ())
    contact: Several[ContactName] = says("these contacts outside of the rotation", ())
    channel: Several[ChannelName] = says("these channels", ())
    everyone: Flag = says("everybody among the people of the manual", False)
    severity: Several[SeverityName] = says("only for these severities", ())

    @model_validator(mode="after")
    def _reaches_somebody(self) -> Self:
        if not (self.schedule or self.person or self.contact or self.channel or self.everyone):
            raise Unfit(
                found="a step to nobody", wanted="`schedule`, `person`, `contact`, `channel` or `everyone: true`"
            )
        return self


class Policy(Entry):
    """
    An escalation policy: who is paged, and who next when nobody acknowledges.
    """

    steps: Several[EscalationStep] = Field(description="the steps, in order")
    repeat: WholeNumber = says("how often all steps are gone through again when nobody acknowledged", 2)
    repeat_after: Length | None = says("how long after the last step they begin again; 5m if not said")
    lapses: Length | None = says("an acknowledgement lapses when nothing follows for so long; never if not said")


class BusinessCalendar(Entry):
    """
    Which days and hours are for business: what `next business day` counts.
    """

    days: Several[Weekday] = says("the days of business; Monday to Friday if not said", WEEKDAYS[:5])
    from_: Annotated[
        Clock | None, Field(alias="from", description="when a day of business begins; 09:00 if not said")
    ] = None
    to: Clock | None = says("when it ends; 17:00 if not said")
    holidays: Several[Date] = says("days that are not for business", ())
    zone: Zone | None = says("its time zone; the manual's if not said")


class Heartbeat(Entry):
    """
    An address outside that is asked every so often while this watch is well, and raises its voice when it is not.
    """

    address_env: Text = Field(description="the environment variable that holds the address")
    every: Length = Field(description="how often it is asked")
