"""What a service needs explains its failures, as far as everybody hears of the explanation."""

import pytest

from watchkeeper.decide.depending import upstream_of
from watchkeeper.manual.load import Loaded, load_text

API = 'api: {service: api, indicator: success, when: "< 95%", severity: P2, each: country}'
DB = 'db: {service: db, indicator: success, when: "< 90%", severity: P1}'


def upstream(
    alerts: str, *, routes: str = "[{tell: [chat]}]", needs: str = "api: {depends_on: db}"
) -> dict[str, tuple[str, ...]]:
    loaded = load_text(f"""
watchkeeper: 1
manual: Shop
services: {{{needs}, web: {{depends_on: api}}}}
dependencies: {{db: {{}}, cache: {{}}}}
streams: {{orders: {{spans: 'name == "order"'}}}}
indicators: {{success: {{from: orders, good: ok, by: [country]}}}}
alerts: {{{alerts}}}
severities: {{P1: {{}}, P2: {{}}}}
channels:
  chat: {{kind: slack, address_env: CHAT}}
  mail: {{kind: webhook, address_env: MAIL}}
  later: {{kind: email, planned: true}}
people: {{ada: {{channels: [chat]}}}}
policies: {{one: {{steps: [{{person: ada}}]}}, two: {{steps: [{{person: ada}}]}}}}
routes: {routes}
""")
    assert isinstance(loaded, Loaded), loaded
    return {name: found[""] for name, found in upstream_of(loaded.manual).items()}


@pytest.mark.parametrize(
    ("says", "alerts", "routes", "held"),
    [
        ("a worse alert about what it needs", f"{API}, {DB}", "[{tell: [chat]}]", True),
        ("an equally bad one", f"{API}, {DB.replace('P1', 'P2')}", "[{tell: [chat]}]", True),
        ("not a milder one", f"{API.replace('P2', 'P1')}, {DB.replace('P1', 'P2')}", "[{tell: [chat]}]", False),
        ("not one without a severity", f"{API}, {DB.replace(', severity: P1', '')}", "[{tell: [chat]}]", False),
        (
            "not one of something else",
            f"{API}, {DB.replace('service: db', 'service: cache')}",
            "[{tell: [chat]}]",
            False,
        ),
        ("not one that fewer hear of", f"{API}, {DB}", "[{severity: P2, tell: [chat, mail]}, {tell: [chat]}]", False),
        (
            "a channel that is not in use does not count",
            f"{API}, {DB}",
            "[{severity: P2, tell: [chat, later]}, {tell: [chat]}]",
            True,
        ),
        ("one that pages by the same policy", f"{API}, {DB}", "[{tell: [chat], policy: one}]", True),
        (
            "a worse one that pages by its own",
            f"{API}, {DB}",
            "[{severity: P2, tell: [chat], policy: one}, {tell: [chat], policy: two}]",
            True,
        ),
        (
            "not one that pages nobody",
            f"{API}, {DB}",
            "[{severity: P2, tell: [chat], policy: one}, {tell: [chat]}]",
            False,
        ),
        (
            "not where a value is routed to others",
            f"{API}, {DB}",
            "[{label: {country: de}, tell: [mail]}, {tell: [chat]}]",
            False,
        ),
    ],
    ids=lambda one: one.replace(" ", "-") if isinstance(one, str) and "{" not in one else "",
)
def test_what_holds_an_alert_back(says, alerts, routes, held):
    del says
    assert upstream(alerts, routes=routes) == ({"api": ("db",)} if held else {})


def test_what_is_needed_by_something_it_needs_counts_too_and_what_needs_least_comes_first():
    web = 'web: {service: web, indicator: success, when: "< 99%", severity: P2}'
    assert upstream(f"{API}, {DB}, {web}") == {"api": ("db",), "web": ("db", "api")}
