"""Flipping a switch: an end, an author, a reason; who may; it ends by itself; everything is on the record."""

import pytest

from tests.stories.switched import HOUR, MANUAL, MINUTE, opened, visitor
from watchkeeper.act.switching import CannotFlip, FlipWish, NotTheirs
from watchkeeper.decide.switches import ANYBODY
from watchkeeper.store import audit, flips


@pytest.fixture
def shop():
    return opened()


def wish(switch: str = "breaker", *value: str, **more: object) -> FlipWish:
    usual = {"for_ns": HOUR, "reason": "the vendor throttles"}
    return FlipWish(switch=switch, value=value or ("true",), **usual | more)  # type: ignore[arg-type]  # a test may pass anything


def says(shop, name: str):
    return shop.watch.switches.board.say(name, ANYBODY).found.value


def recorded(shop) -> list[tuple[str, str, str, str]]:
    with shop.state.reading() as view:
        rows = audit.recent(view, most=50)
    return [(row.who, row.action, row.target, row.outcome) for row in rows if row.action.startswith("switch.")][::-1]


def test_a_flip_holds_at_once_and_ends_by_itself_and_both_are_on_the_record(shop):
    row = shop.watch.switches.flip(wish(), who=visitor())
    assert (says(shop, "breaker"), row.author, row.reason) == (True, "ann", "the vendor throttles")

    shop.run(minutes=59)
    assert says(shop, "breaker") is True
    shop.run(minutes=2)
    assert says(shop, "breaker") is False
    ended = shop.watch.switches.recent()[0]
    assert (ended.ended_ns, ended.ended_by, ended.ended_because) == (row.expires_ns, "watchkeeper", "expired")
    assert recorded(shop) == [
        ("ann", "switch.flip", "flip/1", "done"),
        ("watchkeeper", "switch.end", "flip/1", "done"),
    ]


def test_undoing_brings_back_what_lies_below_and_can_be_done_once(shop):
    desk = shop.watch.switches
    desk.flip(wish("mode", "read-only"), who=visitor())
    second = desk.flip(wish("mode", "normal", for_ns=MINUTE), who=visitor())
    assert says(shop, "mode") == "normal"

    desk.undo(second.id, who=visitor(name="bo"))
    assert says(shop, "mode") == "read-only"
    with pytest.raises(CannotFlip, match="undone by bo"):
        desk.undo(second.id, who=visitor())
    with pytest.raises(KeyError):
        desk.undo(99, who=visitor())


def test_a_flip_is_extended_from_now_and_no_longer_than_its_switch_allows(shop):
    desk = shop.watch.switches
    row = desk.flip(wish("parse-rate", "50%"), who=visitor())
    shop.run(minutes=30)
    longer = desk.extend(row.id, for_ns=24 * HOUR, who=visitor())

    assert longer.expires_ns == row.begin_ns + 30 * MINUTE + 24 * HOUR
    with pytest.raises(CannotFlip, match="at most 1 d"):
        desk.extend(row.id, for_ns=25 * HOUR, who=visitor())
    shop.run(minutes=60)
    assert says(shop, "parse-rate") == 50.0


