r"""
How does a message reach a channel in Discord?

Through an incoming webhook (https://docs.discord.com/developers/resources/webhook#execute-webhook): the title as
content, the facts as an embed. Only whom the manual names is ever mentioned, and what outside input names is text and
nothing else.

>>> escape("@everyone [look](http://evil.example) **now**")
'\\@everyone \\[look\\]\\(http\\://evil.example\\) \\*\\*now\\*\\*'
"""

import re
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from watchkeeper.act.channels.posting import may_be_taken_later, place_for, post, refused
from watchkeeper.act.channels.sending import Failed, Sent
from watchkeeper.act.message_values import Fact, Message
from watchkeeper.decide.values import Kind
from watchkeeper.outside.http import Answer, HttpClient
from watchkeeper.outside.secrets import Secret

# What Discord admits: https://docs.discord.com/developers/resources/message#embed-object-embed-limits
MOST_CONTENT: Final = 2000
MOST_FIELDS: Final = 25
MOST_NAME, MOST_VALUE, MOST_EMBED = 256, 1024, 6000

COLOURS: Final = {
    Kind.FIRING: 0xC2410C,
    Kind.PAGE: 0xC2410C,
    Kind.BUNDLE: 0xC2410C,
    Kind.RESOLVED: 0x15803D,
    Kind.PAGE_OVER: 0x15803D,
    Kind.UNKNOWN: 0x6B7280,
}
MEMBER: Final = re.compile(r"[0-9]{15,20}")  # a snowflake: whom a contact method in this channel may name

_MARKUP = re.compile(r"([\\*_~`|>#\[\]()<:@-])")


class DiscordChannel:
    """
    Posts to one incoming webhook.
    """

    kind = "discord"
    again_after_unknown = False
    not_ready: str | None = None

    def __init__(self, address: Secret, *, http: HttpClient, allow_private: bool | None = None) -> None:
        self._address, self._http, self._allow_private = address, http, allow_private

    def send(self, message: Message, *, message_id: str, now: datetime) -> Sent | Failed:  # noqa: ARG002 Discord takes no id
        """
        One attempt; any 2xx is success (204 unless it was asked to wait for the post).
        """
        place = self._address if member_of(message) else place_for(message, self._address)
        if isinstance(place, Failed):
            return place
        answer = post(self._http, place, msgspec.json.encode(payload(message)), allow_private=self._allow_private)
        if isinstance(answer, Failed):
            return answer
        if answer.ok:
            return Sent(status=answer.status, took_ns=answer.elapsed_ns)
        return refused(
            answer, why=_why(answer), retryable=may_be_taken_later(answer.status), now=now, wait=_wait(answer)
        )


def payload(message: Message) -> dict[str, Any]:
    """
    The body. `allowed_mentions` keeps every other @ a character.
    """
    member = member_of(message)
    deeds = tuple(Fact(name=one.label, text=one.action.value, url=one.url) for one in message.buttons if one.url)
    embed: dict[str, Any] = {"fields": _fields((*deeds, *message.facts))}
    if message.kind in COLOURS:
        embed["color"] = COLOURS[message.kind]
    return {
        "content": whom(message) + escape(message.title, most=MOST_CONTENT - MOST_NAME),
        "embeds": [embed] if embed["fields"] else [],
        "allowed_mentions": {"parse": [], "users": [member]} if member else {"parse": []},
    }


def member_of(message: Message) -> str | None:
    """
    The member of Discord whom a message is for, where their contact method names one.
    """
    person = message.recipient
    text = person.address.reveal() if person is not None and person.address is not None else ""
    return text if MEMBER.fullmatch(text) else None


def whom(message: Message) -> str:
    """
    Whom it is for, at its beginning; nothing where it goes to all, or to a place that is theirs alone.
    """
    person, member = message.recipient, member_of(message)
    if member:
        return f"<@{member}> "
    return f"{escape(person.name, most=MOST_NAME - 2)}: " if person is not None and person.address is None else ""


def escape(text: str, *, most: int | None = None) -> str:
    """
    Text without markup; with `most`, cut so that it is no longer than that once it is escaped.
    """
    pieces = [_MARKUP.sub(r"\\\1", character) for character in text]
    if most is not None and sum(map(len, pieces)) > most:
        while sum(map(len, pieces)) > most - 1:
            pieces.pop()
        pieces.append("…")
    return "".join(pieces)


def _fields(facts: tuple[Fact, ...]) -> list[dict[str, Any]]:
    """
    As many facts as an embed may hold.
    """
    fields: list[dict[str, Any]] = []
    left = MOST_EMBED
    for fact in facts[:MOST_FIELDS]:
        name, value = escape(fact.name, most=MOST_NAME), _value(fact)
        left -= len(name) + len(value)
        if left < 0:
            break
        fields.append({"name": name, "value": value, "inline": False})
    return fields


def _value(fact: Fact) -> str:
    if not fact.url:
        return escape(fact.text, most=MOST_VALUE)
    url = fact.url.replace("(", "%28").replace(")", "%29").replace(" ", "%20")
    room = MOST_VALUE - len(url) - 4
    return f"[{escape(fact.text, most=room)}]({url})" if room > 20 else escape(fact.text, most=MOST_VALUE)


def _wait(answer: Answer) -> timedelta | None:
    """
    How long a 429 asks to wait: `retry_after` of its JSON, in seconds with a fraction.
    """
    try:
        seconds = msgspec.json.decode(answer.body, type=dict[str, Any]).get("retry_after")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    usable = isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 <= seconds < 10**9
    return timedelta(seconds=seconds) if usable else None  # type: ignore[arg-type]  # a number, as `usable` says


def _why(answer: Answer) -> str:
    match answer.status:
        case 401 | 403 | 404:
            return f"Discord does not know this webhook, or it was removed ({answer.status})"
        case 429:
            return "Discord asks to wait (429)"
        case 400:
            return "Discord does not accept the form of the message (400)"
    return f"Discord answered {answer.status}"
