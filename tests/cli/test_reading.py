"""
`lint` and `show`: what a manual says, and what is wrong with it.
"""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from watchkeeper.cli.main import app

EXAMPLES = Path(__file__).parents[2] / "examples"
SYSTEMS = ("jamfind", "bookiji", "mysetlist", "backend", "zzik")

BROKEN = """
watchkeeper: 1
manual: Shop
streams: {orders: {spans: 'name == "order"'}}
indicators: {orders: {from: ordres, good: 'status == "ok"'}}
alerts: {orders: {indicator: orders, when: "< 95 over 5x"}}
"""


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, list(arguments))
    return result.exit_code, result.output


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_example_lints_without_a_mistake_or_a_certain_finding(system):
    status, said = run("lint", str(EXAMPLES / system))

    assert status == 0, said
    assert "no mistakes" in said


@pytest.mark.parametrize("system", SYSTEMS)
def test_show_says_of_every_entry_whether_it_is_live(system):
    status, said = run("show", str(EXAMPLES / system))

    assert status == 0
    assert "declared, not yet live" in said


def test_show_says_what_was_chosen_and_what_the_document_says_otherwise():
    _, said = run("show", str(EXAMPLES / "jamfind"))

    assert "chosen: severity, each, at_least, runbook" in said
    assert "stated P3, increased latency: " in said


def test_show_json_gives_a_condition_in_text_and_fields_A06():
    _, said = run("show", str(EXAMPLES / "jamfind"), "--json")
    when = json.loads(said)["alerts"]["parse-success"]["when"]

    assert when["text"] == "< 95% over 15m"
    assert (when["op"], when["value"], when["quantile"], when["window"], when["for"]) == ("<", 0.95, None, 900, None)


def test_show_json_keeps_the_polarity_of_the_document_A04():
    _, said = run("show", str(EXAMPLES / "jamfind"), "--json")
    (target,) = json.loads(said)["objectives"]["payment-errors"]["targets"]

    assert (target["op"], target["value"], target["window"], target["window_from"]) == ("<", 0.01, 2592000, "defaults")


def test_all_mistakes_are_told_at_once_with_file_and_line(tmp_path):
    (tmp_path / "manual.yaml").write_text(BROKEN)
    status, said = run("lint", str(tmp_path), "--json")
    mistakes = json.loads(said)["mistakes"]

    assert status == 1
    assert {one["line"] for one in mistakes} == {5, 6}
    assert any("orders" in one["says"] and "ordres" in one["says"] for one in mistakes)


def test_mistakes_and_findings_keep_their_place_on_one_line_however_narrow_the_terminal(tmp_path):
    broken, open_ = tmp_path / "broken.yaml", tmp_path / "open.yaml"
    broken.write_text(BROKEN)
    open_.write_text(BROKEN.replace("ordres", "orders").replace("< 95 over 5x", "< 95% over 5m"))

    told = [CliRunner(env={"COLUMNS": "40"}).invoke(app, ["lint", str(path)]).output for path in (broken, open_)]

    assert "broken.yaml:5:29: indicators.orders.from: found `ordres`; wanted a name from `streams`; did you" in told[0]
    assert "open.yaml:6: advisory no-runbook: alerts.orders: it has no runbook" in told[1]
    assert "no mistakes, " in told[1]
