"""
The terminal says what a runbook would run, and runs nothing.
"""

import json
from pathlib import Path

from typer.testing import CliRunner

from watchkeeper.cli.main import app

EXAMPLES = Path(__file__).parents[2] / "examples"


def said(*words: str, status: int = 0) -> str:
    done = CliRunner().invoke(app, ["runbook", *words], env={"COLUMNS": "200"})
    assert done.exit_code == status, done.output
    return done.output


def test_the_list_has_every_runbook_with_what_of_it_can_run() -> None:
    rows = {row["name"]: row for row in json.loads(said("list", str(EXAMPLES / "jamfind"), "--json"))}

    assert rows["vendor-429-storm"] == {
        "name": "vendor-429-storm",
        "title": "A music platform answers 429",
        "service": "parser",
        "steps": 4,
        "blocks": 4,
        "alerts": ["parse-success", "parse-time"],
    }
    assert "vendor-429-storm" in said("list", str(EXAMPLES / "jamfind"))


def test_one_runbook_is_shown_with_all_that_it_would_run() -> None:
    text = said("show", str(EXAMPLES / "mysetlist"), "connection-pool-exhaustion")

    assert "sql end-idle" in text
    assert "needs approval: the page asks for it; it calls pg_terminate_backend" in text
    assert "│ SELECT count(*) FROM pg_stat_activity;" in text


def test_one_runbook_for_programs_has_its_digest() -> None:
    whole = json.loads(said("show", str(EXAMPLES / "jamfind"), "vendor-429-storm", "--json"))

    assert len(whole["digest"]) == 32
    assert whole["phases"][0]["steps"][0]["blocks"][0]["parameters"] == ["platform"]
    assert whole["parameters"]["platform"]["values"] == ["spotify", "apple", "deezer", "youtube"]


def test_an_unknown_runbook_is_told_with_the_nearest() -> None:
    text = said("show", str(EXAMPLES / "jamfind"), "redis-outtage", status=1)

    assert "did you mean `redis-outage`?" in text


def test_a_manual_with_mistakes_shows_them_and_no_runbook(tmp_path: Path) -> None:
    (tmp_path / "manual.yaml").write_text("watchkeeper: 1\nmanual: Shop\n", encoding="utf-8")
    (tmp_path / "runbooks").mkdir()
    (tmp_path / "runbooks" / "storm.md").write_text("1. Do\n\n   ```bash {run=A}\n   true\n   ```\n", encoding="utf-8")

    found = json.loads(said("list", str(tmp_path), "--json", status=1))

    assert [one["file"] for one in found["mistakes"]] == ["runbooks/storm.md"]
