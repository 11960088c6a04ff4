"""
How does a message reach a telephone through ntfy?

It is published as JSON (https://docs.ntfy.sh/publish/#publish-as-json) to a topic: the channel's own, or that of the
person. Nothing in it is markup. A button acknowledges with one touch: it posts a link that is theirs alone.

>>> place_of("https://ntfy.example/shop-pages"), place_of("https://ntfy.example")
(('https://ntfy.example/', 'shop-pages'), ('https://ntfy.example/', None))
"""

import re
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from watchkeeper.act.channels.posting import may_be_taken_later, post, refused
from watchkeeper.act.channels.sending import Failed, Sent, lacking
from watchkeeper.act.links import Action
from watchkeeper.act.message_values import Button, Message, Urgency
from watchkeeper.act.plain import plain
from watchkeeper.decide.values import Kind
from watchkeeper.outside.http import HttpClient
from watchkeeper.outside.secrets import Secret

MOST_BYTES: Final = 4000  # of the text; a server keeps 4096 unless it was told otherwise, and makes a file of more
MOST_TITLE: Final = 200
MOST_ACTIONS: Final = 3
TOPIC: Final = re.compile(r"[-_A-Za-z0-9]{1,64}")
#: https://docs.ntfy.sh/publish/#message-priority: 5 is the loudest, 3 the ordinary one.
PRIORITY: Final = {Urgency.CRITICAL: 5, Urgency.HIGH: 4, Urgency.NORMAL: 3, Urgency.LOW: 2}
#: Tags that ntfy shows as a sign (https://docs.ntfy.sh/emojis/).
TAGS: Final = {
    Kind.FIRING: "rotating_light",
    Kind.PAGE: "rotating_light",
    Kind.BUNDLE: "rotating_light",
    Kind.RESOLVED: "white_check_mark",
    Kind.PAGE_OVER: "white_check_mark",
    Kind.UNKNOWN: "grey_question",
    Kind.TEST: "test_tube",
}


class NtfyChannel:
    """
    Publishes on one server, `address`, which may name the topic of the channel's own audience.
    """

    kind = "ntfy"
    again_after_unknown = True  # it pages people
    not_ready: str | None = None

    def __init__(
        self, address: Secret, *, http: HttpClient, token: Secret | None = None, allow_private: bool | None = None
    ) -> None:
        self._address, self._http, self._token, self._allow_private = address, http, token, allow_private

    def send(self, message: Message, *, message_id: str, now: datetime) -> Sent | Failed:  # noqa: ARG002 ntfy takes no id
        """
        One attempt; any 2xx is success.
        """
        if lack := lacking(message):
            return lack
        server, topic = self._place(message)
        if topic is None or not TOPIC.fullmatch(topic):
            return Failed(why=_NO_TOPIC if topic is None else _NOT_A_TOPIC, retryable=False)
        headers = {"authorization": f"Bearer {self._token.reveal()}"} if self._token else None
        body = msgspec.json.encode(payload(message, topic))
        answer = post(self._http, Secret(server), body, headers=headers, allow_private=self._allow_private)
        if isinstance(answer, Failed):
            return answer
        if answer.ok:
            return Sent(status=answer.status, took_ns=answer.elapsed_ns)
        return refused(answer, why=_why(answer.status), retryable=may_be_taken_later(answer.status), now=now)

    def _place(self, message: Message) -> tuple[str, str | None]:
        server, topic = place_of(self._address.reveal())
        person = message.recipient
        if person is None or person.address is None:
            return server, topic
        return server, person.address.reveal()


def place_of(address: str) -> tuple[str, str | None]:
    """
    The address to publish to, and the topic behind it, if one is there.
    """
    url = urlsplit(address)
    return f"{url.scheme}://{url.netloc}/", url.path.strip("/") or None


def payload(message: Message, topic: str) -> dict[str, Any]:
    """
    The body.
    """
    body: dict[str, Any] = {
        "topic": topic,
        "title": plain(message.title, most=MOST_TITLE),
        "message": _cut("\n".join(message.text.split("\n")[1:]) or message.title),
        "priority": PRIORITY[message.urgency],
    }
    if message.kind in TAGS:
        body["tags"] = [TAGS[message.kind]]
    click = next((fact.url for fact in reversed(message.facts) if fact.url), None)
    if click:
        body["click"] = click
    actions = [_action(button) for button in message.buttons if button.url][:MOST_ACTIONS]
    if actions:
        body["actions"] = actions
    return body


def _action(button: Button) -> dict[str, Any]:
    """
    To acknowledge takes one touch; whatever else can be done asks once more, on its page.
    """
    if button.action is not Action.ACKNOWLEDGE:
        return {"action": "view", "label": button.label, "url": button.url}
    return {
        "action": "http",
        "label": button.label,
        "url": button.url,
        "method": "POST",
        "headers": {"content-type": "application/json"},
        "body": "{}",
        "clear": True,
    }


def _cut(text: str) -> str:
    """
    At most as long as a server keeps, cut between lines where that is possible.
    """
    if len(text.encode()) <= MOST_BYTES:
        return text
    head = text.encode()[: MOST_BYTES - 4].decode(errors="ignore")
    return f"{head.rpartition(chr(10))[0] or head}\n…"


_NO_TOPIC: Final = "neither the channel's address nor the contact method names a topic"
_NOT_A_TOPIC: Final = "a topic is 1 to 64 letters, digits, - and _; what is written here is none"


def _why(status: int) -> str:
    match status:
        case 401 | 403:
            return f"the server of ntfy does not let us publish there ({status}); look at the access token"
        case 404:
            return "there is no ntfy at this address (404)"
        case 413:
            return "the server of ntfy finds the message too long (413)"
        case 429:
            return "the server of ntfy asks to wait (429)"
        case 400:
            return "the server of ntfy does not accept the form of the message (400)"
    return f"the server of ntfy answered {status}"
