"""
Does a message say what is the matter, in numbers that a person can check, and nothing that is not so?
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from tests.act.messages import EVIL, NOON_NS
from watchkeeper.act.message import Message, Writer
from watchkeeper.act.record import notice_from_json, notice_to_json
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import AlertKey, Finding, Kind, Notice, Numbers, Truth
from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.manual.units import Dimension
from watchkeeper.store.notices import NoticeRow

MINUTE_NS = 60 * 10**9

MANUAL = """
watchkeeper: 1
manual: Shop
zone: Europe/Berlin
streams:
  parses: {spans: 'name == "parse"'}
  payments: {spans: 'name == "pay"'}
  probes: {events: 'kind == "probe"'}
  cpu: {metric: cpu}
indicators:
  parse-success: {from: parses, good: 'ok', by: [platform]}
  parse-time: {from: parses}
  payment-errors: {from: payments, bad: 'failed', by: [provider]}
  reachable: {from: probes, good: 'ok', by: [region]}
  cpu: {from: cpu}
objectives:
  parse-success: {indicator: parse-success, targets: [">= 97% over 30d"]}
severities:
  P1: {respond: immediate}
  P2: {respond: 30m}
  P3: {respond: next business day}
channels:
  chat: {kind: slack, address_env: CHAT, rate_limit: {count: 1, per: 5m}}
routes: [{tell: [chat]}]
runbooks:
  vendor-429: {title: A vendor answers 429, steps: [Wait]}
alerts:
  parse-success: {indicator: parse-success, when: "< 95% over 15m", each: platform, severity: P2, runbook: vendor-429}
  parse-time: {indicator: parse-time, when: "p95 > 2s over 10m", severity: P3}
  payment-errors: {indicator: payment-errors, when: "> 2% over 30m", each: provider, severity: P2}
  fast-burn:
    title: The budget burns
    indicator: parse-success
    objective: parse-success
    when: "burn > 14.4 over 1h and 5m"
    severity: P1
  gone: {indicator: reachable, when: "2 in a row in 2 of 3 region", severity: P1}
  scale-up: {indicator: cpu, when: "> 70% for 10m", severity: P3, summary: Time to add a machine}
  few: {indicator: parse-time, when: "count < 10 over 5m", severity: P2, respond: 5m}
  more: {indicator: parse-time, when: "rate > 150% of previous 1h over 10m", severity: P2}
  slow: {indicator: parse-time, when: "mean > 1s over 5m"}
  patch: {on: dependency-patch, severity: P3}
