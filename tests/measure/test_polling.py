"""
Does every check keep its pace, whatever the others do, and for however long?
"""

import heapq
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from itertools import count, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.outside.servers import plain, says, serving
from watchkeeper.manual.model.measuring import Expect
from watchkeeper.measure import polling
from watchkeeper.measure.pacing import spread
from watchkeeper.measure.polling import Poller
from watchkeeper.measure.probing import Probe
from watchkeeper.measure.values import Batch
from watchkeeper.outside.clock import RealClock
from watchkeeper.outside.errors import Refused
from watchkeeper.outside.http import Answer, HttpClient
from watchkeeper.testing import FakeNetwork, HandClock

SECOND = 1_000_000_000
HOUR = 3600 * SECOND


def probe(check: str = "web", *, url: str = "http://app.example/", every_ns: int = 60 * SECOND) -> Probe:
    return Probe(
        check=check,
        region="here",
        url=url,
        method="GET",
        expect=Expect(),
        timeout=timedelta(seconds=10),
        every_ns=every_ns,
    )


class Written:
    """
    Takes results and writes them down: (check, when the ask began).
    """

    def __init__(self) -> None:
        self.results: list[tuple[str, int]] = []
        self._news = threading.Condition()

    def submit_batch(self, kind: str, batch: Batch) -> None:
        assert kind == "checks"
        with self._news:
            self.results.append((str(batch.columns["check"].values[0]), int(batch.at_ns[0])))
            self._news.notify_all()

    def of(self, check: str) -> list[int]:
        return [at_ns for name, at_ns in self.results if name == check]

    def wait(self, check: str, n: int) -> bool:
        with self._news:
            return self._news.wait_for(lambda: len(self.of(check)) >= n, timeout=20)


class Stage(HandClock):
    """
    Simulated time on which work takes time: what was launched ends later, while whoever keeps time sleeps.
    """

    def __init__(self, *, until_ns: int, late: Sequence[int] = ()) -> None:
        super().__init__()
        self.ended = threading.Event()
        self._until_ns = until_ns
        self._late = list(late)  # by how much each sleep oversleeps, in turn
        self._order = count()
        self._ends: list[tuple[int, int, Callable[[], None]]] = []

    def ends(self, after_ns: int, work: Callable[[], None]) -> None:
        heapq.heappush(self._ends, (self.monotonic_ns() + after_ns, next(self._order), work))

    def sleep(self, seconds: float, stop: threading.Event) -> bool:
        late = self._late.pop() if self._late else 0
        wakes_ns = self.monotonic_ns() + round(seconds * SECOND) + late
        while self._ends and self._ends[0][0] <= wakes_ns:
            at_ns, _, work = heapq.heappop(self._ends)
            self._pass(at_ns - self.monotonic_ns())
            work()
        self._pass(wakes_ns - self.monotonic_ns())
        if self.monotonic_ns() < self._until_ns:
            return stop.is_set()
        self.ended.set()
        stop.wait()
        return True


class Prompt(HttpClient):
    """
    Answers at once, or fails as told by the address.
    """

    def __init__(self, fails: Mapping[str, Exception] | None = None) -> None:
        super().__init__(HandClock())
        self._fails = fails or {}

    def request(self, method: str, url: Any, **_: Any) -> Answer:
        assert method == "GET"
        if url in self._fails:
            raise self._fails[url]
        return Answer(status=200, headers={}, body=b"", cut=False, elapsed_ns=1, certificate_until_ns=None)


def threads(name: str) -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == name]


def play(poller: Poller, clock: Stage) -> None:
    poller.start()
    assert clock.ended.wait(20)
    poller.stop()


