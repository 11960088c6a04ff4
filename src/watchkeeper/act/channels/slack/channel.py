"""
How does a message reach a channel in Slack?

Through an incoming webhook (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks), as Block Kit
with a text for notifications. What outside input names is text and nothing else: no mention, no link, no entity. Where
the secret is known by which Slack signs what people press, a page has buttons (act/slack_answers.py takes them).

>>> escape("<!channel> & co")
'&lt;!channel&gt; &amp; co'
"""

import re
from datetime import datetime
from typing import Any, Final

import msgspec

from watchkeeper.act.channels.posting import may_be_taken_later, place_for, post, refused
from watchkeeper.act.channels.sending import Failed, Sent
from watchkeeper.act.links import Action
from watchkeeper.act.message_values import Button, Fact, Message
from watchkeeper.outside.http import Answer, HttpClient
from watchkeeper.outside.secrets import Secret

MOST_IN_SECTION: Final = 3000  # characters of a section's text
# What a button may hold: https://docs.slack.dev/reference/block-kit/block-elements/button-element
MOST_LABEL, MOST_VALUE, MOST_URL = 75, 2000, 3000
MEMBER: Final = re.compile(r"[UW][A-Z0-9]{2,30}")  # whom a contact method in this channel may name

#: The answers that Slack documents, as sentences; any other body is not repeated, for it may hold anything.
ERRORS: Final = {
    "invalid_payload": "Slack does not accept the form of the message",
    "invalid_token": "the address is not valid any more",
    "no_service": "the webhook was removed or switched off",
    "no_team": "the workspace does not exist any more",
    "user_not_found": "the person it goes to is not there",
    "channel_not_found": "the channel it goes to is not there",
    "channel_is_archived": "the channel is archived",
    "action_prohibited": "an administrator forbids the webhook",
    "posting_to_general_channel_denied": "the webhook may not post to the general channel",
    "too_many_attachments": "the message has too many attachments",
    "no_text": "the message has no text",
    "team_disabled": "the workspace is switched off",
    "rollup_error": "something broke inside Slack",
    "rate_limited": "Slack asks to wait",
}


class SlackChannel:
    """
    Posts to one incoming webhook. `answers`: what people press comes to us; `unanswered`, in each receipt: why not.
    """

    kind = "slack"
    again_after_unknown = False
    not_ready: str | None = None

    def __init__(
        self,
        address: Secret,
        *,
        http: HttpClient,
        answers: bool = False,
        unanswered: str = "",
        allow_private: bool | None = None,
    ) -> None:
        self._address, self._http, self._allow_private = address, http, allow_private
        self._answers, self._unanswered = answers, unanswered

    def send(self, message: Message, *, message_id: str, now: datetime) -> Sent | Failed:  # noqa: ARG002 Slack takes no id
        """
        One attempt; Slack took it when it answers 200 with the word `ok`.
        """
        place = self._address if member_of(message) else place_for(message, self._address)
        if isinstance(place, Failed):
            return place
        body = msgspec.json.encode(payload(message, answers=self._answers))
        answer = post(self._http, place, body, allow_private=self._allow_private)
        if isinstance(answer, Failed):
            return answer
        if answer.ok and answer.body.strip() == b"ok":
            return Sent(status=answer.status, took_ns=answer.elapsed_ns, detail=self._unanswered)
        retryable = answer.ok or may_be_taken_later(answer.status)
        return refused(answer, why=_why(answer), retryable=retryable, now=now)


def payload(message: Message, *, answers: bool = False) -> dict[str, Any]:
    """
    The body: a section with the title, one with what is known. `verbatim` keeps Slack from making links of names.

    `answers`: what is pressed comes back to us, signed, so that buttons need no link.
    """
    begins = whom(message)
    title = f"{begins}*{escape(message.title)}*"
    lines = "\n".join(_line(fact) for fact in message.facts)
    sections = [title, lines] if lines else [title]
    return {
        "text": begins + escape(message.title),
        "blocks": [*map(section, sections), *_deeds(message.buttons, answers)],
        "unfurl_links": False,
    }


def section(text: str) -> dict[str, Any]:
    """
    A block of text that is escaped already.
    """
    return {"type": "section", "text": {"type": "mrkdwn", "text": _cut(text), "verbatim": True}}


def member_of(message: Message) -> str | None:
    """
    The member of Slack whom a message is for, where their contact method names one.
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
    return f"{escape(person.name)}: " if person is not None and person.address is None else ""


def _deeds(buttons: tuple[Button, ...], answers: bool) -> list[dict[str, Any]]:
    shown = [found for button in buttons if (found := _button(button, answers))]
    return [{"type": "actions", "elements": shown}] if shown else []


def _button(button: Button, answers: bool) -> dict[str, Any] | None:
    """
    A button whose press comes to us, else one that is a link; None where it can be neither.
    """
    found: dict[str, Any] = {
        "type": "button",
        "action_id": button.action.value,
        "text": {"type": "plain_text", "text": button.label[:MOST_LABEL]},
    }
    if button.action is Action.ACKNOWLEDGE:
        found["style"] = "primary"
    value = ",".join(map(str, button.pages))
    if answers and len(value) <= MOST_VALUE:
        return found | {"value": value}
    if button.url is not None and len(button.url) <= MOST_URL:
        return found | {"url": button.url}
    return None


def escape(text: str) -> str:
    """
    Text whose `&`, `<` and `>` are only characters (Slack's three control characters).
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _line(fact: Fact) -> str:
    text = escape(fact.text)
    if fact.url:
        text = f"<{_url(fact.url)}|{text.replace('|', '¦')}>"
    return f"*{escape(fact.name)}:* {text}"


def _url(url: str) -> str:
    return escape(url).replace("|", "%7C")


def _cut(text: str) -> str:
    """
    At most as long as a section may be, cut between lines.
    """
    lines, left = [], MOST_IN_SECTION
    for line in text.split("\n"):
        left -= len(line) + 1
        if left < 0:
            break
        lines.append(line)
    return "\n".join(lines)


def _why(answer: Answer) -> str:
    word = answer.body[:64].decode("ascii", "replace").strip()
    said = ERRORS.get(word)
    if said:
        return f"{said} ({answer.status} {word})"
    if answer.ok:
        return f"the answer is {answer.status} without the word `ok`, so it was not Slack that took it"
    return f"Slack answered {answer.status}"
