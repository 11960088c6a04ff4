"""
What a rule asks, and with which times, once the manual's defaults are filled in.
"""

from watchkeeper.decide.rules import rules_of
from watchkeeper.manual.load import Loaded, load_text


def test_a_window_must_be_clear_for_a_minute_unless_the_rule_or_the_defaults_say_otherwise():
    alerts = """
watchkeeper: 1
manual: Shop
streams: {orders: {events: 'name == "order"', value: value}}
indicators: {orders: {from: orders, bad: 'status == "failed"'}}
defaults: {%s}
alerts:
  plain: {indicator: orders, when: "> 50%% over 5m"}
  own: {indicator: orders, when: "> 50%% over 5m", resolve_after: 2m}
  strikes: {indicator: orders, when: "3 in a row"}
"""
    minute = 60 * 10**9

    def waits(defaults: str, times: int = 1) -> list[int]:
        loaded = load_text(alerts % defaults)
        assert isinstance(loaded, Loaded), loaded
        return [rule.timing.resolve_after_ns for rule in rules_of(loaded.manual, times=times).values()]

    assert waits("") == [minute, 2 * minute, 0]
    assert waits("resolve_after: 0s") == [0, 2 * minute, 0]
    assert waits("", times=60) == [minute // 60, 2 * minute, 0]
