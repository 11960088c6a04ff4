"""
Is what a server really did what the observation says?
"""

import gzip
import shutil
import socket
import ssl
import subprocess
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.outside.certificates import certificate, server_side
from tests.outside.servers import plain, says, serving
from watchkeeper.manual.model.measuring import Check, Expect
from watchkeeper.manual.units import Duration
from watchkeeper.measure.probing import Probe, Result, ask, batch_of, fits, probe_of
from watchkeeper.outside import addresses
from watchkeeper.outside.clock import RealClock
from watchkeeper.outside.errors import Refused
from watchkeeper.outside.http import HttpClient

SECOND = 1_000_000_000
DAY = 86_400 * SECOND
SOON = timedelta(milliseconds=300)


def span(ns: int, written: str) -> Duration:
    return Duration(ns=ns, written=written)


def probe(url: str, *, method: str = "GET", timeout: timedelta = timedelta(seconds=20), **expect: Any) -> Probe:
    return Probe(
        check="web",
        region="europe",
        url=url,
        method=method,
        expect=Expect(**expect),
        timeout=timeout,
        every_ns=60 * SECOND,
    )


def asked(of: Probe, client: HttpClient | None = None, clock: RealClock | None = None) -> Result:
    clock = clock or RealClock()
    return ask(of, client or HttpClient(clock, allow_private=True), clock, at_ns=clock.now_ns())


def values(of: Probe, result: Result) -> dict[str, object]:
    batch = batch_of(of, result)
    assert (batch.signal, batch.n, batch.at_ns.tolist()) == ("checks", 1, [result.at_ns])
    assert all(column.codes.tolist() == [0] for column in batch.columns.values())
    value = None if batch.value is None else int(batch.value[0])
    return {name: column.values[0] for name, column in batch.columns.items()} | {"value": value}


@pytest.mark.parametrize(
    ("status", "expected", "ok"),
    [
        (200, ("200",), True),
        (201, ("200",), False),
        (199, ("200..399",), False),
        (200, ("200..399",), True),
        (399, ("200..399",), True),
        (400, ("200..399",), False),
        (503, ("200..204", "503"), True),
        (404, (), False),
    ],
)
def test_a_status_fits_a_code_or_a_range(status: int, expected: tuple[str, ...], ok: bool) -> None:
    assert fits(status, expected) is ok


def test_an_answer_as_expected_has_its_status_its_duration_and_no_error() -> None:
    with serving(says(plain(b"all is well"))) as server:
        of = probe(server.url("/health"), method="POST", status=("200",), body="is well")
        result = asked(of)
    assert server.requests[0].startswith(b"POST /health HTTP/1.1\r\n")

    seen = values(of, result)
    assert 0 < result.took_ns < 20 * SECOND
    assert seen == {"check": "web", "region": "europe", "status": 200, "ok": True, "value": result.took_ns}


@pytest.mark.parametrize(
    ("answer", "expect", "error"),
    [
        (plain(status="503 Down"), {}, "status 503; expected 200..399"),
        (plain(status="204 Empty"), {"status": ("200", "301")}, "status 204; expected 200 or 301"),
        (plain(b"maintenance"), {"body": "all is well"}, "the text 'all is well' is not in the answer"),
        (
            plain(b"x" * 2_000_000 + b"all is well"),
            {"body": "all is well"},
            "the text 'all is well' is not in the first 1,048,576 bytes of the answer",
        ),
        (plain(), {"certificate_left": span(DAY, "1d")}, "there is no certificate: the address is not https"),
    ],
)
def test_an_answer_that_is_not_as_expected_says_what_is_wrong(
    answer: bytes, expect: dict[str, Any], error: str
) -> None:
    with serving(says(answer)) as server:
        of = probe(server.url(), **expect)
        result = asked(of)

    assert (result.ok, result.error) == (False, error)
    assert values(of, result)["value"] == result.took_ns  # an answer all the same
    assert values(of, result)["ok"] is False


