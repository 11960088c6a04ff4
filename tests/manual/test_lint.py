"""
Lint objects to what loads and is still wrong, says how sure it is, and is silenced beside the entry only.
"""

import pytest

from watchkeeper.manual.lint import CERTAINTY, Certainty, Finding, Kind, fails, lint
from watchkeeper.manual.load import Loaded, load_text

HEAD = """\
watchkeeper: 1
manual: Shop
streams:
  requests: {spans: 'true'}
  probes: {check: home}
indicators:
  errors: {from: requests, bad: error}
  time: {from: requests}
  up: {from: probes, good: ok, by: [region]}
checks: {home: {http: /, every: 1m, regions: [one, two]}}
severities: {P1: {}}
channels: {ops: {kind: webhook}, later: {kind: slack, planned: true}}
runbooks: {slow: {}}
"""
FINE = "defaults: {window: 30d, alert_window: 5m}\nzone: UTC\nroutes: [{tell: ops}]\n"
REST = "severity: P1, runbook: slow"


def _findings(text: str) -> list[Finding]:
    loaded = load_text(HEAD + text)
    assert isinstance(loaded, Loaded), str(loaded)
    return lint(loaded)


def _kinds(text: str) -> list[str]:
    return [f"{each.kind} {each.where}" for each in _findings(text)]


def test_a_sound_manual_has_no_findings() -> None:
    assert _findings(FINE + f"alerts: {{a: {{indicator: errors, when: '> 5%', {REST}}}}}") == []


@pytest.mark.parametrize(
    ("condition", "kind"),
    [
        ("indicator: errors, when: '> 100%'", "dead-alert"),
        ("indicator: errors, when: '>= 100%'", None),
        ("indicator: errors, when: '< 0%'", "dead-alert"),
        ("indicator: errors, when: '<= 0%'", None),
        ("indicator: errors, when: '> 120%'", "dead-alert"),
        ("indicator: errors, when: '= 120%'", "dead-alert"),
        ("indicator: errors, when: '= 0%'", None),
        ("indicator: errors, when: '!= 120%'", "always-firing"),
        ("indicator: errors, when: '>= 0%'", "always-firing"),
        ("indicator: errors, when: '<= 100%'", "always-firing"),
        ("indicator: time, when: 'p95 < 0s'", "dead-alert"),
        ("indicator: time, when: 'count < 20', at_least: 20", "dead-alert"),
        ("indicator: time, when: 'count <= 20', at_least: 20", None),
        ("indicator: time, when: 'count < 20'", None),
        ("indicator: up, when: '2 in a row in 2 of 3 region'", None),
        ("indicator: up, when: '2 in a row in 3 of 3 region'", "dead-alert"),
    ],
)
def test_the_arithmetic_of_a_rule_decides_whether_it_can_fire_and_stop(condition: str, kind: str | None) -> None:
    found = _kinds(FINE + f"alerts: {{a: {{{condition}, {REST}}}}}")

    assert found == ([f"{kind} alerts.a.when"] if kind else [])


@pytest.mark.parametrize(
    ("target", "factor", "dead"),
    [
        ("< 10%", "10", True),
        ("< 10%", "9.9", False),
        ("< 1%", "14.4", False),
        ("< 1%", "100", True),
        ("p95 < 2s", "20", True),
        ("p95 < 2s", "19", False),
    ],
)
def test_a_burn_rule_beyond_its_budget_is_dead(target: str, factor: str, dead: bool) -> None:
    objective = f"objectives: {{e: {{indicator: errors, targets: '{target}'}}}}\n"
    alert = f"alerts: {{a: {{objective: e, when: 'burn > {factor} over 1h', {REST}}}}}"

    found = _findings(FINE + objective + alert)
    assert [each.kind for each in found] == ([Kind.DEAD_ALERT] if dead else [])
    assert all("burns it at" in each.says for each in found)


def test_an_alert_that_no_channel_carries_is_found() -> None:
    text = f"defaults: {{alert_window: 5m}}\nalerts: {{a: {{indicator: errors, when: '> 5%', {REST}}}}}\n"

    assert _kinds(text) == ["unheard-alert alerts.a"]
    assert _kinds(text + "routes: [{tell: later}]") == ["unheard-alert alerts.a"]
    assert _kinds(text + "routes: [{severity: P1, tell: ops}]") == []
    assert _kinds(text.replace("severity: P1", "severity: P1, tell: ops")) == []
    assert _kinds(text.replace("severity: P1", "severity: P1, tell: later") + "routes: [{tell: ops}]") != []


def test_an_alert_is_heard_as_it_is_sent_by_the_service_of_its_objective() -> None:
    text = (
        "defaults: {window: 30d, alert_window: 5m}\nservices: {api: {}, web: {}}\n"
        "objectives: {e: {service: api, indicator: errors, targets: '< 1%'}}\n"
        f"alerts: {{a: {{objective: e, when: '> 5%', {REST}}}}}\n"
    )

    assert _kinds(text + "routes: [{service: api, tell: ops}]") == []
    assert _kinds(text + "routes: [{service: web, tell: ops}]") == ["unheard-alert alerts.a"]


