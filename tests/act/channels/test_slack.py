"""
Does Slack get what it documents, is nothing in it more than text, and is each of its answers understood?
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.act.messages import EVIL, a_message
from tests.act.receivers import Receiver, Said
from watchkeeper.act.channels.sending import Failed, Sent
from watchkeeper.act.channels.slack.channel import ERRORS, SlackChannel, payload
from watchkeeper.act.message import Fact
from watchkeeper.outside.http import HttpClient
from watchkeeper.outside.secrets import Secret

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OK = Said(status=200, body=b"ok")


def send(receiver: Receiver, http: HttpClient) -> Sent | Failed:
    return SlackChannel(Secret(receiver.url()), http=http, allow_private=True).send(
        a_message(), message_id="m", now=NOW
    )


def texts(body: dict[str, Any]) -> list[str]:
    return [body["text"], *(block["text"]["text"] for block in body["blocks"])]


def test_it_gets_a_text_and_blocks_and_answers_ok(receiver, http):
    receiver.says(OK)
    assert isinstance(send(receiver, http), Sent)

    body = receiver.got[0].json
    assert body["text"] == a_message().title
    assert [block["type"] for block in body["blocks"]] == ["section", "section"]
    assert body["blocks"][0]["text"] == {"type": "mrkdwn", "text": f"*{a_message().title}*", "verbatim": True}
    assert body["blocks"][1]["text"]["text"].splitlines() == [
        "*Numbers:* 14 of 212 parses failed, 6.6 %, limit 5 % over 15 min",
        "*Runbook:* <http://watch.example/runbooks/vendor-429|A platform answers 429>",
    ]


@pytest.mark.parametrize("place", ["title", "fact name", "fact text", "link text"])
@pytest.mark.parametrize(
    "name",
    [
        EVIL,
        "<!here>",
        "<@U024BE7LH>",
        "<#C1>",
        "<http://evil.example|bank>",
        "&lt;!channel&gt;",
        "a|b>c",
        "x> <!channel> <y",
    ],
)
def test_a_name_from_outside_can_neither_mention_nor_link(place, name):
    url = "http://watch.example/a" if place == "link text" else None
    fact = Fact(name=name if place == "fact name" else "n", text=name if "text" in place else "t", url=url)
    body = payload(a_message(title=name if place == "title" else "t", facts=(fact,)))
    for text in texts(body):
        assert re.findall(r"<[^>]*>?", text) in (
            [],
            re.findall(r"<http://watch.example/a\|[^<>|]*>", text),
        )
        assert not re.search(r"&(?!amp;|lt;|gt;)", text)
    assert all(block["text"]["verbatim"] for block in body["blocks"])


def test_a_link_cannot_end_its_own_markup():
    fact = Fact(name="Alert", text="history", url="http://watch.example/a>|<!channel>")
    assert "<http://watch.example/a&gt;%7C&lt;!channel&gt;|history>" in texts(payload(a_message(facts=(fact,))))[2]


def test_a_section_is_never_longer_than_slack_takes_and_is_cut_between_lines():
    facts = tuple(Fact(name=f"n{number}", text="<" * 100) for number in range(40))
    text = payload(a_message(facts=facts))["blocks"][1]["text"]["text"]
    assert 2000 < len(text) <= 3000
    assert text.endswith("&lt;")


@pytest.mark.parametrize(
    ("said", "retryable"),
    [
        (Said(status=200, body=b"<html>please log in</html>"), True),
        (Said(status=204), True),
        (Said(status=429, body=b"rate_limited"), True),
        (Said(status=500, body=b"rollup_error"), True),
        (Said(status=503), True),
        (Said(status=400, body=b"invalid_payload"), False),
        (Said(status=403, body=b"action_prohibited"), False),
        (Said(status=404, body=b"no_service"), False),
        (Said(status=410, body=b"channel_is_archived"), False),
        (Said(status=302), False),
    ],
)
def test_other_answers_are_failures_and_only_a_bad_moment_is_tried_again(receiver, http, said, retryable):
    receiver.says(said)
    result = send(receiver, http)
    assert isinstance(result, Failed)
    assert (result.retryable, result.status) == (retryable, said.status)
    if said.body.decode() in ERRORS:
        assert said.body.decode() in result.why


def test_it_waits_as_long_as_slack_asks(receiver, http):
    receiver.says(Said(status=429, headers={"retry-after": "30"}))
    result = send(receiver, http)
    assert isinstance(result, Failed)
    assert result.retry_after == timedelta(seconds=30)
