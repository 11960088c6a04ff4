"""
Does a mail server take a letter?

The one SMTP client (RFC 5321). It connects only to public addresses unless told otherwise, to one that was looked at
(outside/addresses.py), ends at its deadline whatever the server does, gives a password only inside TLS, and repeats no
word of the server: what it says is told by its code.

>>> code_says(450), code_says(550)
('says that it cannot take it just now (450)', 'will not take it (550)')
"""

from __future__ import annotations

import base64
import contextlib
import io
import os
import select
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal

from watchkeeper.outside.addresses import resolve
from watchkeeper.outside.clock import Clock
from watchkeeper.outside.errors import OutsideError
from watchkeeper.outside.secrets import Secret
from watchkeeper.outside.trust import trusted

TIMEOUT: Final = timedelta(seconds=20)
MOST_ANSWERED: Final = 256 * 1024  # bytes of all that a server says
_PIECE: Final = 16384

Security = Literal["tls", "starttls", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """
    Where letters are handed in: with TLS from the first byte (`tls`), after STARTTLS, or in the clear (`none`).
    """

    host: str
    port: int
    security: Security = "starttls"
    user: Secret | None = None
    password: Secret | None = None

    @property
    def place(self) -> str:
        """
        As people see it.
        """
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """
    The server took the letter; `refused` are the codes of those recipients whom it did not take.
    """

    refused: tuple[int, ...]
    elapsed_ns: int


class MailRefused(OutsideError):
    """
    The outside failed: {why}.
    """

    def __init__(self, why: str, *, code: int, of_recipient: bool = False) -> None:
        super().__init__(why, retryable=400 <= code < 500)
        self.code, self.of_recipient = code, of_recipient


class MailClient:
    """
    Hands letters in; any thread may use it. Each letter has a connection of its own.

    Args:
        allow_private: may it connect to this machine and to private networks? A single letter may say otherwise.
        tls: whom to trust; the authorities of the system, or those that the environment names, when None.
    """

    def __init__(self, clock: Clock, *, allow_private: bool = False, tls: ssl.SSLContext | None = None) -> None:
        self._clock, self._allow_private, self._tls = clock, allow_private, tls or trusted(os.environ)

    def send(
        self,
        server: MailServer,
        *,
        sender: str,
        to: Sequence[str],
        content: bytes,
        timeout: timedelta = TIMEOUT,
        allow_private: bool | None = None,
    ) -> Posted:
        """
        Hand in one letter for one or more recipients.

        Raises MailRefused when the server will not take it for anybody, Refused for an address that may not be called,
        OutsideError when it did not answer; `reached` says whether it may have the letter all the same.
        """
        began_ns = self._clock.monotonic_ns()
        ends_ns = began_ns + timeout // timedelta(microseconds=1) * 1000

        def left() -> float:
            seconds = (ends_ns - self._clock.monotonic_ns()) / 1e9
            if seconds <= 0:
                raise TimeoutError
            return seconds

        allowed = self._allow_private if allow_private is None else allow_private
        talk = _Talk(left)
        try:
            with _worded(server, talk, timeout):
                talk.begin(_connected(server, left, allowed), server, self._tls)
                refused = talk.sendmail(sender, list(to), content)
        finally:
            talk.end()
        return Posted(
            refused=tuple(code for code, _ in refused.values()), elapsed_ns=self._clock.monotonic_ns() - began_ns
        )


def code_says(code: int) -> str:
    """
    What an answer that is no success means.
    """
    return f"says that it cannot take it just now ({code})" if 400 <= code < 500 else f"will not take it ({code})"


def _in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _connected(server: MailServer, left: Callable[[], float], allow_private: bool) -> socket.socket:
    addresses = resolve(server.host, server.port, seconds=left(), allow_private=allow_private)
    for n, address in enumerate(addresses, 1):
        try:
            return socket.create_connection((address, server.port), timeout=left() / (len(addresses) - n + 1))
        except OSError:
            if n == len(addresses):
                raise
    raise OutsideError(f"the name {server.host} has no address", retryable=True)


class _Talk(smtplib.SMTP):
    """
    One talk with a server, over a socket whose every wait ends at the deadline.
    """

    def __init__(self, left: Callable[[], float]) -> None:
        super().__init__(local_hostname="localhost")
        self._left = left
        self.handed = False  # has the letter itself been given?

    @property
    def timed_out(self) -> bool:
        """
        Is the deadline over?
        """
        try:
            return self._left() <= 0
        except TimeoutError:
            return True

    def begin(self, connection: socket.socket, server: MailServer, tls: ssl.SSLContext) -> None:
        """
        Greet, make the connection private, and say who we are.
        """
        # An address literal, as RFC 5321, 4.1.3 has it; asking for our own name could take for ever.
        own = connection.getsockname()[0]
        self.local_hostname = f"[IPv6:{own}]" if ":" in own else f"[{own}]"
        self.sock: Any = _Timed(connection, self._left)
        if server.security == "tls":
            self._wrap(server, tls)
        code, _ = self.getreply()
        if code != 220:
            raise smtplib.SMTPConnectError(code, b"")
        self.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            self._start_tls(server, tls)
        if server.user is not None and server.password is not None:
            assert server.security != "none"
            self._sign_in(server.user.reveal(), server.password.reveal())

    def _start_tls(self, server: MailServer, tls: ssl.SSLContext) -> None:
        if not self.has_extn("starttls"):
            why = f"{server.place} offers no STARTTLS, and nothing is said in the clear"
            raise OutsideError(why, retryable=False)
        code, _ = self.docmd("STARTTLS")
        if code != 220:
            raise smtplib.SMTPResponseException(code, b"")
        self._wrap(server, tls)
        self.helo_resp = self.ehlo_resp = None  # RFC 3207, 4.2: what was said before does not count
        self.esmtp_features, self.does_esmtp = {}, False
        self.ehlo_or_helo_if_needed()

    def _sign_in(self, user: str, password: str) -> None:
        """
        By AUTH PLAIN (RFC 4616), else LOGIN: in UTF-8, which smtplib's own way does not take. TLS keeps both unseen.
        """
        ways = self.esmtp_features.get("auth", "").upper().split()
        if "PLAIN" in ways:
            code, _ = self.docmd("AUTH", f"PLAIN {_in_base64(chr(0).join(('', user, password)))}")
        elif "LOGIN" in ways:
            code, _ = self.docmd("AUTH", "LOGIN")
            for text in (user, password):
                if code == 334:
                    code, _ = self.docmd(_in_base64(text))
        else:
            raise smtplib.SMTPNotSupportedError
        if code not in (235, 503):  # 503: already signed in
            raise smtplib.SMTPAuthenticationError(code, b"")

    def _wrap(self, server: MailServer, tls: ssl.SSLContext) -> None:
        self.sock, self.file = self.sock.private(tls, server.host), None  # and nothing that was read ahead

    def data(self, msg: Any) -> tuple[int, bytes]:
        """
        Give the letter.
        """
        self.handed = True
        return super().data(msg)

    def end(self) -> None:
        """
        Take leave if that can be done, and hang up.
        """
        with contextlib.suppress(smtplib.SMTPException, OSError):
            if self.sock is not None:
                self.quit()
        self.close()


class _Timed:
    """
    What smtplib needs of a socket.
    """

    def __init__(self, connection: socket.socket, left: Callable[[], float]) -> None:
        self._connection, self._left = connection, left

    def private(self, tls: ssl.SSLContext, host: str) -> _Timed:
        """
        The same inside TLS.
        """
        talking = tls.wrap_socket(self._connection, server_hostname=host, do_handshake_on_connect=False)
        self._connection = talking  # it took the other one over
        talking.setblocking(False)
        while True:
            try:
                talking.do_handshake()
                return _Timed(talking, self._left)
            except ssl.SSLWantReadError:
                self._wait(talking, select.POLLIN)
            except ssl.SSLWantWriteError:
                self._wait(talking, select.POLLOUT)

    def sendall(self, data: bytes) -> None:
        """
        Send all of it, before the deadline.
        """
        for start in range(0, len(data), _PIECE):
            self._connection.settimeout(self._left())
            self._connection.sendall(data[start : start + _PIECE])

    def makefile(self, _mode: str) -> io.BufferedReader:
        """
        What the server says.
        """
        return io.BufferedReader(_Hearing(self._connection, self._left))

    def close(self) -> None:
        """
        Hang up.
        """
        self._connection.close()

    def _wait(self, talking: ssl.SSLSocket, what: int) -> None:
        poll = select.poll()
        poll.register(talking, what)
        if not poll.poll(self._left() * 1000):
            raise TimeoutError


class _Hearing(io.RawIOBase):
    def __init__(self, connection: socket.socket, left: Callable[[], float]) -> None:
        self._connection, self._left, self._heard = connection, left, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(self._left())
        n = self._connection.recv_into(buffer)
        self._heard += n
        if self._heard > MOST_ANSWERED:
            raise ConnectionAbortedError
        return n


@contextmanager
def _worded(server: MailServer, talk: _Talk, timeout: timedelta) -> Iterator[None]:
    """
    Each failure of smtplib as one of ours. Not chained: the library's own words hold what the server said.
    """
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        raise _no_recipient(error, server) from None
    except smtplib.SMTPAuthenticationError as error:
        raise MailRefused(
            f"{server.place} does not take the user and password ({error.smtp_code})", code=error.smtp_code
        ) from None
    except smtplib.SMTPResponseException as error:
        if error.smtp_code < 0:  # what smtplib says where there is no code
            raise OutsideError(f"{server.place} did not answer in SMTP", retryable=True, reached=talk.handed) from None
        raise MailRefused(f"{server.place} {code_says(error.smtp_code)}", code=error.smtp_code) from None
    except smtplib.SMTPNotSupportedError:
        raise OutsideError(f"{server.place} offers no way to sign in", retryable=False) from None
    except ssl.SSLCertVerificationError as error:
        why = f"the certificate of {server.place} is not trusted: {error.verify_message}"
        raise OutsideError(why, retryable=True) from None
    except ssl.SSLError as error:
        why = f"no TLS with {server.place}: {error.reason or 'the other side broke it off'}"
        raise OutsideError(why, retryable=True, reached=talk.handed) from None
    except (smtplib.SMTPException, OSError) as error:
        raise OutsideError(_broken(error, server, talk, timeout), retryable=True, reached=talk.handed) from None


def _no_recipient(error: smtplib.SMTPRecipientsRefused, server: MailServer) -> MailRefused:
    codes = sorted(code for code, _ in error.recipients.values())
    said = ", ".join(map(str, dict.fromkeys(codes)))
    return MailRefused(f"{server.place} takes it for no recipient ({said})", code=codes[0], of_recipient=True)


def _broken(error: BaseException, server: MailServer, talk: _Talk, timeout: timedelta) -> str:
    if talk.timed_out or isinstance(error, TimeoutError):
        return f"{server.place} did not take it within {timeout.total_seconds():g} s"
    if isinstance(error, OSError) and error.strerror and not isinstance(error, smtplib.SMTPException):
        return f"no connection to {server.place}: {error.strerror}"
    return f"{server.place} broke off, or did not answer in SMTP"
