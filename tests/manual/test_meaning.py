"""
History belongs to what an indicator means, not to how it is called.
"""

import pytest

from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.manual.meaning import meaning

MANUAL = """\
watchkeeper: 1
manual: Shop
streams:
  requests: {spans: 'kind == "server"', value: duration}
  probes: {check: home}
indicators:
  errors: {from: requests, only: 'route != "/health"', bad: 'status >= 500', by: [route, method]}
  up: {from: probes, good: ok}
checks:
  home: {http: /health, every: 1m, expect: {status: 200}}
objectives:
  errors: {indicator: errors, targets: "< 1%"}
"""


def _meaning(text: str, name: str) -> str:
    loaded = load_text(text)
    assert isinstance(loaded, Loaded), str(loaded)
    return meaning(name, loaded.manual)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("errors: {from: requests,", "errors: {title: Errors, because: of reasons, from: requests,"),
        ("bad: 'status >= 500'", "bad: '(status  >=  500)'"),
        ("by: [route, method]", "by: [method, route]"),
        ('targets: "< 1%"', 'targets: "< 2% over 7d"'),
        ("value: duration}", "value: duration, delay: 10s, lateness: 5m}"),
        ("value: duration}", "title: Requests}"),
    ],
)
def test_what_does_not_change_the_meaning_keeps_history(old: str, new: str) -> None:
    assert old in MANUAL
    assert _meaning(MANUAL.replace(old, new), "errors") == _meaning(MANUAL, "errors")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("bad: 'status >= 500'", "bad: 'status > 500'"),
        ("bad: 'status >= 500'", "good: 'status >= 500'"),
        ("only: 'route != \"/health\"'", "except: 'route != \"/health\"'"),
        ("only: 'route != \"/health\"', ", ""),
        ("by: [route, method]", "by: [route]"),
        ("spans: 'kind == \"server\"'", "spans: 'kind == \"client\"'"),
        ("spans: 'kind == \"server\"'", "events: 'kind == \"server\"'"),
        ("value: duration", "value: size"),
        ("value: duration", "value: duration, where: 'error'"),
        ("value: duration", "value: duration, unit: ms"),
        ("errors: {from: requests,", "errors: {from: requests, slot_good_when: '< 5%',"),
    ],
)
def test_what_changes_the_meaning_starts_a_new_history(old: str, new: str) -> None:
    assert old in MANUAL
    assert _meaning(MANUAL.replace(old, new), "errors") != _meaning(MANUAL, "errors")


def test_other_names_keep_history() -> None:
    renamed = MANUAL.replace("requests", "calls").replace("errors", "failures").replace("home", "front")

    assert _meaning(renamed, "failures") == _meaning(MANUAL, "errors")
    assert _meaning(renamed.replace("probes", "asks"), "up") == _meaning(MANUAL, "up")


def test_a_check_keeps_its_history_while_it_asks_the_same() -> None:
    faster = MANUAL.replace("every: 1m", "every: 30s, regions: [here, there]")
    other = MANUAL.replace("status: 200", "status: 204")

    assert _meaning(faster, "up") == _meaning(MANUAL, "up")
    assert _meaning(other, "up") != _meaning(MANUAL, "up")


def test_the_hash_of_a_meaning_stays_the_same_from_version_to_version() -> None:
    assert _meaning(MANUAL, "errors") == "d8e72dfba695e6c6a4814b4f117f61a5"