def test_who_may_flip_says_the_switch_and_a_refusal_is_on_the_record(shop):
    desk = shop.watch.switches
    for who, name, value in (("viewer", "breaker", "true"), ("responder", "votes", "5"), ("manager", "blocked", "x")):
        with pytest.raises(NotTheirs, match="wanted at least"):
            desk.flip(wish(name, value), who=visitor(who))
    row = desk.flip(wish("blocked", "x", "y"), who=visitor("admin"))
    for deed in (lambda: desk.undo(row.id, who=visitor()), lambda: desk.extend(row.id, for_ns=HOUR, who=visitor())):
        with pytest.raises(NotTheirs):
            deed()

    assert [(says(shop, "breaker"), says(shop, "votes"), says(shop, "blocked"))] == [(False, 10, ("x", "y"))]
    assert [one[2:] for one in recorded(shop) if one[3] == "refused"] == [
        ("switch/breaker", "refused"),
        ("switch/votes", "refused"),
        ("switch/blocked", "refused"),
        ("switch/blocked", "refused"),
        ("switch/blocked", "refused"),
    ]


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (wish(reason="  "), "no reason"),
        (wish(for_ns=0), "not ahead"),
        (wish(for_ns=8 * 24 * HOUR), "at most 7 d"),
        (wish("parse-rate", "50%", for_ns=25 * HOUR), "at most 1 d"),
        (wish("breaker", "perhaps"), "`true` or `false`"),
        (wish(share=0), "more than 0"),
        (wish(ramp="slowly"), "a ramp such as"),
        (wish(only={"platform": [" "]}), "without a value"),
        (wish(only={"ip": [str(n) for n in range(101)]}), "too much"),
        (wish(incident=7), "no incident 7"),
    ],
)
def test_what_cannot_be_flipped_is_refused_and_nothing_changes(shop, asked, why):
    with pytest.raises(CannotFlip, match=why):
        shop.watch.switches.flip(asked, who=visitor())

    assert shop.watch.switches.standing() == []
    assert recorded(shop) == [("ann", "switch.flip", f"switch/{asked.switch}", "refused")]


def test_an_unknown_switch_is_nothing_that_can_be_flipped(shop):
    with pytest.raises(KeyError):
        shop.watch.switches.flip(wish("brakes"), who=visitor("admin"))


def test_one_switch_carries_ten_flips_at_a_time(shop):
    for _ in range(10):
        shop.watch.switches.flip(wish(), who=visitor())
    with pytest.raises(CannotFlip, match="undo some"):
        shop.watch.switches.flip(wish(), who=visitor())
    shop.run(minutes=61)
    shop.watch.switches.flip(wish(), who=visitor())


def test_the_incident_that_a_flip_is_for_tells_its_story(shop):
    number = shop.watch.desk.open(title="Vendor throttles", severity="P1", by="ann").number
    desk = shop.watch.switches
    row = desk.flip(wish("parse-rate", "50%", only={"platform": ["spotify"]}, incident=number), who=visitor())
    desk.extend(row.id, for_ns=2 * HOUR, who=visitor(name="bo"))
    desk.flip(wish("breaker", incident=number, for_ns=MINUTE), who=visitor())
    desk.undo(row.id, who=visitor())
    shop.run(minutes=2)

    lines = [(one.by, one.text) for one in shop.watch.incident(number).timeline if one.kind == "switch"]
    assert lines == [
        ("ann", "switch parse-rate: 50%, platform spotify for 1 h: the vendor throttles"),
        ("bo", "switch parse-rate: holds 2 h from now"),
        ("ann", "switch breaker: on for 1 min: the vendor throttles"),
        ("ann", "switch parse-rate: undone"),
        ("watchkeeper", "switch breaker: over, what lies below holds again"),
    ]


def test_a_flip_that_ran_out_while_nothing_ran_ended_when_it_said(shop):
    row = shop.watch.switches.flip(wish(), who=visitor())
    shop.sleep(hours=5)
    assert says(shop, "breaker") is False
    shop.turn()
    assert shop.watch.switches.recent()[0].ended_ns == row.expires_ns


def test_what_was_flipped_elsewhere_is_seen_two_seconds_later(shop):
    row = shop.watch.switches.flip(wish(), who=visitor())
    assert says(shop, "breaker") is True
    with shop.state.transaction() as tx:
        flips.end(tx, row.id, at_ns=row.begin_ns, by="bo", because="undone")
    shop.sleep(seconds=3)
    assert says(shop, "breaker") is False


def test_a_flip_of_a_switch_that_the_manual_dropped_ends_as_withdrawn_and_of_another_kind_says_nothing(shop):
    shop.watch.switches.flip(wish(), who=visitor())
    shop.watch.switches.flip(wish("mode", "read-only"), who=visitor())
    shop.reload(MANUAL.replace("  breaker:", "  brake:").replace("[normal, read-only]", "[normal, frozen]"))
    shop.run(minutes=1)

    assert says(shop, "mode") == "normal"
    assert [row.ended_because for row in shop.watch.switches.recent()] == [None, "withdrawn"]
