"""
How does a message reach a channel in Slack?

Through an incoming webhook (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks), as Block Kit
with a text for notifications. What outside input names is text and nothing else: no mention, no link, no entity.

>>> escape("<!channel> & co")
'&lt;!channel&gt; &amp; co'
"""

from datetime import datetime
from typing import Any, Final

import msgspec

from watchkeeper.act.channels.posting import may_be_taken_later, post, refused
from watchkeeper.act.channels.sending import Failed, Sent
from watchkeeper.act.message import Fact, Message
from watchkeeper.outside.http import Answer, HttpClient
from watchkeeper.outside.secrets import Secret

MOST_IN_SECTION: Final = 3000  # characters of a section's text

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
    Posts to one incoming webhook.
    """

    kind = "slack"
    again_after_unknown = False
    not_ready: str | None = None

    def __init__(self, address: Secret, *, http: HttpClient, allow_private: bool | None = None) -> None:
        self._address, self._http, self._allow_private = address, http, allow_private

    def send(self, message: Message, *, message_id: str, now: datetime) -> Sent | Failed:  # noqa: ARG002 Slack takes no id
        """
        One attempt; Slack took it when it answers 200 with the word `ok`.
        """
        answer = post(
            self._http, self._address, msgspec.json.encode(payload(message)), allow_private=self._allow_private
        )
        if isinstance(answer, Failed):
            return answer
        if answer.ok and answer.body.strip() == b"ok":
            return Sent(status=answer.status, took_ns=answer.elapsed_ns)
        retryable = answer.ok or may_be_taken_later(answer.status)
        return refused(answer, why=_why(answer), retryable=retryable, now=now)


def payload(message: Message) -> dict[str, Any]:
    """
    The body: a section with the title, one with what is known. `verbatim` keeps Slack from making links of names.
    """
    title = f"*{escape(message.title)}*"
    lines = "\n".join(_line(fact) for fact in message.facts)
    sections = [title, lines] if lines else [title]
    return {
        "text": escape(message.title),
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": _cut(text), "verbatim": True}} for text in sections
        ],
        "unfurl_links": False,
    }


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
