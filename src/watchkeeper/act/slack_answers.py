"""
What did somebody press in Slack, and may they?

Slack signs what it sends (https://docs.slack.dev/authentication/verifying-requests-from-slack): HMAC-SHA-256 with the
secret of the app over version, time and body. What is older than five minutes, or came before, is refused; so is
whoever is not among the people of the manual: their contact method in that channel names them by their member id.

>>> signature_of(b"secret", "1531420618", b"payload=x")
'v0=c6e66b411b3e37f030c1c2ee297b0a06b3568271509651c61b85f092db0da2d1'
"""

import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import msgspec
import structlog

from watchkeeper.act.accounts.audit import audited
from watchkeeper.act.accounts.visitor import Visitor, through_slack
from watchkeeper.act.answering import do
from watchkeeper.act.channels.choosing import signing_secret
from watchkeeper.act.channels.posting import post
from watchkeeper.act.channels.sending import Failed
from watchkeeper.act.channels.slack.channel import MEMBER, escape, section
from watchkeeper.act.links import Action
from watchkeeper.act.paging.desk import CannotDo
from watchkeeper.act.recipients import name_of, recipient_of
from watchkeeper.decide.oncall.reach import methods_of
from watchkeeper.manual.model.manual import Manual
from watchkeeper.outside.clock import Clock
from watchkeeper.outside.http import HttpClient
from watchkeeper.outside.secrets import Secret, SecretFault, secret_from
from watchkeeper.store import links
from watchkeeper.store.state import State

VERSION: Final = "v0"
WINDOW_SECONDS: Final = 300
MOST_PAGES: Final = 100
_NUMBER: Final = re.compile(r"[0-9]{1,18}")

log = structlog.get_logger("slack")


