"""
How do I test what happens over days, without waiting and without a network?

A `Story` runs a manual in process, with the real engine, decisions and store, on a clock moved by hand. docs/testing.md
has more.

>>> clock = HandClock("2026-03-01T12:00:00Z")
>>> clock.move(minutes=90)
>>> clock.now().isoformat()
'2026-03-01T13:30:00+00:00'
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx2

from watchkeeper.act.channels.sending import Sent
from watchkeeper.act.memory import Remembered
from watchkeeper.act.message import Message, Writer
from watchkeeper.act.sender import Sender
from watchkeeper.act.turn import standing_of, take_turn
from watchkeeper.act.watch import AlertView, Watch
from watchkeeper.decide.objectives import ObjectiveStatus
from watchkeeper.decide.values import AlertMemory, Finding, Incident
from watchkeeper.manual.load import Loaded, load, load_text
from watchkeeper.manual.mistakes import Mistakes
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.measuring import Stream
from watchkeeper.manual.predicate.ast import And, Attribute, Compare, Expression, Literal, Scalar
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
from watchkeeper.outside.clock import Clock, instant, nanoseconds
from watchkeeper.outside.http import HttpClient
from watchkeeper.store import decisions
from watchkeeper.store.state import open_memory


class HandClock:
    """
    A clock that stands still until it is moved. Sleeping moves it. Safe to share between threads.
    """

    def __init__(self, start: str | datetime = "2026-01-01T00:00:00Z") -> None:
        at = datetime.fromisoformat(start) if isinstance(start, str) else start
        self._lock = threading.Lock()
        self._now_ns = nanoseconds(at.replace(tzinfo=UTC) if at.tzinfo is None else at)
        self._monotonic_ns = 0

    def now(self) -> datetime:
        return instant(self._now_ns)

    def now_ns(self) -> int:
        return self._now_ns

    def monotonic_ns(self) -> int:
        return self._monotonic_ns

    def sleep(self, seconds: float, stop: threading.Event) -> bool:
        if not stop.is_set():
            self._pass(round(seconds * 1e9))
        return stop.is_set()

    def move(self, span: timedelta | None = None, **units: float) -> None:
        """
        Let a span of time pass: `move(timedelta(hours=1))` or `move(hours=1)`.
        """
        whole = (span or timedelta()) + timedelta(**units)
        self._pass(whole // timedelta(microseconds=1) * 1000)

    def set_wall(self, at: datetime) -> None:
        """
        Step the wall clock, as an administrator or a time server does; the monotonic clock does not notice.
        """
        with self._lock:
            self._now_ns = nanoseconds(at)

    def _pass(self, span_ns: int) -> None:
        if span_ns < 0:
            raise ValueError("time only passes forwards; set_wall steps the wall clock back")
        with self._lock:
            self._now_ns += span_ns
            self._monotonic_ns += span_ns


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """
    One request as a server would have got it; header names in lower case.
    """

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


class FakeNetwork:
    """
    Every server there is: writes down each call and answers as told.

    >>> network = FakeNetwork()
    >>> network.answers("http://chat.example/hook", 503, 200)
    >>> client = network.client(HandClock())
    >>> [client.request("POST", "http://chat.example/hook", body=b"hello").status for _ in range(3)]
    [503, 200, 200]
    >>> network.calls[0].body, client.request("GET", "http://other.example").status
    (b'hello', 404)
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._answers: dict[str, list[Any]] = {}

    def answers(
        self, url: str, *statuses: int | httpx2.Response | Exception | Callable[[Call], httpx2.Response]
    ) -> None:
        """
        What this address answers, call after call; the last answer is repeated.

        An answer is a status, a whole response, an error to raise (such as httpx2.ConnectError), or a function.
        """
        self._answers[url] = list(statuses)

    def client(self, clock: Clock) -> HttpClient:
        """
        An HttpClient whose requests end up here.
        """
        return HttpClient(clock, transport=httpx2.MockTransport(self._handle))

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        call = Call(method=request.method, url=str(request.url), headers=dict(request.headers), body=request.read())
        self.calls.append(call)
        waiting = self._answers.get(call.url, [404])
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = answer(call)
        if isinstance(answer, httpx2.Response):
            return httpx2.Response(answer.status_code, headers=answer.headers, content=answer.content)
        return httpx2.Response(answer)


