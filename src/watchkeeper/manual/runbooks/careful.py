"""
What would a careful reader object to in a runbook's page that loads?
"""

from collections.abc import Iterator

from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.runbooks.shell import objections
from watchkeeper.manual.runbooks.values import Bash, Document


def unsafe_scripts(document: Document, manual: Manual) -> Iterator[str]:
    """
    Where a script of the page lets the shell read a parameter as code or as several words, with the line in the file.
    """
    parameters = tuple(manual.runbooks[document.name].parameters)
    for block in document.blocks:
        if isinstance(block.action, Bash) and not block.action.commands:
            for one in objections(block.action.script, parameters):
                line = block.line + 1 + block.action.script.count("\n", 0, one.at)
                yield f"in `{block.name}`, line {line}: {one.says}"


def unused_parameters(document: Document, manual: Manual) -> Iterator[str]:
    """
    The parameters that are asked for and reach nothing.
    """
    used = {name for block in document.blocks for name in block.parameters}
    return (name for name in manual.runbooks[document.name].parameters if name not in used)
