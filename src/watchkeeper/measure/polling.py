"""
Who asks the checks, each at its pace, whatever the others do?

One thread keeps time; each ask has a thread of its own, so that an address that hangs delays nobody. An ask that is due
while the one before it is still under way is skipped and counted, never queued.
"""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from watchkeeper.measure.pacing import Pace
from watchkeeper.measure.probing import Probe, ask, batch_of
from watchkeeper.measure.values import Batch
from watchkeeper.outside.clock import Clock
from watchkeeper.outside.errors import Refused
from watchkeeper.outside.http import HttpClient

AT_ONCE = 500  # asks under way; what is due beyond them is skipped and counted

log = structlog.get_logger("checks")

#: Carries out an ask beside whoever calls it.
Launch = Callable[[Callable[[], None]], None]


class Takes(Protocol):
    """
    Who takes the results: the intake.
    """

    def submit_batch(self, kind: str, batch: Batch) -> object: ...


def in_a_thread(work: Callable[[], None]) -> None:
    """
    Begin the work in a thread of its own, which holds up nobody's end.
    """
    threading.Thread(target=work, name="check", daemon=True).start()


class Poller:
    """
    Asks every probe at its pace and hands the results to the intake.
    """

    def __init__(
        self,
        probes: Sequence[Probe],
        *,
        client: HttpClient,
        intake: Takes,
        clock: Clock,
        launch: Launch = in_a_thread,
    ) -> None:
        self._probes = tuple(probes)
        self._client, self._intake, self._clock, self._launch = client, intake, clock, launch
        self._stop = threading.Event()
        self._busy: set[int] = set()
        self._thread = threading.Thread(target=self._run, name="checks", daemon=True)
        self.asked: Counter[str] = Counter()  # asks begun, by check
        self.skipped: Counter[str] = Counter()  # points of the grid at which a check was not asked
        self.refused: dict[str, str] = {}  # checks that give no results, and why: each is logged once

    @property
    def alive(self) -> bool:
        """
        Whether time is kept: always so when there is nothing to ask.
        """
        return not self._probes or self._thread.is_alive()

    def start(self) -> None:
        """
        Begin to ask.
        """
        if self._probes:
            self._thread.start()

    def stop(self) -> None:
        """
        Begin no further ask. Those under way end by themselves, at the latest at their timeout.
        """
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        pace = Pace([probe.every_ns for probe in self._probes], start_ns=self._clock.monotonic_ns())
        while not self._clock.sleep(max(0, pace.next_ns - self._clock.monotonic_ns()) / 1e9, self._stop):
            for due in pace.take(self._clock.monotonic_ns()):
                self.skipped[self._probes[due.place].check] += due.missed
                self._begin(due.place)

    def _begin(self, place: int) -> None:
        probe, at_ns = self._probes[place], self._clock.now_ns()
        if place in self._busy or len(self._busy) >= AT_ONCE:
            self.skipped[probe.check] += 1
            return
        self._busy.add(place)
        try:
            self._launch(lambda: self._ask(place, at_ns))
        except RuntimeError as error:  # the machine has no thread left; it may have one at the next point
            self._busy.discard(place)
            self.skipped[probe.check] += 1
            log.error("a check was not asked", check=probe.check, region=probe.region, why=str(error))
        else:
            self.asked[probe.check] += 1

    def _ask(self, place: int, at_ns: int) -> None:
        probe = self._probes[place]
        try:
            result = ask(probe, self._client, self._clock, at_ns=at_ns)
            self._intake.submit_batch("checks", batch_of(probe, result))
        except Refused as refused:  # nothing was learnt about the address: unknown, not failed
            if self._is_news(probe, refused.why):
                log.warning("check not asked", check=probe.check, why=refused.why)
        except Exception as bug:  # the top of an ask: one bad probe must not end the others
            if self._is_news(probe, f"a bug of ours: {type(bug).__name__}"):
                log.exception("a check failed to be asked", check=probe.check, region=probe.region)
        else:
            self.refused.pop(probe.check, None)
        finally:
            self._busy.discard(place)

    def _is_news(self, probe: Probe, why: str) -> bool:
        known = self.refused.get(probe.check)
        self.refused[probe.check] = why
        return known != why
