"""B31: what is mild waits for the daily digest of a channel, P0 and P1 go at once; the record says which waits."""

from tests.stories.shop import manual, opened, orders

DIGEST = "address_env: TEAM, digest: 1d, at_once: [P1]"


def text(severity: str) -> str:
    severe = manual().replace("severity: P2", f"severity: {severity}").replace("{P2: {}", "{P1: {}, P2: {}")
    return severe.replace("address_env: TEAM", DIGEST)


def test_a_mild_alert_arrives_with_the_digest_a_day_later():
    told = orders(orders(opened(text("P2"))).at("12:00"), "failed").at("12:30")
    assert told.messages == []
    assert told.decisions("orders", country="de") == ["hold team: waits-for-digest"]
    orders(told).at("2026-03-03T11:50")
    assert told.messages == []
    told.at("2026-03-03T12:10")
    [digest] = told.messages
    assert "digest" in digest or "held" in digest


def test_a_severe_one_arrives_at_once():
    told = orders(orders(opened(text("P1"))).at("12:00"), "failed").at("12:30")
    assert told.messages == ["12:01 P1 firing orders[country=de]"]
