"""
How does a message reach PagerDuty?

Through the Events API v2 (https://developer.pagerduty.com/docs/events-api-v2-overview): what fires triggers an alert
there, an acknowledgement here acknowledges it, and what is over resolves it, all under one deduplication key.

>>> key_of(Secret("0123456789abcdef0123456789abcdef"))
('https://events.pagerduty.com/v2/enqueue', ***)
>>> key_of(Secret("https://0123456789abcdef0123456789abcdef@events.eu.pagerduty.com/v2/enqueue"))
('https://events.eu.pagerduty.com/v2/enqueue', ***)
"""

import re
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from watchkeeper.act.channels.posting import may_be_taken_later, post, refused
from watchkeeper.act.channels.sending import Failed, Sent, lacking
from watchkeeper.act.message_values import Message, Urgency
from watchkeeper.act.plain import plain
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import Kind
from watchkeeper.outside.clock import instant
from watchkeeper.outside.http import HttpClient
from watchkeeper.outside.secrets import Secret

ENQUEUE: Final = "https://events.pagerduty.com/v2/enqueue"
KEY: Final = re.compile(r"[A-Za-z0-9]{32}")
MOST_SUMMARY: Final = 1024
MOST_DEDUP: Final = 255
ACCEPTED: Final = 202
SEVERITY: Final = {
    Urgency.CRITICAL: "critical",
    Urgency.HIGH: "error",
    Urgency.NORMAL: "warning",
    Urgency.LOW: "info",
}
#: Reasons for which a page is over there as well; for others it stays as it is.
_OVER: Final = frozenset({Reason.ALERTS_OVER, Reason.WITHDRAWN, Reason.BY_A_PERSON})


class NoKey(ValueError):
    """
    No integration key, and what is wanted; it repeats nothing of it.
    """


class PagerDutyChannel:
    """
    Sends events under one integration key; a person may have one of their own.
    """

    kind = "pagerduty"
    again_after_unknown = True  # the same event twice is one, by its deduplication key
    not_ready: str | None = None

    def __init__(
        self, address: Secret | None, *, http: HttpClient, watch: str = "", allow_private: bool | None = None
    ) -> None:
        self._address, self._http, self._watch, self._allow_private = address, http, watch, allow_private

    def send(self, message: Message, *, message_id: str, now: datetime) -> Sent | Failed:
        """
        One attempt; PagerDuty has it when it answers 202.
        """
        if lack := lacking(message):
            return lack
        person = message.recipient
        address = person.address if person is not None and person.address is not None else self._address
        if address is None:
            return Failed(why="neither the channel nor the contact method has an integration key", retryable=False)
        try:
            place, key = key_of(address)
        except NoKey as error:
            return Failed(why=str(error), retryable=False)
        event = payload(message, watch=self._watch, message_id=message_id)
        if event is None:
            return Sent(status=None, detail="PagerDuty has no event for it; nothing was sent")
        body = msgspec.json.encode({"routing_key": key.reveal(), **event})
        answer = post(self._http, Secret(place), body, allow_private=self._allow_private)
        if isinstance(answer, Failed):
            return answer
        if answer.status == ACCEPTED:
            return Sent(status=answer.status, took_ns=answer.elapsed_ns)
        retryable = answer.ok or may_be_taken_later(answer.status)
        return refused(answer, why=_why(answer.status), retryable=retryable, now=now)


def key_of(address: Secret) -> tuple[str, Secret]:
    """
    Where events go, and the integration key: the key alone, or in the place of the user of another address.

    Raises NoKey.
    """
    text = address.reveal()
    if KEY.fullmatch(text):
        return ENQUEUE, address
    try:
        url = urlsplit(text)
        key, host, port = url.username or "", url.hostname, url.port
    except ValueError:
        raise NoKey(_WANTED) from None
    if url.scheme not in ("http", "https") or not host or not KEY.fullmatch(key):
        raise NoKey(_WANTED)
    place = f"[{host}]" if ":" in host else host
    return f"{url.scheme}://{place}{'' if port is None else f':{port}'}{url.path or '/v2/enqueue'}", Secret(key)


def action_of(message: Message) -> str | None:
    """
    What happens to the alert there: `trigger`, `acknowledge` or `resolve`; None: nothing.
    """
    if message.kind in (Kind.RESOLVED, Kind.WITHDRAWN):
        return "resolve"
    if message.kind is Kind.PAGE_OVER:
        reason = message.data.get("reason", Reason.ALERTS_OVER.value)
        if reason == Reason.ACKNOWLEDGED:
            return "acknowledge"
        if reason == Reason.EXHAUSTED:
            return "trigger"
        return "resolve" if reason in _OVER else None
    if message.kind is Kind.INCIDENT and message.data.get("event") in ("closed", "merged"):
        return "resolve"
    return None if message.kind is Kind.HAND_OFF else "trigger"


def payload(message: Message, *, watch: str, message_id: str) -> dict[str, Any] | None:
    """
    The event without its key; None for what PagerDuty has no event for.
    """
    action = action_of(message)
    if action is None:
        return None
    event: dict[str, Any] = {"event_action": action, "dedup_key": dedup_key(message, watch, message_id)}
    if action == "trigger":
        event |= {"client": "Watchkeeper", "payload": _payload(message, watch)}
        links = [{"href": fact.url, "text": f"{fact.name}: {fact.text}"} for fact in message.facts if fact.url]
        if links:
            event |= {"client_url": links[-1]["href"], "links": links}
    return event


def dedup_key(message: Message, watch: str, message_id: str) -> str:
    """
    What is the same for all events about one thing; what happens once and has no end has one of its own.
    """
    alone = message.kind in (Kind.EVENT, Kind.DIGEST, Kind.TEST, Kind.BUNDLE)
    key = f"watchkeeper/{watch}/{message.subject}" + (f"/{message_id}" if alone else "")
    if len(key) <= MOST_DEDUP and key.isprintable():
        return key
    return f"watchkeeper/{blake2b(key.encode(), digest_size=32).hexdigest()}"


def _payload(message: Message, watch: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "summary": plain(message.title, most=MOST_SUMMARY) or "Watchkeeper has a message",
        "source": plain(str(message.data.get("service") or watch or "watchkeeper")),
        "severity": SEVERITY[message.urgency],
        "timestamp": instant(message.at_ns).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "class": message.kind.value,
        "custom_details": {fact.name: fact.text for fact in message.facts},
    }
    if message.data.get("rule"):
        found["component"] = plain(str(message.data["rule"]))
    if message.thread:
        found["group"] = plain(message.thread)
    return found


_WANTED: Final = (
    "it holds no integration key; wanted 32 letters and digits, or https://KEY@events.eu.pagerduty.com/v2/enqueue"
)


def _why(status: int) -> str:
    match status:
        case 400:
            return "PagerDuty does not accept the event: look at the integration key (400)"
        case 429:
            return "PagerDuty asks to wait (429)"
    return f"PagerDuty answered {status}"
