"""
Does PagerDuty get the events that its API documents, under one key from the beginning to the end of a thing?

The receiver holds each body to the documented fields and lengths: developer.pagerduty.com, Events API v2, "Send an
alert event".
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
import pytest

from tests.act.messages import EVIL, a_message
from tests.act.receivers import Receiver, Said
from watchkeeper.act.channels.pagerduty.channel import ENQUEUE, NoKey, PagerDutyChannel, key_of, payload
from watchkeeper.act.channels.sending import Failed, Sent
from watchkeeper.act.message import Fact, Recipient, Urgency
from watchkeeper.decide.values import Kind
from watchkeeper.outside.http import HttpClient
from watchkeeper.outside.secrets import Secret

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY, ADAS = "0123456789abcdef0123456789ABCDEF", "a" * 32
OK = Said(status=202, body=b'{"status":"success","message":"Event processed","dedup_key":"x"}')

Text = Annotated[str, msgspec.Meta(min_length=1)]


class Link(msgspec.Struct, forbid_unknown_fields=True):
    href: Text
    text: str = ""


class Payload(msgspec.Struct, forbid_unknown_fields=True):
    summary: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
    source: Text
    severity: Literal["critical", "error", "warning", "info"]
    timestamp: datetime
    component: str = ""
    group: str = ""
    class_: str = msgspec.field(name="class", default="")
    custom_details: dict[str, Any] = {}


class Trigger(msgspec.Struct, forbid_unknown_fields=True, tag_field="event_action", tag="trigger"):
    routing_key: Annotated[str, msgspec.Meta(min_length=32, max_length=32)]
    dedup_key: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    payload: Payload
    client: str = ""
    client_url: str = ""
    links: list[Link] = []


class Acknowledge(msgspec.Struct, forbid_unknown_fields=True, tag_field="event_action", tag="acknowledge"):
    routing_key: str
    dedup_key: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class Resolve(msgspec.Struct, forbid_unknown_fields=True, tag_field="event_action", tag="resolve"):
    routing_key: str
    dedup_key: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


Event = Trigger | Acknowledge | Resolve


def send(receiver: Receiver, http: HttpClient, address: str | None = None, **changed: Any) -> Sent | Failed:
    place = f"http://{KEY}@127.0.0.1:{receiver.port}/v2/enqueue" if address is None else address
    channel = PagerDutyChannel(Secret(place) if place else None, http=http, watch="Shop", allow_private=True)
    return channel.send(a_message(**changed), message_id="m1", now=NOW)


def events(receiver: Receiver) -> list[Event]:
    return [msgspec.json.decode(got.body, type=Event) for got in receiver.got]


def test_a_page_is_triggered_acknowledged_and_resolved_under_one_key(receiver, http):
    receiver.says(OK)
    page = {"subject": "page/7", "severity": "P1", "urgency": Urgency.CRITICAL, "thread": "incident/12"}
    for kind, reason in (
        (Kind.PAGE, "paged"),
        (Kind.PAGE, "escalated"),
        (Kind.PAGE_OVER, "acknowledged"),
        (Kind.PAGE_OVER, "alerts-over"),
    ):
        assert isinstance(
            send(
                receiver, http, kind=kind, data={"reason": reason, "service": "parser", "rule": "parse-success"}, **page
            ),
            Sent,
        )

    first, again, acknowledged, resolved = events(receiver)
    assert isinstance(first, Trigger)
    assert isinstance(again, Trigger)
    assert isinstance(acknowledged, Acknowledge)
    assert isinstance(resolved, Resolve)
    assert {one.dedup_key for one in (first, again, acknowledged, resolved)} == {"watchkeeper/Shop/page/7"}
    assert {one.routing_key for one in (first, again, acknowledged, resolved)} == {KEY}
    assert first.payload.summary == a_message().title
    assert (first.payload.severity, first.payload.source) == ("critical", "parser")
    assert (first.payload.component, first.payload.group, first.payload.class_) == (
        "parse-success",
        "incident/12",
        "page",
    )
    assert first.payload.timestamp == NOW
    assert first.payload.custom_details["Numbers"] == a_message().facts[0].text
    assert first.links == [
        Link(href="http://watch.example/runbooks/vendor-429", text="Runbook: A platform answers 429")
    ]
    assert {got.path for got in receiver.got} == {"/v2/enqueue"}
    assert all(got.headers["content-type"] == "application/json" for got in receiver.got)
    assert not any("authorization" in got.headers for got in receiver.got)


@pytest.mark.parametrize(
    ("kind", "data", "action"),
    [
        (Kind.FIRING, {}, "trigger"),
        (Kind.UNKNOWN, {}, "trigger"),
        (Kind.EVENT, {}, "trigger"),
        (Kind.DIGEST, {}, "trigger"),
        (Kind.TEST, {}, "trigger"),
        (Kind.BUNDLE, {}, "trigger"),
        (Kind.RESOLVED, {}, "resolve"),
        (Kind.WITHDRAWN, {}, "resolve"),
        (Kind.PAGE_OVER, {"reason": "withdrawn"}, "resolve"),
        (Kind.PAGE_OVER, {"reason": "by-a-person"}, "resolve"),
        (Kind.PAGE_OVER, {"reason": "exhausted"}, "trigger"),
        (Kind.PAGE_OVER, {"reason": "snoozed"}, None),
        (Kind.INCIDENT, {"event": "stage"}, "trigger"),
        (Kind.INCIDENT, {"event": "closed"}, "resolve"),
        (Kind.HAND_OFF, {}, None),
    ],
)
def test_every_kind_of_message_is_an_event_or_none(receiver, http, kind, data, action):
    receiver.says(OK)
    result = send(receiver, http, kind=kind, data=data)
    assert isinstance(result, Sent)
    assert [got.json["event_action"] for got in receiver.got] == ([action] if action else [])
    assert events(receiver) is not None
    assert bool(result.detail) is (action is None)


def test_what_happens_once_has_a_key_of_its_own_and_each_attempt_the_same():
    keys = [
        (payload(a_message(kind=kind), watch="Shop", message_id=message_id) or {})["dedup_key"]
        for kind, message_id in (
            (Kind.EVENT, "m1"),
            (Kind.EVENT, "m1"),
            (Kind.EVENT, "m2"),
            (Kind.FIRING, "m1"),
            (Kind.FIRING, "m2"),
        )
    ]
    assert keys[0] == keys[1] != keys[2]
    assert keys[3] == keys[4]


@pytest.mark.parametrize("subject", ["x" * 400, "a\nb", EVIL * 9, "\u0000"])
def test_any_subject_makes_a_key_that_fits_and_is_the_same_each_time(receiver, http, subject):
    receiver.says(OK)
    long = {"title": subject * 3, "facts": (Fact(name=subject, text=subject),), "thread": subject}
    for kind in (Kind.FIRING, Kind.RESOLVED):
        assert isinstance(send(receiver, http, kind=kind, subject=subject, data={"rule": subject}, **long), Sent)
    first, last = events(receiver)
    assert first.dedup_key == last.dedup_key


def test_a_person_may_have_a_key_of_their_own(receiver, http):
    receiver.says(OK)
    adas = Secret(f"http://{ADAS}@127.0.0.1:{receiver.port}/v2/enqueue")
    send(receiver, http, recipient=Recipient(person="ada", name="Ada", address=adas))
    assert events(receiver)[0].routing_key == ADAS
    nobody = send(receiver, http, address="")
    assert nobody == Failed(why="neither the channel nor the contact method has an integration key", retryable=False)


@pytest.mark.parametrize(
    ("said", "retryable"),
    [
        (
            Said(status=400, body=b'{"status":"invalid event","message":"Event object is invalid","errors":["..."]}'),
            False,
        ),
        (Said(status=403), False),
        (Said(status=404), False),
        (Said(status=200), True),  # not PagerDuty's answer, so nobody knows
        (Said(status=429, headers={"retry-after": "60"}), True),
        (Said(status=500), True),
        (Said(status=503), True),
    ],
)
def test_only_what_the_documents_say_is_tried_again(receiver, http, said, retryable):
    receiver.says(said)
    result = send(receiver, http)
    assert isinstance(result, Failed)
    assert (result.retryable, result.status) == (retryable, said.status)
    assert result.retry_after == (timedelta(seconds=60) if said.headers else None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s3cret",
        "https://events.pagerduty.com",
        f"ftp://{KEY}@h",
        f"https://{KEY}x@h",
        "https://[s3cret",
        f"http://{KEY}@h:x",
    ],
)
def test_what_is_no_key_is_said_without_a_word_of_it(text):
    with pytest.raises(NoKey) as raised:
        key_of(Secret(text))
    assert "s3cret" not in str(raised.value)
    assert KEY not in str(raised.value)


def test_a_key_alone_goes_to_the_documented_address():
    assert key_of(Secret(KEY)) == (ENQUEUE, Secret(KEY))
