"""Does every pitfall on docs/pitfalls.md have stories, and does each of them exist and run?"""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "pitfalls.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| pitfall", "|---"))]
STORY = re.compile(r"\[(test_\w+)\]\(\.\./(tests/\w+(?:/\w+)*\.py)\)")
NAMED = [found.groups() for row in ROWS for found in STORY.finditer(row)]
#: The tests of others that the field's study names for imitation, as far as they are about paging.
IMITATED = (
    "dedupnotifications", "escalationgap", "rotationdst", "rotationgap", "overrideconflict", "statusupdatesexpire",
    "statusupdatescancel", "multiack", "prioritization", "systemlimits",
)  # fmt: skip
#: Mistakes that users of others reported and that belong to paging, on-call and incidents.
REPORTED = (
    "oncall#4760", "oncall#934", "oncall#1206", "oncall#3261", "#5247", "#5455", "oncall#1511", "goalert#4548",
    "goalert#1919", "keep#5257", "IncidentRelay#40", "OneUptime#1458", "OneUptime#1828", "OneUptime PR#3174", "PR#1764",
    "uptime-kuma#5872", "StackStorm#4716", "Robusta#419", "oncall#724", "goalert#3154", "IncidentRelay#10",
)  # fmt: skip


@cache
def runnable_in(path: str) -> frozenset[str]:
    """
    The tests of a file that run: none of those that are skipped, or expected to fail.
    """
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and not any(word in ast.unparse(mark) for mark in node.decorator_list for word in ("skip", "xfail"))
    )


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip()[:60])
def test_every_pitfall_has_a_story(row):
    assert STORY.search(row)
    assert len(row.split("|")) == 6  # pitfall, who, what, story


@pytest.mark.parametrize(("name", "path"), NAMED, ids=[name for name, _ in NAMED])
def test_every_story_of_the_page_exists(name, path):
    assert name in runnable_in(path)


@pytest.mark.parametrize("name", [*IMITATED, *REPORTED])
def test_no_known_pitfall_is_left_out(name):
    assert name in PAGE


def test_there_are_at_least_fifty_stories():
    assert len(set(NAMED)) >= 50
