"""
A condition that cannot be asked of its indicator is a mistake, with the words that put it right.
"""

import pytest

from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.manual.mistakes import Mistakes

MANUAL = """\
watchkeeper: 1
manual: Shop
streams:
  requests: {{spans: 'kind == "server"'}}
  orders: {{events: 'type == "order"'}}
  cpu: {{metric: system.cpu.utilization}}
  size: {{metric: body.size, unit: B}}
indicators:
  errors: {{from: requests, bad: 'status >= 500', by: [route]}}
  success: {{from: requests, good: 'status < 500'}}
  time: {{from: requests}}
  orders: {{from: orders}}
  cpu: {{from: cpu}}
  size: {{from: size}}
  quick-minutes: {{from: requests, slot_good_when: "mean < 2s"}}
  perfect: {{from: requests, bad: 'status >= 500'}}
objectives:
  errors: {{indicator: errors, targets: "< 1%"}}
  mean: {{indicator: time, targets: "mean < 2s"}}
  quick: {{indicator: quick-minutes, targets: ">= 99%"}}
  perfect: {{indicator: perfect, targets: "<= 0%"}}
  always: {{indicator: success, targets: ">= 100%"}}
alerts:
  x: {{{alert}}}
"""


def _load(alert: str) -> Loaded | Mistakes:
    return load_text(MANUAL.format(alert=alert))


@pytest.mark.parametrize(
    "alert",
    [
        "indicator: errors, when: '> 5%'",
        "indicator: errors, when: '> 150% of previous 1h'",
        "indicator: errors, when: 3 in a row",
        "indicator: errors, when: '> 5% in 2 of 3 route', each: route",
        "indicator: errors, objective: errors, when: 'burn > 14.4 over 1h and 5m'",
        "objective: errors, when: 'burn > 14.4 over 1h'",
        "objective: quick, when: 'burn > 14.4 over 1h'",
        "indicator: time, when: 'p95 > 2s'",
        "indicator: orders, when: 'count = 0 over 1h'",
        "indicator: cpu, when: '> 70% for 10m'",
        "indicator: size, when: 'max > 5MB'",
        "on: release",
    ],
)
def test_what_can_be_asked_loads(alert: str) -> None:
    loaded = _load(alert)

    assert isinstance(loaded, Loaded), str(loaded)


@pytest.mark.parametrize(
    ("alert", "field", "said"),
    [
        ("indicator: time, when: '> 5%'", "when", "a share of spans of which none is called good or bad"),
        ("indicator: time, when: 3 in a row", "when", "strikes on an indicator without `good` or `bad`"),
        ("indicator: errors, when: '> 5'", "when", "found `5` for a share; wanted a share in %, such as `5%`"),
        ("indicator: errors, when: '> 2s'", "when", "found `2s` for a share"),
        ("indicator: errors, when: 'p95 > 200'", "when", "found `200`; wanted a time such as `1.5s`"),
        ("indicator: size, when: 'p95 > 5s'", "when", "found `5s`; wanted a size such as `5MB`"),
        ("indicator: orders, when: 'p95 > 5'", "when", "`p95` of events without a number"),
        (
            "indicator: errors, when: '> 5%', each: rute",
            "each",
            "found `rute`; wanted a label of the indicator's `by`; did",
        ),
        ("indicator: errors, when: '> 5% in any region'", "when", "found the label `region`"),
        ("indicator: errors, when: 'burn > 2 over 1h'", "when", "`burn` without an objective"),
        ("objective: mean, when: 'burn > 2 over 1h'", "when", "`burn` on an objective without a budget"),
        (
            "objective: perfect, when: 'burn > 2 over 1h'",
            "when",
            "`burn` on a target of 0 % or 100 %, which has no budget",
        ),
        (
            "objective: always, when: 'burn > 2 over 1h'",
            "when",
            "`burn` on a target of 0 % or 100 %, which has no budget",
        ),
    ],
)
def test_what_cannot_be_asked_is_a_mistake(alert: str, field: str, said: str) -> None:
    found = _load(alert)

    assert isinstance(found, Mistakes), "it loads"
    [mistake] = found
    assert mistake.field == f"alerts.x.{field}"
    assert said in str(mistake)
    assert mistake.line == 24


def test_a_target_is_held_to_its_indicator_too() -> None:
    found = load_text(MANUAL.format(alert="on: release").replace('targets: "< 1%"', 'targets: ["< 1%", "p95 < 5"]'))

    assert isinstance(found, Mistakes)
    assert [mistake.field for mistake in found] == ["objectives.errors.targets[2]"]


def test_a_circle_of_dependencies_is_told_once() -> None:
    text = (
        "watchkeeper: 1\nmanual: Shop\nservices:\n  a: {depends_on: b}\n  b: {depends_on: [c]}\n  c: {depends_on: a}\n"
    )

    found = load_text(text)

    assert isinstance(found, Mistakes)
    [mistake] = found
    assert mistake.found == "a circle: `a` needs `b` needs `c` needs `a`"
