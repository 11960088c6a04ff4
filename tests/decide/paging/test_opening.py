"""Who is paged by which policy, what belongs to one page, and when it is over."""

import pytest

from watchkeeper.decide.paging import opening
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.rules import rules_of
from watchkeeper.decide.values import AlertKey, AlertMemory, State
from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.manual.routing import grouped_by, policy_of, routed

NOW = 1_000


def manual(*, alerts: str = "", routes: str = "[]", defaults: str = "{}", rest: str = "", people: bool = True):
    loaded = load_text(f"""
watchkeeper: 1
manual: Shop
defaults: {defaults}
services: {{api: {{}}, web: {{}}}}
streams: {{orders: {{spans: 'name == "order"'}}}}
indicators: {{good: {{from: orders, good: ok, by: [country]}}}}
alerts:
  orders: {{service: api, indicator: good, when: "< 95%", each: country, severity: P2}}
  api: {{service: api, indicator: good, when: "< 50%", severity: P1}}
  web: {{service: web, indicator: good, when: "< 40%", severity: P2, title: The shop window}}
  release: {{on: release, severity: P3}}
{alerts}
severities: {{P1: {{page: everyone}}, P2: {{policy: slow}}, P3: {{}}, low: {{scale: other}}}}
channels: {{chat: {{kind: slack, address_env: CHAT}}, mail: {{kind: webhook, address_env: MAIL}}}}
{"people: {ada: {channels: [chat]}}" if people else ""}
policies:
  slow: {{steps: [{{channel: chat}}]}}
  fast: {{steps: [{{channel: chat}}]}}
  usual: {{steps: [{{channel: chat}}]}}
routes: {routes}
{rest}
""")
    assert isinstance(loaded, Loaded), loaded
    return loaded.manual


def key(rule: str, country: str = "") -> AlertKey:
    return AlertKey(rule=rule, label="country" if country else "", value=country)


def policy(known, rule: str, country: str = ""):
    return policy_of(rule, known.alerts[rule], known, label="country" if country else "", value=country)


def opened(known, *keys: AlertKey):
    rules = rules_of(known)
    return opening.openings([(rules[one.rule], one) for one in keys], known, at_ns=NOW)


def test_the_policy_is_the_alerts_own_else_the_routes_else_the_severitys_else_everyone_else_the_default():
    own = '  own: {indicator: good, when: "< 9%", severity: P2, policy: fast}'
    known = manual(alerts=own, routes="[{severity: P2, service: web, policy: usual}]", defaults="{policy: usual}")
    assert [policy(known, rule) for rule in ("own", "web", "orders", "api", "release")] == [
        "fast",
        "usual",
        "slow",
        "",
        "usual",
    ]
    assert policy(manual(), "release") is None


def test_a_route_by_label_speaks_only_of_alerts_with_one_of_its_values():
    known = manual(routes="[{label: {country: [de, at]}, tell: [mail], policy: fast}, {tell: [chat]}]")
    assert [policy(known, "orders", country) for country in ("de", "at", "fr")] == ["fast", "fast", "slow"]
    said = [
        routed(known, severity="P2", service="api", name="orders", label="country", value=value)
        for value in ("de", "fr")
    ]
    assert said == [("mail",), ("chat",)]
    assert policy(known, "web") == "slow"


def test_a_route_that_names_no_channel_leaves_the_channels_to_the_next_one():
    known = manual(routes="[{severity: P2, policy: fast}, {tell: [chat]}]")
    assert routed(known, severity="P2", service=None, name="orders") == ("chat",)
    assert policy(known, "orders") == "fast"


def test_the_values_of_a_rule_are_one_page_and_every_rule_has_its_own():
    pages = opened(manual(), key("orders", "de"), key("web"), key("orders", "fr"))
    assert [(page.key, page.title, page.policy, page.severity, page.service) for page in pages] == [
        ("orders", "orders: de, fr", "slow", "P2", "api"),
        ("web", "The shop window", "slow", "P2", "web"),
    ]
    assert pages[0].alerts == (key("orders", "de"), key("orders", "fr"))


def test_a_group_of_several_rules_is_one_page_as_severe_as_the_worst_in_pieces_by_rule():
    known = manual(routes="[{policy: usual, group: [service]}]")
    pages = opened(known, key("orders", "de"), key("api"), key("web"))
    assert [(page.key, page.severity, page.title, page.alerts) for page in pages] == [
        ("service=api, policy=usual", "P1", "orders, api", (key("orders", "de"),)),
        ("service=api, policy=usual", "P1", "orders, api", (key("api"),)),
        ("service=web, policy=usual", "P2", "The shop window", (key("web"),)),
    ]


