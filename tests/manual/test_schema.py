"""
The schema that editors read is the one that the model says.
"""

import json
from pathlib import Path

from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.schema import manual_schema, manual_schema_text

COMMITTED = Path(__file__).parents[2] / "docs" / "manual.schema.json"


def test_the_committed_schema_is_current() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == manual_schema_text(), "run `make docs`"


def test_the_schema_knows_every_key_and_refuses_others() -> None:
    schema = manual_schema()

    assert set(schema["properties"]) == {info.alias or name for name, info in Manual.model_fields.items()}
    assert schema["additionalProperties"] is False
    assert "from" in schema["$defs"]["Indicator"]["properties"]
    assert json.loads(manual_schema_text()) == schema


def test_every_key_has_its_sentence() -> None:
    silent = [
        f"{name}.{key}"
        for name, kind in [("Manual", manual_schema()), *manual_schema()["$defs"].items()]
        for key, said in kind.get("properties", {}).items()
        if not said.get("description")
    ]
    assert silent == []


def test_the_short_forms_are_told_to_editors() -> None:
    defs = manual_schema()["$defs"]

    assert {"type": "string"} in defs["Route"]["properties"]["tell"]["anyOf"]
    steps = defs["Runbook"]["properties"]["steps"]["anyOf"]
    assert {"anyOf": [{"type": ["string", "number"]}, {"$ref": "#/$defs/RunbookStep"}]} in steps
