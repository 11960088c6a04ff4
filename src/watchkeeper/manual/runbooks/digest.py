"""
Is it still the same that would run?

An approval is of one digest: of every step with its text and blocks, the parameters that are allowed, and the values
given. Whoever edits any of them needs a new approval. Prose beside the steps is not in it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from hashlib import blake2b
from typing import Any

from pydantic import BaseModel

from watchkeeper.manual.model.running import Parameter
from watchkeeper.manual.runbooks.values import Document

FORMAT = 1  # part of every digest: counts up when the way of counting changes
#: Where a thing stands in the file says nothing about what it does.
_PLACES = frozenset({"line", "file"})


def digest(document: Document, parameters: Mapping[str, Parameter], given: Mapping[str, str] | None = None) -> str:
    """
    32 hexadecimal digits (blake2b, 16 bytes) that name what would run with these values.
    """
    whole = blake2b(digest_size=16)
    values = sorted((given or {}).items())
    for part in _parts([FORMAT, document, sorted(parameters.items()), values]):
        whole.update(f"{len(part)}:{part};".encode())
    return whole.hexdigest()


def _parts(value: Any) -> Iterator[str]:
    """
    A value as texts whose order and number leave no two values alike.
    """
    if isinstance(value, BaseModel):
        yield from _parts([type(value).__name__, sorted(value.model_dump(mode="json").items())])
    elif is_dataclass(value):
        yield type(value).__name__
        yield from _parts(
            [(each.name, getattr(value, each.name)) for each in fields(value) if each.name not in _PLACES]
        )
    elif isinstance(value, Mapping):
        yield from _parts(sorted(value.items()))
    elif isinstance(value, str | int | Enum) or value is None:
        yield f"{type(value).__name__} {value}"
    else:
        yield from _list(value)


def _list(value: Iterable[Any]) -> Iterator[str]:
    held = list(value)
    yield f"list {len(held)}"
    for each in held:
        yield from _parts(each)
