"""
Who can be on call, how is each of them reached, and does it work?
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from watchkeeper.act.watch import Watch
from watchkeeper.decide.oncall.coverage import duty
from watchkeeper.decide.oncall.reach import CONTACT
from watchkeeper.decide.oncall.values import Override
from watchkeeper.decide.paging.values import Send
from watchkeeper.decide.reasons import SAYS
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.reaching import PersonalRule, QuietHours
from watchkeeper.manual.words import words as long
from watchkeeper.outside.clock import instant
from watchkeeper.web.views import words
from watchkeeper.web.views.facts import Fact, document_facts
from watchkeeper.web.views.lists import plain
from watchkeeper.web.views.ways import Way, kind_of, person_title, reached, ways_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonCard:
    """
    One person, or contact outside of the rotation. `why` says why nothing reaches them; `clock` is the time where they
    live; `rules` say in which order their ways are used.
    """

    key: str
    anchor: str
    title: str
    clock: str
    zone: str
    duties: tuple[str, ...]
    ways: tuple[Way, ...]
    rules: tuple[str, ...]
    facts: tuple[Fact, ...]
    why: str
    contact: bool
    testable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleView:
    """
    The page: everybody among the people, then the contacts; `said` is what a test page just came to.
    """

    title: str
    headline: str
    pulse: str
    people: tuple[PersonCard, ...]
    contacts: tuple[PersonCard, ...]
    said: str = ""


def people_view(watch: Watch, overrides: Sequence[Override], *, said: str = "") -> PeopleView:
    """
    The people as they are reached now.
    """
    manual, now_ns, dead = watch.standing.manual, watch.clock.now_ns(), watch.standing.dead()
    on_duty = duties(manual, overrides, now_ns=now_ns)
    people = tuple(_person(name, manual, dead, on_duty.get(name, ()), now_ns) for name in manual.people)
    contacts = tuple(_contact(name, manual, dead) for name in manual.contacts)
    return PeopleView(
        title="People",
        headline=_headline(people),
        pulse=_pulse(people, contacts),
        people=people,
        contacts=contacts,
        said=said,
    )


def tested_words(person: str, sends: Sequence[Send], manual: Manual) -> str:
    """
    What a test page came to: over which ways it goes, and which carry nothing.
    """
    going = [f"{send.method or send.channel} ({kind_of(send.channel, manual)})" for send in sends if send.send]
    silent = [
        plain(f"{send.method or send.channel}: {send.because_of or SAYS[send.reason]}")
        for send in sends
        if not send.send
    ]
    told = f"A test page goes to {person_title(person, manual)} by {' and '.join(going)}." if going else ""
    lost = f"Nothing goes by {'; '.join(silent)}." if silent else ""
    return " ".join(part for part in (told, lost) if part) or "Nothing was sent: no contact method is named for them."


def duties(manual: Manual, overrides: Sequence[Override], *, now_ns: int) -> dict[str, tuple[str, ...]]:
    """
    For each person the schedules in which it is their turn now, by title.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, schedule in manual.schedules.items():
        person = duty(name, manual, overrides, now_ns).person
        if person is not None:
            found[person] = (*found.get(person, ()), words.title(name, schedule))
    return found


def _headline(people: Sequence[PersonCard]) -> str:
    if not people:
        return "Nobody can be paged: the manual names no people"
    lost = [one.title for one in people if one.why]
    if not lost:
        told = {1: "The one person", 2: "Both people"}.get(len(people), f"All {len(people)} people")
        return f"{told} can be reached"
    if len(lost) == len(people):
        return "Nobody can be reached" if len(people) > 1 else f"{lost[0]} cannot be reached"
    if len(lost) > 3:
        return f"{len(lost)} of {len(people)} people cannot be reached"
    return f"{' and '.join((', '.join(lost[:-1]), lost[-1])) if len(lost) > 1 else lost[0]} cannot be reached"


def _pulse(people: Sequence[PersonCard], contacts: Sequence[PersonCard]) -> str:
    ways = sum(not way.why for one in people for way in one.ways)
    told = f"{ways} contact {'method works' if ways == 1 else 'methods work'}"
    blank = sum(bool(one.why) for one in contacts)
    if not contacts:
        return told
    many = f"{len(contacts)} {'contact' if len(contacts) == 1 else 'contacts'} outside of the rotation"
    return f"{told} · {many}{f', {blank} of them not reachable' if blank else ''}"


def _person(name: str, manual: Manual, dead: Mapping[str, str], schedules: tuple[str, ...], now_ns: int) -> PersonCard:
    person = manual.people[name]
    zone = person.zone or manual.zone
    ways = ways_of(name, manual, dead)
    facts = [
        ("telephone", person.phone or ""),
        ("quiet", "; ".join(map(_quiet, person.quiet))),
        (
            "at most",
            f"{person.throttle.count} pages per {long(person.throttle.per)} and way; what is over comes as one bundle"
            if person.throttle
            else "",
        ),
    ]
    return PersonCard(
        key=name,
        anchor=name,
        title=person_title(name, manual),
        clock=f"{instant(now_ns).astimezone(ZoneInfo(zone)):%a %H:%M}",
        zone=zone,
        duties=schedules,
        ways=ways,
        rules=tuple(map(_rule, person.rules)),
        facts=(*(Fact(name=key, value=value) for key, value in facts if value), *document_facts(person)),
        why=reached(name, manual, dead).why,
        contact=False,
        testable=any(not way.why for way in ways),
    )


def _contact(name: str, manual: Manual, dead: Mapping[str, str]) -> PersonCard:
    contact, key = manual.contacts[name], f"{CONTACT}{name}"
    ways = ways_of(key, manual, dead)
    blanks = [text for text in (contact.placeholder, *contact.placeholders) if text]
    pairs = [
        ("role", contact.role if contact.name else None),
        ("list", contact.group),
        ("telephone", contact.phone),
        ("e-mail", None if any(way.to == contact.email for way in ways) else contact.email),
        ("address", contact.address),
        ("left blank", ", ".join(blanks)),
    ]
    return PersonCard(
        key=key,
        anchor=key.replace(":", "-"),
        title=person_title(key, manual),
        clock="",
        zone="",
        duties=(),
        ways=ways,
        rules=(),
        facts=(*(Fact(name=title, value=value) for title, value in pairs if value), *document_facts(contact)),
        why=reached(key, manual, dead).why,
        contact=True,
        testable=any(not way.why for way in ways),
    )


def _rule(rule: PersonalRule) -> str:
    when = f"{long(rule.after)} later" if rule.after is not None and rule.after.ns else "at once"
    return f"{rule.by} {when}" + (f", for {', '.join(rule.severity)} only" if rule.severity else "")


def _quiet(hours: QuietHours) -> str:
    days = f" on {', '.join(day.title() for day in hours.days)}" if hours.days else ""
    return f"{', '.join(hours.severity)} waits from {hours.from_:%H:%M} to {hours.to:%H:%M}{days}"
