"""
What may stand in a manual, in the words of JSON Schema?

For editors that complete keys and mark mistakes while somebody types. The loader knows more: references, the two
languages, and whether a condition fits its indicator.
"""

import json
from typing import Any

from watchkeeper.manual.model.manual import Manual

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def manual_schema() -> dict[str, Any]:
    """
    The schema of one YAML file of a manual. No key is required of a file: a manual may lie in several.
    """
    schema = Manual.model_json_schema(by_alias=True, mode="validation")
    schema.pop("required", None)
    return {"$schema": DIALECT, "title": "Watchkeeper manual", **_without_noise(schema)}


def manual_schema_text() -> str:
    """
    The schema as the file that is committed (docs/manual.schema.json).
    """
    return json.dumps(manual_schema(), indent=1, ensure_ascii=False) + "\n"


def _without_noise(value: Any) -> Any:
    """
    Without the titles that are made of the keys, defaults that say nothing, `null` where a text belongs; docstrings on
    one line.
    """
    if isinstance(value, list):
        return [_without_noise(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept: dict[str, Any] = {}
    for key, each in value.items():
        if key in {"properties", "$defs"}:
            kept[key] = {name: _without_noise(part) for name, part in each.items()}
        elif key == "description" and isinstance(each, str):
            kept[key] = " ".join(each.split())
        elif not (key == "title" or (key == "default" and each in (None, [], {}))):
            kept[key] = _without_noise(each)
    return _without_null(kept)


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    match schema.get("anyOf"):
        case [{**written}, {"type": "null"}] if "$ref" not in written and written.get("type") != "object":
            rest = {key: each for key, each in schema.items() if key != "anyOf"}
            return {str(key): each for key, each in (written | rest).items()}
    return schema
