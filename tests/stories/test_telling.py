"""Who is told, how often, and why nobody was."""

from tests.stories.shop import manual, opened, orders


def failing(text):
    return orders(orders(opened(text)).at("12:00"), "failed")


def test_an_alert_that_goes_on_firing_is_told_again_at_its_own_pace():
    told = failing(manual(alert=", repeat_every: 20m")).at("12:55")
    assert [line[:5] for line in told.messages] == ["12:01", "12:21", "12:41"]
    assert told.messages[1] == "12:21 P2 still firing orders[country=de]"


def test_an_alert_resolves_only_after_it_was_clear_long_enough():
    told = failing(manual(alert=", resolve_after: 10m")).at("12:01")
    orders(told).at("12:20")
    assert len(told.messages) == 1
    told.at("12:25")
    assert told.messages[1] == "12:21 P2 resolved orders[country=de]"  # clear since 12:11


def test_the_alerts_own_channels_come_before_every_route():
    rest = "".join(f"  {name}: {{kind: webhook, address_env: A}}\n" for name in ("shift", "news"))
    text = manual(alert=", tell: [shift]").replace("routes:", f"{rest}routes:")
    told = failing(text).at("12:05")
    assert told.pagers["shift"].lines == ["12:01 P2 firing orders[country=de]"]
    assert told.pagers["team"].lines == []


def test_the_first_route_that_fits_decides():
    extra = "  night: {kind: webhook, address_env: A}\n"
    text = manual().replace(
        "routes: [", f"{extra}routes: [{{severity: P3, tell: [night]}}, {{alert: orders, tell: [team]}}, "
    )
    told = failing(text).at("12:05")
    assert told.pagers["team"].lines == ["12:01 P2 firing orders[country=de]"]
    assert told.pagers["night"].lines == []


def test_without_a_route_the_refusal_says_so():
    told = failing(manual().replace("routes: [{tell: [team]}]", "routes: [{severity: P3, tell: [team]}]")).at("12:05")
    assert told.messages == []
    assert told.decisions("orders", country="de") == ["refuse nobody: no-route"]


def test_a_channel_that_is_only_planned_is_not_used_and_the_refusal_says_so():
    told = failing(manual().replace("address_env: TEAM", "address_env: TEAM, planned: true")).at("12:05")
    assert told.messages == []
    assert told.decisions("orders", country="de") == ["refuse team: planned-channel"]