def test_a_channel_that_is_not_live_hears_nothing() -> None:
    text = f"defaults: {{alert_window: 5m}}\nalerts: {{a: {{indicator: errors, when: '> 5%', {REST}}}}}\n"
    head = HEAD.replace("channels: {", "channels: {mail: {kind: fax}, ")

    def found(route: str) -> list[str]:
        loaded = load_text(head + text + route)
        assert isinstance(loaded, Loaded), str(loaded)
        return [each.says for each in lint(loaded)]

    assert found("routes: [{tell: [mail, later]}]") == [
        "none of its channels is live (`mail`: fax is not sent yet; `later`: the document names it as future): "
        "nobody hears of it"
    ]
    assert found("routes: [{tell: [mail, ops]}]") == []


def test_an_alert_without_severity_or_runbook_is_worth_a_thought() -> None:
    found = _findings(FINE + "alerts: {a: {indicator: errors, when: '> 5%'}, b: {on: release}}")

    assert [(each.kind, each.where) for each in found] == [
        (Kind.NO_RUNBOOK, "alerts.a"),
        (Kind.NO_SEVERITY, "alerts.a"),
        (Kind.NO_SEVERITY, "alerts.b"),
    ]
    assert not fails(found)


def test_missing_windows_are_found_where_nothing_names_one() -> None:
    text = f"routes: [{{tell: ops}}]\nalerts: {{a: {{indicator: errors, when: '> 5%', {REST}}}}}\n"
    text += "objectives: {e: {indicator: errors, targets: ['< 1%', '< 2% over 7d']}}"

    assert _kinds(text) == ["missing-window alerts.a.when", "missing-window objectives.e.targets[1]"]


def test_missing_zones_are_found_for_calendars_and_clocks() -> None:
    text = """\
objectives: {e: {indicator: errors, targets: '< 1% over this month'}}
maintenance: {m: {start: 02:00, end: 04:00}, n: {start: 02:00, zone: Europe/Berlin}}
schedules: {s: {hand_off: {day: Monday, at: 10:00}}}
"""
    assert _kinds(text) == [
        "missing-zone objectives.e.targets",
        "missing-zone maintenance.m.end",
        "missing-zone maintenance.m.start",
        "missing-zone schedules.s.hand_off.at",
    ]
    assert _kinds(text + "zone: UTC") == []


@pytest.mark.parametrize(
    "contact",
    [
        "{name: '[Your Name]'}",
        "{placeholder: Your Name}",
        "{phone: TBD}",
        "{note: 'by $(date)'}",
        "{email: <your mail>}",
        "{phone: '[your phone]'}",
        "{phone: '[phone]'}",
        "{email: '[TEAM_EMAIL]'}",
        "{address: 'pager [number to come]'}",
        "{role: '[who?]'}",
        "{name: <name>}",
        "{address: '{{hotline}}'}",
    ],
)
def test_placeholders_are_found(contact: str) -> None:
    [found] = _findings(FINE + f"contacts: {{c: {contact}}}")

    assert (found.kind, found.certainty, found.line) == (Kind.PLACEHOLDER, Certainty.LIKELY, 17)


@pytest.mark.parametrize("text", ["'[your phone] of it'", "'<your name>'"])
def test_placeholders_are_found_in_any_text(text: str) -> None:
    assert _kinds(FINE + f"notes: {{n: {{text: {text}}}}}") == ["placeholder notes.n.text"]


@pytest.mark.parametrize("person", ["{name: '[name]'}", "{email: '[mail]'}"])
def test_people_are_reached_like_contacts(person: str) -> None:
    assert len(_kinds(FINE + f"people: {{p: {person}}}")) == 1


@pytest.mark.parametrize(
    "contact", ["{email: 'Ops <ops@shop.example>'}", "{phone: '+49 (0)30 123 [ext 4](tel:4)'}", "{address: 'room #3'}"]
)
def test_ways_to_reach_somebody_are_no_placeholders(contact: str) -> None:
    assert _kinds(FINE + f"contacts: {{c: {contact}}}") == []


@pytest.mark.parametrize("text", ["'[a link](https://x)'", "'an array[Index] of it'", "'see [1]'"])
def test_what_only_looks_like_a_placeholder_is_not(text: str) -> None:
    assert _findings(FINE + f"notes: {{n: {{text: {text}}}}}") == []


def test_a_certain_finding_fails_until_it_is_accepted() -> None:
    alert = f"alerts: {{a: {{indicator: errors, when: '> 100%', {REST}}}}}\n"
    known = "accept: {finding: dead-alert, because: never mind}"

    assert fails(_findings(FINE + alert))
    [beside] = _findings(FINE + alert.replace(REST, f"{REST}, {known}"))
    assert beside.accepted == "never mind"
    assert not fails([beside])
    assert not fails(_findings(FINE + alert + known))
    [nearest] = _findings(FINE + alert.replace(REST, f"{REST}, {known}") + known.replace("never mind", "far away"))
    assert nearest.accepted == "never mind"
    assert fails(_findings(FINE + alert.replace(REST, f"{REST}, {known}").replace("dead-alert", "no-runbook")))


def test_every_kind_has_a_certainty() -> None:
    assert set(CERTAINTY) == set(Kind)
