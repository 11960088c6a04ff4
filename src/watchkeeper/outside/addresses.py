"""
Where does a host name lead, and may we connect there?

A name is resolved once; what is returned is what is connected to, so that a name cannot point elsewhere between the
look and the call. When any of its addresses is not public, the name is refused, unless private ones are allowed.

>>> why_not_public("10.0.0.7"), why_not_public("::ffff:127.0.0.1"), why_not_public("203.0.114.7")
('is private', 'is this machine', None)
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from queue import Empty, SimpleQueue
from typing import Any, Final

from watchkeeper.outside.errors import OutsideError, Refused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address


def resolve(host: str, port: int, *, seconds: float, allow_private: bool) -> list[str]:
    """
    The addresses of a host, in the system's order of preference.

    Raises OutsideError when there are none or the answer takes longer than `seconds`; Refused when one is not public.
    """
    found = _look_up(host, port, seconds)
    for address in found:
        why = None if allow_private else why_not_public(address)
        if why:
            raise Refused(f"{host} leads to {address}, which {why}; start with --allow-private if that is meant")
    return found


def why_not_public(text: str) -> str | None:
    """
    Why an address is no public one; None when it is. An IPv4 address inside an IPv6 one counts as itself.
    """
    address = _innermost(ipaddress.ip_address(text.partition("%")[0]))
    reasons = (
        (address.is_loopback, "is this machine"),
        (address.is_link_local, "is of this network segment alone"),
        (address.is_multicast, "is a multicast address"),
        (address.is_unspecified, "is no address"),
        (not address.is_global, "is private"),
    )
    return next((why for holds, why in reasons if holds), None)


def _innermost(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)


def _look_up(host: str, port: int, seconds: float) -> list[str]:
    # The system's resolver has no time limit of its own, so it works in a thread that we stop waiting for.
    answers: SimpleQueue[list[str] | OutsideError] = SimpleQueue()
    threading.Thread(target=lambda: answers.put(_ask(host, port)), daemon=True, name="resolve").start()
    try:
        answer = answers.get(timeout=max(seconds, 0.001))
    except Empty:
        raise OutsideError(f"the name {host} was not resolved in time", retryable=True) from None
    if isinstance(answer, OutsideError):
        raise answer
    return answer


def _ask(host: str, port: int) -> list[str] | OutsideError:
    try:
        found: list[Any] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # a lasting "no such name" looks the same as a network that is down
        return OutsideError(f"the name {host} has no address", retryable=True)
    return list(dict.fromkeys(entry[4][0] for entry in found))
