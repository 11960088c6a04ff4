"""B18, B37: two strikes raise an alert; one message in five minutes, but never at the price of a first one."""

from tests.stories.scenes import about, story
from watchkeeper.decide.values import State
from watchkeeper.testing import Story

MANUAL = """
watchkeeper: 1
manual: Rationed
streams: {probes: {check: health}}
checks: {health: {http: "https://shop.example/health", every: 1m}}
indicators: {reachable: {from: probes, good: ok, by: [region]}}
alerts:
  health: {indicator: reachable, when: "1 in a row", each: region, severity: P1}
severities: {P0: {}, P1: {}}
channels:
  chat: {kind: slack, address_env: CHAT, rate_limit: {count: 1, per: 5m, never_hold: [P0]}}
routes: [{tell: [chat]}]
"""


def asked(told, ok, *regions, seconds=15 * 60):
    for region in regions or ("github-actions",):
        told.check("health", ok=ok, region=region)
    return told.run(seconds=seconds)


def test_b18_a_single_failed_check_is_filtered_and_the_second_in_a_row_fires_p0():
    told = asked(story("bookiji", tick_seconds=60), True, "github-actions", "secondary")
    asked(told, False, "github-actions")
    asked(told, True, "github-actions", "secondary")
    assert told.messages == []

    asked(told, False, "github-actions")
    assert told.alert("health-failure").state is State.INACTIVE
    asked(told, False, "github-actions")
    asked(told, True, "github-actions", "secondary")

    assert about(told, "health-failure") == ["12:30 P0 firing health-failure", "12:45 P0 resolved health-failure"]


def test_b37_flapping_is_held_and_arrives_as_one_digest_with_counts():
    told = Story(MANUAL, start="2026-03-02T12:00:00")
    for ok in (False, True, False, True, False, True):  # down and up again each minute
        asked(told, ok, "europe", seconds=30)
    told.at("12:10")

    assert told.messages == ["12:00 P1 firing health[region=europe]", "12:05 digest of chat"]
    [digest] = told.letters[1:]
    assert digest.data["count"] == 5
    assert digest.data["held"][0]["counts"] == {"resolved": 3, "firing": 2}
    assert told.decisions("health", region="europe")[1] == "hold chat: rate-limited"


def test_b37_the_first_message_of_each_alert_is_never_held():
    told = Story(MANUAL, start="2026-03-02T12:00:00")
    asked(told, False, "europe", "africa", "asia", seconds=30)

    assert len(told.messages) == 3
