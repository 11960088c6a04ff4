"""
How does a value become a row, and a row a value?

>>> from dataclasses import dataclass
>>> @dataclass
... class Thing:
...     name: str
...     data: dict
...     id: int = 0
>>> columns(Thing("a", {"b": 1})), columns(Thing("a", {}, id=7))
({'name': 'a', 'data': {'b': 1}}, {'name': 'a', 'data': {}, 'id': 7})
"""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Result

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Kind = TypeVar("Kind")


def columns(value: DataclassInstance) -> dict[str, Any]:
    """
    The fields of a dataclass as they are (nothing is copied); an `id` of 0 is left to the database.
    """
    names, get = _reader(type(value))
    found = dict(zip(names, get(value), strict=True))
    if found.get("id") == 0:
        del found["id"]
    return found


def read(kind: type[Kind], found: Result[Any]) -> list[Kind]:
    """
    Every row as a value of this kind; the columns are named as its fields.
    """
    names = tuple(found.keys())
    return [kind(**dict(zip(names, row, strict=True))) for row in found]


def read_one(kind: type[Kind], found: Result[Any]) -> Kind | None:
    """
    The first row as a value of this kind; None when there is none.
    """
    rows = read(kind, found)
    return rows[0] if rows else None


@cache
def _reader(kind: type[DataclassInstance]) -> tuple[list[str], attrgetter[Any]]:
    names = [field.name for field in fields(kind)]
    return names, attrgetter(*names)