@settings(max_examples=40, deadline=None)
@given(
    paces=st.lists(st.integers(20, 900).map(lambda s: s * SECOND), min_size=1, max_size=5),
    lengths=st.lists(st.integers(0, 2000).map(lambda s: s * SECOND // 10), min_size=1, max_size=5),
)
def test_asks_begin_on_the_grid_for_hours_whatever_each_takes(paces: list[int], lengths: list[int]) -> None:
    clock, written, taken = Stage(until_ns=4 * HOUR), Written(), [0]

    def launch(work: Callable[[], None]) -> None:
        taken[0] += 1
        clock.ends(lengths[taken[0] % len(lengths)], work)

    origin_ns = clock.now_ns()
    probes = [probe(str(i), every_ns=every_ns) for i, every_ns in enumerate(paces)]
    poller = Poller(probes, client=Prompt(), intake=written, clock=clock, launch=launch)
    play(poller, clock)

    passed_ns = clock.now_ns() - origin_ns
    for i, first_ns in enumerate(spread(paces, start_ns=0)):
        begun = [at_ns - origin_ns for at_ns in written.of(str(i))]
        assert all((at_ns - first_ns) % paces[i] == 0 for at_ns in begun)
        assert len(begun) > 4 * HOUR // (paces[i] + max(lengths)) - 2
        points = len(range(first_ns, passed_ns, paces[i]))
        assert points - 1 <= poller.asked[str(i)] + poller.skipped[str(i)] <= points + 1


def test_an_ask_still_under_way_is_not_asked_again_and_what_is_left_out_is_counted() -> None:
    clock, written = Stage(until_ns=HOUR), Written()

    def launch(work: Callable[[], None]) -> None:
        clock.ends(150 * SECOND, work)  # the answer comes after two and a half intervals

    poller = Poller([probe()], client=Prompt(), intake=written, clock=clock, launch=launch)
    play(poller, clock)

    begun = written.of("web")
    assert {later - earlier for earlier, later in pairwise(begun)} == {180 * SECOND}
    assert (poller.asked["web"], poller.skipped["web"]) == (20, 40)


def test_who_oversleeps_returns_to_the_grid_and_counts_what_passed_meanwhile() -> None:
    late = [0, 0, 7 * SECOND, 0, 200 * SECOND, 0]
    clock, written = Stage(until_ns=HOUR, late=late), Written()
    origin_ns = clock.now_ns()
    poller = Poller([probe()], client=Prompt(), intake=written, clock=clock, launch=lambda work: work())
    play(poller, clock)

    begun = [(at_ns - origin_ns) // SECOND for at_ns in written.of("web")]
    assert begun[:6] == [0, 260, 300, 367, 420, 480]
    assert poller.skipped["web"] == 3


def test_no_more_than_the_cap_are_under_way_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "AT_ONCE", 2)
    clock, held = Stage(until_ns=300 * SECOND), list[Callable[[], None]]()
    probes = [probe(name) for name in "abcd"]
    play(Poller(probes, client=Prompt(), intake=Written(), clock=clock, launch=held.append), clock)

    assert len(held) == 2


def test_what_fails_in_one_check_never_stops_the_others() -> None:
    clock, written = Stage(until_ns=HOUR), Written()
    fails = {
        "http://bug/": ValueError("a bug"),
        "http://inside/": Refused("inside leads to 10.0.0.7, which is private"),
    }
    launched = [0]

    def launch(work: Callable[[], None]) -> None:
        launched[0] += 1
        if launched[0] % 4 == 0:
            raise RuntimeError("can't start new thread")
        work()

    probes = [probe("fine"), probe("bug", url="http://bug/"), probe("inside", url="http://inside/")]
    poller = Poller(probes, client=Prompt(fails), intake=written, clock=clock, launch=launch)
    play(poller, clock)

    assert {check for check, _ in written.results} == {"fine"}
    assert len(written.of("fine")) == poller.asked["fine"] >= 44
    assert poller.asked["fine"] + poller.skipped["fine"] == 60
    assert poller.refused == {
        "bug": "a bug of ours: ValueError",
        "inside": "inside leads to 10.0.0.7, which is private",
    }


def test_an_address_that_may_be_called_again_is_no_longer_said_to_be_refused() -> None:
    clock, fails = Stage(until_ns=HOUR), {"http://app.example/": Refused("no")}
    poller = Poller([probe()], client=Prompt(fails), intake=Written(), clock=clock, launch=lambda work: work())
    clock.ends(HOUR // 2, fails.clear)
    play(poller, clock)

    assert poller.refused == {}


def test_a_server_that_hangs_delays_neither_the_others_nor_the_end() -> None:
    over, written = threading.Event(), Written()
    client = HttpClient(RealClock(), allow_private=True)
    with serving(lambda _: over.wait(20)) as hanging, serving(says(plain())) as quick:
        probes = [
            probe("hangs", url=hanging.url(), every_ns=SECOND // 20),
            probe("quick", url=quick.url(), every_ns=SECOND // 20),
        ]
        poller = Poller(probes, client=client, intake=written, clock=RealClock())
        poller.start()
        assert poller.alive
        assert written.wait("quick", 5)
        poller.stop()
        assert not threads("checks")
        assert written.of("hangs") == []  # it was still under way when all had ended
        assert poller.asked["hangs"] == 1
        assert poller.skipped["hangs"] > 0
        over.set()
        assert written.wait("hangs", 1)


def test_nothing_to_ask_needs_no_thread() -> None:
    poller = Poller([], client=FakeNetwork().client(HandClock()), intake=Written(), clock=HandClock())
    poller.start()
    poller.stop()

    assert poller.alive
