"""
A manual loads whole, or says every mistake with its place.
"""

from pathlib import Path

import pytest

from watchkeeper.manual.load import Loaded, load, load_text
from watchkeeper.manual.mistakes import Mistakes

SMALL = Path(__file__).parent / "small.yaml"
HEAD = "watchkeeper: 1\nmanual: Shop\n"


def _mistakes(text: str) -> list[str]:
    found = load_text(HEAD + text)
    assert isinstance(found, Mistakes), "it loads"
    return [str(mistake).removeprefix("manual.yaml:") for mistake in found]


def test_a_small_manual_loads() -> None:
    loaded = load(SMALL)

    assert isinstance(loaded, Loaded), str(loaded)
    assert loaded.manual.alerts["parse-success"].at_least == 20
    assert loaded.manual.routes[1].tell == ("chat",)
    assert loaded.manual.streams["home"].value == "duration"
    assert loaded.marks.of(("alerts", "parse-time", "when")).line == 48


def test_the_mistakes_of_a_whole_manual_are_told_at_once() -> None:
    text = """\
alarts: {}
indicators:
  errors: {from: requets, bad: 'status >= 500', by: [route]}
streams: {requests: {spans: 'kind == "server"'}}
alerts:
  x: {indicator: up, when: '< 95% ovr 15m', severty: P1}
  y: {when: 3 in a row}
  z:
zone: Berlin
"""
    assert _mistakes(text) == [
        "3:1: alarts: found a key that is not known; wanted one of the keys that belong here; did you mean `alerts`?",
        "5:18: indicators.errors.from: found `requets`; wanted a name from `streams`; did you mean `requests`?",
        "8:18: alerts.x.indicator: found `up`; wanted a name from `indicators`",
        "8:35: alerts.x.when: found `ovr`; write `over`",
        "8:45: alerts.x.severty: found a key that is not known; wanted one of the keys that belong here; "
        "did you mean `severity`?",
        "9:6: alerts.y: found `when` without `indicator`; wanted `indicator`: the name of what the condition speaks of",
        "10:5: alerts.z: found neither `when` nor `on`; wanted `when` (a condition) or `on` (an event)",
        "11:7: zone: found `Berlin`; wanted an IANA time zone such as `Europe/Berlin`; did you mean `Europe/Berlin`?",
    ]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("streams: {a: {}}", "3:14: streams.a: found no signal; wanted exactly one of spans, metric, "),
        ("streams: {a: {spans: 'x = 1'}}", "3:25: streams.a.spans: found `=`; wanted `==`"),
        (
            "streams: {a: {spans: 'status < \"x\" && status >= 5'}}",
            '3:46: streams.a.spans: found `status < "x" && status >= 5`; `status` is a number here and a text before',
        ),
        ("checks: {c: {http: /}}", "3:10: checks.c.every: found no such key; wanted this key: it must be written"),
        ("checks: {c: {http: /, every: 0s}}", "3:13: checks.c: found `every` of nothing; wanted a pace such as `1m`"),
        ("checks: {c: [x]}", "3:13: checks.c: found a list; wanted a group of keys (`key: value`)"),
        ("environment: prod", "3:14: environment: found `prod`; wanted one of production, staging, development; "),
        ("severities: {P1: {respond: soon}}", "3:28: severities.P1.respond: found `soon`; write `immediate`, a time "),
        ("severities: {P1: {respond: }}", "3:19: severities.P1.respond: found nothing; wanted a value, or the key "),
        ("backups: {b: {keep: long}}", "3:21: backups.b.keep: found `long`; wanted `30d`, `10 deployments` or "),
        ("backups: {b: {every: 1d, on: x}}", "3:14: backups.b: found `every` and `on`; wanted one of every, on, "),
        ("maintenance: {m: {start: 25:00}}", "3:26: maintenance.m.start: found `25:00`; wanted a time of day such "),
        ("maintenance: {m: {recurs: fifth Sunday of the month}}", "3:27: maintenance.m.recurs: found `fifth`; "),
        ("routines: {r: {day: Mondy}}", "3:21: routines.r.day: found `Mondy`; wanted a day of the week; did you mean "),
        ("baselines: {b: {viewports: [1280]}}", "3:29: baselines.b.viewports[1].size: found `1280`; wanted a size "),
        ("dependencies: {d: {limit: {rate: 100}}}", "3:34: dependencies.d.limit.rate: found `100`; wanted a rate "),
        ("channels: {c: {kind: slack, planned: maybe}}", "3:38: channels.c.planned: found `maybe`; wanted `true` or "),
        ("incidents: {closes: soon}", "3:12: incidents: found `closes: soon`; wanted `by a person` or `when its "),
        ("services: {'a\tb': {}}", "3:12: services.a\tb: found `a\tb`; wanted a name: letters, digits and - _ . /"),
        ("services: x", "3:11: services: found `x`; wanted a group of keys (`key: value`)"),
        ("limits: {l: {value: ~ 5..x}}", "3:26: limits.l.value: found `x`; a number is wanted here, such as "),
        (
            "sources: {s: {kind: redis, qqq: 1}}",
            "3:28: sources.s.qqq: found a key that is not known; wanted one of kind, address, address_env",
        ),
        ("routes: [{tell: nobody}]", "3:17: routes[1].tell: found `nobody`; wanted a name from `channels`"),
    ],
)
def test_a_mistake_says_where_what_and_what_instead(text: str, mistake: str) -> None:
    [said] = _mistakes(text)

    assert said.startswith(mistake)