"""


@pytest.fixture(scope="module")
def writer() -> Writer:
    loaded = load_text(MANUAL)
    assert isinstance(loaded, Loaded), list(loaded)
    return Writer(loaded.manual, "https://watch.example/")


def fraction(found: object) -> Fraction | None:
    return found if found is None or isinstance(found, Fraction) else Fraction(str(found))


def numbers(value: object = None, limit: object = None, dimension: Dimension = Dimension.RATIO, **more: Any) -> Numbers:
    return Numbers(value=fraction(value), limit=fraction(limit), dimension=dimension, **more)


def a_row(rule: str = "parse-success", found: Numbers | None = None, **changed: Any) -> NoticeRow:
    reason = changed.pop("found_reason", Reason.HOLDS)
    more = changed.pop("body", {})
    fields: dict[str, Any] = {
        "key": AlertKey(rule=rule, label=changed.pop("label", ""), value=changed.pop("value", "")),
        "kind": Kind.FIRING,
        "channel": "chat",
        "reason": Reason.FIRST,
        "at_ns": NOON_NS,
        "since_ns": NOON_NS - 3 * MINUTE_NS,
        "severity": "P2",
        "finding": found and Finding(truth=Truth.HOLDS, reason=reason, numbers=found, others=changed.pop("others", ())),
    }
    notice = Notice(**{**fields, **changed})
    body = {**notice_to_json(notice), **more}
    assert notice_from_json(body, channel="chat") == notice
    return NoticeRow(
        subject=str(notice.key), kind=notice.kind.value, channel="chat", body=body, created_ns=NOON_NS, due_ns=NOON_NS
    )


def facts(message: Message) -> dict[str, str]:
    return {fact.name: fact.text for fact in message.facts}


PARSES = numbers(Fraction(198, 212), "0.95", events=212, hits=198, hits_are="good")
SPOTIFY: dict[str, Any] = {"label": "platform", "value": "spotify", "fine": ("apple", "deezer", "youtube")}


def test_a_firing_alert_is_told_whole(writer):
    message = writer(a_row(found=PARSES, **SPOTIFY))
    assert message.text.splitlines() == [
        "P2 · Parse success on spotify is 93.4 %, below 95 % over 15 min",
        "Numbers: 14 of 212 parses failed, 6.6 %, limit 5 % over 15 min",
        "Since: 12:57 CET, 3 min ago",
        "Affected: platform spotify; apple, deezer, youtube are fine",
        "Respond: within 30 min, by 13:30 CET",
        "Runbook: A vendor answers 429 https://watch.example/runbooks/vendor-429",
        "Alert: numbers and history https://watch.example/alerts/parse-success%5Bplatform%3Dspotify%5D",
    ]


def test_programs_get_the_numbers_as_the_manual_means_them(writer):
    data = writer(a_row(found=PARSES, **SPOTIFY)).data
    assert data["labels"] == {"platform": "spotify"}
    assert data["condition"] == "< 95% over 15m"
    assert data["since"] == "2026-03-01T11:57:00Z"
    assert (data["numbers"]["limit"], data["numbers"]["hits"], data["numbers"]["hits_are"]) == (0.95, 198, "good")
    assert data["links"]["runbook"] == "https://watch.example/runbooks/vendor-429"


@pytest.mark.parametrize(
    ("rule", "found", "title", "said"),
    [
        (
            "payment-errors",
            numbers("0.06", "0.02", events=150, hits=9, hits_are="bad"),
            "Payment errors are 6 %, above 2 % over 30 min",
            "9 of 150 payments failed, 6 %, limit 2 % over 30 min",
        ),
        (
            "parse-time",
            numbers("2.41", 2, Dimension.TIME, events=212, hits=189, hits_are="under"),
            "Parse time has a p95 of 2.41 s, above 2 s over 10 min",
            "23 of 212 parses were above 2 s, 10.8 %, limit 5 % over 10 min",
        ),
        (
            "parse-time",
            numbers("2.0004", 2, Dimension.TIME, events=100, hits=90, hits_are="under"),
            "Parse time has a p95 of 2 s, just above 2 s over 10 min",
            "10 of 100 parses were above 2 s, 10 %, limit 5 % over 10 min",
        ),
        (
            "fast-burn",
            numbers("15.2", "14.4", Dimension.NUMBER, events=1000, hits=544, hits_are="good"),
            "The budget burns: parse success has a burn rate of 15.2, above 14.4 over 1 h and 5 min",
            "456 of 1,000 parses failed, 45.6 %, budget 3 % over 1 h and 5 min",
        ),
        (
            "scale-up",
            numbers("0.71", "0.7", events=20),
            "Scale up: cpu is 71 %, above 70 % over 5 min for 10 min",
            "20 readings of cpu over 5 min",
        ),
        (
            "few",
            numbers(3, 10, Dimension.NUMBER, events=3),
            "Few: parse time has a count of 3, below 10 over 5 min",
            None,
        ),
        (
            "more",
            numbers("0.5", "0.3", Dimension.NUMBER, events=300),
            "More: parse time has a rate of 30/min, above 18/min (150 % of previous 1h) over 10 min",
            None,
        ),
        (
            "slow",
            numbers("1.5", 1, Dimension.TIME, events=4),
            "Slow: parse time has a mean of 1.5 s, above 1 s over 5 min",
            "4 parses over 5 min",
        ),
        ("slow", numbers(None, 1, Dimension.TIME), "Slow: parse time meets `mean > 1s over 5m`", None),
    ],
)
def test_each_measure_has_its_own_words(writer, rule, found, title, said):
    message = writer(a_row(rule, found, severity=None))
    assert message.title == title
    assert facts(message).get("Numbers") == said


def test_strikes_in_several_regions_name_them(writer):
    found = numbers(2, 2, Dimension.NUMBER, events=4, hits=1, hits_are="good")
    message = writer(a_row("gone", found, severity="P1", others=("europe", "africa")))
    assert message.title == "P1 · Gone: probes failed 2 times in a row in 2 of 3 region"
    assert facts(message)["Affected"] == "region europe, africa"
    assert facts(message)["Respond"] == "at once"


@pytest.mark.parametrize(
    ("changed", "respond"),
    [
        ({"rule": "few"}, "within 5 min, by 13:05 CET"),  # the alert's own time before the severity's
        ({"rule": "parse-success"}, "within 30 min, by 13:30 CET"),
        ({"rule": "parse-time", "severity": "P3"}, "on the next business day, Monday 2026-03-02"),
        ({"rule": "slow", "severity": None}, None),
        (
            {"rule": "parse-success", "reason": Reason.REPEAT, "since_ns": NOON_NS - 90 * MINUTE_NS},
            "within 30 min, was due by 12:00 CET",
        ),
        (
            {"rule": "scale-up", "severity": "P2", "reason": Reason.REPEAT, "since_ns": NOON_NS - 15 * MINUTE_NS},
            "within 30 min, by 13:25 CET",  # from when it fired, 10 min after it began to hold
        ),
    ],
)
def test_somebody_responds_by_a_time(writer, changed, respond):
    assert facts(writer(a_row(found=PARSES, **changed))).get("Respond") == respond


def test_the_date_stands_beside_the_time_when_it_is_another_day_there(writer):
    message = writer(a_row(found=PARSES, since_ns=NOON_NS - 13 * 60 * MINUTE_NS))
    assert facts(message)["Since"] == "00:00 CET, 13 h ago"
    message = writer(a_row(found=PARSES, since_ns=NOON_NS - 14 * 60 * MINUTE_NS))
    assert facts(message)["Since"] == "2026-02-28 23:00 CET, 14 h ago"


def test_a_repeat_says_that_it_still_fires(writer):
    assert writer(a_row(found=PARSES, reason=Reason.REPEAT)).title.startswith("P2 · still firing · Parse success is")


OVER: dict[str, Any] = {"kind": Kind.RESOLVED, "reason": Reason.OVER, "since_ns": NOON_NS - 25 * MINUTE_NS}


def test_a_resolved_alert_says_how_long_it_lasted_and_how_it_stands(writer):
    message = writer(
        a_row(found=numbers(Fraction(210, 212), "0.95", events=212, hits=210, hits_are="good"), **SPOTIFY, **OVER)
    )
    assert message.title == "P2 · resolved · Parse success on spotify, after 25 min"
    assert facts(message) == {
        "Now": "2 of 212 parses failed, 0.9 %, limit 5 % over 15 min",
        "Lasted": "from 12:35 CET to 13:00 CET, 25 min",
        "Others": "apple, deezer, youtube are fine",
        "Alert": "numbers and history",
    }


def test_a_resolved_alert_that_nobody_heard_of_says_that_it_is_the_first_message(writer):
    assert (
        "this is the first message about it"
        in facts(writer(a_row(found=PARSES, **OVER, body={"merged": ["firing"]})))["Note"]
    )
    assert "Note" not in facts(writer(a_row(found=PARSES, **OVER, body={"merged": ["unknown"]})))


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        (Reason.NOT_HEARD, "only 2 of 15 parts of the window were heard, half are needed to judge"),
        (Reason.TOO_FEW, "only 3 events in the window, 20 are needed to judge"),
        (Reason.NO_EVENTS, "nothing happened in the window"),
    ],
)
def test_an_unknown_alert_says_why_since_when_and_where_to_look(writer, reason, why):
    found = numbers(events=3, at_least=20, known=2, slots=15)
    message = writer(
        a_row(
            found=found,
            kind=Kind.UNKNOWN,
            reason=Reason.UNKNOWN_TOO_LONG,
            since_ns=NOON_NS - 31 * MINUTE_NS,
            found_reason=reason,
            label="platform",
            value="spotify",
        )
    )
    assert message.title == "P2 · unknown · Parse success on spotify has not been judged for 31 min"
    assert facts(message) | {"Why": why, "Since": "12:29 CET, 31 min ago"} == facts(message)
    assert facts(message)["Look at"] == 'whether the source of parses still sends (spans name == "parse")'
    assert "Respond" not in facts(message)


def test_an_event_says_what_happened(writer):
    message = writer(a_row("patch", numbers(events=1), kind=Kind.EVENT, severity="P3", since_ns=NOON_NS))
    assert message.title == "P3 · Patch: dependency-patch happened"
    assert facts(message)["At"] == "13:00 CET"
    assert facts(message)["Respond"] == "on the next business day, Monday 2026-03-02"


def test_a_rule_that_is_gone_is_still_written_about(writer):
    withdrawn = writer(a_row("no-such-rule", kind=Kind.WITHDRAWN, reason=Reason.OVER, label="a", value="b"))
    assert withdrawn.title == "P2 · withdrawn · No such rule on b: the rule is no longer in the manual"
    assert writer(a_row("no-such-rule", PARSES)).title == "P2 · No such rule fires"


@pytest.mark.parametrize(
    "found",
    [
        numbers("0.85", "0.9", events=100, hits=85, hits_are="good"),  # was `< 90%`
        numbers("0.95", "0.95", events=100, hits=85, hits_are="under"),  # was `p50 < 95%`
    ],
)
def test_numbers_of_a_rule_that_has_changed_are_not_put_into_its_new_words(writer, found):
    message = writer(a_row(found=found))
    assert message.title == "P2 · Parse success fires"
    assert "Numbers" not in facts(message)


def test_a_digest_counts_what_was_held(writer):
    held = [
        {
            "rule": "parse-success",
            "value": "spotify",
            "counts": {"firing": 2, "resolved": 1},
            "last": "resolved",
            "last_at_ns": NOON_NS - MINUTE_NS,
        },
        {"rule": "few", "value": "", "counts": {"firing": 4}, "last": "firing", "last_at_ns": NOON_NS},
    ]
    message = writer(a_row("digest of chat", kind=Kind.DIGEST, severity=None, body={"held": held}))
    assert message.text.splitlines() == [
        "7 messages held back by the rate limit of 1 per 5 min",
        "Parse success on spotify: fired twice, resolved once; last 12:59 CET",
        "Few: fired 4 times; last 13:00 CET",
        "Now: what stands at this moment https://watch.example/",
    ]
    assert message.data["count"] == 7


def test_a_long_digest_says_how_much_more_there_is(writer):
    held = [
        {"rule": f"r{n}", "value": "", "counts": {"firing": 1}, "last": "firing", "last_at_ns": 0} for n in range(12)
    ]
    message = writer(a_row("digest of chat", kind=Kind.DIGEST, severity=None, body={"held": held}))
    assert facts(message)["More"] == "2 further alerts"
    assert len(message.data["held"]) == 12


@pytest.mark.parametrize(
    "value", [EVIL, "a\nNumbers: all is well", "\x1b[31mred", "\u202etxt.exe", "x" * 5000, "\u200b"]
)
def test_a_label_from_outside_stays_on_its_line_and_short(writer, value):
    message = writer(a_row(found=PARSES, label="platform", value=value, fine=(value,) * 30))
    assert len(message.text.splitlines()) == 1 + len(message.facts)
    assert message.text.isprintable() or message.text.replace("\n", "").isprintable()
    assert all(len(fact.text) < 1500 for fact in message.facts)


def test_without_a_public_address_there_are_no_links():
    loaded = load_text(MANUAL)
    assert isinstance(loaded, Loaded)
    message = Writer(loaded.manual)(a_row(found=PARSES, **SPOTIFY))
    assert [fact.url for fact in message.facts] == [None] * len(message.facts)
    assert facts(message)["Runbook"] == "A vendor answers 429"
    assert "Alert" not in facts(message)


def test_it_never_shouts_and_has_no_pictures(writer):
    for row in (a_row(found=PARSES, **SPOTIFY), a_row(found=PARSES, **OVER), a_row("patch", kind=Kind.EVENT)):
        assert "!" not in writer(row).text
        assert all(ord(character) < 0x2E80 for character in writer(row).text)


def test_a_message_names_and_links_the_incident_of_its_moment():
    loaded = load_text(MANUAL)
    assert isinstance(loaded, Loaded)
    asked = []

    def incident_of(key: str, at_ns: int) -> int | None:
        asked.append((key, at_ns))
        return 7

    message = Writer(loaded.manual, "https://watch.example", incident_of=incident_of)(a_row(found=PARSES, **SPOTIFY))

    assert "Incident: #7 https://watch.example/incidents/7" in message.text.splitlines()
    assert (message.data["incident"], message.data["links"]["incident"]) == (7, "https://watch.example/incidents/7")
    assert asked == [("parse-success[platform=spotify]", NOON_NS)]


def test_a_message_without_an_incident_speaks_of_none(writer):
    message = writer(a_row(found=PARSES, **SPOTIFY))
    assert message.data["incident"] is None
    assert "incident" not in message.data["links"]
    assert "Incident" not in facts(message)
