"""
How does one turn go?

Gather the facts, ask `decide`, write its plan in one transaction. There is almost no branch here.
"""

import threading
from collections.abc import Callable
from dataclasses import replace

import structlog

from watchkeeper.act import clockwork, memory, page_memory, silencing
from watchkeeper.act.asking import gather
from watchkeeper.act.forgetting import Forgetting
from watchkeeper.act.incidents import evidence, journal
from watchkeeper.act.memory import Remembered
from watchkeeper.act.portions import portions
from watchkeeper.act.standing import Standing, standing_of
from watchkeeper.decide.paging.opening import ended_by, ends_of
from watchkeeper.decide.turn import TurnFacts, decide_turn, gone
from watchkeeper.decide.values import State as AlertState
from watchkeeper.decide.values import TurnPlan
from watchkeeper.measure.intake import Intake
from watchkeeper.outside.clock import Clock
from watchkeeper.store import alerts
from watchkeeper.store.errors import LogError, StateError
from watchkeeper.store.state import State

#: Between two turns, however much comes in; and as a multiple of what the last one took.
PAUSE_SECONDS = 0.02
RESTS = 3

log = structlog.get_logger("turn")

__all__ = ["Standing", "Turns", "standing_of", "take_turn"]


def take_turn(
    standing: Standing,
    intake: Intake,
    state: State,
    *,
    now_ns: int,
    remembered: Remembered | None = None,
    only_news: bool = False,
) -> TurnPlan:
    """
    One turn: facts, decision, and all that follows from it as rows; of each rule in one transaction. The engine is held
    only while it is asked. Then what else is due: `clockwork`.

    `only_news` leaves it at a look when no alert needs a turn: what is due in the state waits for the next one.
    """
    remembered = remembered or Remembered()
    with state.reading() as view:
        silences = silencing.active(view, now_ns=now_ns)
    with intake.lock:
        engine = intake.engine
        engine.advance(now_ns)
        attention = remembered.attention(standing.rules, engine)
        look = None if attention is None else attention.look(now_ns=now_ns, silences=silences)
        keys = None if look is None else look.keys
        asked, events = gather(standing.rules, engine, now_ns=now_ns, keys=keys)
        corrected = remembered.corrections.take(engine.take_late(), engine, now_ns=now_ns)
    if only_news and not (asked or events or corrected):
        return TurnPlan(at_ns=now_ns)
    with state.reading() as view:
        memories = remembered.take(view)
        strays = list(memories) if attention is None else attention.strays(memories)
        leaving = [key for key in strays if memories[key].state is AlertState.FIRING and gone(key, standing.rules)]
        facts = TurnFacts(
            manual=standing.manual,
            rules=standing.rules,
            asked=asked,
            events=events,
            memories=memories,
            channels=memory.channel_facts(view, standing.manual, now_ns=now_ns),
            open_incidents=journal.open_incidents(view),
            told_through=memory.told_through(view, leaving),
            fine=() if look is None else look.fine,
            strays=strays,
            silences=silences,
            firings=remembered.firings(view, asked, standing.manual, now_ns=now_ns),
        )
    plan = with_page_ends(decide_turn(facts, now_ns=now_ns), facts, state)
    if plan.memories or plan.notices or plan.closes or corrected:
        for portion in portions(plan):
            with state.transaction() as tx:
                ids = memory.remember(tx, portion, meanings=standing.meanings, revision=standing.revision)
            remembered.corrections.watch(ids, portion.transitions, standing.rules, engine)
        if corrected:
            with state.transaction() as tx:
                alerts.add_transitions(tx, corrected)
    remembered.flaps.follow(plan)
    written = remembered.put(memories, plan.memories)
    if attention is not None:
        attention.written(plan, written)
    if plan.opens:
        evidence.keep_exemplars(state, intake, standing, plan.opens, now_ns=now_ns)
    if only_news and not plan.pages and not plan.opens:
        return plan
    return replace(plan, moved=clockwork.run_due(state, standing, now_ns=now_ns))


def with_page_ends(plan: TurnPlan, facts: TurnFacts, state: State) -> TurnPlan:
    """
    The plan with the pages that end by it: of those that stand, only the ones of alerts that are over are looked at.
    """
    ended = ended_by(plan, facts.memories)
    if not ended:
        return plan
    with state.reading() as view:
        standing = page_memory.standing_of(view, ended)
    memories = {key: known for keys in standing.values() for key in keys if (known := facts.memories.get(key))}
    memories |= {memory.key: memory for memory in plan.memories}
    ends = ends_of(ended, standing, memories, facts.rules, at_ns=plan.at_ns)
    return replace(plan, page_ends=tuple(ends))


class Turns:
    """
    Takes a turn every so often, and as soon as something came in, in a thread of its own. A turn that fails is logged
    once and shows in `health`.
    """

    def __init__(
        self,
        *,
        standing: Callable[[], Standing],
        intake: Intake,
        state: State,
        clock: Clock,
        every_seconds: float,
        after: Callable[[], None],
    ) -> None:
        self._standing, self._intake, self._state, self._clock = standing, intake, state, clock
        self._every, self._after = every_seconds, after
        self._remembered = Remembered()
        self._forgetting = Forgetting(state, now_ns=clock.now_ns())
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="turn", daemon=True)
        self.taken_ns: int | None = None  # the last turn that ended well
        self.taken = self.failed = 0  # turns that ended well, and that did not
        self._bug: str | None = None  # the last one, until a turn ends well
        self.changes = 0  # turns that changed anything
        self._pause = PAUSE_SECONDS

    def start(self) -> None:
        """
        Begin to take turns.
        """
        self._thread.start()

    def stop(self) -> None:
        """
        Take no further turn.
        """
        self._stop.set()
        self._intake.news.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        whole_ns = self._clock.monotonic_ns() - round(self._every * 1e9)  # the first one is due now
        while not self._clock.sleep(self._pause, self._stop):
            left = self._every - (self._clock.monotonic_ns() - whole_ns) / 1e9
            self._clock.sleep(left, self._intake.news)
            self._intake.news.clear()  # what comes from here on is news again
            if self._stop.is_set():
                return
            now_ns, began_ns = self._clock.now_ns(), self._clock.monotonic_ns()
            only_news = began_ns - whole_ns < self._every * 1e9
            whole_ns = whole_ns if only_news else began_ns
            try:
                plan = self._take(now_ns, only_news=only_news)
                if not only_news:
                    self._forgetting.when_due(now_ns)
            except Exception as bug:  # the top of the loop: the next turn decides again from the same rows
                self.failed += 1
                self._tell(bug)
                continue
            self._pause = max(PAUSE_SECONDS, RESTS * (self._clock.monotonic_ns() - began_ns) / 1e9)
            self.taken_ns, self._bug = now_ns, None
            self.taken += 1
            if plan.transitions or plan.notices or plan.closes or plan.moved:
                self.changes += 1
                self._after()

    def _tell(self, bug: Exception) -> None:
        """
        Why a turn failed: once, not twice a second; without a traceback where the disk is the reason, and may recover.
        """
        if repr(bug) == self._bug:
            return
        self._bug = repr(bug)
        if isinstance(bug, (StateError, LogError)) and bug.retryable:
            log.error("a turn failed", why=str(bug))
        else:
            log.error("a turn failed", exc_info=bug)

    def _take(self, now_ns: int, *, only_news: bool) -> TurnPlan:
        return take_turn(
            self._standing(),
            self._intake,
            self._state,
            now_ns=now_ns,
            remembered=self._remembered,
            only_news=only_news,
        )
