"""
Until when is a server's certificate valid, though nobody vouches for it?

The ssl module tells the validity only of certificates that it trusts, so it is read here from the certificate itself:
DER, the notAfter of RFC 5280, section 4.1. What is read is shown to people and compared with the clock; it is never a
reason to trust.

>>> utc_ns(UTC_TIME, b"491231235959Z") > utc_ns(UTC_TIME, b"500101000000Z")  # two digits mean 1950 to 2049
True
"""

from __future__ import annotations

import re
import ssl
from datetime import UTC, datetime, timedelta
from typing import Final

UTC_TIME: Final = 0x17
GENERALIZED_TIME: Final = 0x18
_SEQUENCE: Final = 0x30
_INTEGER: Final = 0x02
_VERSION: Final = 0xA0  # [0], left out by certificates of version 1
_DIGITS: Final = {UTC_TIME: re.compile(rb"\d{12}Z"), GENERALIZED_TIME: re.compile(rb"\d{14}Z")}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def until_ns(certificate: bytes) -> int | None:
    """
    The end of the life of a certificate in DER, ns since 1970 UTC; None when it is not written as RFC 5280 says.
    """
    try:
        whole, _ = _take(certificate, _SEQUENCE)
        rest, _ = _take(whole, _SEQUENCE)  # tbsCertificate
        if rest[:1] == bytes([_VERSION]):
            _, rest = _take(rest, _VERSION)
        for tag in (_INTEGER, _SEQUENCE, _SEQUENCE):  # serial number, signature algorithm, issuer
            _, rest = _take(rest, tag)
        validity, _ = _take(rest, _SEQUENCE)
        _, after = _take(validity, *_DIGITS)
        written, _ = _take(after, *_DIGITS)
        return utc_ns(after[0], written)
    except ValueError:
        return None


def utc_ns(tag: int, written: bytes) -> int:
    """
    A time of DER, ns since 1970 UTC. Raises ValueError when it is none.
    """
    if not _DIGITS[tag].fullmatch(written):
        raise ValueError("a time in DER is digits to the second, and Z")
    text = written.decode()
    if tag == UTC_TIME:
        text = ("19" if text >= "50" else "20") + text
    return (datetime.strptime(text, "%Y%m%d%H%M%S%z") - _EPOCH) // timedelta(microseconds=1) * 1000


def _take(data: bytes, *tags: int) -> tuple[bytes, bytes]:
    """
    What the first element holds, and what follows it. Raises ValueError when it has another tag or is cut off.
    """
    if len(data) < 2 or data[0] not in tags:
        raise ValueError("another element was due here")
    start, size = 2, data[1]
    if size >= 0x80:
        start += size - 0x80
        size = int.from_bytes(data[2:start], "big")
        if not 2 < start <= 6:
            raise ValueError("no length that a certificate has")
    if len(data) < start + size:
        raise ValueError("cut off")
    return data[start : start + size], data[start + size :]


def anyone() -> ssl.SSLContext:
    """
    For a handshake with a server whoever it is, to see its certificate. No request may be sent over it.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
