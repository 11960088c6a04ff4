"""Local pages are not open pages: who may ask, and who may change something."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from starlette.routing import Mount

from tests.web.house import ADDRESS, House
from watchkeeper.web.doors import Doors
from watchkeeper.web.safety import HEADERS

EVIL = "http://evil.example"


def every(routes: Iterable[Any]) -> Iterator[Any]:
    """The routes, and those of included routers."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        yield from every(inner.routes) if inner is not None else [route]


def addresses(house: House) -> list[tuple[str, str]]:
    """Every route with each of its methods, its parameters filled in."""
    found = []
    for route in every(house.app(control="http://127.0.0.1:1").routes):
        path = getattr(route, "path", "")
        methods = getattr(route, "methods", None) or {"GET"}
        if isinstance(route, Mount):
            path += "/app.css"
        path = re.sub(r"\{number(:int)?\}", "1", path).replace("{deed}", "close")
        path = re.sub(r"\{[^}]*\}", "parse-success", path)
        found += [(method, path) for method in sorted(methods) if path]
    return found


def test_every_address_refuses_a_foreign_host(house, client):
    asked = [address for address in addresses(house) if address[1] not in ("/live", "/ofrep/v1/events")]
    assert len(asked) > 20
    for method, path in asked:
        answer = client.request(method, path, headers={"host": "evil.example"})
        assert answer.status_code == 421, (method, path)


def test_every_change_refuses_a_foreign_origin(house, client):
    changes = [address for address in addresses(house) if address[0] not in ("GET", "HEAD", "OPTIONS")]
    assert len(changes) > 10
    for method, path in changes:
        for headers in (
            {"origin": EVIL, "content-type": "application/json"},
            {"origin": "null", "content-type": "application/json"},
            {"sec-fetch-site": "cross-site", "content-type": "application/json"},
            {"sec-fetch-site": "same-site", "content-type": "application/x-www-form-urlencoded"},
        ):
            answer = client.request(method, path, headers=headers, content=b"{}")
            assert answer.status_code == 403, (method, path, headers)


def test_a_form_that_does_not_say_where_it_comes_from_changes_nothing(client):
    answer = client.post("/incidents/1/close", headers={"content-type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": ADDRESS},
        {"origin": "http://localhost:8400"},
        {"sec-fetch-site": "same-origin"},
        {"content-type": "application/json"},
    ],
)
def test_our_own_pages_and_json_may_change_something(client, headers):
    answer = client.post("/incidents/1/close", headers={"content-type": "text/plain"} | headers)
    assert answer.status_code == 404  # it got as far as looking for the incident


@pytest.mark.parametrize("host", ["127.0.0.1:8400", "localhost:8400", "LOCALHOST:8400", "[::1]:8400"])
def test_this_machine_may_ask_by_each_of_its_names(client, host):
    assert client.get("/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8401", "localhost", "127.0.0.1:8400.evil.example", ""])
def test_no_other_name_will_do(client, host):
    assert client.get("/health", headers={"host": host}).status_code == 421


def test_the_public_address_may_ask_too():
    hosts = Doors(address=ADDRESS, public="https://watch.example", allowed_hosts=frozenset({"Proxy.Example"})).hosts
    assert {"watch.example", "proxy.example"} <= hosts


def test_every_answer_carries_the_security_headers(client):
    for path in ("/", "/health", "/metrics", "/static/app.css", "/nothing", "/api/v1/objectives"):
        answer = client.get(path)
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS, path
    assert "unsafe" not in HEADERS["Content-Security-Policy"]
