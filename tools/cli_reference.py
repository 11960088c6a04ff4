"""
What does the command line offer, as a page?

Rendered from the commands themselves, so that it cannot differ from what `--help` prints.
"""

import importlib
from collections.abc import Iterator
from inspect import cleandoc
from typing import Any

import typer
from typer.main import get_command

HEAD = """# Commands

<!-- Made by `make docs` from the commands themselves; do not edit. -->

`watchkeeper COMMAND --help` prints the same."""


def application() -> typer.Typer:
    """The one Typer application of `watchkeeper.cli.main`."""
    cli = importlib.import_module("watchkeeper.cli.main")
    [found] = {id(value): value for value in vars(cli).values() if isinstance(value, typer.Typer)}.values()
    return found


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command below, depth first, in the order of the help page: its full name and itself."""
    for name, child in getattr(command, "commands", {}).items():
        if child.hidden:
            continue
        yield " ".join((*path, name)), child
        yield from commands(child, (*path, name))


def render() -> str:
    """The page, ending in a newline."""
    parts = [HEAD]
    for name, command in commands(get_command(application())):
        parts.append(f"## {name}\n\n{cleandoc(command.help or '')}".rstrip())
        rows = [row(parameter) for parameter in command.params if not getattr(parameter, "hidden", False)]
        if rows:
            parts.append("\n".join(["| | |", "|---|---|", *rows]))
    return "\n\n".join(parts) + "\n"


def row(parameter: Any) -> str:
    """One argument or option as a table row."""
    is_option = parameter.param_type_name == "option"
    written = (
        [*parameter.opts, *parameter.secondary_opts] if is_option else [parameter.metavar or parameter.name.upper()]
    )
    name = ", ".join(written)
    text = " ".join((getattr(parameter, "help", None) or "").split()).replace("|", "\\|")
    return f"| `{name}` | {text} |"
