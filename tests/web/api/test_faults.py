"""Breaking the stand-in, with what follows for the alerts; the stand-in is the real one."""

from collections.abc import Iterator

import httpx2
import pytest

from tests.standin.conftest import Running, start
from tests.web.api.conftest import SPOTIFY, calm, client_of, storm
from watchkeeper.testing import FakeNetwork, HandClock

STORM = "/api/v1/faults/vendor-429-storm"


@pytest.fixture(scope="module")
def standin() -> Iterator[Running]:
    running = start("--fast", "--no-load")
    yield running
    running.stop()


def test_without_a_stand_in_there_are_no_faults(api):
    for answer in (api.get("/api/v1/faults"), api.post(STORM, json={"on": True})):
        assert answer.status_code == 404
        assert answer.json()["error"].startswith("No stand-in runs here; faults are part of the demo")


def test_switching_on_says_by_when_the_alert_fires_for_that_platform_alone(standin, to_here):
    with client_of(calm(), control=standin.ready["control"], client=to_here) as api:
        found = api.post(STORM, json={"on": True}).json()
        off = api.post(STORM, json={"on": False}).json()

    assert (found["on"], found["touches"], found["label"], found["share"]) == (
        True,
        ["parse-success"],
        {"platform": "spotify"},
        0.6,
    )
    [forecast] = found["forecasts"]
    # 600 good reads in 15 min; six of ten fail from now on: 5 % after 75 s, and 22 s for slots, the way and the turn
    assert forecast["fires_by"] == "2026-03-02T12:01:37.000Z"
    assert forecast["says"] == (
        f"{SPOTIFY} fires by 12:01:37 (in about 1 min 37 s); once the fault is off, it resolves in about 16 min 22 s"
    )
    assert (off["on"], off["since"]) == (False, None)
    assert off["forecasts"][0]["says"].startswith(f"{SPOTIFY} does not fire")


def test_switching_off_says_by_when_a_firing_alert_resolves(standin, to_here):
    with client_of(storm(), control=standin.ready["control"], client=to_here) as api:
        on = api.post(STORM, json={"on": True}).json()["forecasts"]
        off = api.post(STORM, json={"on": False}).json()["forecasts"]

    assert on[0]["says"].startswith(f"{SPOTIFY} fires already; once the fault is off")
    assert off[0]["says"] == f"{SPOTIFY} resolves by 12:26:22 (in about 16 min 22 s)"
    assert off[0]["resolves_by"] == "2026-03-02T12:26:22.000Z"


def test_the_list_has_every_fault_of_the_scenario(standin, stormy, to_here):
    with client_of(stormy, control=standin.ready["control"], client=to_here) as api:
        found = {one["name"]: one for one in api.get("/api/v1/faults").json()["faults"]}

    assert {"vendor-429-storm", "payment-failures", "everything-down"} <= set(found)
    assert not any(one["on"] for one in found.values())


def test_an_unknown_fault_is_told_with_the_nearest_name(standin, stormy, to_here):
    with client_of(stormy, control=standin.ready["control"], client=to_here) as api:
        answer = api.post("/api/v1/faults/vendor-storm", json={"on": True})
        odd = api.post("/api/v1/faults/..%2Fload", json={"on": False})

    assert (answer.status_code, answer.json()["nearest"]) == (404, ["vendor-429-storm"])
    assert odd.status_code == 404
    assert standin.get("control", "/state").json()["load"] is False


def test_a_flag_is_true_or_false(standin, stormy, to_here):
    with client_of(stormy, control=standin.ready["control"], client=to_here) as api:
        assert api.post(STORM, json={"on": "yes"}).status_code == 422


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(httpx2.Response(500, content=b"{}"), id="500"),
        pytest.param(httpx2.ConnectError("refused"), id="nobody there"),
        pytest.param(httpx2.Response(200, content=b"<html>"), id="no JSON"),
        pytest.param(httpx2.Response(200, content=b"[]"), id="a list"),
    ],
)
def test_a_stand_in_that_does_not_answer_well_is_told(stormy, said):
    network = FakeNetwork()
    network.answers("http://127.0.0.1:9/faults", said)
    with client_of(stormy, control="http://127.0.0.1:9", client=network.client(HandClock())) as api:
        answer = api.get("/api/v1/faults")

    assert answer.status_code == 502
    assert answer.json()["error"].startswith("The outside failed")
