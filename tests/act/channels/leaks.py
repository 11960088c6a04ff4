"""
The check that every channel's tests call: does it give away its address or its secret?
"""

from __future__ import annotations

import base64
import logging
from datetime import UTC, datetime
from pathlib import Path
from pprint import pformat

import structlog

from tests.act.messages import a_message
from tests.act.receivers import Receiver, Said
from watchkeeper.act.channels.choosing import channels_of, not_ready
from watchkeeper.act.message import Recipient
from watchkeeper.manual.model.manual import Manual
from watchkeeper.outside.http import HttpClient
from watchkeeper.outside.secrets import Secret

TOKEN = "T0KEN4c0ffee"
KEY = base64.b64encode(TOKEN.encode() * 3).decode()
ANSWERS = (
    Said(status=200, body=b"ok"),
    *(Said(status=status, echo=True) for status in (200, 302, 400, 404, 410, 429, 500)),
)


#: The keys of a channel's entry, and its address at a receiver, for each kind whose secrets lie elsewhere.
ENTRIES: dict[str, dict[str, str]] = {
    "ntfy": {"token_env": "KEY"},
    "slack": {"signing_env": "KEY"},
    "email": {"from": "watch@shop.example", "to": "team@shop.example"},
}
ADDRESSES = {
    "ntfy": f"http://127.0.0.1:{{port}}/{TOKEN}",
    "pagerduty": f"http://{TOKEN * 2}abcdefgh@127.0.0.1:{{port}}/v2/enqueue",
    "email": f"smtp://{TOKEN}:{KEY}@127.0.0.1:1",  # test_leaks.py has a server for it
}
USUAL = f"http://127.0.0.1:{{port}}/{TOKEN}?token={TOKEN}"
DEAD = {"email": f"smtps://{TOKEN}:{TOKEN}@127.0.0.1:1", "pagerduty": f"http://{TOKEN * 2}abcdefgh@127.0.0.1:1/{TOKEN}"}


def leaks_no_secret(kind: str, receiver: Receiver, http: HttpClient, caplog, tmp_path: Path) -> None:
    """
    Whatever the other side answers (it repeats all that it got), nothing that can be seen holds the address or the key.
    """
    entry = {"kind": kind, "address_env": "HOOK", "secret_env": "KEY"} | ENTRIES.get(kind, {})
    manual = Manual.model_validate({"watchkeeper": 1, "manual": "Shop", "channels": {"team": entry}})
    address = ADDRESSES.get(kind, USUAL).format(port=receiver.port)
    environ = {"HOOK": address, "KEY": f"whsec_{KEY}"}
    (tmp_path / "hook").write_text(address)
    filed = {"HOOK_FILE": str(tmp_path / "hook"), "KEY": f"whsec_{KEY}"}
    dead = {**environ, "HOOK": DEAD.get(kind, f"http://{TOKEN}:{TOKEN}@127.0.0.1:1/{TOKEN}")}
    bad = {"HOOK": f"{TOKEN}://{TOKEN}", "KEY": TOKEN}
    both = {**environ, "HOOK_FILE": str(tmp_path / "hook")}
    seen: list[object] = []
    with structlog.testing.capture_logs() as logs, caplog.at_level(logging.DEBUG):
        for where, allowed in (
            (environ, True),
            (filed, True),
            (environ, False),
            (dead, True),
            (bad, True),
            (both, True),
        ):
            channels = channels_of(manual, where, http, allow_private=allowed)
            for said in ANSWERS if where in (environ, filed) and allowed else ANSWERS[:1]:
                receiver.says(said)
                for recipient in (
                    None,
                    Recipient(person="ada", name="Ada", address=Secret(where.get("HOOK", address))),
                ):
                    message = a_message(recipient=recipient)
                    result = channels["team"].send(message, message_id="m", now=datetime(2026, 3, 1, tzinfo=UTC))
                    seen += [result, result.receipt(at_ns=1), message]
            seen += [
                channels,
                getattr(channels["team"], "__dict__", None),
                not_ready(channels),
            ]
    shown = pformat([seen, logs]) + caplog.text
    if kind != "email":  # a mail server hears nothing of it before TLS
        assert TOKEN in repr(receiver.got[0])  # the check would see it
    assert TOKEN not in shown
    assert KEY not in shown
