"""
Does a page say on its first line what is the matter, why it comes to this person, and how they answer it?
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.act.messages import EVIL, NOON_NS
from tests.act.test_message import MANUAL, numbers
from watchkeeper.act.links import LIFETIME_NS, Action, Links
from watchkeeper.act.message import Message, Urgency, Writer
from watchkeeper.act.record import notice_to_json
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import AlertKey, Finding, Kind, Notice, Truth
from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.store.notices import NoticeRow

MINUTE_NS = 60 * 10**9
PEOPLE = """
people:
  ada:
    name: Ada Lovelace
    email: ada@shop.example
    contacts: {mail: {channel: post}, chat: {channel: chat, to: U01}, own: {channel: chat, to_env: ADA_HOOK}}
  bo: {channels: [post]}
contacts:
  legal: {name: The lawyers, email: law@shop.example, channel: post}
"""
LINKS = Links(b"k" * 32, "https://watch.example")


@pytest.fixture(scope="module")
def writer() -> Writer:
    loaded = load_text(MANUAL.replace("routes:", "  post: {kind: email}\nroutes:") + PEOPLE)
    assert isinstance(loaded, Loaded), list(loaded)
    return Writer(
        loaded.manual, "https://watch.example/", environ={"ADA_HOOK": "https://chat.example/ada"}, links=LINKS
    )


def a_notice() -> dict[str, Any]:
    found = Finding(
        truth=Truth.HOLDS,
        reason=Reason.HOLDS,
        numbers=numbers("0.934", "0.95", events=212, hits=198, hits_are="good", window_ns=15 * MINUTE_NS),
    )
    return notice_to_json(
        Notice(
            key=AlertKey(rule="parse-success", label="platform", value="spotify"),
            kind=Kind.FIRING,
            channel=None,
            reason=Reason.FIRST,
            at_ns=NOON_NS,
            since_ns=NOON_NS,
            severity="P2",
            finding=found,
        )
    )


def a_row(
    kind: Kind = Kind.PAGE, *, person: str = "ada", channel: str = "post", method: str = "mail", **body: Any
) -> NoticeRow:
    fields: dict[str, Any] = {
        "at_ns": NOON_NS,
        "page": 7,
        "title": "Parse success on spotify",
        "severity": "P2",
        "step": 0,
        "round": 0,
        "cycle": 0,
        "reason": "paged",
        "count": 1,
        "alerts": ["parse-success[platform=spotify]"],
        "notice": a_notice(),
        "incident": 12,
        "policy": "standard",
    }
    return NoticeRow(
        subject="page/7", kind=kind.value, channel=channel, person=person, address=method, body=fields | body,
        created_ns=NOON_NS, due_ns=NOON_NS,
    )  # fmt: skip


def facts(message: Message) -> dict[str, str]:
    return {fact.name: fact.text for fact in message.facts}


def test_a_page_says_the_numbers_why_you_and_where_to_answer(writer):
    message = writer(a_row())

    assert message.title == "P2 · Parse success on spotify is 93.4 %, below 95 % over 15 min"
    assert message.text.splitlines()[1] == "Why you: it is their turn (step 1 of `standard`)"
    assert facts(message)["Runbook"] == "A vendor answers 429"
    assert (message.facts[-2].name, message.facts[-2].url) == ("Incident", "https://watch.example/incidents/12")
    assert (message.facts[-1].name, message.facts[-1].url) == ("Page", "https://watch.example/pages/7")
    assert message.thread == "incident/12"
    assert message.urgency is Urgency.HIGH
    assert message.data["rule"] == "parse-success"
    assert message.data["page"] == 7


def test_who_gets_it_alone_gets_links_that_act_for_them_and_only_for_them(writer):
    message = writer(a_row())
    assert [(one.action, one.label, one.pages) for one in message.buttons] == [
        (Action.ACKNOWLEDGE, "Acknowledge", (7,)),
        (Action.SNOOZE, "Snooze 1 h", (7,)),
        (Action.ESCALATE, "Escalate", (7,)),
    ]
    for button in message.buttons:
        link = LINKS.read((button.url or "").rpartition("/")[2], NOON_NS)
        assert link is not None
        assert (link.action, link.pages, link.person) == (button.action, (7,), "ada")
        assert link.expires_ns == NOON_NS + LIFETIME_NS
    assert writer(a_row()).buttons == message.buttons  # every attempt has the same links


@pytest.mark.parametrize(
    ("person", "channel", "method", "own"),
    [
        ("ada", "post", "mail", True),
        ("ada", "chat", "own", True),
        ("ada", "chat", "chat", False),  # a mention in a place where others read along
        ("ada", "chat", "", False),
        ("ada", "chat", "mail", False),  # not a method of that channel
        ("", "chat", "", False),
        ("bo", "post", "post", False),  # no address of theirs
        ("contact:legal", "post", "post", True),
    ],
)
def test_where_others_read_along_no_link_acts_for_a_person(writer, person, channel, method, own):
    buttons = writer(a_row(person=person, channel=channel, method=method)).buttons
    assert len(buttons) == 3
    assert {button.url is not None for button in buttons} == {own}


def test_several_alerts_are_counted_and_one_button_answers_the_pages_of_a_bundle(writer):
    message = writer(
        a_row(Kind.BUNDLE, count=12, pages=[7, 8, 9], alerts=[f"a{n}" for n in range(12)], notice=None, incident=None)
    )
    assert message.title == "12 alerts · P2 · Parse success on spotify"
    assert facts(message)["Alerts"] == "a0, a1, a2, a3, a4, a5, a6, a7 and 4 more"
    assert (message.buttons[0].label, message.buttons[0].pages) == ("Acknowledge all 3", (7, 8, 9))
    assert message.thread == ""
    assert writer(a_row(incident=None)).thread == "page/7"


@pytest.mark.parametrize(
    ("reason", "begins"),
    [
        ("paged-again", "asked again · P2 · Parse success"),
        ("lapsed", "open again · P2 · Parse success"),
        ("snooze-over", "back from its snooze · P2 · "),
        ("escalated", "P2 · Parse success"),
    ],
)
def test_a_page_that_comes_back_says_so_first(writer, reason, begins):
    assert writer(a_row(reason=reason)).title.startswith(begins)


@pytest.mark.parametrize(
    ("body", "title", "urgency"),
    [
        ({"reason": "alerts-over"}, "over · P2 · Parse success on spotify", Urgency.LOW),
        ({"reason": "acknowledged", "by": "ada"}, "Ada Lovelace has it · P2 · Parse success on spotify", Urgency.LOW),
        ({"reason": "exhausted"}, "nobody answered · P2 · Parse success on spotify", Urgency.HIGH),
        ({"reason": "withdrawn"}, "withdrawn · P2 · Parse success on spotify", Urgency.LOW),
    ],
)
def test_the_end_of_a_page_says_which_one_it_is(writer, body, title, urgency):
    message = writer(a_row(Kind.PAGE_OVER, **body))
    assert (message.title, message.urgency, message.buttons) == (title, urgency, ())


def test_an_incident_says_what_happened_and_by_when(writer):
    body = {
        "event": "stage",
        "text": "Assess began",
        "stage": "Assess",
        "due_ns": NOON_NS + 15 * MINUTE_NS,
        "by": "ada",
    }
    message = writer(a_row(Kind.INCIDENT, person="", channel="chat", method="", title="Spotify is down", **body))
    assert message.title == "Incident #12 · P2 · Spotify is down"
    assert facts(message) == {
        "What": "Assess began",
        "Stage": "Assess",
        "Due": "13:15 CET",
        "By": "Ada Lovelace",
        "Incident": "#12",
    }
    assert message.thread == "incident/12"


def test_a_hand_off_says_who_until_when_and_what_is_open(writer):
    row = NoticeRow(
        subject="schedule/first-line",
        kind="hand-off",
        channel="chat",
        body={
            "at_ns": NOON_NS,
            "coming": "ada",
            "leaving": "bo",
            "until_ns": NOON_NS + 7 * 86_400 * 10**9,
            "next": "bo",
            "incidents": [{"number": 12, "severity": "P2", "title": EVIL}],
        },
        created_ns=NOON_NS,
        due_ns=NOON_NS,
    )
    message = writer(row)
    assert message.title == "First line: Ada Lovelace is on call"
    assert facts(message)["Until"] == "2026-03-08 13:00 CET"
    assert facts(message)["Next"] == "Bo"
    assert "Incident #12" in facts(message)


def test_a_test_says_that_nothing_is_wrong_and_nothing_is_to_do(writer):
    message = writer(
        NoticeRow(subject="person/ada", kind="test", channel="post", person="ada", address="mail",
                  body={"at_ns": NOON_NS, "by": "bo"}, created_ns=NOON_NS, due_ns=NOON_NS)
    )  # fmt: skip
    assert message.title == "Test page: nothing is wrong"
    assert facts(message) == {"Asked for by": "Bo", "To do": "nothing: if you read this, a page would reach you here"}
    assert message.recipient is not None
    assert message.recipient.address is not None
    assert message.recipient.address.reveal() == "ada@shop.example"
    assert "ada@shop.example" not in repr(message)


@pytest.mark.parametrize("kind", [Kind.PAGE, Kind.PAGE_OVER, Kind.BUNDLE, Kind.INCIDENT])
def test_what_comes_from_outside_is_one_line_of_text(writer, kind):
    evil = "a\r\nBcc: x@evil.example\x1b[31m\u202e\n\nbody"
    message = writer(
        a_row(
            kind,
            title=evil,
            severity=evil,
            text=evil,
            stage=evil,
            event="note",
            alerts=[evil] * 9,
            count=9,
            notice=None,
            policy=evil,
        )
    )
    for text in (message.title, message.severity, *(part for fact in message.facts for part in (fact.name, fact.text))):
        assert not any(ord(character) < 32 or character == "\u202e" for character in text or "")


def test_an_address_that_is_not_there_is_said_and_nothing_is_made_up():
    loaded = load_text(
        "watchkeeper: 1\nmanual: S\nchannels: {c: {kind: ntfy}}\n"
        "people: {ada: {contacts: {p: {channel: c, to_env: TOPIC}}}}"
    )
    assert isinstance(loaded, Loaded), str(loaded)
    row = a_row(channel="c", method="p", notice=None)
    lacking = Writer(loaded.manual)(row).recipient
    gone = Writer(loaded.manual)(a_row(channel="c", method="q", notice=None)).recipient
    both = Writer(loaded.manual, environ={"TOPIC": "a", "TOPIC_FILE": "b"})(row).recipient
    assert lacking is not None
    assert gone is not None
    assert both is not None
    assert lacking.lacks == "their contact method p: the environment variable TOPIC is not set"
    assert gone.lacks == "the manual no longer has their contact method q"
    assert both.lacks == "their contact method p: both TOPIC and TOPIC_FILE are set; wanted one of them"
