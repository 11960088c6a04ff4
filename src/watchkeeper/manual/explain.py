"""
What does an error of the typed model mean to the person who wrote the manual?

pydantic says where in the data and what kind; this says it in the manual's words, with the place in the file.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from watchkeeper.manual.marks import Marks, Place, show_path
from watchkeeper.manual.mistakes import Mistake
from watchkeeper.manual.model.base import Entry
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.shape import model_at
from watchkeeper.manual.model.unfit import Unfit, nearest

MISSING = "no such key"


def explain(error: ValidationError, marks: Marks, root: type[BaseModel] = Manual) -> Iterator[Mistake]:
    """
    One mistake for each error; `root` is the model that refused the data.
    """
    for details in error.errors(include_url=False):
        yield _explain(details, marks, root)


def _explain(details: ErrorDetails, marks: Marks, root: type[BaseModel]) -> Mistake:
    path: Place = tuple(step for step in details["loc"] if step != "[key]")
    cause = details.get("ctx", {}).get("error")
    sentence = isinstance(cause, Unfit) and cause.sentence
    at = marks.of(path)
    if details["type"] == "extra_forbidden":
        found, wanted, at = "a key that is not known", _known_keys(path, root), marks.of_key(path)
    elif details["type"] == "missing":
        found, wanted, at = MISSING, "this key: it must be written", marks.of_key(path)
    elif isinstance(cause, Unfit):
        found, wanted, at = cause.found, cause.wanted, marks.of(path, column=cause.column)
    else:
        found, wanted = _written(details["input"]), _in_words(details)
    if "[key]" in details["loc"] or isinstance(details["input"], BaseModel):
        at = marks.of_key(path)
    return Mistake(
        file=at.file,
        line=at.line,
        column=at.column,
        field=show_path(path),
        found=found,
        wanted=wanted,
        sentence=sentence,
    )


def _known_keys(path: Place, root: type[BaseModel]) -> str:
    model = model_at(root, path[:-1])
    keys = [info.alias or name for name, info in model.model_fields.items()] if model else []
    if near := nearest(str(path[-1]), keys):
        return f"one of the keys that belong here{near}"
    own = [key for key in keys if key not in Entry.model_fields] or keys
    return "one of the manual's sections" if model is Manual else f"one of {', '.join(own)}"


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return "a group of keys"
    if isinstance(value, list | tuple):
        return "a list"
    return "nothing" if value is None else f"`{str(value)[:80]}`"


def _in_words(details: ErrorDetails) -> str:
    context = details.get("ctx", {})
    if details["type"] == "literal_error":
        words = [word.strip("'") for word in context["expected"].replace(" or ", ", ").split(", ")]
        return f"one of {', '.join(words)}{nearest(str(details['input']), words)}"
    if details["type"] in {"model_type", "dict_type", "mapping_type", "model_attributes_type"}:
        return "a group of keys (`key: value`)"
    if details["type"] in {"tuple_type", "list_type"}:
        return "a list"
    return details["msg"]
