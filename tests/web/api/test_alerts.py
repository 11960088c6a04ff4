"""The alerts in JSON: what is the matter, why, who was told and who was not."""

from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from tests.web.api.conftest import PLATFORMS, SPOTIFY, client_of
from watchkeeper.testing import Story
from watchkeeper.web.api.alerts import AlertDetail, AlertList

SLASHES = """
watchkeeper: 1
manual: Slashes
streams:
  requests: {spans: 'kind == "server"'}
indicators:
  errors: {from: requests, bad: 'status >= 500', by: [route]}
severities:
  P1: {respond: 5m}
alerts:
  errors: {indicator: errors, when: "> 5% over 5m", each: route, severity: P1}
"""


def test_the_list_fits_its_model_and_only_the_sick_platform_fires(api):
    answer = api.get("/api/v1/alerts").json()

    assert AlertList.model_validate(answer).model_dump(mode="json", by_alias=True) == answer
    states = {one["value"]: one["state"] for one in answer["alerts"] if one["rule"] == "parse-success"}
    assert states == {platform: "firing" if platform == "spotify" else "inactive" for platform in PLATFORMS}


def test_an_alert_has_its_numbers_its_sentence_and_its_runbook(api):
    found = api.get(f"/api/v1/alerts/{SPOTIFY}").json()

    assert (found["rule"], found["label"], found["value"]) == ("parse-success", "platform", "spotify")
    assert (found["state"], found["truth"], found["reason"], found["severity"]) == ("firing", "holds", "holds", "P2")
    assert found["condition"] == "< 95% over 15m"
    assert found["says"] == "Parse success on spotify is 60.1 %, below 95 % over 15 min"
    assert (found["numbers"]["events"], found["numbers"]["hits"]) == (601, 361)
    assert found["runbook"] == "vendor-429-storm"
    assert found["since"].startswith("2026-03-02T12:01:")


def test_its_story_tells_who_was_told_why_and_what_became_of_it(api):
    found = api.get(f"/api/v1/alerts/{SPOTIFY}").json()

    assert AlertDetail.model_validate(found)
    newest = found["transitions"][0]
    assert (newest["old"], newest["new"], newest["verdict"]["truth"]) == ("inactive", "firing", "holds")
    sent = [one for one in found["decisions"] if one["verdict"] == "send"]
    assert sent
    assert {one["reason_says"] for one in sent} == {"first time it fires"}
    assert {one["channel"] for one in sent} == {one["channel"] for one in found["messages"]}
    assert {one["state"] for one in found["messages"]} == {"sent"}
    assert found["messages"][0]["receipt"]["at"].endswith("Z")
    assert [one["severity"] for one in found["incidents"]] == ["P2"]
    assert [one["value"] for one in found["siblings"]] == ["apple", "deezer", "youtube"]


def test_a_refusal_to_tell_anybody_has_its_reason():
    told = Story(SLASHES)
    told.traffic(requests={"route": "/a", "status": 500}, per_minute=60).run(minutes=10)

    with client_of(told) as api:
        [refusal] = api.get("/api/v1/alerts/errors[route=/a]").json()["decisions"]

    assert (refusal["verdict"], refusal["channel"], refusal["reason"]) == ("refuse", None, "no-route")
    assert refusal["reason_says"] == "no route leads to a channel"


@pytest.mark.parametrize("route", ["/a/b", "/a b?c#d", "a\nb\n", "ü/[x=y]", "..", "/"])
def test_a_key_holds_any_text_of_a_label(route: str):
    told = Story(SLASHES)
    told.traffic(requests={"route": route, "status": 500}, per_minute=60).run(minutes=10)
    key = f"errors[route={route}]"

    with client_of(told) as api:
        quoted = api.get(f"/api/v1/alerts/{quote(key, safe='')}")
        listed = [one["key"] for one in api.get("/api/v1/alerts").json()["alerts"]]

    assert quoted.status_code == 200, quoted.text
    assert (quoted.json()["key"], listed) == (key, [key])


def test_an_unknown_key_is_told_with_the_nearest_keys(api: TestClient):
    answer = api.get("/api/v1/alerts/parse-success[platform=spotfy]")

    assert answer.status_code == 404
    assert answer.json()["nearest"][0] == SPOTIFY
