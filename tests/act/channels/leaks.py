"""
The check that every channel's tests call: does it give away its address or its secret?
"""

from __future__ import annotations

import base64
import logging
from datetime import UTC, datetime
from pprint import pformat

import structlog

from tests.act.messages import a_message
from tests.act.receivers import Receiver, Said
from watchkeeper.act.channels.choosing import channels_of, not_ready
from watchkeeper.manual.model.manual import Manual
from watchkeeper.outside.http import HttpClient

TOKEN = "T0KEN4c0ffee"
KEY = base64.b64encode(TOKEN.encode() * 3).decode()
ANSWERS = (
    Said(status=200, body=b"ok"),
    *(Said(status=status, echo=True) for status in (200, 302, 400, 404, 410, 429, 500)),
)


def leaks_no_secret(kind: str, receiver: Receiver, http: HttpClient, caplog) -> None:
    """
    Whatever the other side answers (it repeats all that it got), nothing that can be seen holds the address or the key.
    """
    entry = {"kind": kind, "address_env": "HOOK", "secret_env": "KEY"}
    manual = Manual.model_validate({"watchkeeper": 1, "manual": "Shop", "channels": {"team": entry}})
    environ = {"HOOK": receiver.url(f"/{TOKEN}?token={TOKEN}"), "KEY": f"whsec_{KEY}"}
    dead = {**environ, "HOOK": f"http://{TOKEN}:{TOKEN}@127.0.0.1:1/{TOKEN}"}
    seen: list[object] = []
    with structlog.testing.capture_logs() as logs, caplog.at_level(logging.DEBUG):
        for where, allowed in ((environ, True), (environ, False), (dead, True)):
            channels = channels_of(manual, where, http, allow_private=allowed)
            for said in ANSWERS if where is environ and allowed else ANSWERS[:1]:
                receiver.says(said)
                result = channels["team"].send(a_message(), message_id="m", now=datetime(2026, 3, 1, tzinfo=UTC))
                seen += [result, result.receipt(at_ns=1)]
            seen += [
                channels,
                vars(channels["team"]),
                not_ready(channels),
            ]
    shown = pformat([seen, logs]) + caplog.text
    assert TOKEN in receiver.got[0].path  # the check would see it
    assert TOKEN not in shown
    assert KEY not in shown