def test_two_mistakes_in_one_entry_give_two_reports() -> None:
    found = _mistakes("checks: {c: {http: /, every: soon, timeout: later}}")

    assert [each.split(": ")[1] for each in found] == ["checks.c.every", "checks.c.timeout"]


def test_a_mistake_in_a_long_text_points_into_it() -> None:
    [said] = _mistakes("streams:\n  a:\n    spans: \"kind == 'server' && status =\"")

    assert said.startswith("5:")
    assert int(said.split(":")[1]) > 30


def test_entries_and_sections_may_be_empty() -> None:
    loaded = load_text(HEAD + "services:\n  api:\nswitches:\n")

    assert isinstance(loaded, Loaded), str(loaded)
    assert list(loaded.manual.services) == ["api"]


def test_names_of_python_are_no_keys() -> None:
    found = _mistakes("streams: {s: {spans: 'true'}}\nindicators: {i: {from_: s}}")

    assert found[1].startswith("4:18: indicators.i.from_: found a key that is not known; wanted one of the keys that")


def test_a_folder_is_one_manual(tmp_path: Path) -> None:
    (tmp_path / "manual.yaml").write_text(HEAD + "services: {api: {runbook: slow}}\n", encoding="utf-8")
    (tmp_path / "more.yaml").write_text("services: {web: {}}\nrunbooks: {slow: {title: Slow}}\n", encoding="utf-8")
    (tmp_path / "runbooks").mkdir()
    (tmp_path / "runbooks" / "slow.md").write_text("# Slow\n", encoding="utf-8")
    (tmp_path / "runbooks" / "down.md").write_text("# Down\n", encoding="utf-8")
    (tmp_path / "scenario.yaml").write_text("not: a manual\n", encoding="utf-8")
    (tmp_path / ".hidden.yaml").write_text("not: a manual\n", encoding="utf-8")

    loaded = load(tmp_path)

    assert isinstance(loaded, Loaded), str(loaded)
    assert list(loaded.manual.services) == ["api", "web"]
    assert loaded.manual.runbooks["slow"].title == "Slow"
    assert {name: book.file for name, book in loaded.manual.runbooks.items()} == {
        "slow": "runbooks/slow.md",
        "down": "runbooks/down.md",
    }
    assert loaded.files["runbooks/down.md"] == "# Down\n"
    assert loaded.marks.of(("services", "web")).file == "more.yaml"


def test_what_two_files_say_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "manual.yaml").write_text(
        HEAD + "zone: UTC\nservices: {api: {}}\ndefaults: {at_least: 5}\n", encoding="utf-8"
    )
    (tmp_path / "b.yaml").write_text("zone: UTC\nservices: {api: {}}\ndefaults: {window: 7d}\n", encoding="utf-8")

    found = load(tmp_path)

    assert isinstance(found, Mistakes)
    assert [str(each) for each in found] == [
        "b.yaml:1:1: zone: found `zone` a second time; wanted it once; the first stands in manual.yaml, line 3",
        "b.yaml:2:12: services.api: found `api` a second time; wanted it once; the first stands in manual.yaml, line 4",
        "b.yaml:3:1: defaults: found `defaults` a second time; wanted it once; the first stands in manual.yaml, line 5",
    ]


def test_a_file_that_is_no_yaml_hides_no_mistake_of_another_and_invents_none(tmp_path: Path) -> None:
    (tmp_path / "manual.yaml").write_text("watchkeeper: 1\nmanual: [\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("alerts: {x: {on: release, severity: P1, respond: soon}}\n", encoding="utf-8")

    found = load(tmp_path)

    assert isinstance(found, Mistakes)
    assert [(each.file, each.field) for each in found] == [("b.yaml", "alerts.x.respond"), ("manual.yaml", "YAML")]


def test_what_cannot_be_read_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "manual.yaml").write_bytes(b"watchkeeper: 1\nmanual: \xff\n")

    assert "no UTF-8" in str(load(tmp_path))
    assert "no manual" in str(load(tmp_path / "nowhere"))
    (tmp_path / "manual.yaml").write_text("- a\n", encoding="utf-8")
    assert "no keys" in str(load(tmp_path))


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    text = SMALL.read_text(encoding="utf-8")
    plain, other = load_text(text), load_text("\ufeff" + text.replace("\n", "\r\n"))

    assert isinstance(plain, Loaded)
    assert isinstance(other, Loaded)
    assert other.manual == plain.manual


def test_a_loaded_manual_cannot_be_changed() -> None:
    loaded = load(SMALL)
    assert isinstance(loaded, Loaded)

    with pytest.raises(ValueError, match="frozen"):
        loaded.manual.alerts["deployed"].severity = "P1"
