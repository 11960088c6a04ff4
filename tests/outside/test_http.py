"""
Does the client come back in time, with no more than it asked for, only from where it may go, and tell no secret?
"""

from __future__ import annotations

import gzip
import logging
import socket
import ssl
import subprocess
import threading
import traceback
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from tests.outside.servers import plain, says, serving
from watchkeeper.outside import addresses
from watchkeeper.outside.addresses import why_not_public
from watchkeeper.outside.clock import RealClock, instant
from watchkeeper.outside.errors import OutsideError, Refused
from watchkeeper.outside.http import HttpClient
from watchkeeper.outside.secrets import Secret
from watchkeeper.testing import FakeNetwork, HandClock

SOON = timedelta(milliseconds=300)
LONG = timedelta(seconds=30)


@pytest.fixture(scope="module")
def client() -> HttpClient:
    return HttpClient(RealClock(), allow_private=True)


def test_an_answer_has_its_status_headers_and_body_and_the_request_arrived_whole(client: HttpClient) -> None:
    with serving(says(plain(b"done", "202 Accepted", "X-Id: 7\r\n"))) as server:
        answer = client.request(
            "POST", server.url("/hook?a=1"), headers={"X-Key": Secret("k")}, body=b"x" * 100_000, timeout=LONG
        )
    assert (answer.status, answer.ok, answer.headers["x-id"], answer.body, answer.cut) == (
        202,
        True,
        "7",
        b"done",
        False,
    )
    assert answer.certificate_until_ns is None
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /hook?a=1 HTTP/1.1\r\n")
    assert b"x-key: k" in head.lower()
    assert body == b"x" * 100_000


def test_a_bad_status_is_an_answer_not_an_error(client: HttpClient) -> None:
    with serving(says(plain(b"", "503 Service Unavailable"))) as server:
        answer = client.request("GET", server.url())
    assert (answer.status, answer.ok) == (503, False)


def test_a_redirect_is_not_followed(client: HttpClient) -> None:
    with serving(says(plain())) as inner:
        redirect = plain(b"", "302 Found", f"location: {inner.url('/inside')}\r\n")
        with serving(says(redirect)) as outer:
            answer = client.request("GET", outer.url())
        assert (answer.status, answer.headers["location"]) == (302, inner.url("/inside"))
        assert inner.requests == []


def test_no_cookie_is_kept_for_the_next_request(client: HttpClient) -> None:
    with serving(says(plain(headers="set-cookie: who=ann\r\n"))) as server:
        client.request("GET", server.url())
        client.request("GET", server.url())
    assert b"cookie" not in server.requests[1].lower()


def test_a_server_that_says_nothing_is_given_up_and_may_have_got_the_request(client: HttpClient) -> None:
    over = threading.Event()
    with serving(lambda _: over.wait(20)) as server:
        with pytest.raises(OutsideError, match="did not answer within 0.3 s") as failure:
            client.request("POST", server.url("/s3cret"), body=b"x", timeout=SOON)
        over.set()
    assert (failure.value.retryable, failure.value.reached) == (True, True)


