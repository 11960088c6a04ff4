"""
What did one ask of an address come to?

A probe that fails is not an error: it is the measurement. Every ask gives one observation, with the status, whether it
was as expected, what went wrong in words, and how long the certificate still lives. Its value is how long the answer
took; an ask that failed before its time was up has none, so that a refused connection never counts as a fast answer.

>>> fits(204, ("200..399",)), fits(500, ("200", "204"))
(True, False)
"""

import re
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from watchkeeper.manual.model.measuring import Check, Expect
from watchkeeper.manual.predicate.columns import Column
from watchkeeper.measure.values import Batch
from watchkeeper.outside.clock import Clock
from watchkeeper.outside.errors import OutsideError, Refused, Untrusted
from watchkeeper.outside.http import Answer, HttpClient

_SECOND_NS = 1_000_000_000
TIMEOUT_NS = 10 * _SECOND_NS  # of a check that names none
SHORTEST_NS = 2 * _SECOND_NS  # a fast pace (`--fast` makes seconds of minutes) leaves an answer this long
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """
    One check from one region, with its address known.
    """

    check: str
    region: str
    url: str
    method: str
    expect: Expect
    timeout: timedelta
    every_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """
    What an ask came to. `status` is 0 and `error` says why when there was no answer.
    """

    at_ns: int  # when the ask began, by the wall clock
    took_ns: int  # until the answer was read, or nothing more was to be hoped for
    status: int
    ok: bool
    timed_out: bool = False
    error: str = ""
    certificate_left_ns: int | None = None  # also of a certificate that is not trusted; negative when it has expired

    @property
    def lasted_ns(self) -> int | None:
        """
        The value of the observation: how long the answer took, or all the time it was given; None when it broke off.
        """
        return self.took_ns if self.status or self.timed_out else None


def probe_of(name: str, region: str, check: Check, url: str) -> Probe:
    """
    A check of the manual as it is asked from one region.

    An ask gives up when the next one is due, so that an address that hangs fails at the pace of its check.
    """
    written_ns = check.timeout.ns if check.timeout else TIMEOUT_NS
    timeout_ns = min(written_ns, max(check.every.ns, SHORTEST_NS))
    return Probe(
        check=name,
        region=region,
        url=url,
        method=check.method,
        expect=check.expect,
        timeout=timedelta(microseconds=max(1, timeout_ns // 1000)),
        every_ns=check.every.ns,
    )


def ask(probe: Probe, client: HttpClient, clock: Clock, *, at_ns: int) -> Result:
    """
    Ask once, at `at_ns` of the wall clock. Never raises for what the other side does.

    Raises Refused where the address may not be called from here: that says nothing about the other side.
    """
    began_ns = clock.monotonic_ns()
    try:
        answer = client.request(probe.method, probe.url, timeout=probe.timeout)
    except Refused:
        raise
    except Untrusted as error:
        return Result(
            at_ns=at_ns,
            took_ns=clock.monotonic_ns() - began_ns,
            status=0,
            ok=False,
            error=error.why,
            certificate_left_ns=_left_ns(error.until_ns, at_ns),
        )
    except OutsideError as error:
        took_ns = clock.monotonic_ns() - began_ns
        timed_out = took_ns >= probe.timeout // timedelta(microseconds=1) * 1000
        return Result(at_ns=at_ns, took_ns=took_ns, status=0, ok=False, timed_out=timed_out, error=error.why)
    left_ns = _left_ns(answer.certificate_until_ns, at_ns)
    wrong = what_is_wrong(answer, probe.expect, left_ns)
    return Result(
        at_ns=at_ns,
        took_ns=answer.elapsed_ns,
        status=answer.status,
        ok=wrong is None,
        error=wrong or "",
        certificate_left_ns=left_ns,
    )


def _left_ns(until_ns: int | None, at_ns: int) -> int | None:
    return None if until_ns is None else until_ns - at_ns


def what_is_wrong(answer: Answer, expect: Expect, certificate_left_ns: int | None) -> str | None:
    """
    The first thing about an answer that is not as expected; None when all is.
    """
    if not fits(answer.status, expect.status):
        return f"status {answer.status}; expected {' or '.join(expect.status)}"
    if expect.body is not None and _encoded(expect.body, answer) not in answer.body:
        where = f"the first {len(answer.body):,} bytes of the answer" if answer.cut else "the answer"
        return f"the text {expect.body!r} is not in {where}"
    if expect.within is not None and answer.elapsed_ns > expect.within.ns:
        return f"it took {answer.elapsed_ns / 1e6:.0f} ms; expected within {expect.within}"
    if expect.certificate_left is not None:
        if certificate_left_ns is None:
            return "there is no certificate: the address is not https"
        if certificate_left_ns < expect.certificate_left.ns:
            days = certificate_left_ns // (86_400 * _SECOND_NS)
            return f"the certificate ends in {days} d; expected at least {expect.certificate_left}"
    return None


def fits(status: int, expected: tuple[str, ...]) -> bool:
    """
    Whether a status is one of these codes or lies in one of these ranges.
    """
    for one in expected:
        low, _, high = one.partition("..")
        if int(low) <= status <= int(high or low):
            return True
    return False


def _encoded(text: str, answer: Answer) -> bytes:
    """
    A text as the answer would write it: in the charset that it names, else in UTF-8.
    """
    named = _CHARSET.search(answer.headers.get("content-type", ""))
    try:
        return text.encode(named[1] if named else "utf-8")
    except (LookupError, UnicodeEncodeError):  # a charset that nobody knows, or one that cannot write the text
        return text.encode()


def batch_of(probe: Probe, result: Result) -> Batch:
    """
    The one observation of an ask.
    """
    left = result.certificate_left_ns
    values: dict[str, str | float | None] = {
        "check": probe.check,
        "region": probe.region,
        "status": result.status,
        "ok": result.ok,
        "error": result.error or None,
        "certificate_left": None if left is None else left / _SECOND_NS,
    }
    columns = {
        name: Column(codes=np.zeros(1, dtype=np.int32), values=(value,))
        for name, value in values.items()
        if value is not None
    }
    return Batch(
        signal="checks",
        at_ns=np.array([result.at_ns], dtype=np.int64),
        value=None if result.lasted_ns is None else np.array([result.lasted_ns], dtype=np.int64),
        columns=columns,
    )
