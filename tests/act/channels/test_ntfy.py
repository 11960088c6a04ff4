"""
Does a server of ntfy get what it documents, and is each of its answers understood?

The receiver holds each body to the documented fields: https://docs.ntfy.sh/publish/#publish-as-json.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.act.messages import EVIL, a_message
from tests.act.receivers import Receiver, Said
from watchkeeper.act.channels.ntfy.channel import MOST_BYTES, NtfyChannel, payload
from watchkeeper.act.channels.sending import Failed, Sent
from watchkeeper.act.links import Action
from watchkeeper.act.message import Button, Fact, Recipient, Urgency
from watchkeeper.decide.values import Kind
from watchkeeper.outside.http import HttpClient
from watchkeeper.outside.secrets import Secret

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANSWER = "https://watch.example/answer/abc"


class HttpAction(msgspec.Struct, forbid_unknown_fields=True, tag_field="action", tag="http"):
    label: str
    url: str
    method: str = "POST"
    headers: dict[str, str] = {}
    body: str = ""
    clear: bool = False


class ViewAction(msgspec.Struct, forbid_unknown_fields=True, tag_field="action", tag="view"):
    label: str
    url: str
    clear: bool = False


class Published(msgspec.Struct, forbid_unknown_fields=True):
    """
    What may be published as JSON.
    """

    topic: str
    message: str
    title: str = ""
    priority: int = 3
    tags: list[str] = []
    click: str = ""
    actions: list[HttpAction | ViewAction] = []


def send(
    receiver: Receiver, http: HttpClient, path: str = "/shop-pages", token: str = "", **changed: Any
) -> Sent | Failed:
    channel = NtfyChannel(
        Secret(receiver.url(path)), http=http, token=Secret(token) if token else None, allow_private=True
    )
    return channel.send(a_message(**changed), message_id="m", now=NOW)


def got(receiver: Receiver) -> Published:
    return msgspec.json.decode(receiver.got[-1].body, type=Published)


def test_it_is_published_to_the_topic_behind_the_address(receiver, http):
    assert isinstance(send(receiver, http), Sent)

    assert receiver.got[0].path == "/"
    assert got(receiver) == Published(
        topic="shop-pages",
        title=a_message().title,
        message="\n".join(a_message().text.splitlines()[1:]),
        priority=3,
        tags=["rotating_light"],
        click="http://watch.example/runbooks/vendor-429",
    )
    assert "authorization" not in receiver.got[0].headers


def test_a_person_gets_it_on_their_own_topic_and_the_token_lets_us_in(receiver, http):
    ada = Recipient(person="ada", name="Ada", address=Secret("ada-s3cret"))
    assert isinstance(send(receiver, http, path="", token="tk_abc", recipient=ada), Sent)
    assert got(receiver).topic == "ada-s3cret"
    assert receiver.got[0].headers["authorization"] == "Bearer tk_abc"


def test_one_touch_acknowledges_and_anything_else_asks_on_its_page(receiver, http):
    buttons = tuple(
        Button(action=action, label=action.value, pages=(7,), url=ANSWER)
        for action in (Action.ACKNOWLEDGE, Action.SNOOZE, Action.ESCALATE, Action.RESOLVE)
    )
    send(receiver, http, buttons=buttons)
    assert got(receiver).actions == [  # a server takes three
        HttpAction(
            label="acknowledge",
            url=ANSWER,
            method="POST",
            headers={"content-type": "application/json"},
            body="{}",
            clear=True,
        ),
        ViewAction(label="snooze", url=ANSWER),
        ViewAction(label="escalate", url=ANSWER),
    ]


@pytest.mark.parametrize(
    ("urgency", "priority"), [(Urgency.CRITICAL, 5), (Urgency.HIGH, 4), (Urgency.NORMAL, 3), (Urgency.LOW, 2)]
)
def test_what_is_urgent_is_loud(urgency, priority):
    assert payload(a_message(urgency=urgency), "t")["priority"] == priority


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_of_message_can_be_published(kind):
    msgspec.json.decode(msgspec.json.encode(payload(a_message(kind=kind), "t")), type=Published)


@settings(max_examples=50, deadline=None)
@given(
    title=st.text(st.characters(codec="utf-8"), max_size=500), text=st.text(st.characters(codec="utf-8"), max_size=9000)
)
def test_a_message_of_any_size_stays_a_message_and_becomes_no_file(title, text):
    body = payload(a_message(title=title, facts=(Fact(name="n", text=text), Fact(name="m", text=EVIL))), "t")
    assert len(body["message"].encode()) <= MOST_BYTES
    assert len(body["title"]) <= 200


@pytest.mark.parametrize("topic", ["", "a/b", "a b", "x" * 65, "\u00e4", "../v1", "a?b", "a\nb"])
@pytest.mark.parametrize("whose", ["channel", "person"])
def test_what_is_no_topic_is_published_nowhere(receiver, http, topic, whose):
    if whose == "person":
        result = send(receiver, http, recipient=Recipient(person="ada", name="Ada", address=Secret(topic)))
    else:
        result = send(receiver, http, path=f"/{topic.replace(' ', '%20').replace(chr(10), '%0A')}")
    if topic == "a?b" and whose == "channel":
        assert got(receiver).topic == "a"
        return
    assert isinstance(result, Failed)
    assert not result.retryable
    assert "topic" in result.why
    assert receiver.got == []


@pytest.mark.parametrize(
    ("said", "retryable", "wait"),
    [
        (Said(status=400, body=b'{"code":40018,"http":400,"error":"invalid request: actions invalid"}'), False, None),
        (Said(status=401), False, None),
        (Said(status=403, body=b'{"code":40301,"http":403,"error":"forbidden"}'), False, None),
        (Said(status=404), False, None),
        (Said(status=413), False, None),
        (Said(status=429, headers={"retry-after": "30"}), True, timedelta(seconds=30)),
        (Said(status=500), True, None),
        (Said(status=507), True, None),
        (Said(status=302, headers={"location": "http://127.0.0.1/"}), False, None),
    ],
)
def test_only_a_bad_moment_is_tried_again(receiver, http, said, retryable, wait):
    receiver.says(said)
    result = send(receiver, http)
    assert isinstance(result, Failed)
    assert (result.retryable, result.status, result.retry_after) == (retryable, said.status, wait)
    assert f"{said.status}" in result.why
    assert len(receiver.got) == 1
