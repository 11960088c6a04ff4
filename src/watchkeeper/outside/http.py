"""
What does a server on the network answer?

The one HTTP client for everything that Watchkeeper itself calls. It speaks http and https, connects only to public
addresses unless told otherwise, follows no redirect, keeps no cookie, ends at its deadline, and reads no more than its
cap.

>>> shown("https://ann:pw@hooks.chat.example:8443/services/T0/s3cret?token=x")
'https://hooks.chat.example:8443/…'

An answer of any status is an answer. Only when there is none, OutsideError is raised; neither it nor any log line of
the libraries beneath shows more of an address than this.
"""

from __future__ import annotations

import logging
import os
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import httpcore2
import httpx2

from watchkeeper.outside.clock import Clock
from watchkeeper.outside.errors import OutsideError, Refused, Untrusted
from watchkeeper.outside.mail import MailClient
from watchkeeper.outside.pinned import PinnedTransport
from watchkeeper.outside.secrets import Secret, reveal
from watchkeeper.outside.trust import trusted

TIMEOUT: Final = timedelta(seconds=10)
CAP: Final = 1024 * 1024  # bytes of an answer that are read
_EXPIRED: Final = 10  # X509_V_ERR_CERT_HAS_EXPIRED of OpenSSL
_HOUR_NS: Final = 3600 * 10**9