def test_a_slow_answer_is_not_good_and_says_how_slow() -> None:
    with serving(says(plain())) as server:
        result = asked(probe(server.url(), within=span(1, "1ns")))

    assert not result.ok
    assert result.error.startswith("it took ")
    assert result.error.endswith(" ms; expected within 1ns")


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ("schön".encode(), ""),
        ("schön".encode("latin-1"), "content-type: text/html; charset=ISO-8859-1\r\n"),
        ("schön".encode(), 'content-type: text/html; charset="nonsense"\r\n'),
    ],
)
def test_a_text_is_looked_for_in_the_charset_of_the_answer(body: bytes, headers: str) -> None:
    with serving(says(plain(body, headers=headers))) as server:
        assert asked(probe(server.url(), body="schön")).ok


def test_a_packed_answer_that_nobody_asked_for_is_not_unpacked() -> None:
    with serving(says(plain(gzip.compress(b"well"), headers="content-encoding: gzip\r\n"))) as server:
        assert not asked(probe(server.url(), body="well")).ok


def test_a_redirect_is_an_answer_of_its_own() -> None:
    with serving(says(plain())) as inner:
        with serving(says(plain(status="302 Found", headers=f"location: {inner.url()}\r\n"))) as outer:
            result = asked(probe(outer.url()))
            strict = asked(probe(outer.url(), status=("200",)))
        assert inner.requests == []
    assert (result.status, result.ok) == (302, True)
    assert (strict.status, strict.ok, strict.error) == (302, False, "status 302; expected 200")


def test_a_server_that_never_answers_took_all_the_time_it_was_given() -> None:
    over = threading.Event()
    with serving(lambda _: over.wait(20)) as server:
        of = probe(server.url(), timeout=SOON)
        result = asked(of)
        over.set()

    assert (result.status, result.ok, result.timed_out) == (0, False, True)
    assert result.took_ns >= 300_000_000
    assert result.error.endswith("did not answer within 0.3 s")
    assert values(of, result) == {
        "check": "web",
        "region": "europe",
        "status": 0,
        "ok": False,
        "error": result.error,
        "value": result.took_ns,
    }


def test_an_answer_that_drips_is_given_up_at_the_timeout() -> None:
    over = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n")
        while not over.wait(0.02):
            connection.sendall(b"x")

    with serving(drip) as server:
        result = asked(probe(server.url(), timeout=SOON))
        over.set()
    assert (result.status, result.ok, result.timed_out) == (0, False, True)


@pytest.mark.parametrize("answer", [None, b"", b"SSH-2.0-OpenSSH\r\n"])
def test_what_breaks_off_at_once_has_no_duration_so_that_it_never_counts_as_fast(answer: bytes | None) -> None:
    if answer is None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
        of = probe(f"http://127.0.0.1:{port}/")
        result = asked(of)
        assert result.error == f"no connection to http://127.0.0.1:{port}/…: Connection refused"
    else:
        with serving(says(answer)) as server:
            of = probe(server.url())
            result = asked(of)
        assert "did not answer in HTTP" in result.error

    assert (result.status, result.ok, result.timed_out) == (0, False, False)
    assert values(of, result)["value"] is None


def test_an_address_that_we_may_not_call_is_refused_and_says_nothing_about_the_other_side() -> None:
    with serving(says(plain())) as server, pytest.raises(Refused, match="is this machine"):
        asked(probe(server.url()), HttpClient(RealClock()))


def test_the_address_of_a_check_is_never_told_whole() -> None:
    result = asked(probe("http://nobody.invalid/s3cret?token=s3cret"))

    assert "nobody.invalid" in result.error
    assert "s3cret" not in result.error


def test_a_probe_is_the_check_of_the_manual() -> None:
    check = Check(http="/x", every=span(30 * SECOND, "30s"), method="HEAD", expect=Expect(status=("204",)))
    of = probe_of("web", "eu", check, "https://a.example/x")

    assert (of.check, of.region, of.url, of.method) == ("web", "eu", "https://a.example/x", "HEAD")
    assert (of.expect.status, of.every_ns, of.timeout) == (("204",), 30 * SECOND, timedelta(seconds=10))