class NotFromSlack(Exception):
    """
    Nothing shows that Slack sent it.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """
    What Slack shows in the place of the message (`instead`), or to the one who pressed alone.
    """

    place: Secret
    body: Mapping[str, Any]


class _User(msgspec.Struct):
    id: str
    username: str = ""


class _Pressed(msgspec.Struct):
    action_id: str
    value: str = ""


class _Message(msgspec.Struct):
    text: str = ""
    blocks: list[dict[str, Any]] = []


class _Payload(msgspec.Struct):
    """
    As much of a `block_actions` payload as is needed (docs.slack.dev/reference/interaction-payloads).
    """

    type: str
    user: _User
    actions: list[_Pressed] = []
    response_url: str = ""
    message: _Message | None = None


class SlackAnswers:
    """
    Takes what people press. Any thread may call it.
    """

    def __init__(
        self,
        *,
        manual: Callable[[], Manual],
        environ: Mapping[str, str],
        state: State,
        clock: Clock,
        http: HttpClient,
    ) -> None:
        self._manual, self._environ, self._state = manual, environ, state
        self._clock, self._http = clock, http

    def take(self, body: bytes, *, timestamp: str, signature: str) -> Reply | None:
        """
        Do what was pressed; what to tell Slack then (`tell`), or None when there is nothing to say.

        Raises NotFromSlack.
        """
        channels = self._signed_by(body, timestamp, signature)
        if not channels:
            raise NotFromSlack
        payload = _payload(body)
        deed = _deed(payload)
        if payload is None or deed is None:
            return None  # a button that is a link, or nothing of ours
        place = self._place(payload.response_url, channels)
        person = self._person(payload.user.id, channels)
        if person is None:
            return _aside(place, _STRANGER.format(member=escape(payload.user.id[:32])))
        visitor = through_slack(person, person=person, member=payload.user.id)
        try:
            self._do(deed, visitor, signature)
        except KeyError as unknown:
            return _aside(place, f"There is no page {unknown.args[0]}.")
        except CannotDo as why:
            return _aside(place, escape(f"{why}."))
        return self._done(deed[0], person, payload, place)

    def tell(self, reply: Reply) -> None:
        """
        Show in Slack what came of it.
        """
        answer = post(self._http, reply.place, msgspec.json.encode(reply.body))
        if isinstance(answer, Failed) or not answer.ok:
            log.warning("Slack was not told what came of it", why=getattr(answer, "why", "refused"))

    # --- who

    def _signed_by(self, body: bytes, timestamp: str, signature: str) -> list[str]:
        """
        The channels whose secret signed it, in time.
        """
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 16):
            return []
        if abs(self._clock.now_ns() - int(timestamp) * 10**9) > WINDOW_SECONDS * 10**9:
            return []
        secrets = {name: secret for name in self._manual().channels if (secret := self._secret(name))}
        given = signature.encode()
        return [  # every secret is looked at, whichever fits
            name
            for name, secret in secrets.items()
            if hmac.compare_digest(signature_of(secret.reveal().encode(), timestamp, body).encode(), given)
        ]

    def _secret(self, channel: str) -> Secret | None:
        entry = self._manual().channels[channel]
        try:
            return signing_secret(entry, self._environ) if entry.kind == "slack" and not entry.planned else None
        except SecretFault:
            return None  # said at the start, by the channel

    def _person(self, member: str, channels: Sequence[str]) -> str | None:
        """
        Who of the people of the manual it is.
        """
        manual = self._manual()
        for person in manual.people if MEMBER.fullmatch(member) else ():
            for method in methods_of(person, manual):
                found = recipient_of(person, method.channel, method.name, manual, self._environ)
                named = found.address.reveal() if found is not None and found.address is not None else ""
                if method.channel in channels and named == member:
                    return person
        return None

    # --- what

    def _do(self, deed: tuple[Action, tuple[int, ...]], visitor: Visitor, signature: str) -> None:
        """
        All of it or nothing, and once: the very same is refused when it comes again, also when it could not be done.
        """
        now_ns, (action, pages) = self._clock.now_ns(), deed
        digest = blake2b(signature.encode(), digest_size=16, person=b"slack").hexdigest()
        with self._state.transaction() as tx:
            if not links.use(tx, digest, by=visitor.by, now_ns=now_ns):
                raise NotFromSlack
            try:
                with tx.begin_nested():
                    do(tx, action, pages, by=visitor, now_ns=now_ns)
                return
            except (KeyError, CannotDo) as why:
                refused = why
            for page in pages:
                audited(tx, visitor, f"page.{action.value}", f"page/{page}", "refused", at_ns=now_ns)
        raise refused

    def _done(self, action: Action, person: str, payload: _Payload, place: Secret | None) -> Reply | None:
        said = f"{_SAYS[action]} by {escape(name_of(person, self._manual()))}"
        if place is None or payload.message is None or action is Action.ESCALATE:
            return _aside(place, said)
        kept = [block for block in payload.message.blocks if block.get("type") == "section"]
        body = {"replace_original": True, "text": f"{payload.message.text}\n{said}", "blocks": [*kept, section(said)]}
        return Reply(place=place, body=body)

    def _place(self, text: str, channels: Sequence[str]) -> Secret | None:
        """
        Where Slack wants to be told, if that is the host to which our own messages go.
        """
        own = set()
        for name in channels:
            variable = self._manual().channels[name].address_env
            address = secret_from(self._environ, variable) if variable else None
            own.add(_origin(address.reveal()) if address else None)
        origin = _origin(text)
        return Secret(text) if origin is not None and origin in own else None


def signature_of(secret: bytes, timestamp: str, body: bytes) -> str:
    """
    The header X-Slack-Signature of a request.
    """
    signed = f"{VERSION}:{timestamp}:".encode() + body
    return f"{VERSION}={hmac.digest(secret, signed, 'sha256').hex()}"


def _payload(body: bytes) -> _Payload | None:
    try:
        (text,) = parse_qs(body.decode(), max_num_fields=8)["payload"]
        return msgspec.json.decode(text, type=_Payload)
    except (ValueError, KeyError, msgspec.MsgspecError):
        return None


def _deed(payload: _Payload | None) -> tuple[Action, tuple[int, ...]] | None:
    """
    What was pressed: one of our actions, on these pages.
    """
    if payload is None or payload.type != "block_actions" or len(payload.actions) != 1:
        return None
    (pressed,) = payload.actions
    pages = pressed.value.split(",")[:MOST_PAGES]
    if pressed.action_id not in set(Action) or not all(map(_NUMBER.fullmatch, pages)):
        return None
    return Action(pressed.action_id), tuple(dict.fromkeys(map(int, pages)))


def _origin(text: str) -> tuple[str, str] | None:
    try:
        url = urlsplit(text)
    except ValueError:
        return None
    return (url.scheme, url.netloc) if url.netloc and "@" not in url.netloc else None


def _aside(place: Secret | None, text: str) -> Reply | None:
    """
    Told to the one who pressed alone; the message stays as it is.
    """
    body = {"replace_original": False, "response_type": "ephemeral", "text": text}
    return None if place is None else Reply(place=place, body=body)


_SAYS: Final = {
    Action.ACKNOWLEDGE: "Acknowledged",
    Action.SNOOZE: "Put off for an hour",
    Action.ESCALATE: "The next one is asked, as wished",
    Action.RESOLVE: "Ended",
}
_STRANGER: Final = (
    "The manual knows nobody with the member id {member}. Under `people`, name it as a contact method in this channel: "
    "`contacts: {{slack: {{channel: NAME, to: {member}}}}}`."
)
