"""
What does a manual do over hours and days?

Time is moved, what comes in and what people do is told, and what people would have heard is read off.
"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from watchkeeper.act.fallback import carriers_of
from watchkeeper.act.memory import Remembered
from watchkeeper.act.message import Message, Writer
from watchkeeper.act.recipients import unaddressed
from watchkeeper.act.sender import Sender
from watchkeeper.act.turn import standing_of, take_turn
from watchkeeper.act.watch import AlertView, Watch
from watchkeeper.decide.objectives import ObjectiveStatus
from watchkeeper.decide.oncall.reach import CONTACT
from watchkeeper.decide.values import AlertMemory, Finding, Incident
from watchkeeper.manual.load import Loaded, load, load_text
from watchkeeper.manual.mistakes import Mistakes
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.predicate.ast import Scalar
from watchkeeper.measure.batches import batch_of
from watchkeeper.measure.counters import CounterMemory
from watchkeeper.measure.deliveries import Delivery
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.grid import REAL
from watchkeeper.measure.intake import Intake
from watchkeeper.measure.matching import Matcher
from watchkeeper.measure.plan import SIGNAL_OF, plan_of
from watchkeeper.measure.restoring import exclude, restore
from watchkeeper.measure.rows import counting_registry
from watchkeeper.measure.values import Batch, Decoded
from watchkeeper.outside.clock import instant, nanoseconds
from watchkeeper.store import decisions, notices, outbox, pages
from watchkeeper.store.pages import PageRow
from watchkeeper.store.state import open_memory
from watchkeeper.testing.clock import HandClock
from watchkeeper.testing.deeds import Deeds
from watchkeeper.testing.flows import Flow, TailOnly, asked_for, value_of
from watchkeeper.testing.pager import PAGES, Died, Letter, Pager


class Story(Deeds):
    """
    A manual that runs in process: what comes in is told, time is moved, and what people would have heard is read off.

    `manual` is a path, or the text of a manual. A turn is taken every `tick_seconds` of the time that passes.
    `messages` is what the channels heard, oldest first (`12:03 P2 firing parse-success[platform=spotify]`), `pages`
    what people were paged with (`12:03 ada P2 page Parse success`), `heard("ada")` all that reached her. `letters` has
    the whole messages, `pagers` the lines by channel. `environ` is what addresses of people find in the environment.
    """

    def __init__(
        self,
        manual: str | Path,
        *,
        start: str = "2026-03-02T11:00:00",
        tick_seconds: float = 10.0,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.manual, self._environ = _loaded(manual), dict(environ or {})
        self.zone, self._tick_ns = ZoneInfo(self.manual.zone), round(tick_seconds * 1e9)
        self.clock = HandClock(datetime.fromisoformat(start).replace(tzinfo=self.zone))
        self._ground, self._registry = TailOnly(), counting_registry()
        self.state = open_memory()
        self._sent: list[Letter] = []
        self._dead_until_restart = False
        self.pagers: dict[str, Pager] = {}
        self._flows: list[Flow] = []
        self._told_ns, self._revision = self.clock.now_ns(), 0
        self._begin()

    # --- time

    def at(self, when: str) -> Self:
        """
        Let time pass until this local time of day (`12:00`, tomorrow if it is over) or instant (`2026-03-02T12:00`).
        """
        until = self.instant_of(when)
        if "T" not in when and until < self.clock.now():
            until += timedelta(days=1)
        self._run(nanoseconds(until))
        return self

    run_until = at

    def turn(self) -> Self:
        """
        Take a turn now, with no time passing.
        """
        self._turn()
        return self

    def run(self, span: timedelta | None = None, **units: float) -> Self:
        """
        Let a span of time pass: `run(minutes=20)`.
        """
        self._run(
            self.clock.now_ns() + ((span or timedelta()) + timedelta(**units)) // timedelta(microseconds=1) * 1000
        )
        return self

    def instant_of(self, when: str) -> datetime:
        """
        A local time of today, or an instant.
        """
        if "T" in when:
            return datetime.fromisoformat(when).replace(tzinfo=self.zone)
        today = self.clock.now().astimezone(self.zone).date()
        return datetime.combine(today, time.fromisoformat(when), self.zone)

    def sleep(self, span: timedelta | None = None, **units: float) -> Self:
        """
        Time passes while the process does not run: nothing is heard and no turn is taken. `restart` wakes it.
        """
        self.clock.move(span, **units)
        self._told_ns = self.clock.now_ns()
        return self

    def local(self, at_ns: int) -> str:
        """
        An instant as the clocks of the manual's zone show it: `2026-03-02T20:00`.
        """
        return instant(at_ns).astimezone(self.zone).replace(tzinfo=None).isoformat(timespec="minutes")

    # --- what comes in

    def traffic(self, *, per_minute: float, minutes: float | None = None, **streams: Mapping[str, Scalar]) -> Self:
        """
        From now on, for so many minutes or until `quiet`: observations of streams of the manual (`-` is written `_`).

        `traffic(parses={"platform": "spotify"}, per_minute=40)`. What the stream itself asks for (`name == "..."`) is
        filled in; `duration` is in seconds (0.1 for spans and checks), `value` in the SI unit of the stream.
        """
        start_ns = self.clock.now_ns()
        for written, attributes in streams.items():
            name = written if written in self.manual.streams else written.replace("_", "-")
            if name not in self.manual.streams:
                raise ValueError(f"found the stream `{written}`; wanted one of: {', '.join(self.manual.streams)}")
            flow = Flow(
                stream=name,
                attributes={**asked_for(self.manual.streams[name]), **attributes},
                value=value_of(self.manual.streams[name], attributes),
                start_ns=start_ns,
                end_ns=None if minutes is None else start_ns + round(minutes * 60e9),
                every_ns=round(60e9 / per_minute),
            )
            self._flows.append(flow)
        return self

    def quiet(self, *streams: str) -> Self:
        """
        End the traffic of these streams; of all, when none is named.
        """
        self._flows = [flow for flow in self._flows if streams and flow.stream not in streams]
        return self

    def spans(self, name: str, *, n: int = 1, duration: float = 0.1, ago: float = 0, **attributes: Scalar) -> Self:
        """
        So many spans that end now, or ended `ago` and arrive late; both in seconds.
        """
        return self._hand_in("spans", {"name": name, **attributes}, duration * 1e9, n, ago=ago)

    def metric(self, name: str, value: float, **attributes: Scalar) -> Self:
        """
        One sample of a gauge, in SI units.
        """
        return self._hand_in("metrics", {"name": name, **attributes}, value)

    def check(self, name: str, *, ok: bool, region: str = "here", duration: float = 0.1, **more: Scalar) -> Self:
        """
        One answer to a check of the manual; `duration` in seconds.
        """
        return self._hand_in("checks", {"check": name, "region": region, "ok": ok, **more}, duration * 1e9)

    def event(self, kind: str, *, value: float | None = None, **attributes: Scalar) -> Self:
        """
        One plain event of this kind.
        """
        return self._hand_in("events", {"name": kind, **attributes}, value)

    # --- what people do

    def reload(self, manual: str | Path) -> Self:
        """
        Go on under another manual. Its history is what was measured for each meaning.
        """
        self.manual = _loaded(manual)
        self._begin()
        return self

    def restart(self) -> Self:
        """
        Stop the process and start it again: only rows and the log are left.
        """
        self._dead_until_restart = False
        self._begin()
        return self

    # --- what came of it

    @property
    def messages(self) -> list[str]:
        """
        What the channels heard, oldest first: everything but pages and what went to one person.
        """
        return [one.line for one in self._sent if not one.person and one.message.kind not in PAGES]

    @property
    def pages(self) -> list[str]:
        """
        What people were paged with, oldest first.
        """
        return [one.line for one in self._sent if one.message.kind in PAGES]

    def heard(self, person: str) -> list[str]:
        """
        All that reached this person, or this contact outside of the rotation (`contact:legal`), oldest first.
        """
        if person.removeprefix(CONTACT) not in {*self.manual.people, *self.manual.contacts}:
            raise KeyError(f"the manual has nobody called {person}")
        return [one.line for one in self._sent if one.person == person]

    @property
    def letters(self) -> list[Message]:
        """
        Every message as a whole, oldest first.
        """
        return [one.message for one in self._sent]

    def page(self, number: int = 1) -> PageRow:
        """
        A page as it stands; they are numbered from 1. KeyError for one that does not exist.
        """
        with self.state.reading() as view:
            found = pages.by_id(view, number)
        if found is None:
            raise KeyError(f"there is no page {number}")
        return found

    def why(self, subject: str) -> list[str]:
        """
        What was decided about telling people of an alert (`disk`) or a page (`page/1`), oldest first, with whom it was
        about: `refuse ada phones: quiet-hours`.
        """
        with self.state.reading() as view:
            rows = decisions.of_alert(view, subject)
        return [
            f"{row.verdict} {' '.join(filter(None, (row.person, row.channel))) or 'nobody'}: {row.reason}"
            for row in reversed(rows)
        ]

    @property
    def incidents(self) -> list[Incident]:
        """
        The incidents, newest first.
        """
        return self.watch.incidents()

    def alert(self, rule: str, **label: str) -> AlertMemory:
        """
        What is remembered of an alert: its `state`, since when, and so on. KeyError for one that does not exist.
        """
        return self.view(rule, **label).memory

    def view(self, rule: str, **label: str) -> AlertView:
        """
        An alert with what its condition comes to just now.
        """
        for view in self.watch.alerts():
            key = view.memory.key
            if key.rule == rule and ({key.label: key.value} if key.label else {}) == label:
                return view
        raise KeyError(f"{rule} {label or ''}".strip())

    def finding(self, rule: str, **label: str) -> Finding:
        """
        What the condition of an alert comes to just now, with its numbers; KeyError where nothing was ever asked.
        """
        found = self.view(rule, **label).finding
        if found is None:
            raise KeyError(f"nothing was found about {rule}")
        return found

    def objective(self, name: str) -> ObjectiveStatus:
        """
        How an objective stands. KeyError for an unknown (or not yet live) one.
        """
        return self.watch.objective(name).status

    def decisions(self, rule: str, **label: str) -> list[str]:
        """
        What was decided about telling people, oldest first: `hold chat: rate-limited`.
        """
        key = str(self.alert(rule, **label).key)
        with self.state.reading() as view:
            rows = decisions.of_alert(view, key)
        return [f"{row.verdict} {row.channel or 'nobody'}: {row.reason}" for row in reversed(rows)]

    # --- how

    def _begin(self) -> None:
        plan, now_ns = plan_of(self.manual), self.clock.now_ns()
        engine = Engine(plan, self._registry, REAL, now_ns=now_ns)
        restore(self._ground, engine, now_ns=now_ns)
        matcher = Matcher(plan, self._registry, REAL)
        self.intake = Intake(
            ground=self._ground, engine=engine, matcher=matcher, counters=CounterMemory(), clock=self.clock
        )
        self._revision += 1
        self._remembered = Remembered()
        standing = standing_of(self.manual, plan, revision=self._revision, dead=self._dead)
        self.watch = Watch(
            standing=standing,
            intake=self.intake,
            state=self.state,
            clock=self.clock,
            recount=lambda exclusions: exclude(self._ground, self.intake.engine, exclusions),
        )
        self.watch.renew_exclusions()
        new = [name for name in self.manual.channels if name not in self.pagers]
        self.pagers |= {name: Pager(name, self.zone, self._sent.append) for name in new}
        writer = Writer(self.manual, environ=self._environ)
        self._sender = Sender(
            state=self.state,
            channels=self.pagers,
            clock=self.clock,
            render=writer,
            carriers=carriers_of(self.manual),
        )
        self._turn()

    def _dead(self) -> dict[str, str]:
        """
        The channels and contact methods that cannot send just now, and why.
        """
        channels = {name: pager.not_ready for name, pager in self.pagers.items() if pager.not_ready is not None}
        return channels | unaddressed(self.manual, self._environ)

    def _run(self, until_ns: int) -> None:
        while self.clock.now_ns() < until_ns:
            now_ns = self.clock.now_ns()
            self.clock.move(microseconds=(min(self._tick_ns - now_ns % self._tick_ns, until_ns - now_ns)) // 1000)
            self._let_flow()
            self._turn()

    def _let_flow(self) -> None:
        now_ns = self.clock.now_ns()
        batches = []
        for flow in self._flows:
            instants = flow.between(self._told_ns, now_ns)
            if instants:
                signal = SIGNAL_OF[self.manual.streams[flow.stream].signal]
                batches.append(batch_of(signal, instants, flow.value, flow.attributes))
        self._told_ns = now_ns
        self._take(batches)

    def _hand_in(
        self, signal: str, attributes: Mapping[str, Scalar], value: float | None, n: int = 1, *, ago: float = 0
    ) -> Self:
        self._take([batch_of(signal, [self.clock.now_ns() - round(ago * 1e9)] * n, value, attributes)])
        self._turn()
        return self

    def _take(self, batches: list[Batch]) -> None:
        if batches:
            decoded = Decoded(batches=batches, items=sum(batch.n for batch in batches))
            delivery = Delivery(kind="story", client="story", body=b"", decode=lambda *_: decoded)
            self.intake.take([delivery])

    def _turn(self) -> None:
        if self._dead_until_restart:
            return
        now_ns = self.clock.now_ns()
        plan = take_turn(self.watch.standing, self.intake, self.state, now_ns=now_ns, remembered=self._remembered)
        if plan.notices or plan.moved or self._waits(now_ns):
            try:
                self._sender.send_due()
            except Died:
                self._dead_until_restart = True

    def _waits(self, now_ns: int) -> bool:
        """
        Whether something is due that an earlier turn wrote, or a crash left half-sent.
        """
        with self.state.reading() as view:
            if notices.in_state(view, "sending", most=1):
                return True
            due = (outbox.next_due_ns(view, name) for name in self.pagers)
            return any(one is not None and one <= now_ns for one in due)


def _loaded(manual: str | Path) -> Manual:
    loaded = load_text(manual) if isinstance(manual, str) and "\n" in manual else load(Path(manual))
    if isinstance(loaded, Mistakes):
        raise ValueError(f"the manual has mistakes:\n{loaded}")
    assert isinstance(loaded, Loaded)
    return loaded.manual
