"""
Which keys may a manual have, as a page?

Made from the JSON Schema of the model, which carries the sentence for each key and an example of each type.
"""

import re
from collections.abc import Iterator
from typing import Any

from watchkeeper.manual.model.base import Entry
from watchkeeper.manual.model.manual import Manual

HEAD = """# The manual, key by key

<!-- Made by `make docs` from the model; do not edit. -->

Every section may be left out. A key in bold must be written."""

COMMON = set(Entry.model_fields)  # what every named thing may carry is told once


def render() -> str:
    """The page, ending in a newline: the whole manual, what all entries share, then each kind of entry by name."""
    whole = Manual.model_json_schema(by_alias=True)
    kinds = {name: definition for name, definition in whole["$defs"].items() if "properties" in definition}
    parts = [HEAD, *section("Manual", whole, kinds)]
    parts += section("Every entry", Entry.model_json_schema(by_alias=True), kinds, leave_out=set())
    for name, definition in sorted(kinds.items()):
        parts += section(name, definition, kinds)
    return "\n\n".join(parts) + "\n"


def section(
    name: str, definition: dict[str, Any], kinds: dict[str, Any], *, leave_out: set[str] = COMMON
) -> Iterator[str]:
    """One kind of entry: what it is, and a row for each key."""
    properties = definition["properties"]
    shared = leave_out if leave_out <= set(properties) else set()
    must = set(definition.get("required", []))
    yield f"## {name}"
    yield " ".join(definition.get("description", "").split())
    if shared:
        yield "With the keys of [every entry](#every-entry)."
    rows = [row(key, info, kinds, must=key in must) for key, info in properties.items() if key not in shared]
    yield "\n".join(["| key | what it says | for example |", "|---|---|---|", *rows])


def row(key: str, info: dict[str, Any], kinds: dict[str, Any], *, must: bool) -> str:
    """One key; where its value is an entry of its own, the example is a link to it."""
    name = f"**`{key}`**" if must else f"`{key}`"
    below = [kind for kind in dict.fromkeys(re.findall(r"#/\$defs/(\w+)", str(info))) if kind in kinds]
    shown = [f"[{kind}](#{kind.lower()})" for kind in below] or [f"`{example}`" for example in examples(info)]
    cells = (name, " ".join(info.get("description", "").split()), ", ".join(shown))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def examples(info: dict[str, Any]) -> list[str]:
    """The examples of a key's type, wherever in its alternatives they stand."""
    kinds = [info, *info.get("anyOf", []), *([info["items"]] if isinstance(info.get("items"), dict) else [])]
    return [str(example) for kind in kinds for example in kind.get("examples", kind.get("enum", []))]
