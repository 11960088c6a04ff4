"""
Are the channels of a manual ready, and if not, does each say what to set, without stopping the others?
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.act.messages import a_message
from watchkeeper.act.channels.choosing import channels_of, not_ready
from watchkeeper.act.channels.sending import Failed
from watchkeeper.manual.model.manual import Manual
from watchkeeper.outside.http import HttpClient

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
HOOK = {"kind": "webhook", "address_env": "HOOK", "secret_env": "KEY"}


def a_manual(**channels: dict[str, Any]) -> Manual:
    return Manual.model_validate({"watchkeeper": 1, "manual": "Shop", "channels": channels})


@pytest.mark.parametrize("kind", ["webhook", "slack", "discord"])
def test_a_channel_with_an_address_is_ready(http: HttpClient, kind: str):
    channels = channels_of(
        a_manual(team={"kind": kind, "address_env": "HOOK"}), {"HOOK": " https://chat.example/x\n"}, http
    )
    assert channels["team"].kind == kind
    assert not_ready(channels) == {}


@pytest.mark.parametrize(
    ("entry", "environ", "says"),
    [
        (HOOK, {}, "HOOK is not set"),
        (HOOK, {"HOOK": "  "}, "HOOK is not set"),
        (HOOK, {"HOOK": "hooks.chat.example/s3cret"}, "HOOK holds no address; it must begin with http"),
        (HOOK, {"HOOK": "s3cret:tok"}, "HOOK holds no address"),
        (HOOK, {"HOOK": "ftp://s3cret.example"}, "HOOK holds no address"),
        (HOOK, {"HOOK": "https://chat.example", "KEY": "s3cret"}, "KEY is no signing secret; it must be `whsec_`"),
        ({"kind": "webhook"}, {}, "names no `address_env`"),
        ({"kind": "pager", "address_env": "HOOK"}, {"HOOK": "https://x.example"}, "`pager` is declared, not yet live"),
    ],
)
def test_what_is_missing_is_named_and_each_send_fails_visibly(http, entry, environ, says):
    channels = channels_of(
        a_manual(team=entry, other={"kind": "slack", "address_env": "OTHER"}),
        {**environ, "OTHER": "https://chat.example/y"},
        http,
    )
    why = not_ready(channels)["team"]
    assert says in why
    assert why.startswith("channel team: ")
    assert "s3cret" not in why
    result = channels["team"].send(a_message(), message_id="m", now=datetime(2026, 3, 1, tzinfo=UTC))
    assert result == Failed(why=why, retryable=True)
    assert set(not_ready(channels)) == {"team"}


def test_a_planned_channel_is_none(http):
    assert channels_of(a_manual(mail={"kind": "email", "planned": "true"}), {}, http) == {}


@pytest.mark.parametrize(
    ("entry", "environ", "signed"),
    [
        (HOOK, {"KEY": SECRET}, ""),
        (HOOK, {}, "not signed: KEY is not set"),
        ({"kind": "webhook", "address_env": "HOOK"}, {}, "not signed: the manual names no `secret_env`"),
    ],
)
def test_each_receipt_of_a_webhook_says_why_it_is_not_signed(receiver, http, entry, environ, signed):
    channels = channels_of(a_manual(team=entry), {**environ, "HOOK": receiver.url()}, http, allow_private=True)
    result = channels["team"].send(a_message(), message_id="m", now=datetime(2026, 3, 1, tzinfo=UTC))
    assert result.receipt(at_ns=1)["detail"] == signed
    assert ("webhook-signature" in receiver.got[0].headers) is (signed == "")
