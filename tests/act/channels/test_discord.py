"""
Does Discord get what it documents, is nothing in it more than text, and is each of its answers understood?
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.act.messages import EVIL, a_message
from tests.act.receivers import Receiver, Said
from watchkeeper.act.channels.discord.channel import DiscordChannel, escape, payload
from watchkeeper.act.channels.sending import Failed, Sent
from watchkeeper.act.message import Fact
from watchkeeper.outside.http import HttpClient
from watchkeeper.outside.secrets import Secret

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def send(receiver: Receiver, http: HttpClient) -> Sent | Failed:
    return DiscordChannel(Secret(receiver.url()), http=http, allow_private=True).send(
        a_message(), message_id="m", now=NOW
    )


def test_it_gets_content_an_embed_and_nobody_to_mention(receiver, http):
    assert isinstance(send(receiver, http), Sent)

    body = receiver.got[0].json
    assert body["allowed_mentions"] == {"parse": []}
    assert body["content"] == a_message().title
    assert body["embeds"][0]["fields"] == [
        {"name": "Numbers", "value": "14 of 212 parses failed, 6.6 %, limit 5 % over 15 min", "inline": False},
        {
            "name": "Runbook",
            "value": "[A platform answers 429](http://watch.example/runbooks/vendor-429)",
            "inline": False,
        },
    ]


@pytest.mark.parametrize(
    "name",
    [
        EVIL,
        "@everyone",
        "<@&1>",
        "[a](http://evil.example)",
        "**b**",
        "__u__",
        "~~s~~",
        "||s||",
        "`c`",
        "# h",
        "> q",
        "- l",
        "\\",
    ],
)
def test_every_sign_of_markup_in_a_name_is_only_a_character(name):
    escaped = escape(name)
    assert re.sub(r"\\([^0-9A-Za-z\s])", r"\1", escaped) == name  # what Discord shows is what it was
    assert not re.search(r"(?<!\\)(?:\\\\)*[*_~`|>#\[\]()<@]", escaped)
    assert payload(a_message(title=name))["allowed_mentions"] == {"parse": []}


def test_a_link_cannot_end_its_own_markup():
    fact = Fact(name="Alert", text="a](http://evil.example)", url="http://watch.example/x)(y z")
    (field,) = payload(a_message(facts=(fact,)))["embeds"][0]["fields"]
    assert field["value"].endswith("](http://watch.example/x%29%28y%20z)")
    assert field["value"].count("](") == 1 + field["value"].count("\\](")


@settings(max_examples=40, deadline=None)
@given(
    title=st.text(alphabet="*a<é", max_size=3000),
    facts=st.lists(
        st.builds(Fact, name=st.text("_x", min_size=1), text=st.text("|b", min_size=1, max_size=2500)), max_size=40
    ),
)
def test_a_message_of_any_size_fits_the_limits(title, facts):
    body = payload(a_message(title=title, facts=tuple(facts)))
    assert len(body["content"]) <= 2000
    fields = [field for embed in body["embeds"] for field in embed["fields"]]
    assert len(fields) <= 25
    assert sum(len(field["name"]) + len(field["value"]) for field in fields) <= 6000
    assert all(len(field["name"]) <= 256 and 0 < len(field["value"]) <= 1024 for field in fields)


def test_a_cut_never_falls_between_a_backslash_and_its_sign():
    for most in range(3, 9):
        cut = escape("*" * 50, most=most)
        assert len(cut) <= most
        assert re.fullmatch(r"(?:\\\*)*…", cut)


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        (
            Said(status=429, body=b'{"message": "slow down", "retry_after": 0.25, "global": false}'),
            timedelta(seconds=0.25),
        ),
        (Said(status=429, body=b'{"retry_after": 64}', headers={"retry-after": "65"}), timedelta(seconds=64)),
        (Said(status=429, body=b"<html>", headers={"retry-after": "65"}), timedelta(seconds=65)),
        (Said(status=429, body=b'{"retry_after": "soon"}'), None),
        (Said(status=429, body=b'{"retry_after": true}'), None),
        (Said(status=429, body=b'{"retry_after": -1}'), None),
        (Said(status=429, body=b"[1]"), None),
        (Said(status=503), None),
    ],
)
def test_it_waits_as_long_as_discord_asks(receiver, http, said, wait):
    receiver.says(said)
    result = send(receiver, http)
    assert isinstance(result, Failed)
    assert (result.retryable, result.retry_after) == (True, wait)


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 410])
def test_an_answer_that_will_not_change_is_final(receiver, http, status):
    receiver.says(status)
    result = send(receiver, http)
    assert isinstance(result, Failed)
    assert not result.retryable
