"""A condition as people write it."""

from watchkeeper.manual.condition.ast import Condition
from watchkeeper.manual.condition.parser import parse


def said(text: str) -> Condition:
    found = parse(text)
    assert isinstance(found, Condition), found
    return found
