"""
What does a real Prometheus send, and do we count what it scraped?

Prometheus scrapes a small server whose numbers move with every scrape, and sends what it scraped to another one, dealt
out to several senders. What is counted in the end is what moved between the first scrape and the last.
"""

import queue
import shutil
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import inf
from pathlib import Path

import pytest

from watchkeeper.measure.counters import CounterMemory
from watchkeeper.measure.decode.remote_write import RemoteWrite, unpack
from watchkeeper.measure.native.backend import native
from watchkeeper.measure.values import Batch, Decoded, Wanted
from watchkeeper.outside.clock import RealClock

pytestmark = pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed")

SCRAPES = 12
PATIENCE_SECONDS = 60
LIMITS = [0.1, 0.5, 2.5, inf]
CONFIG = """
global:
  scrape_interval: 250ms
  scrape_timeout: 250ms
  external_labels: {{cluster: eu, __replica__: a}}
scrape_configs:
- job_name: shop
  static_configs: [{{targets: ["127.0.0.1:{target}"]}}]
remote_write:
- url: http://127.0.0.1:{receiver}/api/v1/write
  queue_config: {{min_shards: 4, max_shards: 4, batch_send_deadline: 100ms}}
  metadata_config: {{send_interval: 1s}}
"""


class Shop:
    """
    The numbers after so many scrapes; from SCRAPES on they stand still, but for `paid_things`.
    """

    def __init__(self) -> None:
        self.scrapes = 0
        self._lock = threading.Lock()

    def scraped(self) -> str:
        with self._lock:
            self.scrapes += 1
            return page(min(self.scrapes, SCRAPES), paid=10 * self.scrapes)


def orders(scrape: int) -> dict[str, int]:
    return {"web": 100 + 3 * scrape, "phone": scrape * scrape}


def buckets(scrape: int) -> list[int]:
    return [5 + scrape, 2 * scrape, 7, scrape // 2]


def page(scrape: int, *, paid: int) -> str:
    lines = ["# TYPE orders_total counter"]
    lines += [f'orders_total{{channel="{channel}"}} {n}' for channel, n in orders(scrape).items()]
    lines += ["# TYPE paid_things counter", f"paid_things {paid}"]  # only its metadata says that it is one
    lines += ["# TYPE busy_milliseconds gauge", f"busy_milliseconds {1000 + scrape}"]
    lines += ["# TYPE wait_seconds histogram"]
    total = 0
    for limit, n in zip(LIMITS, buckets(scrape), strict=True):
        total += n
        lines.append(f'wait_seconds_bucket{{le="{"+Inf" if limit == inf else limit}"}} {total}')
    return "\n".join([*lines, f"wait_seconds_sum {total}", f"wait_seconds_count {total}", ""])


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def target_of(shop: Shop) -> type[BaseHTTPRequestHandler]:
    class Target(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = shop.scraped().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            pass

    return Target


def receiver_of(bodies: "queue.SimpleQueue[bytes]") -> type[BaseHTTPRequestHandler]:
    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Encoding"] == "snappy"
            assert self.headers["X-Prometheus-Remote-Write-Version"] == "0.1.0"
            bodies.put(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return Receiver


@contextmanager
def prometheus(folder: Path, *, target: int, receiver: int) -> Iterator[None]:
    config = folder / "prometheus.yml"
    config.write_text(CONFIG.format(target=target, receiver=receiver))
    command = [
        "prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}",
        "--web.listen-address=127.0.0.1:0", "--log.level=error",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


class Counted:
    """
    What one walk made of the bodies.
    """

    def __init__(self, *, compiled: bool) -> None:
        metrics = frozenset({"orders_total", "paid_things", "busy_milliseconds", "wait_seconds", "wait_seconds_count"})
        self.counters = CounterMemory(native=compiled)
        self.remote = RemoteWrite(Wanted(metrics=metrics, attributes=frozenset({"channel", "job"})), native=compiled)
        self.orders: Counter[str] = Counter()
        self.waits: Counter[float] = Counter()
        self.others: Counter[str] = Counter()
        self.busy = 0.0
        self.rejected: Counter[str] = Counter()

    def take(self, raw: bytes, now_ns: int) -> None:
        body = unpack(raw, 2**20)
        assert isinstance(body, bytes)
        self.counters.begin()
        found = self.remote.decode(body, counters=self.counters, now_ns=now_ns)
        self.counters.commit()
        assert isinstance(found, Decoded)
        self.rejected.update(found.rejected)
        for batch in found.batches:
            self._add(batch)

    def _add(self, batch: Batch) -> None:
        names, channels = batch.columns["name"], batch.columns["channel"]
        for i, weight in enumerate(batch.weight.tolist()):
            name = names.values[names.codes[i]]
            assert batch.columns["job"].values[batch.columns["job"].codes[i]] == "shop"
            if batch.high is not None:
                self.waits[float(batch.high[i])] += weight
            elif name == "orders_total":
                self.orders[str(channels.values[channels.codes[i]])] += weight
            elif name == "busy_milliseconds":
                assert batch.value is not None
                self.busy = max(self.busy, float(batch.value[i]))
            elif batch.value is None or not batch.value[i] > 0:  # before its metadata came, it was a value
                self.others[str(name)] += weight

    def all_(self) -> bool:
        """
        Whether the last scrape was counted.
        """
        first, last = orders(1), orders(SCRAPES)
        ended = self.busy == (1000 + SCRAPES) / 1000
        done = all(self.orders[channel] == last[channel] - first[channel] for channel in last)
        grown = [after - before for after, before in zip(buckets(SCRAPES), buckets(1), strict=True)]
        counts = self.others["wait_seconds_count"] == sum(grown)
        waits = [self.waits[limit] for limit in LIMITS] == grown
        return ended and done and counts and waits and self.others["paid_things"] > 0


@pytest.mark.parametrize("compiled", [False, True], ids=["reference", "compiled"])
def test_what_prometheus_scraped_is_what_is_counted(tmp_path, compiled):
    if compiled and native("remote_write") is None:
        pytest.skip("the extension is not built")
    shop, bodies, clock = Shop(), queue.SimpleQueue[bytes](), RealClock()
    counted = Counted(compiled=compiled)
    with (
        serving(target_of(shop)) as target,
        serving(receiver_of(bodies)) as receiver,
        prometheus(tmp_path, target=target, receiver=receiver),
    ):
        while not counted.all_():
            counted.take(bodies.get(timeout=PATIENCE_SECONDS), clock.now_ns())
            assert shop.scrapes < SCRAPES + 4 * PATIENCE_SECONDS, (counted.orders, counted.waits, counted.rejected)
    assert counted.others["paid_things"] % 10 == 0
    assert not counted.rejected
    assert counted.remote.replicas.elected() == {"eu": "a"}
