"""
Does each channel reach the person whom a message is for, at the address that is theirs, and nobody else?
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.act.messages import a_message
from tests.act.receivers import Receiver, Said, receiving
from watchkeeper.act.channels.choosing import channels_of
from watchkeeper.act.channels.discord.channel import payload as for_discord
from watchkeeper.act.channels.sending import Channel, Failed, Sent
from watchkeeper.act.channels.slack.channel import payload as for_slack
from watchkeeper.act.channels.webhook.channel import payload as for_webhook
from watchkeeper.act.links import Action
from watchkeeper.act.message import Button, Recipient
from watchkeeper.decide.values import Kind
from watchkeeper.manual.model.manual import Manual
from watchkeeper.outside.secrets import Secret

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WEB = ("webhook", "slack", "discord")
OK = Said(status=200, body=b"ok")
ANSWER = "https://watch.example/answer/abc"


def ada(address: str | None = None, **more: Any) -> Recipient:
    return Recipient(
        person="ada", name="Ada <!here> @everyone", address=Secret(address) if address is not None else None, **more
    )


def a_channel(kind: str, receiver: Receiver, http: Any, allow_private: bool = True) -> Channel:
    manual = Manual.model_validate(
        {"watchkeeper": 1, "manual": "S", "channels": {"c": {"kind": kind, "address_env": "C"}}}
    )
    return channels_of(manual, {"C": receiver.url("/shared")}, http, allow_private)["c"]


@pytest.mark.parametrize("kind", WEB)
def test_an_address_of_their_own_is_where_it_goes(receiver, http, kind):
    with receiving() as own:
        own.says(OK)
        result = a_channel(kind, receiver, http).send(
            a_message(recipient=ada(own.url("/ada"))), message_id="m", now=NOW
        )
        assert isinstance(result, Sent)
        assert [got.path for got in own.got] == ["/ada"]
    assert receiver.got == []


@pytest.mark.parametrize("kind", WEB)
@pytest.mark.parametrize(
    "address",
    ["s3cret", "ftp://s3cret.example", "http://", "javascript:s3cret", "#team", "\x00", "http://s3cret.example:99999"],
)
def test_what_is_no_address_sends_nothing_anywhere_and_repeats_nothing(receiver, http, kind, address):
    result = a_channel(kind, receiver, http).send(a_message(recipient=ada(address)), message_id="m", now=NOW)
    assert isinstance(result, Failed)
    assert not result.retryable
    assert "s3cret" not in repr(result)
    assert receiver.got == []


@pytest.mark.parametrize("kind", WEB)
@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "10.0.0.1",
        "169.254.169.254",
        "192.168.0.1",
        "0.0.0.0",  # noqa: S104 (nothing is bound to it)
        "[::ffff:7f00:1]",
        "2130706433",
    ],
)
def test_an_address_of_a_person_reaches_no_private_place(receiver, http, kind, host):
    address = f"http://{host}:{receiver.port}/"
    result = a_channel(kind, receiver, http, allow_private=False).send(
        a_message(recipient=ada(address)), message_id="m", now=NOW
    )
    assert isinstance(result, Failed)
    assert not result.retryable
    assert "--allow-private" in result.why
    assert receiver.got == []


def test_a_redirect_leads_no_message_anywhere(receiver, http):
    with receiving() as inner:
        receiver.says(Said(status=307, headers={"location": inner.url("/inner")}))
        for kind in WEB:
            a_channel(kind, receiver, http).send(a_message(), message_id="m", now=NOW)
        assert inner.got == []


@pytest.mark.parametrize("kind", [*WEB, "ntfy"])
def test_an_address_that_is_missing_just_now_is_tried_again(receiver, http, kind):
    result = a_channel(kind, receiver, http).send(
        a_message(recipient=ada(lacks="TOPIC is not set")), message_id="m", now=NOW
    )
    assert result == Failed(why="TOPIC is not set", retryable=True, of_recipient=True)
    assert receiver.got == []


def test_a_member_of_the_chat_is_mentioned_and_nobody_else(receiver, http):
    receiver.says(OK)
    for kind, member in (("slack", "U024BE7LH"), ("discord", "80351110224678912")):
        a_channel(kind, receiver, http).send(a_message(recipient=ada(member)), message_id="m", now=NOW)
    slack, discord = (got.json for got in receiver.got)
    assert slack["text"].startswith("<@U024BE7LH> P2")
    assert slack["blocks"][0]["text"]["text"].startswith("<@U024BE7LH> *P2")
    assert discord["content"].startswith("<@80351110224678912> P2")
    assert discord["allowed_mentions"] == {"parse": [], "users": ["80351110224678912"]}


def test_whose_turn_it_is_is_said_where_others_read_along():
    assert for_slack(a_message(recipient=ada()))["text"].startswith("Ada &lt;!here&gt; @everyone: P2")
    assert for_discord(a_message(recipient=ada()))["content"].startswith(
        r"Ada \<\!here\> \@everyone: P2".replace(r"\!", "!")
    )
    assert for_discord(a_message(recipient=ada()))["allowed_mentions"] == {"parse": []}
    assert for_slack(a_message(recipient=ada("https://own.example")))["text"].startswith("P2")


def buttons(url: str | None, *pages: int) -> tuple[Button, ...]:
    return tuple(
        Button(action=action, label=action.value.title(), pages=pages, url=url)
        for action in (Action.ACKNOWLEDGE, Action.SNOOZE)
    )


def test_slack_shows_buttons_that_come_back_to_us_where_their_answers_are_signed():
    blocks = for_slack(a_message(buttons=buttons(None, 7, 8)), answers=True)["blocks"]
    assert blocks[-1] == {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": "acknowledge",
                "text": {"type": "plain_text", "text": "Acknowledge"},
                "style": "primary",
                "value": "7,8",
            },
            {
                "type": "button",
                "action_id": "snooze",
                "text": {"type": "plain_text", "text": "Snooze"},
                "value": "7,8",
            },
        ],
    }
    assert [block["type"] for block in for_slack(a_message(buttons=buttons(None, 7)))["blocks"]] == [
        "section",
        "section",
    ]
    linked = for_slack(a_message(buttons=buttons(ANSWER, 7)))["blocks"][-1]["elements"]
    assert [one["url"] for one in linked] == [ANSWER, ANSWER]
    assert all("value" not in one for one in linked)


def test_discord_shows_links_where_they_are_the_persons_own():
    fields = for_discord(a_message(buttons=buttons(ANSWER, 7)))["embeds"][0]["fields"]
    assert fields[0] == {"name": "Acknowledge", "value": f"[acknowledge]({ANSWER})", "inline": False}
    assert len(for_discord(a_message(buttons=buttons(None, 7)))["embeds"][0]["fields"]) == 2


def test_a_webhook_says_whom_it_is_for_and_what_they_can_do_but_not_their_address():
    body = for_webhook(
        a_message(
            kind=Kind.PAGE,
            recipient=ada("https://own.example/s3cret"),
            buttons=buttons(ANSWER, 7),
            thread="incident/1",
            data={"recipient": "x", "page": 7},
        )
    )
    assert body["type"] == "page"
    assert body["data"]["recipient"] == {"person": "ada", "name": "Ada <!here> @everyone"}
    assert body["data"]["buttons"][0] == {"action": "acknowledge", "label": "Acknowledge", "pages": (7,), "url": ANSWER}
    assert (body["data"]["thread"], body["data"]["urgency"], body["data"]["page"]) == ("incident/1", "normal", 7)
    assert "s3cret" not in repr(body)
