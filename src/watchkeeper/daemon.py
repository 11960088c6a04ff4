"""
Which real things make a running watch, and in which order do they start?

The one place where clock, files, threads and network are chosen and wired. Everything below is given what it needs.
"""

import gc
import json
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from pathlib import Path
from secrets import token_bytes

import structlog

from watchkeeper.act.channels.choosing import channels_of, not_ready
from watchkeeper.act.channels.sending import Channel
from watchkeeper.act.fallback import carriers_of, hearers
from watchkeeper.act.heartbeat import Audit
from watchkeeper.act.incidents import journal
from watchkeeper.act.links import KEY_BYTES, Links
from watchkeeper.act.message import Writer
from watchkeeper.act.recipients import unaddressed
from watchkeeper.act.sender import Sender
from watchkeeper.act.slack_answers import SlackAnswers
from watchkeeper.act.turn import Standing, Turns, standing_of
from watchkeeper.act.watch import Watch
from watchkeeper.act.work import Work
from watchkeeper.manual.faster import faster
from watchkeeper.manual.load import Loaded, load
from watchkeeper.manual.mistakes import Mistakes
from watchkeeper.manual.model.manual import Manual
from watchkeeper.measure.addressing import addressed
from watchkeeper.measure.counters import CounterMemory
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.folding import Folder
from watchkeeper.measure.forgetting import names_at_start
from watchkeeper.measure.grid import FAST, REAL, Grid
from watchkeeper.measure.intake import Intake
from watchkeeper.measure.matching import Matcher
from watchkeeper.measure.native.backend import in_use
from watchkeeper.measure.plan import Plan, plan_of
from watchkeeper.measure.polling import Poller
from watchkeeper.measure.restoring import restore
from watchkeeper.measure.rows import Registry
from watchkeeper.measure.upkeep import Upkeep
from watchkeeper.outside.clock import Clock, RealClock
from watchkeeper.outside.http import HttpClient
from watchkeeper.outside.memory import give_back
from watchkeeper.store import outbox, revisions
from watchkeeper.store.backup import LINK_KEY
from watchkeeper.store.errors import StateError, StoreError
from watchkeeper.store.folder import claim_folder
from watchkeeper.store.ground import Ground
from watchkeeper.store.opening import open_ground
from watchkeeper.store.postgres import Where
from watchkeeper.store.revisions import RevisionRow

FASTER = 60  # `--fast`: minutes pass as seconds
LATE_TURN_NS = 15 * 1_000_000_000  # a turn is taken every half second
LATE_AUDIT_NS = 60 * 1_000_000_000  # it looks every 5 s, and may wait half a minute for a channel
LATE_MESSAGE_NS = 3 * 60 * 1_000_000_000  # one attempt at the messages before it may take half a minute each

