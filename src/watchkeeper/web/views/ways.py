"""
By which ways is somebody reached, in words, and which of them work?

An address that a page may show is shown; one from the environment is named by its variable, never read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from watchkeeper.decide.oncall.reach import CONTACT, Method, methods_of, why_dead, why_unreachable
from watchkeeper.manual.liveness import why_not
from watchkeeper.manual.model.manual import Manual
from watchkeeper.web.views import words
from watchkeeper.web.views.lists import plain

#: What a channel of this kind is called by people.
KINDS: Final[Mapping[str, str]] = {
    "email": "e-mail",
    "ntfy": "push",
    "slack": "Slack",
    "discord": "Discord",
    "pagerduty": "PagerDuty",
    "webhook": "webhook",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """
    One contact method: what it is called, over what it goes, where to, and why it carries nothing (empty: it works).
    """

    name: str
    kind: str
    channel: str
    to: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """
    Somebody, or a channel, at the end of a step: `short` says the ways in a few words, `why` why none of them works.
    """

    name: str
    title: str
    href: str
    short: str
    why: str
    through: str = ""  # the schedule, where they are reached as the one on call


def ways_of(person: str, manual: Manual, dead: Mapping[str, str]) -> tuple[Way, ...]:
    """
    Every contact method of a person (or `contact:NAME`), in order.
    """
    return tuple(_way(method, person, manual, dead) for method in methods_of(person, manual))


def reached(person: str, manual: Manual, dead: Mapping[str, str], *, through: str = "") -> Reached:
    """
    A person (or `contact:NAME`) as the end of a step.
    """
    ways = ways_of(person, manual, dead)
    working = [way for way in ways if not way.why]
    return Reached(
        name=person,
        title=person_title(person, manual),
        href=person_href(person),
        short=", ".join(dict.fromkeys(way.kind for way in working)),
        why=plain(why_unreachable(person, manual, dead) or ""),
        through=through,
    )


def reached_channel(name: str, manual: Manual, dead: Mapping[str, str]) -> Reached:
    """
    A channel as the end of a step: it reaches whoever reads it.
    """
    why = why_not("channels", name, manual) or dead.get(name)
    return Reached(
        name=name,
        title=f"#{name}",
        href=f"/manual#channels-{quote(name, safe='')}",
        short=kind_of(name, manual),
        why=plain(why or ""),
    )


def person_title(person: str, manual: Manual) -> str:
    """
    What people call somebody: their name, the role of a contact, or the key in capitals.
    """
    if person.startswith(CONTACT):
        key = person.removeprefix(CONTACT)
        contact = manual.contacts.get(key)
        return (contact.name or contact.role if contact else None) or words.title(key)
    found = manual.people.get(person)
    return (found.name if found else None) or words.title(person)


def person_href(person: str) -> str:
    """
    Where the person stands on the page of people.
    """
    return f"/people#{quote(person.replace(':', '-'), safe='')}"


def kind_of(channel: str, manual: Manual) -> str:
    """
    What a channel is, in a word.
    """
    found = manual.channels.get(channel)
    return KINDS.get(found.kind, found.kind) if found else "no such channel"


def _way(method: Method, person: str, manual: Manual, dead: Mapping[str, str]) -> Way:
    return Way(
        name=method.name,
        kind=kind_of(method.channel, manual),
        channel=method.channel,
        to=method.to or (f"the address in {method.to_env}" if method.to_env else "the channel's own address"),
        why=plain(why_dead(method, person, manual, dead) or ""),
    )