def test_pages_may_be_one_per_value_of_a_label():
    known = manual(routes="[{policy: usual, group: [alert, country]}]")
    pages = opened(known, key("orders", "de"), key("orders", "fr"))
    assert [page.key for page in pages] == [
        "alert=orders, country=de, policy=usual",
        "alert=orders, country=fr, policy=usual",
    ]


def test_alerts_that_other_people_are_paged_for_never_share_a_page():
    by_label = manual(routes="[{label: {country: de}, policy: fast}]")
    assert [page.key for page in opened(by_label, key("orders", "de"), key("orders", "fr"))] == [
        "orders, policy=fast",
        "orders",
    ]
    by_service = manual(routes="[{tell: [chat], group: [service]}]")
    assert len({page.key for page in opened(by_service, key("orders", "de"), key("api"))}) == 2


def test_a_long_title_says_how_many_more_there_are():
    pages = opened(manual(), *(key("orders", f"c{i}") for i in range(9)))
    assert pages[0].title == "orders: c0, c1, c2, c3, c4 and 4 more"


def test_where_nothing_names_a_policy_nobody_is_paged_and_the_refusal_says_so():
    known, rule = manual(), rules_of(manual())["release"]
    assert opened(known, key("release")) == []
    assert opening.refusal(rule, key("release"), known) is Reason.NO_POLICY
    assert opening.refusal(rule, key("release"), manual(people=False)) is None


def test_a_manual_that_is_not_about_production_pages_nobody_and_says_so():
    known = manual(rest="environment: staging")
    assert opened(known, key("api")) == []
    assert opening.refusal(rules_of(known)["api"], key("api"), known) is Reason.STAGING


def test_a_severity_outranks_those_after_it_on_its_own_ladder():
    known = manual()
    assert opening.severities_below("P1", known) == {"P2", "P3"}
    assert opening.severities_below("low", known) == set()
    assert opening.severities_below(None, known) == set()


@pytest.mark.parametrize(
    ("de", "fr", "now", "ended"),
    [
        (State.RESOLVED, State.RESOLVED, {"de": Reason.ALERTS_OVER}, Reason.ALERTS_OVER),
        (State.RESOLVED, State.FIRING, {"de": Reason.ALERTS_OVER}, None),
        (State.WITHDRAWN, State.WITHDRAWN, {"de": Reason.WITHDRAWN, "fr": Reason.WITHDRAWN}, Reason.WITHDRAWN),
        (State.WITHDRAWN, State.RESOLVED, {"fr": Reason.ALERTS_OVER}, Reason.ALERTS_OVER),
        (State.RESOLVED, State.RESOLVED, {}, None),
    ],
)
def test_a_page_is_over_when_none_of_its_alerts_fires(de, fr, now, ended):
    known = manual()
    memories = {
        key("orders", country): AlertMemory(key=key("orders", country), state=state)
        for country, state in (("de", de), ("fr", fr))
    }
    over = {key("orders", country): reason for country, reason in now.items()}
    ends = opening.ends_of(over, {4: tuple(memories)}, memories, rules_of(known), at_ns=NOW)
    assert [(end.id, end.reason) for end in ends] == ([] if ended is None else [(4, ended)])


def test_the_page_of_an_event_stands_until_somebody_sees_to_it_or_the_rule_is_gone():
    known, event = manual(), key("release")
    memories = {event: AlertMemory(key=event, state=State.RESOLVED)}
    assert opening.ends_of({event: Reason.ALERTS_OVER}, {1: (event,)}, memories, rules_of(known), at_ns=NOW) == []
    memories = {event: AlertMemory(key=event, state=State.WITHDRAWN)}
    assert len(opening.ends_of({event: Reason.WITHDRAWN}, {1: (event,)}, memories, {}, at_ns=NOW)) == 1


def test_what_groups_pages_is_the_rule_unless_a_route_says_otherwise():
    known = manual(routes="[{severity: P2, group: [service, severity], policy: usual}]")
    assert grouped_by("orders", known.alerts["orders"], known) == ("service", "severity")
    assert grouped_by("api", known.alerts["api"], known) == ("alert",)


@pytest.mark.parametrize(
    ("state", "hushed", "ends"),
    [
        (State.FIRING, Reason.SILENCED, True),
        (State.FIRING, Reason.FLAPPING, False),
        (State.RESOLVED, Reason.FLAPPING, False),
        (State.RESOLVED, None, True),
    ],
)
def test_a_page_is_over_when_its_alerts_are_silenced_and_not_while_one_flaps(state, hushed, ends):
    known, one = manual(), key("orders", "de")
    memories = {one: AlertMemory(key=one, state=state, hushed=hushed)}
    found = opening.ends_of({one: Reason.SILENCED}, {1: (one,)}, memories, rules_of(known), at_ns=NOW)
    assert [end.reason for end in found] == ([Reason.SILENCED] if ends else [])
