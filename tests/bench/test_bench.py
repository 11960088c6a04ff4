"""Does the bench say what it means: ratios the right way round, bodies as the protocol has them, no answer lost?"""

import doctest
import threading
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module

import cramjam
import pytest

from bench import driver, history, rows, samples
from bench.churning import LIVES, ROUNDS, Churn
from bench.recorded import Recorded
from watchkeeper.measure.counters import CounterMemory
from watchkeeper.measure.decode.remote_write import RemoteWrite
from watchkeeper.measure.values import Decoded, Wanted


@pytest.mark.parametrize("name", ["rows", "setting", "driver", "samples"])
def test_the_examples_of_the_bench_hold(name):
    assert doctest.testmod(import_module(f"bench.{name}")).failed == 0


def test_more_is_better_whichever_way_a_figure_goes():
    faster = rows.ratio("rate", "per s", ours=[30.0], theirs=[10.0], peer="p", target=2)
    cheaper = rows.ratio("cost", "ms", ours=[10.0], theirs=[30.0], peer="p", target=2, more_is_better=False)

    assert (faster.ratio, cheaper.ratio, faster.met, cheaper.met) == (3.0, 3.0, True, True)


def test_a_missed_target_keeps_its_figure_and_says_why():
    row = rows.ratio("rate", "per s", ours=[10.0], theirs=[10.0], peer="p", target=2, hangs_on="It hangs on that.")

    assert (row.ratio, row.missed, row.says) == (1.0, True, "It hangs on that.")


def test_a_body_holds_its_series_with_their_values_and_times():
    body = samples.Body(series=samples.fleet()[0][:50])
    at_ms = 1_795_000_000_000
    memory = CounterMemory()
    memory.begin()

    wanted = Wanted(metrics=frozenset({samples.METRIC}), attributes=frozenset({"service"}))
    decoder = RemoteWrite(wanted)
    first = decoder.decode(body.at(0, at_ms), counters=memory, now_ns=at_ms * 10**6)
    second = decoder.decode(body.at(3, at_ms + 100), counters=memory, now_ns=at_ms * 10**6)

    assert isinstance(first, Decoded)
    assert isinstance(second, Decoded)
    assert sum(int(batch.weight.sum()) for batch in first.batches) == 0  # the base
    assert sum(int(batch.weight.sum()) for batch in second.batches) == sum(3 * one.step for one in body.series)
    assert {at for batch in second.batches for at in batch.at_ns.tolist()} == {(at_ms + 100) * 10**6}


def test_in_churn_no_series_outlives_its_rounds_and_a_quarter_is_new_in_each():
    churn = Churn(shards=[samples.fleet()[0][:8]])
    [bodies] = churn.rounds(first_ms=1_795_000_000_000, step_ms=1)
    names = [set(_pods(body)) for body in bodies]
    heard = Counter(name for found in names for name in found)

    assert len(bodies) == ROUNDS
    assert max(heard.values()) <= LIVES
    assert all(len(later - sooner) == len(later) // LIVES for sooner, later in zip(names, names[1:], strict=False))


def _pods(body: bytes) -> list[bytes]:
    raw = bytes(cramjam.snappy.decompress_raw(body))
    return [part[:40] for part in raw.split(b"\x0a\x03pod\x12")[1:]]


def test_what_was_recorded_is_what_the_engine_is_given():
    recorded = Recorded.made(2, 1, now=1_795_000_000)
    weights = recorded.requests[None, :, 1:3]
    batch = history.requests(weights, recorded.times[1:3] * 10**9)

    assert batch.weight.tolist() == recorded.requests[:, 1:3].reshape(-1).tolist()
    assert batch.at_ns.tolist() == [*(recorded.times[1:3] * 10**9), *(recorded.times[1:3] * 10**9)]


@contextmanager
def _server(statuses):
    """Answers with these statuses in turn, then with 204; keeps the bodies that it took."""
    left, taken, lock = list(statuses), [], threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            with lock:
                status = left.pop(0) if left else 204
                if status == 204:
                    taken.append(body)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", taken
        finally:
            server.shutdown()
            thread.join()


def test_the_driver_sends_every_body_once_and_asks_again_when_told_to():
    bodies = [[b"a" * 300_000, b"b"], [b"c"]]
    with _server([503, 429]) as (address, taken):
        load = driver.Loop(address, "/", bodies, None).run()

    assert sorted(body[:1] for body in taken) == [b"a", b"b", b"c"]
    assert taken.index(bodies[0][0]) < taken.index(b"b")
    assert (load.requests, load.held, len(load.waits)) == (3, 2, 3)


def test_the_driver_says_what_a_server_refused():
    with _server([400]) as (address, _), pytest.raises(driver.Failed, match="400"):
        driver.Loop(address, "/", [[b"a"]], None).run()
