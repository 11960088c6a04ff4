"""
Which models stand where in a manual?

Reads the types of the model, so that the explanations, the links and the reference need no table of their own.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

from watchkeeper.manual.model.base import RefersTo


def model_at(model: type[BaseModel], path: tuple[str | int, ...]) -> type[BaseModel] | None:
    """
    The model that the path leads to, or None when it leads to something else.

    >>> from watchkeeper.manual.model.manual import Manual
    >>> model_at(Manual, ("alerts", "slow")).__name__
    'Alert'
    """
    here: Any = model
    for step in path:
        if isinstance(here, type) and issubclass(here, BaseModel):
            fields = {info.alias or name: info.annotation for name, info in here.model_fields.items()}
            here = unwrap(fields.get(str(step)))
        elif get_origin(here) in (tuple, Mapping):
            here = unwrap(get_args(here)[0 if get_origin(here) is tuple else 1])
        else:
            return None
    return here if isinstance(here, type) and issubclass(here, BaseModel) else None


def unwrap(annotation: Any) -> Any:
    """
    The type without `Annotated` and without `| None`.
    """
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin is not None and type(None) in get_args(annotation):
            annotation = next(each for each in get_args(annotation) if each is not type(None))
        elif hasattr(annotation, "__value__"):
            annotation = annotation.__value__
        else:
            return annotation


def references(annotation: Any, metadata: tuple[Any, ...] | list[Any] = ()) -> RefersTo | None:
    """
    Which section a field of this type refers to, or None.
    """
    for item in metadata:
        if isinstance(item, RefersTo):
            return item
    if get_origin(annotation) is Annotated:
        inner, *extra = get_args(annotation)
        return references(inner, extra)
    for inner in get_args(annotation):
        if inner is not Ellipsis and (found := references(inner)):
            return found
    return None


def pieces(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], BaseModel]]:
    """
    Every model inside a value, itself included, each with its path in the words of the YAML.
    """
    if isinstance(value, BaseModel):
        yield path, value
        for name, info in type(value).model_fields.items():
            yield from pieces(getattr(value, name), (*path, info.alias or name))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from pieces(item, (*path, key))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from pieces(item, (*path, index))
