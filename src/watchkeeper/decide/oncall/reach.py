"""
By which ways can a person be reached, and why can somebody not be reached at all?

A person is a name from `people`; a contact outside of the rotation is `contact:NAME`.

>>> shop = Manual(
...     watchkeeper=1,
...     manual="Shop",
...     channels={"chat": {"kind": "slack", "address_env": "CHAT"}, "later": {"kind": "slack", "planned": "true"}},
...     people={"ada": {"channels": "chat"}, "bo": {"channels": "later"}, "cy": {}},
... )
>>> methods_of("ada", shop)
(Method(name='chat', channel='chat', to=None, to_env=None),)
>>> why_unreachable("ada", shop), why_unreachable("bo", shop)
(None, '`later`: the document names it as future')
>>> why_unreachable("cy", shop)
'no contact method and no channel is named for them'
>>> why_unreachable("ada", shop, {"chat": "the environment variable CHAT is not set"})
'`chat`: the environment variable CHAT is not set'
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from watchkeeper.manual.liveness import why_not
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.reaching import Person

#: What the name of a contact outside of the rotation begins with, where the name of a person may stand.
CONTACT: Final = "contact:"
#: Kinds of channels that have one address, for everybody.
_ONE_ADDRESS: Final = frozenset({"webhook", "slack", "discord"})
_MAIL: Final = "email"


@dataclass(frozen=True, slots=True)
class Method:
    """
    One way to reach a person: a channel and their address in it; without one, the channel's own address.
    """

    name: str
    channel: str
    to: str | None = None
    to_env: str | None = None


def methods_of(person: str, manual: Manual) -> tuple[Method, ...]:
    """
    Every contact method of a person, in order: those under `contacts`, else their `channels` (and any channel that
    one of their rules names). Nothing for somebody whom the manual does not name.
    """
    if person.startswith(CONTACT):
        return _of_contact(person.removeprefix(CONTACT), manual)
    found = manual.people.get(person)
    return () if found is None else tuple(_of_person(found, manual))


def methods_for(person: str, manual: Manual, severity: str | None) -> tuple[Method, ...]:
    """
    The contact methods that carry a page of this severity: all of them, or those that a personal rule uses for it.
    """
    found, methods = manual.people.get(person), methods_of(person, manual)
    if found is None or not found.rules:
        return methods
    used = {rule.by for rule in found.rules if not rule.severity or severity in rule.severity}
    return tuple(method for method in methods if method.name in used)


def why_dead(method: Method, person: str, manual: Manual, dead: Mapping[str, str] = {}) -> str | None:  # noqa: B006 (never changed)
    """
    Why a contact method carries nothing; None when it does. `dead`: channels that cannot send, and why; a key
    `PERSON/METHOD` speaks of one method of one person.
    """
    channel = manual.channels.get(method.channel)
    if channel is None:
        return "the manual has no such channel"
    if why := why_not("channels", method.channel, manual):
        return why
    addressed = method.to is not None or method.to_env is not None
    if channel.kind == _MAIL and not addressed:
        return "no mail address is known for them"
    if channel.kind in _ONE_ADDRESS and channel.address_env is None:
        return "the channel names no `address_env`"
    return why_silent(method.channel, manual, dead) or dead.get(f"{person}/{method.name}")


def why_silent(channel: str, manual: Manual, dead: Mapping[str, str]) -> str | None:
    """
    Why a channel carries nothing just now; None when it can send, or when another one carries its messages meanwhile.
    """
    name, seen = channel, {channel}
    while name in dead:
        entry = manual.channels.get(name)
        name = (entry.fallback if entry else None) or ""
        if name in seen or name not in manual.channels or manual.channels[name].planned:
            return dead[channel]
        seen.add(name)
    return None


def why_unreachable(person: str, manual: Manual, dead: Mapping[str, str] = {}) -> str | None:  # noqa: B006 (never changed)
    """
    Why no contact method of a person works, method by method; None when one does.
    """
    if why := _unknown(person, manual):
        return why
    return _all_dead(methods_of(person, manual), person, manual, dead)


def why_unreachable_for(
    person: str,
    manual: Manual,
    *,
    severity: str | None,
    dead: Mapping[str, str] = {},  # noqa: B006 (never changed)
) -> str | None:
    """
    The same for a page of one severity: a person's rules may leave it out.
    """
    why = why_unreachable(person, manual, dead)
    if why is not None:
        return why
    methods = methods_for(person, manual, severity)
    if not methods:
        return f"none of their rules is for {severity}" if severity else "their rules are for other severities"
    return _all_dead(methods, person, manual, dead)


def _unknown(person: str, manual: Manual) -> str | None:
    name = person.removeprefix(CONTACT)
    if name == person:
        return None if person in manual.people else "nobody of this name is among the people of the manual"
    contact = manual.contacts.get(name)
    if contact is None:
        return "nobody of this name is among the contacts of the manual"
    if contact.channel is None:
        return "no channel is named for them"
    return None


def _all_dead(methods: tuple[Method, ...], person: str, manual: Manual, dead: Mapping[str, str]) -> str | None:
    if not methods:
        return "no contact method and no channel is named for them"
    found = {method.name: why_dead(method, person, manual, dead) for method in methods}
    if not all(found.values()):
        return None
    return "; ".join(f"`{name}`: {why}" for name, why in found.items())


def _of_contact(name: str, manual: Manual) -> tuple[Method, ...]:
    contact = manual.contacts.get(name)
    if contact is None or contact.channel is None:
        return ()
    to = contact.email if _kind(contact.channel, manual) == _MAIL else contact.address
    return (Method(contact.channel, contact.channel, to),)


def _of_person(person: Person, manual: Manual) -> Iterator[Method]:
    for name, method in person.contacts.items():
        to = method.to if method.to or method.to_env else _mail_of(person, method.channel, manual)
        yield Method(name, method.channel, to, method.to_env)
    named = [rule.by for rule in person.rules]
    for channel in person.channels:
        if channel not in person.contacts and (not person.contacts or channel in named):
            yield Method(channel, channel, _mail_of(person, channel, manual))


def _mail_of(person: Person, channel: str, manual: Manual) -> str | None:
    return person.email if _kind(channel, manual) == _MAIL else None


def _kind(channel: str, manual: Manual) -> str | None:
    found = manual.channels.get(channel)
    return found.kind if found else None