# Certificates.


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """
    A server's context with a certificate of 20 days for app.example, and a client's that trusts it.
    """
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl here to make a certificate with")
    folder: Path = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "cert.pem"
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 20 -subj /CN=app.example"
    names = ["-addext", "subjectAltName=DNS:app.example", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*make.split(), *names], check=True, capture_output=True)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    return server, ssl.create_default_context(cafile=certificate)


@pytest.mark.parametrize(
    ("wanted", "ok", "error"),
    [
        (None, True, ""),
        (span(14 * DAY, "14d"), True, ""),
        (span(30 * DAY, "30d"), False, "the certificate ends in 19 d; expected at least 30d"),
    ],
)
def test_the_life_that_a_certificate_has_left_is_seen_and_expected(
    tls: tuple[ssl.SSLContext, ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
    wanted: Duration | None,
    ok: bool,
    error: str,
) -> None:
    monkeypatch.setattr(addresses, "_ask", lambda _host, _port: ["127.0.0.1"])
    client = HttpClient(RealClock(), allow_private=True, tls=tls[1])
    with serving(says(plain()), tls=tls[0]) as server:
        of = probe(server.url(host="app.example", scheme="https"), certificate_left=wanted)
        result = asked(of, client)

    assert (result.ok, result.error) == (ok, error)
    left = values(of, result)["certificate_left"]
    assert isinstance(left, float)
    assert 19 * 86_400 < left <= 20 * 86_400


@pytest.fixture(scope="module")
def expired(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """
    The same with a certificate that ended three days and an hour ago.
    """
    now = RealClock().now()
    until = now - timedelta(days=3, hours=1)
    made, key = certificate(tmp_path_factory.mktemp("tls") / "c", since=now - timedelta(days=90), until=until)
    return server_side(made, key), ssl.create_default_context(cafile=made)


def days_left(of: Probe, result: Result) -> float:
    left = values(of, result)["certificate_left"]
    assert isinstance(left, float)
    return left / 86_400


def test_a_certificate_that_nobody_vouches_for_fails_in_plain_words_and_tells_how_long_it_lives(
    tls: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    with serving(says(plain()), tls=tls[0]) as server:
        of = probe(server.url("/s3cret", scheme="https"), method="POST")
        result = asked(of, HttpClient(RealClock(), allow_private=True, tls=ssl.create_default_context()))

    assert b"".join(server.requests) == b""  # it was looked at, and sent nothing
    assert (result.status, result.ok, result.timed_out) == (0, False, False)
    assert "is not trusted: self" in result.error
    assert 19 < days_left(of, result) <= 20
    assert values(of, result)["value"] is None


def test_a_certificate_that_has_expired_fails_and_has_less_than_nothing_left(
    expired: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    with serving(says(plain()), tls=expired[0]) as server:
        of = probe(server.url(scheme="https"))
        result = asked(of, HttpClient(RealClock(), allow_private=True, tls=expired[1]))

    assert b"".join(server.requests) == b""
    assert (result.status, result.ok) == (0, False)
    assert result.error == f"the certificate of https://127.0.0.1:{server.port}/… expired 3 d ago"
    assert -3.1 < days_left(of, result) < -3.04


def test_a_certificate_that_cannot_be_looked_at_again_leaves_a_failure_that_is_no_timeout(tmp_path: Path) -> None:
    over = threading.Event()

    def once(connection: object, _name: str, _context: object) -> None:
        if seen:
            over.wait(20)  # the second handshake hangs
        seen.append(connection)

    seen: list[object] = []
    made = certificate(tmp_path / "c", since=RealClock().now(), until=RealClock().now() + timedelta(days=9))
    context = server_side(*made)
    context.sni_callback = once
    with serving(says(plain()), tls=context) as server:
        of = probe(server.url(scheme="https", host="localhost"), timeout=SOON)
        result = asked(of)
        over.set()

    assert (result.status, result.ok, result.timed_out, result.certificate_left_ns) == (0, False, False, None)
    assert "is not trusted" in result.error
    assert values(of, result)["value"] is None
