"""
Why is a text no YAML, in words that help?

YAML's own words speak of tokens and indicators; most slips are a comparison without quotes, a tab or a stray colon:

>>> import yaml
>>> try:
...     yaml.safe_load("when: >= 97%")
... except yaml.MarkedYAMLError as error:
...     [fault] = grammar_faults(error, "when: >= 97%", "manual.yaml")
>>> fault.mark.column, fault.wanted
(7, 'text that starts with `>` needs quotes round it: ">= 97%"')
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

_SPECIAL = re.compile(r"""(?:[:\-,\[{]\s+|[\[{]|^\s*)([>!%@`|*&][^\s"'][^,}\]#]*|[>|] [^,}\]#]+)""")
_COMPARISON = re.compile(r"(?:[:\-,\[{]\s+|\[)(>=?\s*~?\d[^,}\]#]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """
    A place in a file; line and column count from 1.
    """

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """
    Why a text is no tree: the place, what was found, what is wanted.
    """

    mark: Mark
    found: str
    wanted: str


class TooMuch(yaml.MarkedYAMLError):
    """
    The document is deeper or larger than a manual is.
    """


def grammar_faults(error: yaml.MarkedYAMLError, text: str, file: str) -> Iterator[Fault]:
    """
    Where YAML stopped and why; and, since the same slip is seldom made once, every bare comparison after it.
    """
    at = error.problem_mark or error.context_mark
    lines = text.splitlines() or [""]
    line = min(at.line, len(lines) - 1) if at else 0
    if isinstance(error, TooMuch) or not (special := _SPECIAL.search(lines[line])):
        yield _grammar_fault(error, lines[line], Mark(file=file, line=line + 1, column=(at.column if at else 0) + 1))
        return
    yield _bare(special, line, file)
    for index in range(line + 1, len(lines)):
        if (bare := _COMPARISON.search(lines[index])) and _outside_quotes(lines[index][: bare.start(1)]):
            yield _bare(bare, index, file)


def _grammar_fault(error: yaml.MarkedYAMLError, line: str, mark: Mark) -> Fault:
    found = f"`{line.strip()[:60]}`"
    if isinstance(error, TooMuch):
        return Fault(mark=mark, found=str(error.problem), wanted="a smaller manual")
    if "\t" in line[: len(line) - len(line.lstrip())] or "'\\t'" in str(error.problem):
        return Fault(mark=mark, found="a tab", wanted="spaces for indentation")
    if "mapping values are not allowed" in str(error.problem):
        wanted = "quotes round a text that holds `: `, or the key one level further in or out"
        return Fault(mark=mark, found=found, wanted=wanted)
    return Fault(mark=mark, found=found, wanted=f"YAML that can be read ({error.problem})")


def _bare(match: re.Match[str], line: int, file: str) -> Fault:
    written = match[1].strip()
    wanted = f'text that starts with `{written[0]}` needs quotes round it: "{written}"'
    mark = Mark(file=file, line=line + 1, column=match.start(1) + 1)
    return Fault(mark=mark, found=f"`{written}`", wanted=wanted)


def _outside_quotes(text: str) -> bool:
    return text.count('"') % 2 == 0 and text.count("'") % 2 == 0 and "#" not in text
