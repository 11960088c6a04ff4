"""
How does a message reach people by mail?

Through a mail server of the team's (SMTP, RFC 5321), whose address with user and password is one secret:

>>> server = server_of(Secret("smtp://watch:s3cret@mail.shop.example"))
>>> server.place, server.security, server.password
('mail.shop.example:587', 'starttls', ***)
>>> server_of(Secret("smtps://mail.shop.example")).place
'mail.shop.example:465'
"""

from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from watchkeeper.act.channels.email.letter import letter, mailbox, one_line
from watchkeeper.act.channels.sending import Failed, Sent, lacking
from watchkeeper.act.message_values import Message
from watchkeeper.outside.errors import OutsideError
from watchkeeper.outside.mail import MailClient, MailRefused, MailServer, Security
from watchkeeper.outside.secrets import Secret

TAKEN: Final = 250
_PORTS: Final[dict[Security, int]] = {"starttls": 587, "tls": 465, "none": 25}
_WANTED: Final = "wanted smtp://USER:PASSWORD@HOST:PORT (STARTTLS), or smtps:// (TLS from the first byte)"


class NoServer(ValueError):
    """
    An address of no mail server, and what is wanted; it repeats nothing of it.
    """


class EmailChannel:
    """
    Hands mails in at one server. `to` are the addresses of the channel's own audience.
    """

    kind = "email"
    again_after_unknown = True  # it pages people, and both mails have the same Message-ID
    not_ready: str | None = None

    def __init__(
        self,
        server: MailServer,
        *,
        mail: MailClient,
        sender: Address,
        to: Sequence[Address] = (),
        watch: str = "",
        allow_private: bool | None = None,
    ) -> None:
        self._server, self._mail, self._sender, self._to = server, mail, sender, tuple(to)
        self._watch, self._allow_private = watch, allow_private

    def send(self, message: Message, *, message_id: str, now: datetime) -> Sent | Failed:
        """
        One attempt; it is sent when the server takes it for at least one recipient.
        """
        to = self._recipients(message)
        if isinstance(to, Failed):
            return to
        content = letter(message, sender=self._sender, to=to, message_id=message_id, watch=self._watch, now=now)
        try:
            posted = self._mail.send(
                self._server,
                sender=self._sender.addr_spec,
                to=[one.addr_spec for one in to],
                content=content,
                allow_private=self._allow_private,
            )
        except MailRefused as error:
            return Failed(why=error.why, retryable=error.retryable, status=error.code, of_recipient=error.of_recipient)
        except OutsideError as error:
            return Failed(why=error.why, retryable=error.retryable)
        codes = ", ".join(map(str, dict.fromkeys(posted.refused)))
        left_out = f"not taken for {len(posted.refused)} of {len(to)} recipients ({codes})" if codes else ""
        return Sent(status=TAKEN, took_ns=posted.elapsed_ns, detail=left_out)

    def _recipients(self, message: Message) -> tuple[Address, ...] | Failed:
        if lack := lacking(message):
            return lack
        person = message.recipient
        if person is not None and person.address is not None:
            one = mailbox(person.address.reveal())
            if one is None:
                return Failed(why="what is known as their mail address is none", retryable=False)
            return (Address(display_name=one_line(person.name), addr_spec=one.addr_spec),)
        return self._to or Failed(why="the channel's `to` names no mail address", retryable=False)


def server_of(address: Secret) -> MailServer:
    """
    The server that an address names. Raises NoServer.
    """
    try:
        url = urlsplit(address.reveal())
        port, host = url.port, url.hostname
    except ValueError:
        raise NoServer(f"it holds no address of a mail server; {_WANTED}") from None
    if url.scheme not in ("smtp", "smtps") or not host or url.path not in ("", "/"):
        raise NoServer(f"it holds no address of a mail server; {_WANTED}")
    security = _security(url.scheme, parse_qs(url.query, keep_blank_values=True))
    user, password = (Secret(unquote(text)) if text else None for text in (url.username, url.password))
    if (user is None) != (password is None):
        raise NoServer("it has a user without a password, or a password without a user")
    if user is not None and security == "none":
        raise NoServer("a password is never given in the clear; leave out ?tls=none, or the user and password")
    return MailServer(
        host=host, port=_PORTS[security] if port is None else port, security=security, user=user, password=password
    )


def _security(scheme: str, query: dict[str, list[str]]) -> Security:
    wish = query.pop("tls", None)
    if query or wish not in (None, ["none"]) or (wish and scheme == "smtps"):
        raise NoServer("behind its `?` only tls=none may stand, and only after smtp://")
    if wish:
        return "none"
    return "tls" if scheme == "smtps" else "starttls"
