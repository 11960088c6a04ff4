"""The description of the API is whole, and no address answers 5xx, whatever is asked."""

import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.routing import APIRoute
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.web.api.joining import ROUTERS, TAGS

ROUTES = [route for one in ROUTERS for route in one.routes if isinstance(route, APIRoute)]
READ = sorted(route.path for route in ROUTES if "GET" in (route.methods or ()))
ODD = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["..", "../..", "0", "-1", "1e9", "9" * 30, "null", "a[b=c/d]", "%00", "\x00", " ", "x" * 5000]),
)


@pytest.fixture(scope="session")
def described(api) -> dict[str, Any]:
    found = api.get("/api/v1/openapi.json")
    assert found.status_code == 200
    described: dict[str, Any] = found.json()
    return described


def test_every_route_is_described_with_a_tag_and_in_words(described):
    tags = {one["name"] for one in TAGS}
    for route in ROUTES:
        for method in route.methods or ():
            path = re.sub(r":text}", "}", route.path)
            operation = described["paths"][path][method.lower()]
            assert operation["description"], path
            assert set(operation["tags"]) <= tags
    assert len(described["paths"]) == len({route.path for route in ROUTES})


def test_every_operation_has_a_name_of_its_own_and_errors_in_one_shape(described):
    operations = [one for path in described["paths"].values() for one in path.values()]

    assert len({one["operationId"] for one in operations}) == len(operations)
    for one in operations:
        for status, answer in one["responses"].items():
            if status != "200":
                name = answer["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
                says = described["components"]["schemas"][name]["properties"]
                assert {"error", "nearest"} <= says.keys(), (one["operationId"], status)


def test_every_reference_leads_somewhere_and_every_object_is_explained(described):
    names = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(described)))
    schemas = described["components"]["schemas"]

    assert names <= set(schemas)
    assert [name for name, one in schemas.items() if "properties" in one and not one.get("description")] == []


@settings(max_examples=80, deadline=None)
@given(path=st.sampled_from(READ), odd=ODD, raw=st.booleans(), query=st.text(max_size=10))
def test_no_read_answers_5xx_whatever_stands_in_its_path(api, path: str, odd: str, raw: bool, query: str):
    part = quote(odd, safe="/[]=" if raw else "")
    answer = api.get(re.sub(r"{[^}]*}", lambda _: part, path) + f"?most={quote(query)}")

    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400 and answer.url.path.startswith("/api/v1/"):  # `..` may lead elsewhere
        assert set(answer.json()) == {"error", "nearest"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/objectivs", 404),
        ("GET", "/api/v1/", 404),
        ("PUT", "/api/v1/objectives", 405),
        ("GET", "/api/v1/incidents/1/close", 405),
        ("POST", "/api/v1/alerts", 405),
    ],
)
def test_what_is_no_address_says_so_in_json(api, method: str, path: str, status: int):
    answer = api.request(method, path, **({} if method == "GET" else {"json": {}}))

    assert (answer.status_code, set(answer.json())) == (status, {"error", "nearest"})


def test_the_nearest_address_is_named(api):
    assert api.get("/api/v1/objectivs").json()["nearest"][0] == "/api/v1/objectives"
    assert api.put("/api/v1/objectives", json={}).headers["allow"] == "GET"


def test_a_foreign_host_reads_nothing(api):
    assert api.get("/api/v1/status", headers={"host": "evil.example"}).status_code == 421
