"""
When is each check asked next?

On a grid of whole intervals from the start, never an interval after the last answer, so that the pace does not drift. The
asks of different checks and regions are spread over their interval.

>>> due_after(1_000, start_ns=130, every_ns=300)
1030
"""

import heapq
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog

from watchkeeper.measure.intake import Intake
from watchkeeper.measure.probing import Probe, ask, batch_of
from watchkeeper.outside.clock import Clock
from watchkeeper.outside.http import HttpClient

AT_ONCE = 32

log = structlog.get_logger("checks")


def due_after(now_ns: int, *, start_ns: int, every_ns: int) -> int:
    """
    The first point of the grid after `now_ns`.
    """
    return start_ns + ((now_ns - start_ns) // every_ns + 1) * every_ns


def spread(probes: Sequence[Probe], *, start_ns: int) -> list[int]:
    """
    The first due time of each probe: those of one pace are spread over their interval.
    """
    paces: dict[int, int] = {}
    firsts = []
    for probe in probes:
        place = paces.get(probe.every_ns, 0)
        paces[probe.every_ns] = place + 1
        firsts.append((probe, place))
    return [start_ns + place * probe.every_ns // paces[probe.every_ns] for probe, place in firsts]


class Poller:
    """
    Asks every probe at its pace and hands the results to the intake. One thread keeps time, a few more ask.
    """

    def __init__(self, probes: Sequence[Probe], *, client: HttpClient, intake: Intake, clock: Clock) -> None:
        self._probes = list(probes)
        self._client, self._intake, self._clock = client, intake, clock
        self._stop = threading.Event()
        self._busy: set[int] = set()
        self.skipped = 0  # asks that were due while the one before was still under way
        self._thread = threading.Thread(target=self._run, name="checks", daemon=True)

    def start(self) -> None:
        """
        Begin to ask.
        """
        if self._probes:
            self._thread.start()

    def stop(self) -> None:
        """
        End; an ask under way may still take as long as its timeout, in the background.
        """
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        start_ns = self._clock.monotonic_ns()
        due = [(at_ns, i) for i, at_ns in enumerate(spread(self._probes, start_ns=start_ns))]
        origins = {i: at_ns for at_ns, i in due}
        heapq.heapify(due)
        pool = ThreadPoolExecutor(max_workers=min(AT_ONCE, len(self._probes)), thread_name_prefix="check")
        while not self._stop.is_set():
            at_ns, i = due[0]
            wait_ns = at_ns - self._clock.monotonic_ns()
            if wait_ns > 0 and self._clock.sleep(wait_ns / 1e9, self._stop):
                break
            if i in self._busy:
                self.skipped += 1
            else:
                self._busy.add(i)
                pool.submit(self._ask, i)
            again = due_after(max(at_ns, self._clock.monotonic_ns()), start_ns=origins[i], every_ns=self._probes[i].every_ns)
            heapq.heapreplace(due, (again, i))
        pool.shutdown(wait=False, cancel_futures=True)

    def _ask(self, i: int) -> None:
        probe = self._probes[i]
        try:
            result = ask(probe, self._client, at_ns=self._clock.now_ns())
            self._intake.submit_batch("checks", batch_of(probe, result))
        except Exception:  # the top of an ask: one bad probe must not end the others
            log.exception("a check failed to be asked", check=probe.check, region=probe.region)
        finally:
            self._busy.discard(i)
