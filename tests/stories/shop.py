"""A small manual of its own, for stories that change it while it runs."""

from watchkeeper.testing import Story


def manual(
    when: str = "< 95% over 10m",
    *,
    name: str = "success",
    good: str = 'outcome == "ok"',
    rest: str = "",
    alert: str = "",
) -> str:
    return f"""
watchkeeper: 1
manual: Shop
streams: {{orders: {{spans: 'name == "order"'}}, load: {{metric: load}}}}
indicators:
  {name}: {{from: orders, good: '{good}', by: [country]}}
  load: {{from: load}}
alerts:
  orders: {{indicator: {name}, when: "{when}", each: country, severity: P2{alert}}}
  busy: {{indicator: load, when: "> 70% for 10m", severity: P3, unknown_after: 3h}}
severities: {{P2: {{}}, P3: {{}}}}
channels:
  team: {{kind: webhook, address_env: TEAM}}
routes: [{{tell: [team]}}]
{rest}
"""


def orders(told: Story, outcome: str = "ok", *, country: str = "de", per_minute: float = 30) -> Story:
    return told.quiet("orders").traffic(orders={"outcome": outcome, "country": country}, per_minute=per_minute)


def opened(text: str | None = None) -> Story:
    return Story(text or manual(), start="2026-03-02T11:45:00", tick_seconds=30)
