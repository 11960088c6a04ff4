"""
A real mail server on this machine: takes letters as told and writes them down.
"""

from __future__ import annotations

import asyncio
import email
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.outside.certificates import certificate, server_side


@dataclass(kw_only=True)
class Got:
    """
    A letter as it came in, and how: the commands' addresses, whether inside TLS, and who had signed in.
    """

    sender: str
    to: list[str]
    content: bytes
    tls: bool
    user: str | None

    @property
    def mail(self) -> EmailMessage:
        found = email.message_from_bytes(self.content, policy=default)
        assert isinstance(found, EmailMessage)
        return found

    def part(self, kind: str) -> str:
        body = self.mail.get_body((kind,))
        assert body is not None
        text = body.get_content()
        assert isinstance(text, str)
        return text


@dataclass(kw_only=True)
class Mailbox:
    """
    What it answers to MAIL, to RCPT by address, and to the letter (None: it takes it); `until` keeps it waiting.
    """

    port: int = 0
    got: list[Got] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)  # users that tried to sign in
    mail: str | None = None
    recipients: dict[str, str] = field(default_factory=dict)
    data: str | None = None
    until: threading.Event | None = None
    users: dict[str, str] = field(default_factory=dict)

    # aiosmtpd calls these by name

    async def handle_MAIL(self, _s: SMTP, _n: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if self.mail:
            return self.mail
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, _s: SMTP, _n: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if address in self.recipients:
            return self.recipients[address]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.until is not None:
            await server.loop.run_in_executor(None, self.until.wait, 30)
        assert isinstance(envelope.content, bytes)
        assert envelope.mail_from is not None
        assert server.transport is not None
        if self.data is None:
            signed: Any = session.auth_data
            user = signed.login.decode() if session.authenticated else None
            got = Got(
                sender=envelope.mail_from,
                to=list(envelope.rcpt_tos),
                content=envelope.content,
                tls=session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None,
                user=user,
            )
            self.got.append(got)
        return self.data or "250 taken"

    def authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        user, password = data.login.decode(), data.password.decode()
        self.tried.append(user)
        return AuthResult(
            success=self.users.get(user) == password, auth_data=data, handled=self.users.get(user) == password
        )


@contextmanager
def a_mailbox(
    *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None, users: dict[str, str] | None = None
) -> Iterator[Mailbox]:
    """
    A server that offers STARTTLS, or speaks TLS from the first byte; with `users` nobody else may hand anything in.
    """
    box, loop = Mailbox(users=users or {}), asyncio.new_event_loop()

    def a_talk() -> SMTP:
        return SMTP(
            box,
            hostname="mail.shop.example",
            tls_context=starttls,
            authenticator=box.authenticate if users else None,
            auth_required=bool(users),
            auth_require_tls=tls is None,
            loop=loop,
        )

    server = loop.run_until_complete(loop.create_server(a_talk, "127.0.0.1", 0, ssl=tls))
    box.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield box
    finally:
        if box.until is not None:
            box.until.set()
        asyncio.run_coroutine_threadsafe(_ended(server), loop).result(timeout=20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=20)
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


async def _ended(server: asyncio.Server) -> None:
    server.close()
    await server.wait_closed()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def trusting(folder: Path, **valid: Any) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """
    For a server at 127.0.0.1, and for a client that trusts it.
    """
    made, key = certificate(folder, **valid)
    return server_side(made, key), ssl.create_default_context(cafile=str(made))
