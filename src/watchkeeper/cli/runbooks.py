"""
Which runbooks has a manual, and what would each of them run?

Read from the folder; nothing is run, and no watch is asked.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from watchkeeper.cli.asking import AsJson
from watchkeeper.cli.reading import say_mistakes
from watchkeeper.cli.say import as_json, err, out, plain, table
from watchkeeper.manual.load import Loaded, load
from watchkeeper.manual.mistakes import Mistakes
from watchkeeper.manual.model.unfit import nearest
from watchkeeper.manual.runbooks.digest import digest
from watchkeeper.manual.runbooks.values import Block, Document, Step

app = typer.Typer(help="The runbooks of a manual: which there are, and what they would run.", no_args_is_help=True)

ManualPath = Annotated[
    Path, typer.Argument(metavar="MANUAL", help="A folder with manual.yaml, or a YAML file.", exists=True)
]


@app.command("list")
def list_(manual: ManualPath, json: AsJson = False) -> None:
    """
    Say which runbooks there are, with their steps and blocks that can run.
    """
    loaded = _loaded(manual, json=json)
    rows = [_row(name, loaded) for name in loaded.manual.runbooks]
    if json:
        as_json(rows)
        return
    shown = [
        [
            plain(row["name"]),
            plain(row["title"]),
            str(row["steps"]),
            str(row["blocks"]),
            plain(", ".join(row["alerts"])),
        ]
        for row in rows
    ]
    table(["runbook", "title", "steps", "can run", "answers"], shown, whole=1)


@app.command()
def show(
    manual: ManualPath,
    name: Annotated[str, typer.Argument(metavar="RUNBOOK", help="Which runbook.")],
    json: AsJson = False,
) -> None:
    """
    Say what one runbook asks for and what it would run, step by step. It runs nothing.
    """
    loaded = _loaded(manual, json=json)
    if name not in loaded.manual.runbooks:
        err.print(f"found {plain(name)}; wanted a runbook of this manual{plain(nearest(name, loaded.manual.runbooks))}")
        raise typer.Exit(1)
    if json:
        as_json(_whole(name, loaded))
        return
    book, document = loaded.manual.runbooks[name], _document(name, loaded)
    out.print(f"[bold]{plain(book.title or name)}[/bold]")
    for key, parameter in book.parameters.items():
        allowed = ", ".join(parameter.values) or parameter.matches or parameter.kind
        out.print(f"  asks for {plain(key)}: {plain(allowed)}")
    for phase in document.phases:
        if phase.name:
            out.print(f"\n[bold]{plain(phase.name)}[/bold]{' (only to go back)' if phase.rollback else ''}")
        for number, step in enumerate(phase.steps, start=1):
            _say_step(number, step)
    if document.blocks:
        out.print(f"\ndigest of what would run: {digest(document, book.parameters)}")


def _say_step(number: int, step: Step) -> None:
    out.print(f"{number:>3}. {plain(step.text)}" + ("" if step.blocks else "  [dim](by hand)[/dim]"))
    for point in step.details:
        out.print(f"     - {plain(point)}")
    for block in step.blocks:
        out.print(f"     [bold]{block.kind}[/bold] {plain(block.name)}  [dim]{plain(_how(block))}[/dim]")
        for line in block.body.rstrip("\n").split("\n"):
            out.print(f"     │ {plain(line)}", soft_wrap=True)


def _how(block: Block) -> str:
    parts = [
        f"at {block.target}" if block.target else "",
        f"at most {block.timeout}" if block.timeout is not None else "",
        "may run twice" if block.repeatable else "",
        f"needs approval: {block.approval}" if block.approval else "",
    ]
    return "; ".join(filter(None, parts))


def _document(name: str, loaded: Loaded) -> Document:
    """
    What the page says; for a runbook without one, nothing that runs.
    """
    return loaded.documents.get(name) or Document(name=name, file="", phases=())


def _row(name: str, loaded: Loaded) -> dict[str, Any]:
    book = loaded.manual.runbooks[name]
    named = [rule for rule, alert in loaded.manual.alerts.items() if alert.runbook == name or rule in book.triggers]
    return {
        "name": name,
        "title": book.title or name,
        "service": book.service,
        "steps": len(book.steps) + sum(len(phase.steps) for phase in book.phases),
        "blocks": len(_document(name, loaded).blocks),
        "alerts": named,
    }


def _whole(name: str, loaded: Loaded) -> dict[str, Any]:
    book, document = loaded.manual.runbooks[name], _document(name, loaded)
    return _row(name, loaded) | {
        "file": document.file or None,
        "parameters": {key: one.model_dump(mode="json", exclude_defaults=True) for key, one in book.parameters.items()},
        "phases": [
            {"name": phase.name, "rollback": phase.rollback, "steps": [_step(step) for step in phase.steps]}
            for phase in document.phases
        ],
        "digest": digest(document, book.parameters),
    }


def _step(step: Step) -> dict[str, Any]:
    blocks = [
        {
            "name": block.name,
            "kind": block.kind.value,
            "body": block.body,
            "target": block.target,
            "timeout": str(block.timeout) if block.timeout is not None else None,
            "approval": block.approval or None,
            "repeatable": block.repeatable,
            "parameters": list(block.parameters),
        }
        for block in step.blocks
    ]
    return {"text": step.text, "details": list(step.details), "blocks": blocks}


def _loaded(manual: Path, *, json: bool) -> Loaded:
    loaded = load(manual)
    if isinstance(loaded, Mistakes):
        raise typer.Exit(say_mistakes(loaded, json=json))
    return loaded