class Pager:
    """
    A channel that writes down what it would have sent: when, how severe, what, about which alert.
    """

    kind = "pager"
    again_after_unknown = True
    not_ready = None

    def __init__(self, story: Story) -> None:
        self._story = story
        self.lines: list[str] = []

    def send(self, message: Message, *, message_id: str, now: datetime) -> Sent:
        still = "still " if message.data.get("reason") == "repeat" else ""
        what = f"{still}{message.kind.value} {message.subject}" if message.kind.value != "digest" else message.subject
        words = (f"{now.astimezone(self._story.zone):%H:%M}", message.severity, what)
        self.lines.append(" ".join(word for word in words if word))
        self._story.messages.append(self.lines[-1])
        self._story.letters.append(message)
        return Sent(status=None, detail=message_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class Flow:
    """
    Observations of one stream at a steady pace: `attributes` as spans, metrics, checks or events carry them.
    """

    stream: str
    attributes: Mapping[str, Scalar]
    value: float | None  # ns for spans and checks, else in SI units
    start_ns: int
    end_ns: int | None
    every_ns: int

    def between(self, after_ns: int, upto_ns: int) -> Sequence[int]:
        """
        The instants of its observations in (after_ns, upto_ns].
        """
        last = upto_ns if self.end_ns is None else min(upto_ns, self.end_ns)
        first = max(1, (after_ns - self.start_ns) // self.every_ns + 1)
        return range(self.start_ns + first * self.every_ns, last + 1, self.every_ns)


class Story:
    """
    A manual that runs in process: what comes in is told, time is moved, and what people would have heard is read off.

    `manual` is a path, or the text of a manual. A turn is taken every `tick_seconds` of the time that passes.
    `messages` is what people heard, oldest first (`12:03 P2 firing parse-success[platform=spotify]`), `letters` the
    whole of it, and `pagers` has it by channel.
    """

    def __init__(self, manual: str | Path, *, start: str = "2026-03-02T11:00:00", tick_seconds: float = 10.0) -> None:
        self.manual = _loaded(manual)
        self.zone, self._tick_ns = ZoneInfo(self.manual.zone), round(tick_seconds * 1e9)
        self.clock = HandClock(datetime.fromisoformat(start).replace(tzinfo=self.zone))
        self._ground, self._registry = _Ground(), counting_registry()
        self.state = open_memory()
        self.messages: list[str] = []
        self.letters: list[Message] = []
        self.pagers: dict[str, Pager] = {}
        self._flows: list[Flow] = []
        self._told_ns, self._revision = self.clock.now_ns(), 0
        self._begin()

    # --- time

    def at(self, when: str) -> Story:
        """
        Let time pass until this local time of day (`12:00`, tomorrow if it is over) or instant (`2026-03-02T12:00`).
        """
        now = self.clock.now().astimezone(self.zone)
        if "T" in when:
            until = datetime.fromisoformat(when).replace(tzinfo=self.zone)
        else:
            until = datetime.combine(now.date(), time.fromisoformat(when), self.zone)
            until = until if until >= now else until + timedelta(days=1)
        self._run(nanoseconds(until))
        return self

    run_until = at

    def run(self, span: timedelta | None = None, **units: float) -> Story:
        """
        Let a span of time pass: `run(minutes=20)`.
        """
        self._run(
            self.clock.now_ns() + ((span or timedelta()) + timedelta(**units)) // timedelta(microseconds=1) * 1000
        )
        return self

    # --- what comes in

    def traffic(self, *, per_minute: float, minutes: float | None = None, **streams: Mapping[str, Scalar]) -> Story:
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
                attributes={**_asked_for(self.manual.streams[name]), **attributes},
                value=_value(self.manual.streams[name], attributes),
                start_ns=start_ns,
                end_ns=None if minutes is None else start_ns + round(minutes * 60e9),
                every_ns=round(60e9 / per_minute),
            )
            self._flows.append(flow)
        return self

    def quiet(self, *streams: str) -> Story:
        """
        End the traffic of these streams; of all, when none is named.
        """
        self._flows = [flow for flow in self._flows if streams and flow.stream not in streams]
        return self

    def spans(self, name: str, *, n: int = 1, duration: float = 0.1, ago: float = 0, **attributes: Scalar) -> Story:
        """
        So many spans that end now, or ended `ago` and arrive late; both in seconds.
        """
        return self._hand_in("spans", {"name": name, **attributes}, duration * 1e9, n, ago=ago)

    def metric(self, name: str, value: float, **attributes: Scalar) -> Story:
        """
        One sample of a gauge, in SI units.
        """
        return self._hand_in("metrics", {"name": name, **attributes}, value)

    def check(self, name: str, *, ok: bool, region: str = "here", duration: float = 0.1, **more: Scalar) -> Story:
        """
        One answer to a check of the manual; `duration` in seconds.
        """
        return self._hand_in("checks", {"check": name, "region": region, "ok": ok, **more}, duration * 1e9)

    def event(self, kind: str, *, value: float | None = None, **attributes: Scalar) -> Story:
        """
        One plain event of this kind.
        """
        return self._hand_in("events", {"name": kind, **attributes}, value)

    # --- what people do

    def reload(self, manual: str | Path) -> Story:
        """
        Go on under another manual. Its history is what was measured for each meaning.
        """
        self.manual = _loaded(manual)
        self._begin()
        return self

    def restart(self) -> Story:
        """
        Stop the process and start it again: only rows and the log are left.
        """
        self._begin()
        return self

    # --- what came of it

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
        standing = standing_of(self.manual, plan, revision=self._revision)
        self.watch = Watch(
            standing=standing,
            intake=self.intake,
            state=self.state,
            clock=self.clock,
            recount=lambda exclusions: exclude(self._ground, self.intake.engine, exclusions),
        )
        self.watch.renew_exclusions()
        self.pagers |= {name: Pager(self) for name in self.manual.channels if name not in self.pagers}
        self._sender = Sender(state=self.state, channels=self.pagers, clock=self.clock, render=Writer(self.manual))
        self._turn()

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
    ) -> Story:
        self._take([batch_of(signal, [self.clock.now_ns() - round(ago * 1e9)] * n, value, attributes)])
        self._turn()
        return self

    def _take(self, batches: list[Batch]) -> None:
        if batches:
            decoded = Decoded(batches=batches, items=sum(batch.n for batch in batches))
            delivery = Delivery(kind="story", client="story", body=b"", decode=lambda *_: decoded)
            self.intake.take([delivery])

    def _turn(self) -> None:
        plan = take_turn(
            self.watch.standing, self.intake, self.state, now_ns=self.clock.now_ns(), remembered=self._remembered
        )
        if plan.notices:
            self._sender.send_due()


