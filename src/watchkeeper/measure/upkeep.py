"""
Who keeps the files small while everything else goes on?

A thread of its own folds the log, slice by slice, and gives free space back, while bodies are appended and applied; the
counters' states are kept anew once their patches have grown long. What must see the ground stand still (a reload, an
exclusion) says so with `paused`.

Locks are taken in one order, wherever more than one is needed: the folder's `still`, the way in, the engine.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog

from watchkeeper.measure.exclusions import Exclusion
from watchkeeper.measure.folding import Counters, Folder
from watchkeeper.measure.intake import Intake
from watchkeeper.measure.plan import Plan
from watchkeeper.measure.restoring import exclude
from watchkeeper.outside.clock import Clock
from watchkeeper.outside.memory import give_back
from watchkeeper.store.errors import LogError
from watchkeeper.store.ground import Ground

FOLD_EVERY_NS = 60 * 1_000_000_000
LOOK_SECONDS = 1.0
PATCHED = 16 * 2**20  # bytes of counter patches that a restart may have to read

log = structlog.get_logger("upkeep")


class Upkeep:
    """
    Folds the ground of one way in. Any thread may call it.
    """

    def __init__(
        self, *, ground: Ground, folder: Folder, intake: Intake, clock: Clock, every_ns: int = FOLD_EVERY_NS
    ) -> None:
        self._ground, self._folder, self._intake, self._clock = ground, folder, intake, clock
        self._every_ns, self._folded_ns = every_ns, clock.now_ns()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)
        self.failing: str | None = None  # why the last fold failed; None when it went well

    @property
    def alive(self) -> bool:
        """
        Whether the thread runs.
        """
        return self._thread.is_alive()

    def start(self) -> None:
        """
        Begin to look after the ground.
        """
        self._thread.start()

    def stop(self) -> None:
        """
        End, with everything folded. The way in must have ended before.
        """
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self.fold_now()

    def fold_now(self) -> None:
        """
        Fold what the log holds, slice by slice, and give some free space back.
        """
        now_ns = self._clock.now_ns()
        self._folded_ns = now_ns
        self._intake.forget(now_ns)
        try:
            snapshot = self._snapshot()
            while self._folder.step(now_ns, snapshot) and not self._stop.is_set():
                pass
            if self._stop.is_set():
                self._folder.all(now_ns, snapshot)
            self._ground.shrink()
            give_back()
        except LogError as error:
            self.failing = str(error)
            log.error("not folded", why=str(error))
            return
        self.failing = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """
        Nothing is taken, written, folded or asked meanwhile.
        """
        with self._folder.still, self._intake.paused():
            yield

    def renew(self, plan: Plan) -> None:
        """
        Go on under another plan.
        """
        self._folder.renew(plan)

    def exclude(self, exclusions: Sequence[Exclusion]) -> None:
        """
        From now on these exclusions hold, and no others; what was counted before is told apart from the ground.
        """
        with self.paused():
            exclude(self._ground, self._intake.engine, exclusions)

    def _snapshot(self) -> Counters | None:
        if self._ground.patched < PATCHED and not self._stop.is_set():
            return None
        with self._intake.still():
            return Counters(seq=self._ground.last, body=self._intake.counters.snapshot())

    def _run(self) -> None:
        while not self._clock.sleep(LOOK_SECONDS, self._stop):
            if self._clock.now_ns() - self._folded_ns < self._every_ns:
                continue
            try:
                self.fold_now()
            except Exception as bug:  # the top of the loop: the log grows until the next fold goes well
                self.failing = repr(bug)
                log.exception("the fold failed")