@pytest.mark.parametrize(
    "beginning", [b"", b"HTTP/1.1 200 OK\r\nx: ", b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n"]
)
def test_an_answer_that_drips_byte_by_byte_is_given_up_at_the_deadline(client: HttpClient, beginning: bytes) -> None:
    over = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(beginning)
        while not over.wait(0.02):
            connection.sendall(b"H")

    with serving(drip) as server:
        with pytest.raises(OutsideError):
            client.request("GET", server.url(), timeout=SOON)
        over.set()


def test_a_body_is_cut_at_the_cap_however_long_it_goes_on(client: HttpClient) -> None:
    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:  # ends when the client goes away
            connection.sendall(b"10000\r\n" + b"y" * 65536 + b"\r\n")

    with serving(flood) as server:
        answer = client.request("GET", server.url(), cap=1000, timeout=LONG)
    assert (answer.body, answer.cut) == (b"y" * 1000, True)


def test_a_body_of_exactly_the_cap_is_whole(client: HttpClient) -> None:
    with serving(says(plain(b"12345"))) as server:
        answer = client.request("GET", server.url(), cap=5)
    assert (answer.body, answer.cut) == (b"12345", False)


def test_a_packed_answer_that_nobody_asked_for_is_not_unpacked(client: HttpClient) -> None:
    bomb = gzip.compress(b"0" * 10_000_000)
    with serving(says(plain(bomb, headers="content-encoding: gzip\r\n"))) as server:
        answer = client.request("GET", server.url())
    assert answer.body == bomb
    assert b"accept-encoding: identity" in server.requests[0].lower()


def test_a_port_where_nobody_listens_is_named_and_nothing_was_sent(client: HttpClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(
        OutsideError, match=f"no connection to http://127.0.0.1:{port}/…: Connection refused"
    ) as failure:
        client.request("POST", f"http://127.0.0.1:{port}/s3cret")
    assert (failure.value.retryable, failure.value.reached) == (True, False)


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort"])
def test_a_server_that_does_not_speak_http_is_an_error_of_the_outside(client: HttpClient, answer: bytes) -> None:
    with serving(says(answer)) as server, pytest.raises(OutsideError, match="did not answer in HTTP") as failure:
        client.request("GET", server.url())
    assert failure.value.reached


# Where it may go.


ANY = "0.0.0.0"  # noqa: S104 nothing is bound to it


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", ANY, "127.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]"])
def test_this_machine_is_refused_in_every_spelling_before_anything_is_sent(host: str) -> None:
    guarded = HttpClient(RealClock())
    with serving(says(plain())) as server:
        with pytest.raises(Refused, match="leads to"):
            guarded.request("GET", server.url(host=host))
        assert server.requests == []


def test_one_request_may_be_allowed_what_the_client_is_not() -> None:
    with serving(says(plain())) as server:
        assert HttpClient(RealClock()).request("GET", server.url(), allow_private=True).ok


NOT_PUBLIC = """
    10.1.2.3 172.16.0.1 192.168.1.1 100.64.0.1 169.254.169.254 127.9.9.9 0.0.0.0 224.0.0.1 255.255.255.255
    :: ::1 fe80::1 fe80::1%eth0 fd00::1 ff02::1 ::ffff:10.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe
    2002:7f00:1:: 2002:a00:1::
"""


@pytest.mark.parametrize("address", NOT_PUBLIC.split())
def test_addresses_that_are_not_public(address: str) -> None:
    assert why_not_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "203.0.114.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_addresses_that_are_public(address: str) -> None:
    assert why_not_public(address) is None


def test_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "_ask", lambda _host, _port: ["1.1.1.1", "10.0.0.1"])

    with pytest.raises(Refused, match=r"mixed.example leads to 10.0.0.1, which is private"):
        addresses.resolve("mixed.example", 80, seconds=5, allow_private=False)
    assert addresses.resolve("mixed.example", 80, seconds=5, allow_private=True) == ["1.1.1.1", "10.0.0.1"]


