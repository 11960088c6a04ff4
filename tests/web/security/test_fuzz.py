"""Whatever fits the description of the API, and whatever nearly does, is answered without a 5xx (schemathesis)."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from starlette.testclient import TestClient

from tests.web.api.conftest import client_of, storm

MOST = 5  # examples of each operation and mode
DEPENDENTS = (502, 503)  # what runs beside us is not there
STORY = storm()


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """A watch of its own: what is asked of it changes it."""
    with client_of(STORY) as opened:
        yield opened


def operations() -> dict[str, Any]:
    with client_of(STORY) as opened:
        described = schemathesis.openapi.from_dict(opened.get("/api/v1/openapi.json").json())
    found = [one.ok() for one in described.get_all_operations() if isinstance(one, Ok)]
    return {one.label: one for one in found}


OPERATIONS = operations()


def _can_be_wrong(operation: Any) -> bool:
    numbers = [one for one in operation.path_parameters if one.definition["schema"].get("type") != "string"]
    return bool(operation.body or numbers or operation.query)


def cases() -> Iterator[Any]:
    """
    Each operation with what fits its description and, where anything of it can be wrong, with what does not.
    """
    for label, operation in OPERATIONS.items():
        yield pytest.param(label, GenerationMode.POSITIVE, id=f"{label} fits")
        if _can_be_wrong(operation):
            yield pytest.param(label, GenerationMode.NEGATIVE, id=f"{label} does not fit")


@pytest.mark.parametrize(("label", "mode"), list(cases()))
def test_no_operation_answers_5xx(client: TestClient, label: str, mode: GenerationMode):
    @settings(
        max_examples=MOST,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=OPERATIONS[label].as_strategy(generation_mode=mode))
    def asked(case: Any) -> None:
        answer = _ask(client, case)
        assert answer.status_code < 500 or answer.status_code in DEPENDENTS, answer.text
        assert answer.status_code not in (401, 403), answer.text
        assert answer.headers["content-type"].startswith("application/json")
        if answer.status_code >= 400:
            assert set(answer.json()) >= {"error"}

    asked()


def _ask(client: TestClient, case: Any) -> Any:
    sent = case.as_transport_kwargs(base_url="http://127.0.0.1:8400")
    headers = {k: v for k, v in dict(sent.get("headers") or {}).items() if v.isascii() and v.isprintable()}
    body = sent.get("data")
    if sent["method"] != "GET":
        headers["content-type"] = "application/json"
    if "json" in sent:
        body = json.dumps(sent["json"]).encode("utf-8", "surrogatepass")
    return client.request(sent["method"], sent["url"], params=sent.get("params"), content=body, headers=headers)
