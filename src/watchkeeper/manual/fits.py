"""
Does each condition fit the indicator that it speaks of?
"""

from collections.abc import Iterator

from watchkeeper.manual.marks import Path
from watchkeeper.manual.model.manual import Manual

Misfit = tuple[Path, str, str]


def misfits(manual: Manual) -> Iterator[Misfit]:
    """
    Path, what was found, what is wanted.
    """
    return iter(())
