"""
Do the documents hold together: does every link lead somewhere, and is every generated reference what the code says?

`python -m tools.docs` rebuilds the references; `--check` changes nothing and fails on a dead link or a difference.

>>> anchor("Known and unknown: `heard`, quiet")
'known-and-unknown-heard-quiet'
"""

import argparse
import importlib.util
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
LINK = re.compile(r"(?<!!)\[[^\]\n]+\]\(([^)\s]+)\)|!\[[^\]\n]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", flags=re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6} +(.+?)\s*$", flags=re.MULTILINE)


def anchor(heading: str) -> str:
    """The name that a heading gets as a link target: lower case, words joined by hyphens."""
    kept = re.sub(r"[^\w\- ]", "", heading.lower())
    return kept.replace(" ", "-")


def anchors(text: str) -> set[str]:
    return {anchor(heading) for heading in HEADING.findall(FENCE.sub("", text))}


def links(text: str) -> list[str]:
    """Where the links and pictures of a Markdown text lead, code left aside."""
    prose = re.sub(r"`[^`\n]*`", "", FENCE.sub("", text))
    return [plain or picture for plain, picture in LINK.findall(prose)]


def documents() -> list[Path]:
    """Every Markdown file that is under version control or about to be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - own arguments
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


def dead_links(document: Path) -> Iterator[str]:
    """One sentence per link that leads nowhere. Addresses of other hosts are not asked: a check needs no network."""
    text = document.read_text(encoding="utf-8")
    for link in links(text):
        if re.match(r"[a-z][a-z0-9+.-]*:", link):
            continue
        name, _, fragment = link.partition("#")
        target = document.parent / name if name else document
        where = document.relative_to(ROOT)
        if not target.exists():
            yield f"{where}: the link {link} leads to no file"
        elif fragment and target.suffix == ".md" and fragment not in anchors(target.read_text(encoding="utf-8")):
            yield f"{where}: the link {link} names a heading that {name or where} does not have"


def cli_reference() -> str | None:
    """Every command with its arguments and options, as `--help` tells them; None while there is no command line."""
    if importlib.util.find_spec("watchkeeper.cli.main") is None:
        return None
    from tools.cli_reference import render  # needs the command line to exist

    return render()


def manual_reference() -> str:
    """Every key of a manual with its sentence."""
    from tools.manual_reference import render  # only where it is wanted: links can be checked without the model

    return render()


def manual_schema() -> str:
    """What may stand in a manual, for editors."""
    from watchkeeper.manual.schema import manual_schema_text

    return manual_schema_text()


REFERENCES: dict[str, Callable[[], str | None]] = {
    "docs/reference/cli.md": cli_reference,
    "docs/reference/manual.md": manual_reference,
    "docs/manual.schema.json": manual_schema,
}


def stale_references(*, write: bool) -> Iterator[str]:
    """One sentence per generated file that is not what the code says; with `write` they are made so instead."""
    for name, render in REFERENCES.items():
        path, text = ROOT / name, render()
        found = path.read_text(encoding="utf-8") if path.is_file() else None
        if text == found:
            continue
        if not write:
            yield f"{name} is not what the code says: run `make docs`"
        elif text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.docs", description="Rebuild or check the documents.")
    parser.add_argument("--check", action="store_true", help="only check; change nothing")
    arguments = parser.parse_args()
    found = list(stale_references(write=not arguments.check))
    found += [fault for document in documents() for fault in dead_links(document)]
    print("\n".join(found) or "docs: every link leads somewhere, the generated references are what the code says")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
