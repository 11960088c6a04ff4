"""
Minutes are taken out of the numbers and put back, from the page and from the API; what cannot be is told, nothing lost.
"""

import json
from datetime import UTC, datetime

from tests.web.house import SECOND, House
from tests.web.test_ingest import JSON, counted, span, traces

MINUTE = 60 * SECOND


def written(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // SECOND, tz=UTC).isoformat()


def wish(house: House, **more: object) -> dict[str, object]:
    now = house.clock.now_ns()
    times = {"begins": written(now - MINUTE), "ends": written(now + MINUTE)}
    return {**times, "reason": "a load test", **more}


def test_minutes_are_taken_out_and_put_back(house, client):
    client.post("/v1/traces", content=traces(span(house), span(house)), headers=JSON)
    assert counted(house) == 2

    made = client.post("/api/v1/exclusions", json=wish(house, indicator="parse-success")).json()
    assert (counted(house), made["indicators"], made["author"]) == (0, ["parse-success"], "ada")

    undone = client.post(f"/api/v1/exclusions/{made['number']}/undo", json={})
    assert (counted(house), undone.json()["undone_by"]) == (2, "ada")
    again = client.post(f"/api/v1/exclusions/{made['number']}/undo", json={})
    assert again.status_code == 409
    assert client.post("/api/v1/exclusions/99/undo", json={}).status_code == 404
    listed = client.get("/api/v1/exclusions").json()["exclusions"]
    assert [(one["number"], one["undone_by"]) for one in listed] == [(made["number"], "ada")]


def test_only_one_value_of_a_label_is_taken_out(house, client):
    client.post("/v1/traces", content=traces(span(house)), headers=JSON)

    made = client.post("/api/v1/exclusions", json=wish(house, label="platform", value="apple")).json()
    assert counted(house) == 1
    assert "parse-success" in made["indicators"]

    client.post("/api/v1/exclusions", json=wish(house, label="platform", value="spotify"))
    assert counted(house) == 0


def test_a_wish_that_does_not_fit_is_told_why(house, client):
    for more, said in (
        ({"indicator": "nonsense"}, "found no indicator 'nonsense'"),
        ({"label": "planet", "value": "mars"}, "found the label 'planet'"),
        ({"value": "mars"}, "a value without a label"),
        ({"service": "nonsense"}, "found no service"),
        ({"ends": written(house.clock.now_ns() - 2 * MINUTE)}, "an end that is not after the beginning"),
        ({"begins": "2020-01-01T00:00:00Z"}, "before the longest window"),
        ({"begins": "2026-01-01T00:00:00"}, "without a zone"),
    ):
        answer = client.post("/api/v1/exclusions", json=wish(house, **more))
        assert (answer.status_code, said in json.dumps(answer.json())) == (422, True), answer.text
    assert client.get("/api/v1/exclusions").json() == {"exclusions": []}


def test_the_page_takes_minutes_out_in_the_manuals_zone_and_puts_them_back(house, client):
    client.post("/v1/traces", content=traces(span(house)), headers=JSON)
    form = {"begins": "", "ends": "", "reason": "<b>a test</b>", "indicator": "", "label": "", "value": ""}
    now = datetime.fromtimestamp(house.clock.now_ns() // SECOND, tz=UTC)
    own = {"origin": "http://127.0.0.1:8400"}
    refused = client.post("/exclusions", data=form, headers=own)
    assert refused.status_code == 400
    assert "wanted a day and a time" in refused.text
    assert "&lt;b&gt;a test" in refused.text  # what was written is still there, and is no markup

    at = now.strftime("%Y-%m-%dT%H:%M")
    after = now.replace(minute=(now.minute + 1) % 60).strftime("%Y-%m-%dT%H:%M")
    page = client.post("/exclusions", data={**form, "begins": at, "ends": after}, headers=own)
    assert "1 exclusion holds" in page.text
    (one,) = house.watch.exclusions()
    client.post(f"/exclusions/{one.id}/undo", data={}, headers=own)
    assert "put back" in client.get("/exclusions").text
    assert counted(house) == 1