def test_a_name_is_resolved_once_and_a_dead_first_address_leaves_time_for_the_second(
    client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def ask(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.2", "127.0.0.1"]  # on the first one nobody listens

    monkeypatch.setattr(addresses, "_ask", ask)
    with serving(says(plain())) as server:
        assert client.request("GET", server.url(host="app.example")).ok
    assert asked == ["app.example"]
    assert f"host: app.example:{server.port}".encode() in server.requests[0].lower()


def test_a_resolver_that_hangs_is_given_up_at_the_deadline(client: HttpClient, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(addresses, "_ask", lambda _host, _port: [] if over.wait(20) else [])
    with pytest.raises(OutsideError, match="was not resolved in time"):
        client.request("GET", "http://slow.example/", timeout=SOON)
    over.set()


def test_a_name_that_does_not_exist_is_named(client: HttpClient) -> None:
    with pytest.raises(OutsideError, match="the name nobody.invalid has no address"):
        client.request("GET", "http://nobody.invalid/")


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://x/s3cret", "gopher://x/", "//x/s3cret", "s3cret", "http://", "http://x:99999/s3cret"],
)
def test_only_http_and_https_with_a_host_may_be_called(client: HttpClient, url: str) -> None:
    with pytest.raises(Refused) as failure:
        client.request("GET", url)
    assert "s3cret" not in str(failure.value)


# TLS.


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """
    A server's context with a certificate for app.example, and a client's that trusts it.
    """
    folder: Path = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "cert.pem"
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 7 -subj /CN=app.example"
    names = ["-addext", "subjectAltName=DNS:app.example"]
    command = [*make.split(), *names, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    return server, ssl.create_default_context(cafile=certificate)


def test_tls_asks_for_the_name_though_the_address_is_pinned_and_tells_how_long_it_lasts(
    tls: tuple[ssl.SSLContext, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "_ask", lambda _host, _port: ["127.0.0.1"])
    asked: list[str | None] = []
    tls[0].sni_callback = lambda _socket, name, _context: asked.append(name)
    client = HttpClient(RealClock(), allow_private=True, tls=tls[1])
    with serving(says(plain()), tls=tls[0]) as server:
        answer = client.request("GET", server.url(host="app.example", scheme="https"), timeout=LONG)

    assert (answer.body, asked) == (b"hello", ["app.example"])
    assert answer.certificate_until_ns is not None
    assert timedelta(days=6) < instant(answer.certificate_until_ns) - RealClock().now() <= timedelta(days=7)


def test_a_certificate_for_another_name_is_refused_in_plain_words(
    tls: tuple[ssl.SSLContext, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "_ask", lambda _host, _port: ["127.0.0.1"])
    client = HttpClient(RealClock(), allow_private=True, tls=tls[1])
    with (
        serving(says(plain()), tls=tls[0]) as server,
        pytest.raises(OutsideError, match="certificate of https://evil.example:.* is not trusted: Hostname mismatch"),
    ):
        client.request("GET", server.url(host="evil.example", scheme="https"), timeout=LONG)
    assert b"".join(server.requests) == b""


def test_a_certificate_that_nobody_vouches_for_is_refused(
    client: HttpClient, tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    with serving(says(plain()), tls=tls[0]) as server, pytest.raises(OutsideError, match="is not trusted: self"):
        client.request("GET", server.url(scheme="https"), timeout=LONG)


def test_a_server_without_tls_behind_https_is_said_so(client: HttpClient) -> None:
    def behave(connection: socket.socket) -> None:
        connection.sendall(plain())

    with (
        serving(behave) as server,
        pytest.raises(OutsideError, match="no TLS with|did not answer|no connection") as failure,
    ):
        client.request("GET", server.url("/s3cret", scheme="https"), timeout=SOON)
    assert "s3cret" not in str(failure.value)


# What it tells.


def test_no_log_line_and_no_error_shows_the_address_or_a_header(
    client: HttpClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []
    with serving(says(plain(b"", "500 Oops"))) as server, serving(says(b"nonsense")) as broken:
        url = Secret(server.url("/hook/s3cret"))
        client.request("POST", url, headers={"Authorization": Secret("Bearer s3cret")})
        for address, header in (
            (broken.url("/hook/s3cret"), "s3cret"),
            (server.url("/hook/s3cret"), "s3cret\r\nx: y"),
            ("http://u:s3cret@nobody.invalid/s3cret", ""),
        ):
            with pytest.raises(OutsideError) as failure:
                client.request("POST", Secret(address), headers={"X-Key": Secret(header)})
            told.append("".join(traceback.format_exception(failure.value)))
            told.append(repr(failure.value))
    assert len(told) == 6
    assert "s3cret" not in "".join(told)
    assert "s3cret" not in caplog.text


def test_a_header_that_would_split_the_request_is_refused_and_not_retried(client: HttpClient) -> None:
    with serving(says(plain())) as server:
        with pytest.raises(OutsideError, match="is not valid HTTP") as failure:
            client.request("GET", server.url(), headers={"x-label": "a\r\nx-admin: yes"})
        assert not failure.value.retryable


# The double.


def test_the_fake_network_writes_down_calls_and_answers_as_told() -> None:
    network = FakeNetwork()
    client = network.client(HandClock())
    network.answers("http://a.example/", httpx2.ConnectError("down"), httpx2.Response(200, content=b"up"))
    network.answers("http://b.example/", lambda call: httpx2.Response(200, content=call.body.upper()))

    with pytest.raises(OutsideError, match="no connection to http://a.example/…"):
        client.request("GET", "http://a.example/")
    assert client.request("GET", "http://a.example/").body == b"up"
    assert client.request("POST", "http://b.example/", headers={"X-A": "1"}, body=b"loud").body == b"LOUD"
    assert [(call.method, call.url) for call in network.calls][-1] == ("POST", "http://b.example/")
    assert network.calls[-1].headers["x-a"] == "1"
