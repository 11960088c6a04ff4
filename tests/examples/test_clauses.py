"""
Do the five manuals carry every clause of the documents that they were written from?

`clauses.yaml` beside this file says, clause by clause, where in the loaded manual it stands and with which numbers.
Where the mission's own list lies beside the project (or WATCHKEEPER_MISSION points to it), the table is held to it.
"""

import os
import re
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.examples.mission import wanted_numbers
from tests.examples.reading import at_path, numbers_in, plain, steps_of
from watchkeeper.manual.load import Loaded, load
from watchkeeper.manual.model.manual import Manual

ROOT = Path(__file__).parents[2]
MISSION = Path(os.environ.get("WATCHKEEPER_MISSION", ROOT.parent / "shared" / "mission")) / "clauses.yaml"
COUNTS = {"jamfind": ("A", 31), "bookiji": ("B", 58), "mysetlist": ("C", 78), "backend": ("D", 35), "zzik": ("E", 68)}
TABLE: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(
    Path(__file__).with_name("clauses.yaml").read_text(encoding="utf-8")
)
PLACES = [(system, clause) for system, clauses in TABLE.items() for clause in clauses]


@cache
def manual_of(system: str) -> Manual:
    found = load(ROOT / "examples" / system)
    assert isinstance(found, Loaded), f"\n{found}"
    return found.manual


@pytest.mark.parametrize("system", COUNTS)
def test_a_manual_loads_without_a_mistake(system: str) -> None:
    assert manual_of(system).watchkeeper == 1


@pytest.mark.parametrize("system", COUNTS)
def test_the_table_holds_every_clause_of_the_document(system: str) -> None:
    letter, count = COUNTS[system]
    assert list(TABLE[system]) == [f"{letter}{number:02}" for number in range(1, count + 1)]


@pytest.mark.parametrize("system", COUNTS)
def test_every_clause_has_a_comment_in_its_manual(system: str) -> None:
    letter, _ = COUNTS[system]
    folder = ROOT / "examples" / system
    texts = [path.read_text(encoding="utf-8") for path in (*folder.glob("*.yaml"), *folder.glob("runbooks/*.md"))]
    comments = [comment for text in texts for comment in re.findall(r"(?:^|\s)#\s(.*)$", text, re.MULTILINE)]
    named = set(re.findall(rf"\b{letter}\d\d\b", " ".join(comments)))
    assert [clause for clause in TABLE[system] if clause not in named] == []


@pytest.mark.parametrize(("system", "clause"), PLACES, ids=[clause for _, clause in PLACES])
def test_every_number_of_a_clause_stands_in_its_place(system: str, clause: str) -> None:
    manual = manual_of(system)
    for path, wanted in TABLE[system][clause].items():
        hold(at_path(manual, path), wanted, manual.zone)


def hold(found: Any, wanted: Any, zone: str) -> None:
    """
    Asserts that what was found is what the table wants.
    """
    if not isinstance(wanted, dict):
        assert same(plain(found, zone), wanted)
    elif not wanted:
        assert found is not None
        assert found != ()
    elif {"items", "group"} & wanted.keys():
        hold_list(found, wanted)
    elif {"steps", "run", "details"} & wanted.keys():
        steps = steps_of(found)
        run, details = [step for step in steps if step.run], [each for step in steps for each in step.details]
        counted = {"steps": len(steps), "run": len(run), "details": len(details)}
        assert {key: counted[key] for key in wanted} == wanted
    elif "says" in wanted:
        assert [piece for piece in wanted["says"] if piece not in str(found)] == []
    else:
        hold_fields(plain(found, zone), wanted)


def hold_list(found: Any, wanted: dict[str, Any]) -> None:
    entries = list(found.values()) if hasattr(found, "values") else list(found)
    if "group" in wanted:
        entries = [entry for entry in entries if entry.group == wanted["group"]]
        assert sum(1 for entry in entries if entry.placeholder or entry.placeholders) == wanted["placeholders"]
    if "kind" in wanted:
        entries = [entry for entry in entries if entry.kind == wanted["kind"]]
    assert len(entries) == wanted["items"]
    if "names" in wanted:
        assert [entry.name for entry in entries] == wanted["names"]
    if "each_has" in wanted:
        assert all(getattr(entry, wanted["each_has"]) for entry in entries)


def hold_fields(found: Any, wanted: dict[str, Any]) -> None:
    """
    Asserts that these fields are as wanted; a rate is wanted as so many `per` so many seconds.
    """
    wanted = dict(wanted)
    fields = found if isinstance(found, dict) else {"value": found}
    if "per" in wanted:
        wanted["value"] = Fraction(wanted["value"]) / wanted.pop("per")
    assert {key: fields[key] for key in wanted if not same(fields[key], wanted[key])} == {}


def same(found: Any, wanted: Any) -> bool:
    """
    Equal, where 0.995 of the table and 199/200 of the manual are one number, and true is no 1.
    """
    if isinstance(found, list) and isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    if isinstance(found, int | float | Fraction) and isinstance(wanted, int | float | Fraction):
        return exact(found) == exact(wanted)
    return bool(found == wanted)


def exact(number: float | Fraction) -> Fraction:
    return number if isinstance(number, Fraction) else Fraction(str(number))


def mission_clauses() -> Iterator[tuple[str, dict[str, Any]]]:
    """
    Each clause of the mission with its system; none where the mission does not lie beside the project.
    """
    if not MISSION.exists():
        return
    for system in yaml.safe_load(MISSION.read_text(encoding="utf-8"))["systems"]:
        for key, clauses in system.items():
            if isinstance(clauses, list) and key not in ("errors", "arithmetic_ok", "sections"):
                yield from ((system["system"], clause) for clause in clauses)


CLAUSES = list(mission_clauses())

if CLAUSES:

    def test_the_table_names_the_clauses_of_the_mission() -> None:
        assert {clause["id"] for _, clause in CLAUSES} == {clause for clauses in TABLE.values() for clause in clauses}

    @pytest.mark.parametrize(("system", "clause"), CLAUSES, ids=[clause["id"] for _, clause in CLAUSES])
    def test_the_table_holds_every_number_of_the_mission(system: str, clause: dict[str, Any]) -> None:
        held = numbers_in(TABLE[system][clause["id"]])
        assert sorted(wanted_numbers(clause) - held) == []