for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # below it they write whole addresses, which may be secrets


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """
    What came back. Header names are lower case; `cut` says that the body went on beyond the cap.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool
    elapsed_ns: int
    certificate_until_ns: int | None  # end of the server certificate's life; None without TLS

    @property
    def ok(self) -> bool:
        """
        Does the status say that it was done (2xx)?
        """
        return 200 <= self.status < 300


class HttpClient:
    """
    Calls servers; any thread may use it.

    Args:
        allow_private: may it connect to this machine and to private networks? A single request may say otherwise.
        tls: whom to trust; the authorities of the system, or those that the environment names, when None.
        transport: answers in the place of the network, for tests (see watchkeeper.testing).

    Raises Refused when the environment names authorities that cannot be read (SSL_CERT_FILE, SSL_CERT_DIR).
    """

    def __init__(
        self,
        clock: Clock,
        *,
        allow_private: bool = False,
        tls: ssl.SSLContext | None = None,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._clock = clock
        self._allow_private = allow_private
        self._tls = tls or trusted(os.environ)
        self._transport = transport

    def mail_client(self) -> MailClient:
        """
        A client for mail that may go as far and trusts the same authorities.
        """
        return MailClient(self._clock, allow_private=self._allow_private, tls=self._tls)

    def request(
        self,
        method: str,
        url: str | Secret,
        *,
        headers: Mapping[str, str | Secret] | None = None,
        body: bytes | None = None,
        timeout: timedelta = TIMEOUT,
        cap: int = CAP,
        allow_private: bool | None = None,
    ) -> Answer:
        """
        Send one request and return its answer.

        Raises Refused for an address that may not be called, OutsideError when no answer came; `reached` of it says
        whether the request may have arrived all the same. Untrusted, one of these, knows when the certificate ends.
        """
        place = shown(reveal(url))
        began_ns = self._clock.monotonic_ns()
        transport = self._transport or PinnedTransport(
            tls=self._tls,
            clock=self._clock,
            deadline_ns=began_ns + timeout // timedelta(microseconds=1) * 1000,
            allow_private=self._allow_private if allow_private is None else allow_private,
        )
        sent = {"user-agent": "watchkeeper", "accept-encoding": "identity"}  # packed answers could exceed the cap
        sent |= {name.lower(): reveal(value) for name, value in (headers or {}).items()}
        try:
            with (
                httpx2.Client(transport=transport, trust_env=False, timeout=timeout.total_seconds()) as client,
                client.stream(method, reveal(url), headers=sent, content=body) as response,
            ):
                certificate_until_ns = _certificate_until_ns(response)  # while the connection is open
                content, cut = _read(response, cap)
                return Answer(
                    status=response.status_code,
                    headers=dict(response.headers),
                    body=content,
                    cut=cut,
                    elapsed_ns=self._clock.monotonic_ns() - began_ns,
                    certificate_until_ns=certificate_until_ns,
                )
        except _FAILURES as error:
            if (untrusted := _verification(error)) is not None:
                until_ns: int | None = getattr(transport, "untrusted_until_ns", None)
                why = _why_untrusted(untrusted, place, until_ns, self._clock.now_ns())
                raise Untrusted(why, until_ns=until_ns) from None
            reached = getattr(transport, "reached", False)
            # Not chained: the library's own words may hold the whole address or a header.
            raise OutsideError(_why(error, place, timeout), retryable=_retryable(error), reached=reached) from None


def shown(url: str) -> str:
    """
    As much of an address as may be shown. Raises Refused when it is not one that may be called.
    """
    try:
        parsed = httpx2.URL(url)
        port = parsed.port
    except (httpx2.InvalidURL, ValueError):
        raise Refused("the address is not a valid one (it is not shown, for it may be a secret)") from None
    if port is not None and not 0 < port < 65536:
        raise Refused(f"an address has a port from 1 to 65535, this one has {port}")
    if parsed.scheme not in ("http", "https") or not parsed.host:
        found = f"this one begins with {parsed.scheme!r}"
        raise Refused(f"an address must begin with http:// or https:// and name a host; {found}")
    host = f"[{parsed.host}]" if ":" in parsed.host else parsed.host
    return f"{parsed.scheme}://{host}{'' if port is None else f':{port}'}/…"


_FAILURES: Final = (
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpx2.HTTPError,
    httpx2.InvalidURL,
    ssl.SSLError,
    UnicodeError,
)
_TIMEOUTS: Final = (httpcore2.TimeoutException, httpx2.TimeoutException)
_OURS: Final = (httpcore2.LocalProtocolError, httpx2.LocalProtocolError, httpx2.InvalidURL, UnicodeError)


def _why(error: BaseException, place: str, timeout: timedelta) -> str:
    if isinstance(error, _TIMEOUTS):
        return f"{place} did not answer within {timeout.total_seconds():g} s"
    if isinstance(error, _OURS):
        return (
            f"the request to {place} is not valid HTTP (its headers or address hold a character that may not be there)"
        )
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError):
            return f"no TLS with {place}: {cause.reason or 'the other side broke it off'}"
        if isinstance(cause, OSError) and cause.strerror:
            return f"no connection to {place}: {cause.strerror}"
    if isinstance(error, httpcore2.ProtocolError | httpx2.ProtocolError):
        return f"{place} did not answer in HTTP, or broke off"
    return f"no connection to {place}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _verification(error: BaseException) -> ssl.SSLCertVerificationError | None:
    return next((cause for cause in _causes(error) if isinstance(cause, ssl.SSLCertVerificationError)), None)


def _why_untrusted(error: ssl.SSLCertVerificationError, place: str, until_ns: int | None, now_ns: int) -> str:
    # Another certificate of its chain may be the one that expired.
    if error.verify_code == _EXPIRED and until_ns is not None and until_ns <= now_ns:
        days, hours = divmod((now_ns - until_ns) // _HOUR_NS, 24)
        ago = f"{days} d ago" if days else f"{hours} h ago" if hours else "less than 1 h ago"
        return f"the certificate of {place} expired {ago}"
    return f"the certificate of {place} is not trusted: {error.verify_message}"


def _retryable(error: BaseException) -> bool:
    return not isinstance(error, _OURS)


def _read(response: httpx2.Response, cap: int) -> tuple[bytes, bool]:
    content = bytearray()
    # Packed although plain was asked for: left as it came, for unpacked it may be a thousand times the cap.
    pieces = response.iter_raw() if response.headers.get("content-encoding") else response.iter_bytes()
    for piece in pieces:
        content += piece
        if len(content) > cap:
            return bytes(content[:cap]), True
    return bytes(content), False


def _certificate_until_ns(response: httpx2.Response) -> int | None:
    stream: Any = response.extensions.get("network_stream")
    connection = stream.get_extra_info("socket") if stream is not None else None
    if not isinstance(connection, ssl.SSLSocket):
        return None
    certificate = connection.getpeercert()
    until = certificate.get("notAfter") if certificate else None
    return ssl.cert_time_to_seconds(str(until)) * 10**9 if until else None
