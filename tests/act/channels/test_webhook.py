"""
Does a webhook get what the standard says, and is each of its answers understood?
"""

from __future__ import annotations

import base64
import hashlib
import threading
from datetime import UTC, datetime, timedelta

import pytest

from tests.act.messages import EVIL, a_message
from tests.act.receivers import Receiver, Said
from watchkeeper.act.channels import posting
from watchkeeper.act.channels.sending import Failed, Sent
from watchkeeper.act.channels.webhook.channel import WebhookChannel, key_of
from watchkeeper.outside.http import HttpClient
from watchkeeper.outside.secrets import Secret

NOW = datetime(2026, 3, 1, 12, 0, 7, 900_000, tzinfo=UTC)
KEY = bytes(range(32))
SECRET = Secret("whsec_" + base64.b64encode(KEY).decode())


def send(receiver: Receiver, http: HttpClient, secret: Secret | None = SECRET, **more: str) -> Sent | Failed:
    channel = WebhookChannel(Secret(receiver.url()), http=http, secret=secret, allow_private=True, **more)
    return channel.send(a_message(), message_id="msg_1", now=NOW)


def hmac_by_hand(key: bytes, signed: bytes) -> bytes:
    """
    HMAC-SHA256 from its definition (RFC 2104), so that the test does not trust the code's own library call.
    """
    key = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in key) + signed).digest()
    return hashlib.sha256(bytes(b ^ 0x5C for b in key) + inner).digest()


def test_the_signature_is_the_hmac_over_id_time_and_the_body_as_it_arrived(receiver, http):
    assert isinstance(send(receiver, http), Sent)

    (got,) = receiver.got
    assert got.headers["webhook-id"] == "msg_1"
    assert got.headers["webhook-timestamp"] == "1772366407"
    expected = base64.b64encode(hmac_by_hand(KEY, b"msg_1.1772366407." + got.body)).decode()
    assert got.headers["webhook-signature"] == f"v1,{expected}"
    assert got.headers["content-type"] == "application/json"


def test_the_body_has_type_timestamp_data_and_a_text_for_people(receiver, http):
    send(receiver, http)

    body = receiver.got[0].json
    assert (body["type"], body["timestamp"]) == ("alert.firing", "2026-03-01T12:00:00Z")
    assert body["text"] == a_message().text
    assert body["data"]["rule"] == "parse-success"
    assert body["data"]["facts"][1]["url"] == "http://watch.example/runbooks/vendor-429"


def test_without_a_key_it_is_unsigned_and_the_receipt_says_so(receiver, http):
    result = send(receiver, http, secret=None, unsigned="not signed: X is not set")
    assert result == Sent(status=204, took_ns=result.took_ns, detail="not signed: X is not set")
    assert "webhook-signature" not in receiver.got[0].headers


def test_names_from_outside_stay_text_in_json(receiver, http):
    channel = WebhookChannel(Secret(receiver.url()), http=http, allow_private=True)
    channel.send(a_message(title=f'{EVIL}","type":"x'), message_id="m", now=NOW)
    body = receiver.got[0].json
    assert body["type"] == "alert.firing"
    assert body["data"]["title"] == f'{EVIL}","type":"x'


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_delivered(receiver, http, status):
    receiver.says(status)
    assert isinstance(send(receiver, http), Sent)


@pytest.mark.parametrize(
    ("status", "retryable"),
    [
        (410, False),
        (301, True),
        (302, True),
        (400, True),
        (401, True),
        (404, True),
        (429, True),
        (500, True),
        (503, True),
    ],
)
def test_only_gone_is_final(receiver, http, status, retryable):
    receiver.says(status)
    result = send(receiver, http)
    assert isinstance(result, Failed)
    assert (result.status, result.retryable) == (status, retryable)


def test_a_redirect_is_not_followed(receiver, http):
    receiver.says(Said(status=302, headers={"location": receiver.url("/elsewhere")}))
    result = send(receiver, http)
    assert isinstance(result, Failed)
    assert "redirects are not followed" in result.why
    assert [got.path for got in receiver.got] == ["/hook"]


@pytest.mark.parametrize("status", [429, 503])
def test_the_receiver_says_how_long_to_wait(receiver, http, status):
    receiver.says(Said(status=status, headers={"retry-after": "77"}))
    result = send(receiver, http)
    assert isinstance(result, Failed)
    assert result.retry_after == timedelta(seconds=77)


def test_no_answer_in_time_is_tried_again(receiver, http, monkeypatch):
    monkeypatch.setattr(posting, "TIMEOUT", timedelta(milliseconds=150))
    never = threading.Event()
    receiver.says(Said(until=never))
    result = send(receiver, http)
    never.set()
    assert isinstance(result, Failed)
    assert (result.retryable, result.status) == (True, None)


def test_nobody_there_is_tried_again(http):
    result = WebhookChannel(Secret("http://127.0.0.1:1/x"), http=http, allow_private=True).send(
        a_message(), message_id="m", now=NOW
    )
    assert isinstance(result, Failed)
    assert result.retryable


def test_a_private_address_is_refused_unless_it_is_allowed(receiver, http):
    result = WebhookChannel(Secret(receiver.url()), http=http).send(a_message(), message_id="m", now=NOW)
    assert isinstance(result, Failed)
    assert receiver.got == []


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        ("whsec_" + base64.b64encode(KEY).decode(), KEY),
        ("whsec_" + base64.b64encode(b"x" * 24).decode(), b"x" * 24),
        ("whsec_" + base64.b64encode(b"x" * 23).decode(), None),
        ("whsec_" + base64.b64encode(b"x" * 65).decode(), None),
        (base64.b64encode(KEY).decode(), None),
        ("whsec_not base64!", None),
        ("whsec_ä", None),
        ("", None),
    ],
)
def test_a_signing_secret_has_the_form_of_the_standard(secret, key):
    assert key_of(Secret(secret)) == key
