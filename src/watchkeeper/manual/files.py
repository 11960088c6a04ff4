"""
Which files make a manual, and what is in them?

A folder: `manual.yaml`, any other `*.yaml` beside it, and `runbooks/*.md`. Or one YAML file.
"""

from pathlib import Path

from watchkeeper.manual.mistakes import Mistake
from watchkeeper.manual.yaml_nodes import MOST_CHARACTERS

#: What a stand-in application acts lies beside a manual and is no part of it.
OTHER_FILES = frozenset({"scenario.yaml"})
RUNBOOK_FOLDER = "runbooks"


def read_files(path: Path) -> tuple[dict[str, str], list[Mistake]]:
    """
    The texts by file name, `manual.yaml` first, and what could not be read.
    """
    texts: dict[str, str] = {}
    mistakes: list[Mistake] = []
    try:
        found = _files_of(path)
    except OSError as error:
        return {}, [of_file(str(path), f"a folder that cannot be read ({error.strerror})", "a readable folder")]
    for name, file in found:
        try:
            if file.stat().st_size > MOST_CHARACTERS * 4:
                mistakes.append(of_file(name, "a file of that size", f"at most {MOST_CHARACTERS} characters"))
            else:
                texts[name] = file.read_bytes().decode("utf-8")
        except OSError as error:
            mistakes.append(of_file(name, f"a file that cannot be read ({error.strerror})", "a readable file"))
        except UnicodeDecodeError as error:
            mistakes.append(of_file(name, f"byte {error.start + 1}, which is no UTF-8", "a file in UTF-8"))
    if not mistakes and not any(map(is_yaml, texts)):
        mistakes.append(of_file(str(path), "no manual", "a folder with `manual.yaml`, or a YAML file"))
    return texts, mistakes


def is_yaml(name: str) -> bool:
    """
    Whether the file is part of the manual itself, not a runbook.
    """
    return name.endswith((".yaml", ".yml"))


def runbook_name(file: str) -> str:
    """
    The runbook that a Markdown file holds: its name without the ending.
    """
    return Path(file).stem


def of_file(name: str, found: str, wanted: str) -> Mistake:
    """
    A mistake about a whole file.
    """
    return Mistake(file=name, line=1, column=1, field="file", found=found, wanted=wanted)


def _files_of(path: Path) -> list[tuple[str, Path]]:
    if not path.is_dir():
        return [(path.name, path)] if path.is_file() else []  # a pipe would never end
    found = [each for each in sorted(path.iterdir()) if each.is_file() and is_yaml(each.name)]
    found = [each for each in found if each.name not in OTHER_FILES and not each.name.startswith(".")]
    found.sort(key=lambda each: each.stem != "manual")  # of two places that say the same, manual.yaml is the first
    books = path / RUNBOOK_FOLDER
    pages = sorted(books.glob("*.md")) if books.is_dir() else []
    return [(each.name, each) for each in found] + [(f"{RUNBOOK_FOLDER}/{each.name}", each) for each in pages]