@dataclass(slots=True)
class _Ground:
    """
    The log without a disk: everything stays in its tail.
    """

    bodies: list[bytes] = field(default_factory=list)

    def append(self, bodies: Sequence[bytes], **_beside: object) -> int:
        self.bodies += bodies
        return len(self.bodies)

    def tail(self) -> Iterator[tuple[int, bytes]]:
        yield from enumerate(self.bodies, start=1)

    def read_slot(self, _tier: str, _slot: int) -> bytes | None:
        return None

    def read_slots(self, _tier: str, _first: int, _last: int) -> Iterator[tuple[int, bytes]]:
        return iter(())

    def fold(self, **_folded: object) -> None:
        raise NotImplementedError("a story is never folded")


def _loaded(manual: str | Path) -> Manual:
    loaded = load_text(manual) if isinstance(manual, str) and "\n" in manual else load(Path(manual))
    if isinstance(loaded, Mistakes):
        raise ValueError(f"the manual has mistakes:\n{loaded}")
    assert isinstance(loaded, Loaded)
    return loaded.manual


def _value(stream: Stream, attributes: Mapping[str, Scalar]) -> float | None:
    """
    The number of an observation: how long it lasted, or its value.
    """
    if stream.signal in ("spans", "check"):
        return float(attributes.get("duration") or 0.1) * 1e9
    value = attributes.get("value")
    return None if value is None else float(value)


def _asked_for(stream: Stream) -> dict[str, Scalar]:
    """
    The attributes that a stream's own predicate fixes, such as `name == "parse_playlist"`.
    """
    signal = getattr(stream, stream.signal)
    if isinstance(signal, str):
        return {"check" if stream.signal == "check" else "name": signal}
    found = dict(_fixed(signal.expression))
    return found | (dict(_fixed(stream.where.expression)) if stream.where is not None else {})


def _fixed(expression: Expression) -> Iterator[tuple[str, Scalar]]:
    match expression:
        case And(parts=parts):
            for part in parts:
                yield from _fixed(part)
        case Compare(op="==", left=Attribute(name=name), right=Literal(value=value)):
            yield name, value
