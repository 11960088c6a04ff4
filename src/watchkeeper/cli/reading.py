"""
What does a manual say, and what is wrong with it?
"""

from pathlib import Path

from watchkeeper.cli.say import as_json, counted, err, lines, out, plain, table
from watchkeeper.decide.oncall.objections import objections
from watchkeeper.manual.lint import fails
from watchkeeper.manual.lint import lint as find
from watchkeeper.manual.load import Loaded, load
from watchkeeper.manual.mistakes import Mistakes
from watchkeeper.manual.show import Row, outline
from watchkeeper.manual.show import show as as_data
from watchkeeper.outside.clock import RealClock


def lint(manual: Path, *, json: bool) -> int:
    """
    Print mistakes and findings; the exit status.
    """
    loaded = load(manual)
    if isinstance(loaded, Mistakes):
        return say_mistakes(loaded, json=json)
    findings = find(loaded, objections(loaded.manual, now_ns=RealClock().now_ns()))
    if json:
        rows = [
            {
                "kind": one.kind.value,
                "certainty": one.certainty.value,
                "where": one.where,
                "file": one.file,
                "line": one.line,
                "says": one.says,
                "accepted": one.accepted,
            }
            for one in findings
        ]
        as_json({"mistakes": [], "findings": rows})
        return int(fails(findings))
    open_ = [one for one in findings if one.accepted is None]
    lines(open_)
    accepted = f" ({len(findings) - len(open_)} more accepted)" if len(findings) > len(open_) else ""
    out.print(f"no mistakes, {counted(len(open_), 'finding')}{accepted}")
    return int(fails(findings))


def show(manual: Path, *, json: bool) -> int:
    """
    Print the manual as loaded; the exit status.
    """
    loaded = load(manual)
    if isinstance(loaded, Mistakes):
        return say_mistakes(loaded, json=json)
    if json:
        as_json(as_data(loaded.manual))
        return 0
    _say_outline(loaded)
    return 0


def _say_outline(loaded: Loaded) -> None:
    rows = outline(loaded.manual)
    before = ""
    shown = []
    for row in rows:
        section = "" if row.section == before else row.section
        before = row.section
        shown.append(
            [
                section,
                plain(row.name),
                "\n".join([plain(row.says), *(f"[dim]{plain(note)}[/dim]" for note in row.notes)]),
                _state(row),
            ]
        )
    table(["section", "name", "says", ""], shown)
    live = sum(not row.why_not for row in rows)
    out.print(f"{loaded.manual.manual}: {len(rows)} entries, {live} live, {len(rows) - live} declared, not yet live")


def _state(row: Row) -> str:
    if row.why_not:
        return f"[dim]declared, not yet live: {plain(row.why_not)}[/dim]"
    return f"live; {plain(row.but)}" if row.but else "live"


def say_mistakes(mistakes: Mistakes, *, json: bool) -> int:
    """
    Print why nothing was loaded; the exit status.
    """
    if json:
        rows = [
            {"file": m.file, "line": m.line, "column": m.column, "field": m.field, "says": str(m)} for m in mistakes
        ]
        as_json({"mistakes": rows, "findings": []})
        return 1
    lines(mistakes, err)
    err.print(f"{counted(len(mistakes), 'mistake')}: nothing was loaded")
    return 1
