"""The promises in JSON: exact, with a sentence, and from all sides."""

from fractions import Fraction

import pytest
from starlette.testclient import TestClient

from watchkeeper.web.api.objectives import ObjectiveList

PARSE = "/api/v1/objectives/parse-success"


def target(api: TestClient):
    return api.get(PARSE).json()["targets"][0]


def test_every_live_objective_is_listed_and_fits_its_model(api):
    answer = api.get("/api/v1/objectives").json()

    assert [one["name"] for one in answer["objectives"]] == [
        "availability",
        "parse-success",
        "parse-time",
        "payment-errors",
    ]
    assert ObjectiveList.model_validate(answer).model_dump(mode="json", by_alias=True) == answer


def test_a_target_counts_exactly_and_a_float_stands_beside_the_fraction(api):
    found = target(api)

    # 160 reads a minute for 40 minutes; in the last ten, 24 of them failed each minute
    assert (found["events"], found["hits"], found["hits_are"]) == (6400, 6160, "good")
    assert found["value_exact"] == {"numerator": 77, "denominator": 80}
    assert found["value"] == 6160 / 6400
    assert (found["limit"], found["unit"]) == (0.97, "ratio")


def test_a_target_says_its_arithmetic_and_why_it_stands_so(api):
    found = target(api)

    assert (found["standing"], found["reason"]) == ("breached", "clear")
    assert found["reason_says"] == "the condition does not hold"
    assert found["says"] == (
        "Parse success: 96.2 %, promised ≥ 97 %; 240 of 6,400 parses failed, 3.8 %, limit 3 % over 30 d"
    )


def test_a_target_is_there_as_text_and_in_fields(api):
    found = target(api)

    assert found["text"] == ">= 97% over 30d"
    fields = found["fields"]
    assert (fields["op"], fields["value"], fields["quantile"], fields["for"]) == (">=", 0.97, None, None)
    assert fields["window"] == 30 * 86400


def test_a_quantile_has_its_share_and_counts_what_lies_under(api):
    p95 = api.get("/api/v1/objectives/parse-time").json()["targets"][0]

    assert (p95["fields"]["quantile"], p95["unit"], p95["limit"]) == (0.95, "s", 1.5)
    assert (p95["hits_are"], p95["hits"], p95["standing"]) == ("under", 6400, "met")


def test_a_budget_is_told_as_shares_and_as_time(api):
    budget = target(api)["budget"]

    assert (budget["bad"], budget["events"], budget["allowed"]) == (240, 6400, 0.03)
    assert Fraction(**budget["spent_exact"]) == Fraction(240, 6400) / Fraction(3, 100)
    assert budget["left"] == -0.25
    assert budget["left_seconds"] == pytest.approx(-0.25 * 0.03 * 30 * 86400, rel=1e-3)  # the open slot counts too


def test_what_was_heard_only_lately_says_since_when(api):
    assert target(api)["since"] == "2026-03-02T11:30:00.000Z"


def test_what_was_never_heard_is_unknown_and_has_no_value(api):
    availability = api.get("/api/v1/objectives/availability").json()["targets"][0]

    assert (availability["standing"], availability["value"], availability["value_exact"]) == ("unknown", None, None)
    assert availability["says"] == "Availability: nothing happened in the window"
    assert availability["budget"]["left"] is None


def test_the_breakdown_holds_each_value_of_the_label(api):
    values = {one["value"]: one for one in api.get(PARSE).json()["breakdown"]["platform"]}

    assert {name: one["standing"] for name, one in values.items()} == {
        "spotify": "breached",
        "apple": "met",
        "deezer": "met",
        "youtube": "met",
    }
    assert values["spotify"]["targets"][0]["events"] == 1600


def test_other_windows_tell_how_fast_the_budget_goes(api):
    windows = api.get(PARSE).json()["windows"]
    five = windows[0]

    assert [one["seconds"] for one in windows] == [300, 1800, 3600, 21600, 86400, 259200]
    # whole slots back to the one that holds 12:05:00, with its last read of each platform
    assert (five["events"], five["matched"]) == (805, 684)
    assert Fraction(**five["burn_rate_exact"]) == Fraction(121, 805) / Fraction(3, 100)
    assert Fraction(**five["value_exact"]) == Fraction(684, 805)


def test_its_alerts_and_worst_observations_are_named(house):
    house.spans(3, {"name": "parse_playlist", "platform": "spotify"}, took_ns=lambda i: (i + 1) * 10**9)
    with house.client() as api:
        answer = api.get(PARSE).json()

    assert answer["alerts"] == ["parse-success[platform=spotify]"]
    assert [one["value"] for one in answer["worst"]] == [3.0, 2.0, 1.0]
    assert answer["worst"][0]["trace_id"] == "03" * 16
    assert answer["worst"][2]["at"] == "2026-11-20T11:59:45.000Z"


def test_an_unknown_objective_is_told_with_the_nearest_names(api):
    answer = api.get("/api/v1/objectives/parse-sucess")

    assert answer.status_code == 404
    assert answer.json() == {"error": "found no objective 'parse-sucess'", "nearest": ["parse-success", "parse-time"]}
