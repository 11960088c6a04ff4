"""B37: one message in five minutes holds repeats and flapping, never a first message, nor an excepted severity."""

import pytest

from watchkeeper.decide.rationing import limited, ration
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import AlertKey, ChannelFacts, Kind, Notice
from watchkeeper.manual.load import Loaded, load_text

MINUTE = 60 * 10**9
NOW = 100 * MINUTE
MANUAL = """
watchkeeper: 1
manual: Shop
severities: {P0: {}, P1: {}}
channels:
  chat: {kind: slack, address_env: CHAT, rate_limit: {count: 1, per: 5m, never_hold: [P0]}}
  pair: {kind: slack, address_env: CHAT, rate_limit: {count: 2, per: 5m}}
  free: {kind: slack, address_env: CHAT}
"""


@pytest.fixture(scope="module")
def manual():
    loaded = load_text(MANUAL)
    assert isinstance(loaded, Loaded), loaded
    return loaded.manual


def notice(*, cycle=0, severity="P1", channel="chat", rule="disk", kind=Kind.FIRING, at_ns=NOW):
    return Notice(
        key=AlertKey(rule=rule),
        kind=kind,
        channel=channel,
        reason=Reason.FIRST,
        at_ns=at_ns,
        cycle=cycle,
        severity=severity,
    )


def chat(*minutes_ago, digest_in=None):
    due = None if digest_in is None else NOW + digest_in * MINUTE
    return ChannelFacts(name="chat", sent_ns=tuple(NOW - m * MINUTE for m in minutes_ago), digest_due_ns=due)


@pytest.mark.parametrize(
    ("says", "one", "told_ago", "facts", "held_for"),
    [
        ("a first message goes out whatever was sent before", notice(), None, chat(1, 2), None),
        ("a repeat is held until the channel is free", notice(cycle=1), 30, chat(2), 3),
        ("a repeat goes out through a channel that is free", notice(cycle=1), 30, chat(5), None),
        ("an excepted severity is never held", notice(cycle=1, severity="P0"), 1, chat(1), None),
        ("flapping is held: it was told two minutes ago", notice(), 2, chat(2), 3),
        ("firing anew after a quiet time is a first message", notice(), 6, chat(2), None),
        ("the end of an alert that was told may be held", notice(cycle=1, kind=Kind.RESOLVED), 1, chat(1), 4),
        ("what comes while a digest waits joins it", notice(cycle=1), 30, chat(6, digest_in=2), 2),
        ("a first message overtakes a digest that waits", notice(), None, chat(6, digest_in=2), None),
    ],
    ids=lambda one: one.replace(" ", "-") if isinstance(one, str) else "",
)
def test_what_is_held(manual, says, one, told_ago, facts, held_for):
    del says
    told_ns = None if told_ago is None else NOW - told_ago * MINUTE
    decided = limited(one, manual.channels["chat"].rate_limit, facts, told_ns=told_ns)
    assert decided.send is (held_for is None)
    if held_for is not None:
        assert decided.reason is Reason.RATE_LIMITED
        assert decided.held_until_ns == NOW + held_for * MINUTE
        assert decided.because_of == "1 per 5m"


def test_what_comes_while_a_digest_waits_joins_it_also_where_fewer_were_sent_than_may_be(manual):
    decided = limited(notice(cycle=1), manual.channels["pair"].rate_limit, chat(1, digest_in=2), told_ns=None)
    assert (decided.send, decided.held_until_ns) == (False, NOW + 2 * MINUTE)


def test_messages_of_the_same_turn_count_against_each_other(manual):
    repeats = [(notice(rule=rule, channel="pair", cycle=1), NOW - 30 * MINUTE) for rule in "abcd"]
    assert [one.send for one in ration(repeats, manual, {}, now_ns=NOW)] == [True, True, False, False]


def test_of_several_messages_the_one_that_makes_room_decides(manual):
    facts = ChannelFacts(name="pair", sent_ns=tuple(NOW - m * MINUTE for m in (4, 3, 1)))
    decided = limited(notice(cycle=1, channel="pair"), manual.channels["pair"].rate_limit, facts, told_ns=None)
    assert decided.held_until_ns == NOW + 2 * MINUTE


def test_what_was_held_comes_as_one_digest_when_it_is_due(manual):
    facts = {"chat": chat(6, digest_in=0), "pair": ChannelFacts(name="pair", digest_due_ns=NOW + 1)}
    held, digest = ration([(notice(cycle=1), None)], manual, facts, now_ns=NOW)
    assert not held.send
    assert (digest.kind, digest.channel, digest.reason) == (Kind.DIGEST, "chat", Reason.DIGEST)


def test_a_channel_without_a_limit_and_a_refusal_pass_untouched(manual):
    free, refused = (
        notice(channel="free", cycle=9),
        notice().__class__(**{**_fields(notice()), "channel": None, "send": False}),
    )
    assert list(ration([(free, NOW), (refused, NOW)], manual, {}, now_ns=NOW)) == [free, refused]


def _fields(one):
    return {name: getattr(one, name) for name in one.__slots__}


@pytest.fixture(scope="module")
def mail():
    text = MANUAL + "  mail: {kind: email, address_env: MAIL, digest: 1d, at_once: [P0, P1]}\n"
    loaded = load_text(text.replace("{P0: {}, P1: {}}", "{P0: {}, P1: {}, P2: {}}"))
    assert isinstance(loaded, Loaded), loaded
    return loaded.manual


def test_b31_what_is_mild_waits_for_the_daily_digest_and_what_is_severe_goes_at_once(mail):
    said = [(notice(channel="mail", severity=severity), None) for severity in ("P0", "P1", "P2")]
    found = list(ration(said, mail, {}, now_ns=NOW))
    assert [one.send for one in found] == [True, True, False]
    assert (found[2].reason, found[2].held_until_ns) == (Reason.WAITS_FOR_DIGEST, NOW + 24 * 60 * MINUTE)
    assert found[2].because_of == "a digest every 1d"


def test_what_waits_for_a_digest_comes_with_the_one_that_is_due_first(mail):
    facts = {"mail": ChannelFacts(name="mail", digest_due_ns=NOW + MINUTE)}
    [held] = ration([(notice(channel="mail", severity="P2"), None)], mail, facts, now_ns=NOW)
    assert held.held_until_ns == NOW + MINUTE
    due = {"mail": ChannelFacts(name="mail", digest_due_ns=NOW)}
    assert [one.kind for one in ration([], mail, due, now_ns=NOW)] == [Kind.DIGEST]
