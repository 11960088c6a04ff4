"""
How does a message reach any program that listens on an address?

As JSON, signed as Standard Webhooks says (https://www.standardwebhooks.com): HMAC-SHA256 over id, time and body.

>>> sign(b"a key of at least 24 bytes", message_id="msg_1", seconds=1772323200, body=b"{}")[:12]
'v1,c2Gb3sieU'
"""

import base64
import binascii
import hmac
from datetime import datetime
from typing import Any, Final

import msgspec

from watchkeeper.act.channels.posting import place_for, post, refused
from watchkeeper.act.channels.sending import Failed, Sent
from watchkeeper.act.message_values import Message
from watchkeeper.decide.values import Kind
from watchkeeper.outside.clock import instant
from watchkeeper.outside.http import HttpClient
from watchkeeper.outside.secrets import Secret

PREFIX: Final = "whsec_"
KEY_BYTES: Final = range(24, 65)
GONE: Final = 410
#: What an alert says of itself; other messages are named by their kind alone: `page`, `incident`.
_OF_ALERTS: Final = frozenset({Kind.FIRING, Kind.RESOLVED, Kind.UNKNOWN, Kind.EVENT, Kind.WITHDRAWN, Kind.DIGEST})


class WebhookChannel:
    """
    Posts to one address; unsigned when there is no `secret` (`key_of` reads it), as `unsigned` says in each receipt.
    """

    kind = "webhook"
    again_after_unknown = True  # the id stays the same, so a receiver that remembers ids takes it once
    not_ready: str | None = None

    def __init__(
        self,
        address: Secret,
        *,
        http: HttpClient,
        secret: Secret | None = None,
        unsigned: str = "",
        allow_private: bool | None = None,
    ) -> None:
        self._address, self._http, self._allow_private = address, http, allow_private
        self._secret, self._unsigned = secret, unsigned

    def send(self, message: Message, *, message_id: str, now: datetime) -> Sent | Failed:
        """
        One attempt. Only 2xx is success and only 410 is final: anything else may be a bad moment of the receiver.
        """
        place = place_for(message, self._address)
        if isinstance(place, Failed):
            return place
        body = msgspec.json.encode(payload(message))
        answer = post(
            self._http,
            place,
            body,
            headers=self._headers(message_id, int(now.timestamp()), body),
            allow_private=self._allow_private,
        )
        if isinstance(answer, Failed):
            return answer
        if answer.ok:
            return Sent(status=answer.status, took_ns=answer.elapsed_ns, detail=self._unsigned)
        return refused(answer, why=_why(answer.status), retryable=answer.status != GONE, now=now)

    def _headers(self, message_id: str, seconds: int, body: bytes) -> dict[str, str]:
        headers = {"webhook-id": message_id, "webhook-timestamp": str(seconds)}
        key = key_of(self._secret) if self._secret else None
        if key is not None:
            headers["webhook-signature"] = sign(key, message_id=message_id, seconds=seconds, body=body)
        return headers


def payload(message: Message) -> dict[str, Any]:
    """
    The body: `type`, `timestamp` and `data` as the standard wants them, and `text` for receivers that only show text.
    """
    person = message.recipient
    return {
        "type": f"alert.{message.kind.value}" if message.kind in _OF_ALERTS else message.kind.value,
        "timestamp": instant(message.at_ns).isoformat().replace("+00:00", "Z"),
        "text": message.text,
        "data": {
            **message.data,
            "subject": message.subject,
            "title": message.title,
            "severity": message.severity,
            "urgency": message.urgency.value,
            "thread": message.thread,
            "recipient": {"person": person.person, "name": person.name} if person else None,
            "buttons": [
                {"action": button.action.value, "label": button.label, "pages": button.pages, "url": button.url}
                for button in message.buttons
            ],
            "facts": [
                {"name": fact.name, "text": fact.text} | ({"url": fact.url} if fact.url else {})
                for fact in message.facts
            ],
        },
    }


def sign(key: bytes, *, message_id: str, seconds: int, body: bytes) -> str:
    """
    The header webhook-signature.
    """
    signed = f"{message_id}.{seconds}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def key_of(secret: Secret) -> bytes | None:
    """
    The key in a secret such as `whsec_MfKQ9r8G...`; None when it is not `whsec_` and 24 to 64 bytes in base64.
    """
    text = secret.reveal()
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if text.startswith(PREFIX) and len(key) in KEY_BYTES else None


def _why(status: int) -> str:
    if status == GONE:
        return "the receiver says that it is gone for good (410)"
    if 300 <= status < 400:
        return f"the receiver points elsewhere ({status}), and redirects are not followed; set the new address"
    if status == 429:
        return "the receiver asks to wait (429)"
    return f"the receiver answered {status}"
