"""Minutes taken out after the fact count in no alert and no objective, restarted or not, until they are put back."""

from watchkeeper.act.excluding import Wish
from watchkeeper.testing import Story

MANUAL = """
watchkeeper: 1
manual: Shop
streams: {orders: {spans: 'name == "order"', value: duration}}
indicators: {success: {from: orders, good: 'outcome == "ok"'}}
objectives: {success: {indicator: success, targets: [">= 99% over 1h"]}}
alerts:
  low: {indicator: success, when: "< 95% over 30m", severity: P1, resolve_after: 1m}
  many: {indicator: success, when: "distinct user > 3 over 30m", severity: P1, resolve_after: 1m}
  slow: {indicator: success, when: "max > 3s over 30m", severity: P1, resolve_after: 1m}
severities: {P1: {}}
channels: {team: {kind: webhook, address_env: TEAM}}
routes: [{tell: [team]}]
"""
MINUTE = 60 * 10**9


def told(story: Story) -> list[str]:
    return sorted(line.split(" ", 1)[1] for line in story.messages)


def bad(story: Story) -> int:
    numbers = story.objective("success").targets[0].finding.numbers
    assert numbers is not None
    return (numbers.events or 0) - (numbers.hits or 0)


def test_what_was_excluded_after_the_fact_resolves_and_undone_fires_again():
    story = Story(MANUAL, start="2026-03-02T10:00:00")
    story.traffic(orders={"outcome": "ok", "user": "a", "duration": 0.1}, per_minute=12).at("10:40")
    for user in "bcdef":
        story.traffic(orders={"outcome": "failed", "user": user, "duration": 4.0}, per_minute=4, minutes=2)
    story.run(minutes=5)
    fired = ["P1 firing low", "P1 firing many", "P1 firing slow"]
    assert (told(story), bad(story)) == (fired, 40)

    now_ns = story.clock.now_ns()
    wish = Wish(begin_ns=now_ns - 6 * MINUTE, end_ns=now_ns - 2 * MINUTE, reason="load test")
    number = story.watch.exclude(wish, by="me").id
    story.restart().run(minutes=2)
    resolved = ["P1 resolved low", "P1 resolved many", "P1 resolved slow"]
    assert (told(story), bad(story)) == (sorted(fired + resolved), 0)

    story.watch.undo_exclusion(number, by="you")
    story.run(minutes=1)
    assert (told(story), bad(story)) == (sorted(fired + resolved + fired), 40)