log = structlog.get_logger("daemon")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    What a watch is started with. `allow_private` lets checks and channels reach this machine and private networks.
    """

    manual: Path
    data: Path
    address: str  # the base of every link, such as http://127.0.0.1:8400
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)  # it holds secrets
    fast: bool = False
    allow_private: bool = False
    database: Where | None = None  # remembers everything there, and not in the folder

    @property
    def grid(self) -> Grid:
        """
        How time is cut.
        """
        return FAST if self.fast else REAL

    @property
    def times(self) -> int:
        """
        How many times as fast the manual passes.
        """
        return FASTER if self.fast else 1

    @property
    def turn_seconds(self) -> float:
        """
        How often a turn is taken.
        """
        return 0.1 if self.fast else 0.5


class Daemon:
    """
    A whole watch: opened, started, reloaded, stopped. Raises what `load` returns as mistakes in `CannotStart`.
    """

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or RealClock()
        self.mistakes: Mistakes | None = None  # of the last reload, while the manual before it goes on
        self._reloading = threading.Lock()
        with ExitStack() as opening:
            home = settings.database or opening.enter_context(claim_folder(settings.data))
            loaded = self._load()
            if isinstance(loaded, Mistakes):
                raise CannotStart(loaded)
            self.ground, self.state = open_ground(home)
            opening.callback(self.ground.close)
            opening.callback(self.state.close)
            hold_grid(self.ground, "fast" if settings.fast else "real", home=home)
            self._wire(loaded)
            self._open = opening.pop_all()

    def start(self) -> None:
        """
        Start every thread: the way in first, what calls outside last.
        """
        settle()
        log.info("decodes and counts", by=in_use())
        for what, why in self.troubles().items():
            log.warning("cannot do its work", what=what, why=why)
        self.intake.start()
        self.upkeep.start()
        self.turns.start()
        self.sender.start()
        self.poller.start()
        self.audit.start()

    def stop(self) -> None:
        """
        Stop in the opposite order; what was acknowledged is folded and on disk.
        """
        self.audit.stop()
        self.poller.stop()
        self.turns.stop()
        self.sender.stop()
        self.intake.stop()
        self.upkeep.stop()
        self._open.close()

    def reload(self) -> Mistakes | None:
        """
        Go on under the manual as it now stands on disk, all or nothing: a bad one changes nothing and is shown.
        """
        with self._reloading:
            loaded = self._load()
            self.mistakes = loaded if isinstance(loaded, Mistakes) else None
            if isinstance(loaded, Mistakes):
                log.warning("not reloaded: the manual has mistakes", mistakes=len(loaded))
                return loaded
            self._renew(loaded)
            log.info("reloaded", revision=self.watch.standing.revision)
            return None

    def health(self) -> dict[str, str]:
        """
        How each part is: "ok", or a sentence.
        """
        return self._parts() | {"audit": self._audited(self.clock.now_ns())}

    def _parts(self) -> dict[str, str]:
        now_ns = self.clock.now_ns()
        late_ns = now_ns - (self.turns.taken_ns or 0)
        turn = "ok" if late_ns < LATE_TURN_NS else "no turn has ended well lately"
        return {
            "intake": "ok" if self.intake.alive else "the way in has ended",
            "upkeep": self._upkeep(),
            "checks": "ok" if self.poller.alive else "the checks are not asked any more",
            "turn": turn if self.turns.taken_ns else "no turn has been taken yet",
            "sender": self._sending(now_ns),
        }

    def work(self) -> Work:
        """
        What was done since the start, or the last reload.
        """
        return Work(
            asked=dict(self.poller.asked),
            skipped=dict(self.poller.skipped),
            refused=frozenset(dict(self.poller.refused)),
            turns=self.turns.taken,
            failed_turns=self.turns.failed,
        )

    def _audited(self, now_ns: int) -> str:
        if not self.audit.alive:
            return "nobody watches whether the other parts do their work"
        if self.audit.looked_ns is not None and now_ns - self.audit.looked_ns > LATE_AUDIT_NS:
            return "nobody has looked lately whether the other parts do their work"
        seen = (*self._parts(), "heartbeat")  # those speak for themselves; the address outside is no part of this watch
        own = {what: said for what, said in self.audit.faults.items() if what not in seen}
        return "; ".join(f"{what}: {said}" for what, said in sorted(own.items())) or "ok"

    def _upkeep(self) -> str:
        if not self.upkeep.alive:
            return "the log is not folded any more"
        return f"the log could not be folded: {self.upkeep.failing}" if self.upkeep.failing else "ok"

    def _sending(self, now_ns: int) -> str:
        if not self.sender.alive:
            return "messages are not sent any more"
        try:
            with self.state.reading() as view:
                due = [outbox.next_due_ns(view, name) for name in self.sender.channels]
        except StateError as error:
            return str(error)
        late = any(at_ns is not None and now_ns - at_ns > LATE_MESSAGE_NS for at_ns in due)
        return "a message has been due for minutes and is not sent" if late else "ok"

    def troubles(self) -> dict[str, str]:
        """
        What of the manual cannot do its work here, and what to set: channels and people without an address,
        checks not asked.
        """
        channels = {
            f"channel {name}": why.removeprefix(f"channel {name}: ")
            for name, why in not_ready(self.sender.channels).items()
        }
        people = {f"people {name}": why for name, why in self.unaddressed.items()}
        return channels | people | {f"check {name}": why for name, why in self.not_asked.items()}

    # --- wiring

    def _load(self) -> Loaded | Mistakes:
        return load(self.settings.manual)

    def _wire(self, loaded: Loaded) -> None:
        manual, plan = self._manual(loaded)
        since_ns = self.clock.now_ns() - plan.longest_ns
        known = names_at_start(self.ground, self.settings.grid, since_ns=since_ns)
        self.registry = Registry(self.ground.intern, known)
        counters = CounterMemory()
        counters.load(self.ground.counters())
        engine, matcher = self._measure(plan)
        self.intake = Intake(
            ground=self.ground,
            engine=engine,
            matcher=matcher,
            counters=counters,
            clock=self.clock,
            seen=self.ground.seen(),
        )
        self.upkeep = Upkeep(
            ground=self.ground,
            folder=Folder(self.ground, self.registry, self.settings.grid, plan),
            intake=self.intake,
            clock=self.clock,
            every_ns=self.settings.grid.minute_ns * (10 if self.settings.fast else 1),
        )
        standing = self._standing(loaded, manual, plan)
        self.watch = Watch(
            standing=standing,
            intake=self.intake,
            state=self.state,
            clock=self.clock,
            recount=self.upkeep.exclude,
        )
        self._exclude()
        self.http = HttpClient(self.clock, allow_private=self.settings.allow_private)
        self.links = Links(self.ground.keep(LINK_KEY, token_bytes(KEY_BYTES)), self.settings.address)
        self.slack = SlackAnswers(
            manual=lambda: self.watch.standing.manual,
            environ=self.settings.environ,
            state=self.state,
            clock=self.clock,
            http=self.http,
        )
        self.sender = Sender(
            state=self.state,
            channels=self._channels(manual),
            clock=self.clock,
            render=self._writer(manual),
            fallback=partial(hearers, manual),
            carriers=carriers_of(manual),
        )
        self.turns = Turns(
            standing=lambda: self.watch.standing,
            intake=self.intake,
            state=self.state,
            clock=self.clock,
            every_seconds=self.settings.turn_seconds,
            after=self.sender.wake,
        )
        self.audit = Audit(
            state=self.state,
            clock=self.clock,
            health=self._parts,
            channels=lambda: self.sender.channels,
            manual=lambda: self.watch.standing.manual,
            http=self.http,
            environ=self.settings.environ,
        )
        self._set_checks(manual)

    def _renew(self, loaded: Loaded) -> None:
        manual, plan = self._manual(loaded)
        with self.upkeep.paused():
            self.intake.renew(*self._measure(plan))
            self.upkeep.renew(plan)
            self.watch.standing = self._standing(loaded, manual, plan)
            self._exclude()
        settle()
        self.sender.renew(self._channels(manual), self._writer(manual), partial(hearers, manual), carriers_of(manual))
        old = self.poller
        self._set_checks(manual)
        old.stop()
        self.poller.start()

    def _manual(self, loaded: Loaded) -> tuple[Manual, Plan]:
        manual = faster(loaded.manual, FASTER) if self.settings.fast else loaded.manual
        return manual, plan_of(manual, times=self.settings.times)

    def _measure(self, plan: Plan) -> tuple[Engine, Matcher]:
        now_ns = self.clock.now_ns()
        engine = Engine(plan, self.registry, self.settings.grid, now_ns=now_ns)
        restore(self.ground, engine, now_ns=now_ns)
        engine.take_late()  # what the log replays is not late
        return engine, Matcher(plan, self.registry, self.settings.grid)

    def _standing(self, loaded: Loaded, manual: Manual, plan: Plan) -> Standing:
        source = json.dumps(dict(sorted(loaded.files.items())))
        row = RevisionRow(
            loaded_at_ns=self.clock.now_ns(),
            hash=blake2b(source.encode(), digest_size=16).hexdigest(),
            source=dict(loaded.files),
        )
        with self.state.transaction() as tx:
            revision = revisions.add(tx, row)
        lacking = self.unaddressed = unaddressed(manual, self.settings.environ)
        return standing_of(
            manual, plan, revision=revision, times=self.settings.times, dead=lambda: {**lacking, **self.sender.dead}
        )

    def _exclude(self) -> None:
        """
        A fresh engine counts every minute; most watches have none to take out.
        """
        if any(row.undone_ns is None for row in self.watch.exclusions()):
            self.watch.renew_exclusions()

    def _channels(self, manual: Manual) -> dict[str, Channel]:
        return channels_of(manual, self.settings.environ, self.http)

    def _writer(self, manual: Manual) -> Writer:
        return Writer(
            manual,
            self.settings.address,
            incident_of=self._incident_of,
            environ=self.settings.environ,
            links=self.links,
        )

    def _incident_of(self, alert_key: str, at_ns: int) -> int | None:
        with self.state.reading() as view:
            return journal.number_at(view, alert_key, at_ns)

    def _set_checks(self, manual: Manual) -> None:
        found = addressed(manual, self.settings.environ)
        self.not_asked = found.missing
        self.poller = Poller(found.probes, client=self.http, intake=self.intake, clock=self.clock)


def settle() -> None:
    """
    What stands now stays: no collection of garbage need look at it again.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    give_back()


def hold_grid(ground: Ground, name: str, *, home: Path | Where) -> None:
    """
    What is remembered is cut into the slots that it began with. Raises OtherGrid when it began with others.
    """
    found = ground.keep("grid", name.encode()).decode(errors="replace")
    if found != name:
        raise OtherGrid(
            doing=f"use {home}", why=f"it was begun with {found} slots, and this is a {name} watch", retryable=False
        )


class OtherGrid(StoreError):
    """
    The watch could not {doing}: {why}. Choose another place, or start as it was begun (with or without --fast).
    """


class CannotStart(Exception):
    """
    The manual has mistakes, so there is nothing to watch by.
    """

    def __init__(self, mistakes: Mistakes) -> None:
        super().__init__(f"the manual has {len(mistakes)} mistakes")
        self.mistakes = mistakes
