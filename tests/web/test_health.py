"""Is it up, can it work, and does it say so to Prometheus?"""

from tests.web.house import ADDRESS, House, calm
from watchkeeper.act.work import Work
from watchkeeper.measure.native.backend import PURE, in_use
from watchkeeper.store.errors import LogError
from watchkeeper.web.doors import Doors
from watchkeeper.web.exposition import ITEMS, METRICS, written


def test_it_is_alive_as_soon_as_it_answers(client):
    answer = client.get("/health/liveness")
    assert (answer.status_code, answer.json()["status"]) == (200, "alive")


def test_its_health_names_every_part(house: House, client):
    told = client.get("/health").json()
    assert (told["status"], told["timestamp"]) == ("healthy", "2026-11-20T12:00:00.000Z")
    assert set(told["components"].values()) == {"ok"}

    with house.client(checks=lambda: {"turn": "late"}) as late:
        answer = late.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")


def test_its_health_says_whether_compiled_parts_do_the_work(client, monkeypatch):
    assert client.get("/health").json()["engine"] == in_use()
    monkeypatch.setenv(PURE, "1")
    assert client.get("/health").json()["engine"] == "Python"


def test_it_is_ready_when_every_part_is(client):
    answer = client.get("/health/readiness")

    assert answer.status_code == 200
    checks = {"state": "ok", "log": "ok", "intake": "ok", "turn": "ok"}
    assert answer.json() == {"status": "ready", "checks": checks}


def test_it_is_not_ready_when_a_part_says_why(house: House):
    with house.client(checks=lambda: {"turn": "the last turn was 40 s ago"}) as client:
        answer = client.get("/health/readiness")

    assert answer.status_code == 503
    assert answer.json()["status"] == "not ready"
    assert answer.json()["checks"]["turn"] == "the last turn was 40 s ago"


def test_it_is_not_ready_while_the_log_cannot_be_written(house: House, client, monkeypatch):
    def full(*_args, **_kwargs):
        raise LogError(doing="append", why="the disk is full", retryable=True)

    with monkeypatch.context() as broken:
        broken.setattr(house.log, "append", full)
        refused = client.post("/v1/events", json={"type": "x"})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert refused.json() == {"error": "The log could not append: the disk is full; send it again"}
        assert client.get("/health/readiness").json()["checks"]["log"] != "ok"

    assert client.post("/v1/events", json={"type": "x"}).status_code == 202
    assert client.get("/health/readiness").status_code == 200


def test_every_metric_is_exposed_with_its_help_and_type(house: House, client):
    calm(house, minutes=2)
    text = client.get("/metrics").text

    for metric in METRICS:
        assert f"# HELP {metric.name} {metric.help}\n# TYPE {metric.name} {metric.kind}\n" in text
    assert 'watchkeeper_objective_standing{objective="parse-success",standing="met"} 1' in text
    assert 'watchkeeper_items_total{kind="traces"} 180' in text
    assert 'watchkeeper_budget_left_ratio{objective="parse-success"} 1.0' in text


def test_labels_are_escaped():
    assert r'{kind="a\"b\\c\nd"} 1' in written([(ITEMS, {('a"b\\c\nd',): 1})])


def test_links_begin_with_the_public_address():
    assert Doors(address=ADDRESS, public="https://watch.example/").base == "https://watch.example"
    assert Doors(address=ADDRESS).base == ADDRESS


def test_what_was_noted_and_what_overflowed_is_told(house: House, client):
    house.intake.tally.noted["text-cut"] += 2
    house.intake.matcher.labels.overflow["parse-success"] += 3
    text = client.get("/metrics").text

    assert 'watchkeeper_observations_noted_total{what="text-cut"} 2' in text
    assert 'watchkeeper_label_overflow_total{indicator="parse-success"} 3' in text


def test_the_work_of_the_checks_and_the_turns_is_told(house: House):
    work = Work(asked={"home": 3}, skipped={"home": 1}, refused=frozenset({"inside"}), turns=9, failed_turns=2)
    with house.client(work=lambda: work) as client:
        text = client.get("/metrics").text

    assert 'watchkeeper_checks_total{check="home",outcome="asked"} 3' in text
    assert 'watchkeeper_checks_total{check="home",outcome="skipped"} 1' in text
    assert 'watchkeeper_checks_refused{check="inside"} 1' in text
    assert 'watchkeeper_turns_total{outcome="taken"} 9' in text
    assert 'watchkeeper_turns_total{outcome="failed"} 2' in text
