"""
Does only what Slack has signed, just now and once, do what a person of the manual pressed?
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import msgspec
import pytest
from slack_sdk.signature import Clock as SlackClock
from slack_sdk.signature import SignatureVerifier
from starlette.testclient import TestClient

from tests.act.receivers import Receiver, receiving
from tests.web.house import ADDRESS, House
from watchkeeper.act.slack_answers import SlackAnswers, signature_of
from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.outside.clock import RealClock
from watchkeeper.outside.http import HttpClient
from watchkeeper.store import audit, pages
from watchkeeper.store.pages import PageRow

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
OTHER = "another-app's-signing-secret"
MANUAL = """
watchkeeper: 1
manual: Shop
channels:
  chat: {kind: slack, address_env: HOOK, signing_env: SIGNING}
  other: {kind: slack, address_env: OTHER_HOOK, signing_env: OTHER_SIGNING}
  plain: {kind: slack, address_env: HOOK}
people:
  ada: {name: Ada Lovelace, contacts: {slack: {channel: chat, to: U024BE7LH}}}
  bo: {contacts: {slack: {channel: chat, to_env: BOS_ID}}}
  cy: {contacts: {slack: {channel: other, to: U0CY}, plain: {channel: plain, to: U0PLAIN}}}
"""


@dataclass(kw_only=True)
class Pressing:
    """
    Slack, pressing buttons of a real watch through its real door.
    """

    house: House
    hook: Receiver
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.environ = {
            "HOOK": self.hook.url("/services/T0/B0/s3cret"),
            "SIGNING": SECRET,
            "OTHER_HOOK": "https://hooks.slack.example/x",
            "OTHER_SIGNING": OTHER,
            "BOS_ID": "W0BO",
        } | self.environ
        house = self.house
        http = HttpClient(RealClock(), allow_private=True)
        answers = SlackAnswers(
            manual=lambda: house.manual,
            environ=self.environ,
            state=house.state,
            clock=house.clock,
            http=http,
        )
        self.client = TestClient(house.app(slack=answers), base_url=ADDRESS, raise_server_exceptions=True)
        with house.state.transaction() as tx:
            page = PageRow(key="k", title="Disk", policy="", state="open", opened_ns=1, reason="first", revision=1)
            self.page, self.another = pages.add(tx, [page, page])

    @property
    def now(self) -> int:
        return self.house.clock.now_ns() // 10**9

    def body(
        self, action: str = "acknowledge", value: str | None = None, member: str = "U024BE7LH", **changed: Any
    ) -> bytes:
        payload = {
            "type": "block_actions",
            "user": {"id": member, "username": "ada", "name": "ada", "team_id": "T0"},
            "api_app_id": "A02",
            "token": "Shh",
            "container": {"type": "message", "message_ts": "1548261231.000200", "channel_id": "C0"},
            "trigger_id": "12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3",
            "team": {"id": "T0", "domain": "shop"},
            "channel": {"id": "C0", "name": "alerts"},
            "message": {
                "type": "message",
                "text": "P1 Disk",
                "blocks": [
                    {"type": "section", "text": {"type": "mrkdwn", "text": "*P1 Disk*"}},
                    {"type": "actions", "elements": []},
                ],
            },
            "response_url": self.hook.url("/actions/T0/1/abc"),
            "actions": [
                {
                    "action_id": action,
                    "block_id": "=qXel",
                    "type": "button",
                    "value": str(self.page) if value is None else value,
                    "action_ts": "1548426417.840180",
                }
            ],
        } | changed
        return urlencode({"payload": msgspec.json.encode(payload).decode()}).encode()

    def press(self, body: bytes, *, secret: str = SECRET, at: int | None = None, **headers: str) -> httpx2.Response:
        timestamp = str(self.now if at is None else at)
        signed = signature_of(secret.encode(), timestamp, body)
        if body.isascii():
            assert signed == SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=body)
        sent = {
            "content-type": "application/x-www-form-urlencoded",
            "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "x-slack-request-timestamp": timestamp,
            "x-slack-signature": signed,
        } | headers
        spoken = [(name.encode(), value.encode("latin-1")) for name, value in sent.items()]
        return self.client.post("/slack/interactions", content=body, headers=spoken)

    def row(self, number: int | None = None) -> PageRow:
        with self.house.state.reading() as view:
            row = pages.by_id(view, number or self.page)
        assert row is not None
        return row


@pytest.fixture
def slack(tmp_path: Path) -> Iterator[Pressing]:
    loaded = load_text(MANUAL)
    assert isinstance(loaded, Loaded), str(loaded)
    house = House.of(loaded.manual, tmp_path / "log.db")
    with receiving() as hook:
        yield Pressing(house=house, hook=hook)
    house.close()


def test_a_signed_press_acknowledges_in_the_persons_name_and_the_message_says_so(slack):
    answer = slack.press(slack.body())
    assert (answer.status_code, answer.content) == (200, b"")
    assert (slack.row().state, slack.row().by) == ("acknowledged", "ada")
    assert slack.row(slack.another).state == "open"

    (told,) = slack.hook.got
    assert told.path == "/actions/T0/1/abc"
    assert told.json == {
        "replace_original": True,
        "text": "P1 Disk\nAcknowledged by Ada Lovelace",
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": "*P1 Disk*"}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "Acknowledged by Ada Lovelace", "verbatim": True}},
        ],
    }
    with slack.house.state.reading() as view:
        (row,) = [one for one in audit.recent(view) if one.action == "page.acknowledge"]
    assert (row.who, row.through, row.target) == ("ada", "slack U024BE7LH", f"page/{slack.page}")


@pytest.mark.parametrize(("action", "state"), [("snooze", "snoozed"), ("resolve", "ended"), ("escalate", "open")])
def test_the_other_buttons_do_what_they_say_on_all_their_pages(slack, action, state):
    assert slack.press(slack.body(action, value=f"{slack.page},{slack.another}")).status_code == 200
    assert {slack.row().state, slack.row(slack.another).state} == {state}


def test_whose_id_stands_in_the_environment_is_known_too(slack):
    slack.press(slack.body(member="W0BO"))
    assert slack.row().by == "bo"


@pytest.mark.parametrize("secret", ["", "wrong", SECRET.upper(), SECRET + " "])
def test_what_another_secret_signed_does_nothing(slack, secret):
    signed = signature_of(secret.encode(), str(slack.now), slack.body())
    assert slack.press(slack.body(), **{"x-slack-signature": signed}).status_code == 403
    assert slack.row().state == "open"
    assert slack.hook.got == []


@pytest.mark.parametrize(
    "headers",
    [
        {"x-slack-signature": ""},
        {"x-slack-signature": "v0="},
        {"x-slack-signature": "v1=" + "0" * 64},
        {"x-slack-signature": "\u00e4"},
        {"x-slack-request-timestamp": ""},
        {"x-slack-request-timestamp": "now"},
        {"x-slack-request-timestamp": "1e9"},
        {"x-slack-request-timestamp": "-1"},
        {"x-slack-request-timestamp": "9" * 400},
        {"x-slack-request-timestamp": "\u0661\u0662"},
    ],
)
def test_headers_that_hold_nothing_are_refused(slack, headers):
    sent = {name: value.encode("utf-8").decode("latin-1") for name, value in headers.items()}
    assert slack.press(slack.body(), **sent).status_code == 403
    assert slack.row().state == "open"


@pytest.mark.parametrize(("late", "taken"), [(-301, False), (-299, True), (0, True), (299, True), (301, False)])
def test_the_window_is_five_minutes_as_slacks_own_verifier_has_it(slack, late, taken):
    at = slack.now + late
    assert slack.press(slack.body(), at=at).status_code == (200 if taken else 403)
    assert (slack.row().state == "acknowledged") is taken

    class Now(SlackClock):
        def now(self) -> float:
            return float(slack.now)

    theirs = SignatureVerifier(SECRET, Now())
    signed = theirs.generate_signature(timestamp=str(at), body=slack.body())
    assert theirs.is_valid(slack.body(), str(at), signed) is taken


def test_one_changed_byte_is_refused(slack):
    body = slack.body()
    signed = signature_of(SECRET.encode(), str(slack.now), body)
    changed = body.replace(b"acknowledge", b"acknowledgf")
    assert slack.press(changed, **{"x-slack-signature": signed}).status_code == 403


def test_the_same_press_twice_acts_once(slack):
    body = slack.body("snooze")
    assert slack.press(body).status_code == 200
    due_ns = slack.row().due_ns
    slack.house.clock.move(seconds=60)
    assert slack.press(body, at=slack.now - 60).status_code == 403
    assert slack.row().due_ns == due_ns


@pytest.mark.parametrize(
    ("member", "secret"),
    [
        ("U0STRANGER", SECRET),
        ("U0CY", SECRET),  # known in the other workspace only
        ("U0PLAIN", SECRET),
        ("U024BE7LH", OTHER),  # the other workspace has no say about this one's people
        ("", SECRET),
        ("ada", SECRET),
        ("<!channel>", SECRET),
    ],
)
def test_whom_the_manual_does_not_know_there_does_nothing_and_learns_why(slack, member, secret):
    assert slack.press(slack.body(member=member), secret=secret).status_code == 200
    assert slack.row().state == "open"
    for told in slack.hook.got:
        assert told.json["response_type"] == "ephemeral"
        assert told.json["replace_original"] is False
        assert "contacts" in told.json["text"]
        assert "<" not in told.json["text"]
    assert len(slack.hook.got) == (1 if secret == SECRET else 0)


@pytest.mark.parametrize(
    "place",
    [
        "http://169.254.169.254/latest",
        "http://127.0.0.1:1/x",
        "https://evil.example/x",
        "",
        "file:///etc/passwd",
        "http://[x",
        "//h",
    ],
)
def test_nothing_is_told_to_a_place_that_is_not_where_our_messages_go(slack, place):
    assert slack.press(slack.body(response_url=place)).status_code == 200
    assert slack.row().state == "acknowledged"
    assert slack.hook.got == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"payload=",
        b"payload=%7B",
        b"payload=[]",
        b"\xff\xfe",
        b"payload=%7B%22type%22%3A%22view_submission%22%2C%22user%22%3A%7B%22id%22%3A%22U%22%7D%7D",
        b"payload=1&payload=2",
        b"&".join([b"a=1"] * 100),
    ],
)
def test_what_is_signed_and_means_nothing_here_is_taken_and_does_nothing(slack, body):
    assert slack.press(body).status_code == 200
    assert slack.row().state == "open"


@pytest.mark.parametrize(
    "changed",
    [
        {"actions": []},
        {"actions": [{"action_id": "acknowledge"}]},  # a button that is a link
        {"actions": [{"action_id": "delete", "value": "1"}]},
        {"actions": [{"action_id": "acknowledge", "value": "1;drop"}]},
        {"actions": [{"action_id": "acknowledge", "value": "9" * 30}]},
        {"actions": [{"action_id": "acknowledge", "value": "1"}, {"action_id": "resolve", "value": "1"}]},
        {"type": "message_action"},
    ],
)
def test_a_press_of_something_else_does_nothing(slack, changed):
    assert slack.press(slack.body(**changed)).status_code == 200
    assert slack.row().state == "open"


def test_a_page_that_is_not_there_or_over_is_told_to_the_one_who_pressed(slack):
    slack.press(slack.body(value="999"))
    slack.press(slack.body("resolve"))
    slack.press(slack.body("snooze"))
    said = [told.json["text"] for told in slack.hook.got]
    assert said[0] == "There is no page 999."
    assert said[2] == f"page {slack.page} is over."


def test_what_cannot_be_done_with_all_pages_is_done_with_none_and_stands_as_refused_on_the_record(slack):
    slack.press(slack.body("resolve"))
    slack.press(slack.body("snooze", value=f"{slack.another},{slack.page}"))
    assert slack.row(slack.another).state == "open"
    with slack.house.state.reading() as view:
        rows = [(one.action, one.target, one.outcome) for one in reversed(audit.recent(view)) if "page." in one.action]
    assert rows == [
        ("page.resolve", f"page/{slack.page}", "done"),
        ("page.snooze", f"page/{slack.another}", "refused"),
        ("page.snooze", f"page/{slack.page}", "refused"),
    ]


def test_a_large_body_is_refused_before_it_is_read(slack):
    assert slack.press(b"payload=" + b"x" * 300_000).status_code == 413


def test_a_form_from_a_browsers_page_is_refused(slack):
    answer = slack.press(slack.body(), origin="https://evil.example")
    assert answer.status_code == 403
    assert slack.row().state == "open"


def test_without_a_secret_the_door_is_shut(tmp_path):
    loaded = load_text("watchkeeper: 1\nmanual: Shop\nchannels: {chat: {kind: slack, address_env: HOOK}}")
    assert isinstance(loaded, Loaded)
    house = House.of(loaded.manual, tmp_path / "log.db")
    with receiving() as hook:
        slack = Pressing(house=house, hook=hook, environ={"SIGNING": ""})
        for secret in ("x", SECRET):
            assert slack.press(slack.body(), secret=secret).status_code == 403
    bare = TestClient(house.app(), base_url=ADDRESS)
    assert bare.post("/slack/interactions", content=b"payload=x").status_code == 403
    house.close()
