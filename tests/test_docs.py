"""Does the glossary hold every word that users meet, and do the documents' examples hold?"""

import ast
import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

import watchkeeper
from tools import docs as tool
from watchkeeper.manual.lint import Certainty, lint
from watchkeeper.manual.liveness import live
from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.testing import Story

ROOT = Path(__file__).parent.parent
PACKAGE = Path(watchkeeper.__file__).parent
METRIC = r"\bwatchkeeper_[a-z][a-z0-9_]*[a-z0-9]\b"
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")


@cache
def in_glossary(section: str) -> frozenset[str]:
    """The words in backticks below one heading of the glossary."""
    body = re.split(r"^## ", GLOSSARY, flags=re.MULTILINE)
    [text] = [part for part in body if part.startswith(section + "\n")]
    return frozenset(re.findall(r"`([^`\n]+)`", text))


def commands() -> set[str]:
    if importlib.util.find_spec("watchkeeper.cli.main") is None:
        return set()
    from typer.main import get_command

    from tools import cli_reference

    return {name for name, _ in cli_reference.commands(get_command(cli_reference.application()))}


def trees(folder: str = "") -> Iterator[ast.Module]:
    """The source read as text, so that a word counts wherever it is written."""
    for path in sorted((PACKAGE / folder).rglob("*.py")):
        yield ast.parse(path.read_text(encoding="utf-8"))


def manual_keys() -> set[str]:
    """The keys as people write them: the typed fields of the manual's models, by their alias where they have one."""
    models = [node for tree in trees("manual/model") for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    fields = [line for model in models if model.bases for line in model.body if isinstance(line, ast.AnnAssign)]
    written = [re.search(r"alias=['\"](\w+)['\"]", ast.unparse(line)) for line in fields]
    return {found[1] if found else ast.unparse(line.target) for line, found in zip(fields, written, strict=True)}


def metrics() -> set[str]:
    """Every metric name that a string of the source holds: they all begin with `watchkeeper_`."""
    texts = [node.value for tree in trees() for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    names = {name for text in texts if isinstance(text, str) for name in re.findall(METRIC, text)}
    return names - {"watchkeeper_guard"}


def reasons() -> set[str]:
    """The values of every enum whose name ends in Reason."""
    enums = [node for tree in trees() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return {
        str(line.value.value) if isinstance(line.value, ast.Constant) else ast.unparse(line.targets[0]).lower()
        for enum in enums
        if enum.name.endswith("Reason") and any("Enum" in ast.unparse(base) for base in enum.bases)
        for line in enum.body
        if isinstance(line, ast.Assign)
    }


@pytest.mark.parametrize(
    ("section", "words"),
    [("Commands", commands), ("Manual keys", manual_keys), ("Metrics", metrics), ("Reasons", reasons)],
)
def test_the_glossary_holds_every_word_that_the_code_says(section, words):
    missing = sorted(words() - in_glossary(section))
    assert not missing, f"docs/glossary.md, section {section!r}, lacks: {', '.join(missing)}"


def test_the_glossary_names_its_words_in_order_and_once():
    words = re.findall(r"^- \*\*(.+?)\*\*", GLOSSARY, flags=re.MULTILINE)
    assert words == sorted(set(words))


def yaml_blocks() -> list[tuple[str, str]]:
    return [
        (f"{path.relative_to(ROOT)}:{text[: found.start()].count(chr(10)) + 1}", found[1])
        for path in tool.documents()
        for text in [path.read_text(encoding="utf-8")]
        for found in re.finditer(r"^```yaml\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    ]


@pytest.mark.parametrize(("where", "text"), [pytest.param(where, text, id=where) for where, text in yaml_blocks()])
def test_yaml_in_the_documents_can_be_read(where, text):
    assert isinstance(yaml.safe_load(text), dict), where


def readme_manual() -> str:
    """The one whole manual that the first page shows."""
    text, *_ = re.findall(
        r"^```yaml\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    return str(text)


def test_the_manual_of_the_first_page_lints_with_nothing_but_advice():
    loaded = load_text(readme_manual(), file="shop.yaml")

    assert isinstance(loaded, Loaded), loaded
    assert {finding.certainty for finding in lint(loaded)} <= {Certainty.ADVISORY}
    assert [entry.why for entry in live(loaded.manual) if not entry.live and entry.section != "incidents"] == []


def test_the_manual_of_the_first_page_tells_the_team_which_route_fails():
    story = Story(readme_manual(), start="2026-03-02T11:30")
    story.traffic(requests={"route": "/tea", "status": 200}, per_minute=60).run_until("12:00")
    story.spans("GET /cart", n=40, kind="server", route="/cart", status=500).run(minutes=1)

    assert [line.partition(" ")[2] for line in story.pagers["team"].lines] == ["P2 firing errors[route=/cart]"]
    assert [incident.severity for incident in story.incidents] == ["P2"]


def test_no_link_in_the_documents_leads_nowhere():
    assert [fault for document in tool.documents() for fault in tool.dead_links(document)] == []


@pytest.mark.parametrize("link", ["gone.md", "there.md#no-such-heading", "#no-such-heading", "../nowhere/"])
def test_a_dead_link_is_found(tmp_path, monkeypatch, link):
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    (tmp_path / "there.md").write_text("# A heading\n")
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\n[live](there.md#a-heading) `[code](gone.md)` [one more]({link})\n")

    [fault] = tool.dead_links(page)

    assert link in fault


def test_a_table_of_decisions_names_every_decision():
    folder = ROOT / "docs" / "decisions"
    listed = set(tool.links((folder / "README.md").read_text(encoding="utf-8")))
    assert {path.name for path in folder.glob("*.md")} - {"README.md"} <= listed
