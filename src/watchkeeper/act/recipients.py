"""
Where does a message to a person go, just now?

From the manual and the environment, each time anew: addresses are stored nowhere, so a change of either counts at once.

>>> ada = {"name": "Ada", "email": "ada@shop.example", "contacts": {"mail": {"channel": "mail"}}}
>>> shop = Manual(watchkeeper=1, manual="Shop", channels={"mail": {"kind": "email"}}, people={"ada": ada})
>>> found = recipient_of("ada", "mail", "mail", shop, {})
>>> found.name, found.address.reveal()
('Ada', 'ada@shop.example')
"""

from collections.abc import Mapping
from typing import Final

from watchkeeper.act.message_values import Recipient
from watchkeeper.act.plain import human, plain
from watchkeeper.decide.oncall.reach import CONTACT, Method, methods_of
from watchkeeper.manual.model.manual import Manual
from watchkeeper.outside.secrets import Secret, SecretFault, secret_from

#: Channels in which many people read one place.
SHARED_KINDS: Final = frozenset({"slack", "discord"})


def recipient_of(
    person: str, channel: str, method: str, manual: Manual, environ: Mapping[str, str]
) -> Recipient | None:
    """
    Who gets it at which address; None for a channel's own audience. `method` is '' for the channel's own address.
    """
    if not person:
        return None
    name = name_of(person, manual)
    found = next((one for one in methods_of(person, manual) if one.name == method), None)
    if not method:
        return Recipient(person=person, name=name)
    if found is None or found.channel != channel:
        return Recipient(person=person, name=name, lacks=f"the manual no longer has their contact method {method}")
    try:
        address = _address(found, environ)
    except SecretFault as fault:
        return Recipient(person=person, name=name, lacks=f"their contact method {method}: {fault}")
    if address is None and found.to_env is not None:
        why = f"their contact method {method}: the environment variable {found.to_env} is not set"
        return Recipient(person=person, name=name, lacks=why)
    return Recipient(person=person, name=name, address=address)


def has_own_address(person: str, channel: str, method: str, manual: Manual) -> bool:
    """
    Does this contact method lead to the person alone, and not to a channel in which others read along?

    In a chat a name only mentions somebody; an address of their own there is an incoming webhook.
    """
    found = next((one for one in methods_of(person, manual) if one.name == method and one.channel == channel), None)
    if found is None or (found.to is None and found.to_env is None):
        return False
    entry = manual.channels.get(channel)
    if entry is None or entry.kind not in SHARED_KINDS:
        return True
    return found.to_env is not None or is_url(found.to or "")


def is_url(text: str) -> bool:
    """
    Is it an address on the web, and not a name?
    """
    return text.startswith(("http://", "https://"))


def name_of(person: str, manual: Manual) -> str:
    """
    The name of a person, or of a contact outside of the rotation, for people.
    """
    known = person.removeprefix(CONTACT)
    entry = manual.contacts.get(known) if person != known else manual.people.get(known)
    return plain((entry.name or entry.title or "") if entry else "") or human(known)


def unaddressed(manual: Manual, environ: Mapping[str, str]) -> dict[str, str]:
    """
    The contact methods whose address is missing in the environment, as `PERSON/METHOD`, each with why.
    """
    people = (*manual.people, *(f"{CONTACT}{name}" for name in manual.contacts))
    found = (
        (f"{person}/{method.name}", recipient_of(person, method.channel, method.name, manual, environ))
        for person in people
        for method in methods_of(person, manual)
    )
    return {key: recipient.lacks for key, recipient in found if recipient and recipient.lacks}


def _address(method: Method, environ: Mapping[str, str]) -> Secret | None:
    if method.to_env is not None:
        return secret_from(environ, method.to_env)
    return Secret(method.to) if method.to else None
