"""
The stand-in tells over real OTLP what its users do, and a fault changes that and nothing else.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.standin.conftest import Running, Sink, Span

SERVER, CLIENT = 2, 3
PLATFORMS = {"spotify", "apple", "deezer", "youtube"}
pytestmark = pytest.mark.usefixtures("jamfind")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def ns(instant: str) -> int:
    since = datetime.fromisoformat(instant) - EPOCH
    return (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000


def parses(sink: Sink, platform: str, *, since_ns: int = 0) -> list[Span]:
    found = [span for span in sink.spans if span.name == "parse_playlist" and span.start_ns > since_ns]
    return [span for span in found if span.attributes["platform"] == platform]


def failed(spans: list[Span]) -> int:
    return sum(span.attributes["outcome"] == "failed" for span in spans)


@pytest.fixture
def broken(jamfind: Running) -> Iterator[Callable[[str], int]]:
    """
    Switches faults on, says since when in nanoseconds, and mends them after the test.
    """
    names: list[str] = []

    def switch(name: str) -> int:
        names.append(name)
        return ns(jamfind.switch(name, on=True)["since"])

    yield switch
    for name in names:
        jamfind.switch(name, on=False)


def test_every_platform_is_parsed_and_the_inner_span_says_how_it_ended(shared_sink: Sink) -> None:
    shared_sink.wait_for(
        lambda: all(parses(shared_sink, platform) for platform in PLATFORMS), "a parse of each platform"
    )

    span = parses(shared_sink, "spotify")[0]
    assert span.attributes["outcome"] == "ok"
    assert span.attributes["vendor.status"] == 200
    assert span.attributes["playlist.tracks"] in (12, 40, 85, 200)
    assert span.resource["service.name"] == "jamfind"
    assert span.resource["service.instance.id"]
    assert shared_sink.encodings == {("application/x-protobuf", "gzip")}


def test_the_inner_span_and_the_vendor_call_hang_under_the_server_span(shared_sink: Sink) -> None:
    def whole() -> list[tuple[Span, Span]]:
        servers = {span.trace: span for span in shared_sink.spans if span.name == "POST /api/parse"}
        calls = [span for span in shared_sink.spans if span.kind == CLIENT and span.trace in servers]
        return [(servers[call.trace], call) for call in calls]

    shared_sink.wait_for(lambda: bool(whole()), "a server span with its vendor call")
    server, call = whole()[0]
    assert server.kind == SERVER
    assert server.parent == b""
    assert server.attributes == {
        "http.request.method": "POST",
        "url.path": "/api/parse",
        "url.scheme": "http",
        "http.response.status_code": 200,
        "http.route": "/api/parse",
    }
    assert call.attributes["peer.service"] in PLATFORMS
    assert call.attributes["http.response.status_code"] == 200


def test_a_counter_a_histogram_and_the_gauges_arrive(shared_sink: Sink) -> None:
    wanted = {"http.server.request.duration", "jamfind.votes", "system.cpu.utilization", "redis.hit_ratio"}
    shared_sink.wait_for(lambda: wanted <= set(shared_sink.metrics), f"{sorted(wanted)}")

    duration: Any = shared_sink.metrics["http.server.request.duration"]
    assert duration.unit == "s"
    assert {1.5, 2.0} <= set(duration.histogram.data_points[0].explicit_bounds)
    assert shared_sink.metrics["jamfind.votes"].sum.is_monotonic
    assert 0.2 < shared_sink.metrics["system.cpu.utilization"].gauge.data_points[0].as_double < 0.5


def test_a_vendor_storm_fails_that_platform_alone(shared_sink: Sink, broken: Callable[[str], int]) -> None:
    since = broken("vendor-429-storm")
    shared_sink.wait_for(lambda: len(parses(shared_sink, "spotify", since_ns=since)) >= 30, "30 parses of spotify")

    stormy = parses(shared_sink, "spotify", since_ns=since)
    assert 0.5 < failed(stormy) / len(stormy) < 0.7
    assert {span.attributes["vendor.status"] for span in stormy} == {200, 429}
    for platform in PLATFORMS - {"spotify"}:
        assert failed(parses(shared_sink, platform, since_ns=since)) <= 1  # 0.6 % fail on any day


def test_a_lifted_storm_leaves_no_refusal_behind(
    jamfind: Running, shared_sink: Sink, broken: Callable[[str], int]
) -> None:
    broken("vendor-429-storm")
    lifted = jamfind.switch("vendor-429-storm", on=False)
    assert lifted["since"] is None
    marker = jamfind.post("app", "/api/parse", json={"platform": "spotify"})  # answered: so now is after the lifting
    assert marker.json() == {"status": "ok"}
    since = max(span.start_ns for span in shared_sink.spans)
    shared_sink.wait_for(lambda: len(parses(shared_sink, "spotify", since_ns=since)) >= 12, "12 parses of spotify")

    assert {span.attributes["vendor.status"] for span in parses(shared_sink, "spotify", since_ns=since)[5:]} == {200}


def test_one_payment_provider_fails_and_the_other_does_not(shared_sink: Sink, broken: Callable[[str], int]) -> None:
    def payments(provider: str) -> list[str]:
        spans = [span for span in shared_sink.spans if span.name == "payment" and span.start_ns > since]
        return [span.attributes["status"] for span in spans if span.attributes["provider"] == provider]

    since = broken("payment-failures")
    shared_sink.wait_for(lambda: len(payments("paystack")) >= 8 and len(payments("stripe")) >= 8, "16 payments")

    assert 2 <= payments("paystack").count("failed") <= len(payments("paystack")) // 2
    assert payments("stripe").count("failed") <= 1  # 0.2 % fail on any day


def test_when_everything_is_down_health_says_so_and_every_operation_fails(
    jamfind: Running, shared_sink: Sink, broken: Callable[[str], int]
) -> None:
    assert jamfind.get("app", "/api/health").json() == {"status": "ok"}
    since = broken("everything-down")

    answer = jamfind.get("app", "/api/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "down")

    def down() -> list[Span]:
        fresh = {span.trace for span in shared_sink.spans if span.kind == SERVER and span.start_ns > since}
        return [span for span in shared_sink.spans if span.trace in fresh]

    def names() -> set[str]:
        return {span.name for span in down()}

    shared_sink.wait_for(
        lambda: {"parse_playlist", "payment", "POST /api/parse"} <= names(), "spans of a dead application"
    )
    assert {span.attributes["outcome"] for span in down() if span.name == "parse_playlist"} == {"failed"}
    assert {s.attributes["http.response.status_code"] for s in down() if s.kind == SERVER} == {503}
    assert all(span.kind != CLIENT for span in down())


def test_a_fault_may_set_a_gauge(shared_sink: Sink, broken: Callable[[str], int]) -> None:
    broken("cpu-high")
    name = "system.cpu.utilization"
    shared_sink.wait_for(lambda: shared_sink.metrics[name].gauge.data_points[0].as_double == 0.86, "the forced value")


def test_the_old_attribute_names_are_sent_on_demand(starts: Callable[..., Running], sink: Sink) -> None:
    starts("--fast", "--otlp", sink.url, "--semconv", "old")
    sink.wait_for(lambda: any(span.name == "POST /api/vote" for span in sink.spans), "a vote")
    sink.wait_for(lambda: "http.server.duration" in sink.metrics, "the old histogram")

    vote = next(span for span in sink.spans if span.name == "POST /api/vote")
    assert vote.attributes == {
        "http.method": "POST",
        "http.target": "/api/vote",
        "http.scheme": "http",
        "http.status_code": 200,
        "http.route": "/api/vote",
    }
    assert sink.metrics["http.server.duration"].unit == "ms"
