"""
Does a real mail server get letters that it and a mail program understand, and is each of its answers understood?
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.act.mailboxes import Mailbox, a_mailbox, trusting
from tests.act.messages import EVIL, a_message
from watchkeeper.act.channels.email.channel import EmailChannel, NoServer, server_of
from watchkeeper.act.channels.email.letter import as_html, letter, mailbox
from watchkeeper.act.channels.sending import Failed, Sent
from watchkeeper.act.links import Action
from watchkeeper.act.message import Button, Fact, Recipient, Urgency
from watchkeeper.outside.clock import RealClock
from watchkeeper.outside.errors import OutsideError
from watchkeeper.outside.mail import MailClient
from watchkeeper.outside.secrets import Secret

# What aiosmtpd says of a server that speaks TLS from the first byte; it knows only of STARTTLS.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
VALID = {"since": datetime(2020, 1, 1, tzinfo=UTC), "until": datetime(2099, 1, 1, tzinfo=UTC)}
ADA = Recipient(person="ada", name="Ada Lovelace", address=Secret("ada@shop.example"))
URL = "https://watch.example/answer/abc"


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return trusting(tmp_path_factory.mktemp("mail") / "ca", **VALID)


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with a_mailbox() as one:
        yield one


def a_channel(address: str, tls: ssl.SSLContext | None = None, **changed: Any) -> EmailChannel:
    sender = mailbox("Watchkeeper <watch@shop.example>")
    assert sender is not None
    given: dict[str, Any] = {"sender": sender, "watch": "Shop", "allow_private": True} | changed
    given["to"] = [mailbox(one) for one in given.get("to", ())]
    return EmailChannel(server_of(Secret(address)), mail=MailClient(RealClock(), tls=tls), **given)


def plain(box: Mailbox, **changed: Any) -> EmailChannel:
    return a_channel(f"smtp://127.0.0.1:{box.port}?tls=none", **changed)


def send(channel: EmailChannel, message_id: str = "m1", **changed: Any) -> Sent | Failed:
    return channel.send(a_message(**{"recipient": ADA, **changed}), message_id=message_id, now=NOW)


# --- how it comes in


def test_a_letter_has_plain_text_and_html_and_goes_to_the_person(box):
    result = send(plain(box), buttons=(Button(action=Action.ACKNOWLEDGE, label="Acknowledge", pages=(7,), url=URL),))
    assert isinstance(result, Sent)
    assert (result.status, result.detail) == (250, "")

    (got,) = box.got
    assert (got.sender, got.to, got.tls, got.user) == ("watch@shop.example", ["ada@shop.example"], False, None)
    mail = got.mail
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert mail["From"] == "Watchkeeper <watch@shop.example>"
    assert mail["To"] == "Ada Lovelace <ada@shop.example>"
    assert mail["Subject"] == a_message().title
    assert mail["Date"].datetime == NOW
    assert mail["Auto-Submitted"] == "auto-generated"
    assert got.part("plain").splitlines()[:2] == a_message().text.splitlines()[:2]
    assert f"Acknowledge: {URL}" in got.part("plain")
    assert f"href='{URL}'" in got.part("html")
    assert all(line.isascii() and len(line) <= 998 for line in got.content.decode("ascii").splitlines())


def test_with_starttls_the_letter_and_the_password_are_said_inside_tls_alone(certified):
    server, client = certified
    with a_mailbox(starttls=server, users={"watch": "s3 cret/ü"}) as box:
        result = send(a_channel(f"smtp://watch:s3%20cret%2F%C3%BC@127.0.0.1:{box.port}", client))
    assert isinstance(result, Sent)
    assert [(got.tls, got.user) for got in box.got] == [(True, "watch")]


def test_with_tls_from_the_first_byte_as_well(certified):
    server, client = certified
    with a_mailbox(tls=server, users={"watch": "s3cret"}) as box:
        result = send(a_channel(f"smtps://watch:s3cret@127.0.0.1:{box.port}", client))
    assert isinstance(result, Sent)
    assert [(got.tls, got.user) for got in box.got] == [(True, "watch")]


def test_a_server_without_starttls_gets_neither_letter_nor_password():
    with a_mailbox() as box:
        result = send(a_channel(f"smtp://watch:s3cret@127.0.0.1:{box.port}"))
    assert isinstance(result, Failed)
    assert not result.retryable
    assert "offers no STARTTLS" in result.why
    assert (box.got, box.tried) == ([], [])


@pytest.mark.parametrize("how", ["starttls", "tls"])
def test_a_server_that_nobody_vouches_for_gets_nothing(certified, how):
    server, _ = certified
    with a_mailbox(**{how: server}, users={"watch": "s3cret"}) as box:
        scheme = "smtps" if how == "tls" else "smtp"
        result = send(a_channel(f"{scheme}://watch:s3cret@127.0.0.1:{box.port}"))
    assert isinstance(result, Failed)
    assert result.retryable
    assert "certificate" in result.why
    assert (box.got, box.tried) == ([], [])


def test_a_wrong_password_is_final_and_shown_nowhere(certified):
    server, client = certified
    with a_mailbox(starttls=server, users={"watch": "right"}) as box:
        result = send(a_channel(f"smtp://watch:wr0ng@127.0.0.1:{box.port}", client))
    assert isinstance(result, Failed)
    assert (result.retryable, result.status) == (False, 535)
    assert "wr0ng" not in repr(result)
    assert "does not take the user and password" in result.why


# --- who gets it


def test_the_channels_own_audience_are_those_in_its_to(box):
    assert isinstance(send(plain(box, to=["a@shop.example", "B <b@shop.example>"]), recipient=None), Sent)
    assert box.got[0].to == ["a@shop.example", "b@shop.example"]
    assert box.got[0].mail["To"] == "a@shop.example, B <b@shop.example>"


def test_a_letter_to_nobody_fails_and_says_so(box):
    result = send(plain(box), recipient=None)
    assert result == Failed(why="the channel's `to` names no mail address", retryable=False)
    assert send(plain(box), recipient=Recipient(person="ada", name="Ada", lacks="TOPIC is not set")) == Failed(
        why="TOPIC is not set", retryable=True, of_recipient=True
    )
    assert box.got == []


def test_one_refused_recipient_does_not_keep_it_from_the_others_and_is_told(box):
    box.recipients = {"b@shop.example": "550 no such user b@shop.example"}
    result = send(plain(box, to=["a@shop.example", "b@shop.example", "c@shop.example"]), recipient=None)
    assert isinstance(result, Sent)
    assert result.detail == "not taken for 1 of 3 recipients (550)"
    assert box.got[0].to == ["a@shop.example", "c@shop.example"]


@pytest.mark.parametrize(
    ("answer", "retryable"), [("550 5.1.1 unknown", False), ("450 4.2.0 greylisted", True), ("553 bad", False)]
)
def test_when_all_are_refused_it_failed(box, answer, retryable):
    box.recipients = {"ada@shop.example": answer}
    result = send(plain(box))
    assert isinstance(result, Failed)
    assert (result.retryable, result.status) == (retryable, int(answer[:3]))
    assert box.got == []


@pytest.mark.parametrize(
    ("where", "answer", "retryable"),
    [
        ("mail", "421 4.3.2 shutting down", True),
        ("mail", "530 5.7.0 sign in first", False),
        ("data", "451 4.3.0 try later", True),
        ("data", "452 4.3.1 disk full", True),
        ("data", "552 5.3.4 too large", False),
        ("data", "554 5.7.1 spam", False),
    ],
)
def test_only_a_bad_moment_is_tried_again_and_no_word_of_the_server_is_repeated(box, where, answer, retryable):
    setattr(box, where, answer)
    result = send(plain(box))
    assert isinstance(result, Failed)
    assert (result.retryable, result.status) == (retryable, int(answer[:3]))
    assert answer[4:] not in result.why
    assert f"({answer[:3]})" in result.why


# --- a server that does not do as it should


def test_a_slow_server_is_left_at_the_deadline_and_may_have_the_letter(box):
    box.until = threading.Event()
    client = MailClient(RealClock(), allow_private=True)
    server = server_of(Secret(f"smtp://127.0.0.1:{box.port}?tls=none"))
    with pytest.raises(OutsideError, match=r"did not take it within 0\.5 s") as raised:
        client.send(server, sender="a@b.example", to=["c@d.example"], content=b"x", timeout=timedelta(seconds=0.5))
    assert (raised.value.retryable, raised.value.reached) == (True, True)


def test_a_server_that_trickles_is_left_at_the_deadline(certified):
    ended = threading.Event()

    def trickle(connection: Any) -> None:
        while not ended.wait(0.05):
            connection.sendall(b"2")

    for scheme, tls in (("smtp", certified[1]), ("smtps", certified[1])):
        ended.clear()
        with greeting(trickle) as port:
            client = MailClient(RealClock(), allow_private=True, tls=tls)
            server = server_of(Secret(f"{scheme}://127.0.0.1:{port}"))
            with pytest.raises(OutsideError, match=r"did not take it within 0.5 s|no TLS with") as raised:
                client.send(
                    server, sender="a@b.example", to=["c@d.example"], content=b"x", timeout=timedelta(seconds=0.5)
                )
            ended.set()
        assert raised.value.reached is False


def test_a_server_that_talks_without_end_is_left():
    def chatter(connection: Any) -> None:
        for _ in range(10_000):
            connection.sendall(b"220-" + b"x" * 500 + b"\r\n")

    with greeting(chatter) as port:
        result = send(a_channel(f"smtp://127.0.0.1:{port}"))
    assert isinstance(result, Failed)
    assert result.retryable


@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\xff\xfe\r\n", b"554 go away\r\n", b"-1\r\n"]
)
def test_what_is_no_mail_server_fails_in_words(said):
    with greeting(lambda connection: connection.sendall(said)) as port:
        result = send(a_channel(f"smtp://127.0.0.1:{port}"))
    assert isinstance(result, Failed)
    assert f"127.0.0.1:{port}" in result.why


def test_nobody_there_is_tried_again():
    result = send(a_channel("smtp://127.0.0.1:1"))
    assert isinstance(result, Failed)
    assert result.retryable
    assert "no connection to 127.0.0.1:1" in result.why


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "[::ffff:127.0.0.1]"]
)
def test_a_private_server_is_refused_unless_it_is_allowed(box, host):
    result = send(a_channel(f"smtp://{host}:{box.port}?tls=none", allow_private=False))
    assert isinstance(result, Failed)
    assert not result.retryable
    assert "--allow-private" in result.why
    assert box.got == []


# --- the letter itself


def test_every_attempt_at_a_message_has_the_same_message_id_and_another_message_another(box):
    channel = plain(box)
    for message_id in ("m1", "m1", "m2"):
        send(channel, message_id)
    first, again, other = (got.mail["Message-ID"] for got in box.got)
    assert first == again != other
    assert re.fullmatch(r"<message\.[0-9a-f]{32}@shop\.example>", first)


def test_all_mails_of_an_incident_refer_to_one(box):
    channel = plain(box)
    for thread in ("incident/12", "incident/12", "incident/13", ""):
        send(channel, thread=thread)
    references = [got.mail["References"] for got in box.got]
    assert references[0] == references[1] != references[2]
    assert references[3] is None
    assert [got.mail["In-Reply-To"] for got in box.got] == references
    send(plain(box, watch="Another shop"), thread="incident/12")
    assert box.got[-1].mail["References"] != references[0]


@pytest.mark.parametrize(
    ("urgency", "importance"), [(Urgency.CRITICAL, "high"), (Urgency.HIGH, "high"), (Urgency.LOW, None)]
)
def test_what_is_urgent_is_marked(box, urgency, importance):
    send(plain(box), urgency=urgency)
    assert box.got[0].mail["Importance"] == importance


BREAKS = [
    "\r\nBcc: evil@evil.example",
    "\nSubject: other",
    "\r\n\r\nbody",
    "\x00\x0b\x0c\x1c\x85\u2028Bcc: x@y",
    "\r\n.\r\nMAIL FROM:<x@y>",
]


@pytest.mark.parametrize("evil", BREAKS)
@pytest.mark.parametrize("place", ["title", "name", "fact", "thread"])
def test_a_name_from_outside_adds_no_header_no_recipient_and_no_command(box, evil, place):
    changes: dict[str, dict[str, Any]] = {
        "title": {"title": f"Disk{evil}"},
        "name": {"recipient": Recipient(person="ada", name=f"Ada{evil}", address=Secret("ada@shop.example"))},
        "fact": {"facts": (Fact(name=f"n{evil}", text=f"t{evil}", url=f"http://x.example/{evil}"),)},
        "thread": {"thread": f"incident/1{evil}"},
    }
    changed = changes[place]
    assert isinstance(send(plain(box), **changed), Sent)
    (got,) = box.got
    assert got.to == ["ada@shop.example"]
    usual = [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "In-Reply-To",
        "References",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Type",
    ]
    assert [name for name in got.mail if name not in usual] == []
    assert len([name for name in got.mail if name == "Subject"]) == 1
    assert got.mail["To"].addresses[0].addr_spec == "ada@shop.example"
    assert len(got.mail["To"].addresses) == 1


@pytest.mark.parametrize(
    "text",
    [
        "ada@shop.example\r\nRCPT TO:<evil@evil.example>",
        "ada@shop.example>,<evil@evil.example",
        "ada@shop.example,evil@evil.example",
        "ada@shop.example evil@evil.example",
        "ada@shop.example\0",
        '"a b"@shop.example',
        "ada",
        "ada@",
        "@shop.example",
        "ada@shop..example",
        ".ada@shop.example",
        "ada@-shop.example",
        "ad\u00e4@shop.example",
        "ada@[127.0.0.1]",
        "a" * 65 + "@shop.example",
        "",
    ],
)
def test_what_is_no_address_is_written_to_by_nobody(box, text):
    assert mailbox(text) is None
    result = send(plain(box), recipient=Recipient(person="ada", name="Ada", address=Secret(text)))
    assert result == Failed(why="what is known as their mail address is none", retryable=False)
    assert box.got == []


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("ada@shop.example", "ada@shop.example"),
        ("Ada Lovelace <ada@shop.example>", "ada@shop.example"),
        ('"Lovelace, Ada" <ada+pager@shop.example>', "ada+pager@shop.example"),
        ("ada@b\u00fccher.example", "ada@xn--bcher-kva.example"),
        ("a.b_c-d@s", "a.b_c-d@s"),
    ],
)
def test_an_address_is_read_as_people_write_it(text, spoken):
    found = mailbox(text)
    assert found is not None
    assert found.addr_spec == spoken


@pytest.mark.parametrize(
    "name", [EVIL, "<script>alert(1)</script>", "'><img src=x onerror=y>", "&lt;b&gt;", "</table>"]
)
def test_in_html_a_name_is_only_text(name):
    page = as_html(a_message(title=name, facts=(Fact(name=name, text=name, url="https://watch.example/'><script>"),)))
    tags = set(re.findall(r"<(/?[a-z0-9]+)", page))
    assert tags <= {
        "html",
        "/html",
        "body",
        "/body",
        "h1",
        "/h1",
        "table",
        "/table",
        "tr",
        "/tr",
        "td",
        "/td",
        "a",
        "/a",
    }
    assert re.findall(r"<a href='([^']*)'", page) == ["https://watch.example/&#x27;&gt;&lt;script&gt;"]
    assert "javascript:" not in as_html(a_message(facts=(Fact(name="x", text="y", url="javascript:alert(1)"),)))


def texts(most: int) -> st.SearchStrategy[str]:
    """
    Of all characters that can be written in UTF-8.
    """
    return st.text(st.characters(codec="utf-8"), max_size=most)


@settings(max_examples=40, deadline=None)
@given(title=texts(400), name=texts(60), text=texts(2000))
def test_any_text_makes_a_letter_that_can_be_read(title, name, text):
    sender, to = mailbox("w@shop.example"), mailbox("ada@shop.example")
    assert sender is not None
    assert to is not None
    message = a_message(title=title, facts=(Fact(name="n", text=text),))
    content = letter(message, sender=sender, to=[to], message_id=name, watch="Shop", now=NOW)
    assert content.isascii()
    head, _, body = content.partition(b"\r\n\r\n")
    assert body
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert b"\n" not in head.replace(b"\r\n", b"")


# --- the address of the server


@pytest.mark.parametrize(
    "address",
    [
        "mail.s3cret.example",
        "http://s3cret.example",
        "smtp://",
        "smtp://u:s3cret@h:port",
        "smtp://s3cret@h",
        "smtp://:s3cret@h",
        "smtp://u:s3cret@h?tls=none",
        "smtp://u:s3cret@h?starttls=no",
        "smtps://u:s3cret@h?tls=none",
        "smtp://h/s3cret",
        "smtp://[s3cret",
    ],
)
def test_an_address_of_no_server_is_said_without_a_word_of_it(address):
    with pytest.raises(NoServer) as raised:
        server_of(Secret(address))
    assert "s3cret" not in str(raised.value)
    assert raised.value.__cause__ is None


@contextmanager
def greeting(behave: Callable[[socket.socket], object]) -> Iterator[int]:
    """
    A server at a port that takes one connection and behaves as told, before anybody has said a word.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                connection, _ = listening.accept()
                with connection:
                    behave(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=20)
