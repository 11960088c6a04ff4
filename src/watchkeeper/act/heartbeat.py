"""
Who watches the watch?

A second loop that takes no part in the work audits the first: parts that do not run, pages, clocks and messages that
were due and that nobody took. What stands for half a minute is told through a channel, past the turn and the outbox,
for those may be what is broken. While all is well an address outside is asked every so often: when the process is gone,
or this loop, that address raises its voice.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Final

import structlog

from watchkeeper.act.channels.sending import Channel, Sent
from watchkeeper.act.message import Fact, Message
from watchkeeper.act.repeating import Repeating
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import Kind
from watchkeeper.manual.model.manual import Manual
from watchkeeper.outside.clock import Clock
from watchkeeper.outside.errors import OutsideError
from watchkeeper.outside.http import HttpClient
from watchkeeper.outside.secrets import SecretFault, secret_from
from watchkeeper.store import decisions
from watchkeeper.store.decisions import DecisionRow
from watchkeeper.store.errors import StateError
from watchkeeper.store.overdue import overdue
from watchkeeper.store.state import State

SECOND_NS: Final = 10**9
EVERY_NS: Final = 5 * SECOND_NS
LATE_NS: Final = 30 * SECOND_NS  # a page, a clock or a bundle is taken within a second
STANDS_NS: Final = 30 * SECOND_NS  # so long something is wrong before anybody is told
AGAIN_NS: Final = 3600 * SECOND_NS  # what stays wrong is told again
SUBJECT: Final = "watchkeeper"

log = structlog.get_logger("audit")


class Audit:
    """
    The second loop. `health` says how each part is: "ok", or a sentence.
    """

    def __init__(
        self,
        *,
        state: State,
        clock: Clock,
        health: Callable[[], Mapping[str, str]],
        channels: Callable[[], Mapping[str, Channel]],
        manual: Callable[[], Manual],
        http: HttpClient,
        environ: Mapping[str, str],
    ) -> None:
        self._state, self._clock, self._health = state, clock, health
        self._channels, self._manual = channels, manual
        self._http, self._environ = http, environ
        self._since: dict[str, int] = {}  # when each fault was first seen
        self._told: dict[str, int] = {}  # when each was last told
        self._beat_ns: int | None = None
        self._beat_fault: str | None = None
        self.looked_ns: int | None = None
        self.faults: dict[str, str] = {}  # what is wrong just now, by part
        self._loop = Repeating(lambda _: self._step(), name="audit the watch", clock=clock)

    def start(self) -> None:
        """
        Begin to look.
        """
        self._loop.start()

    def stop(self) -> None:
        """
        Look no more.
        """
        self._loop.end()
        self._loop.join()

    @property
    def alive(self) -> bool:
        """
        Whether it still looks.
        """
        return self._loop.alive

    def look(self) -> None:
        """
        Look once: tell what is wrong and what is well again, and ask the address outside when all is well.
        """
        now_ns = self._clock.now_ns()
        self.faults = self._wrong(now_ns)
        self._since = {what: self._since.get(what, now_ns) for what in self.faults}
        lasting = {what for what, since_ns in self._since.items() if now_ns - since_ns >= STANDS_NS}
        due = {what for what in lasting if now_ns - self._told.get(what, -AGAIN_NS) >= AGAIN_NS}
        if due and self._tell({what: self.faults[what] for what in lasting}, now_ns, over=False):
            self._told |= dict.fromkeys(lasting, now_ns)
        mended = self._told.keys() - self.faults.keys()
        if mended and self._tell(dict.fromkeys(mended, "ok"), now_ns, over=True):
            self._told = {what: at_ns for what, at_ns in self._told.items() if what not in mended}
        if not self.faults.keys() - {"heartbeat"}:
            self._beat(now_ns)
        self.looked_ns = now_ns

    def _step(self) -> int:
        self.look()
        return self._clock.now_ns() + EVERY_NS

    # --- what is wrong

    def _wrong(self, now_ns: int) -> dict[str, str]:
        found = {what: said for what, said in self._health().items() if said != "ok"}
        try:
            with self._state.reading() as view:
                late = overdue(view, before_ns=now_ns - LATE_NS)
        except StateError as error:
            return found | {"state": str(error)}
        said = {
            "pages": (late.pages, "should have gone further, and have not"),
            "clocks": (late.clocks, "of incidents have run out, and nobody was told"),
            "bundles": (late.held, "held pages should have been released, and were not"),
            "sending": (late.sending, "messages were begun and never ended"),
        }
        found |= {what: f"{count} {words}" for what, (count, words) in said.items() if count}
        return found if self._beat_fault is None else found | {"heartbeat": self._beat_fault}

    # --- telling

    def _tell(self, faults: Mapping[str, str], now_ns: int, *, over: bool) -> bool:
        """
        Tell it through the first channel that takes it, past the outbox; whether one did.
        """
        what = ", ".join(sorted(faults))
        title = f"Watchkeeper itself: {what} {'well again' if over else 'not well'}"
        facts = tuple(Fact(name=name, text=said) for name, said in sorted(faults.items()))
        kind = Kind.RESOLVED if over else Kind.FIRING
        message = Message(kind=kind, subject=SUBJECT, title=title, at_ns=now_ns, facts=facts)
        for name, channel in self._in_order():
            result = channel.send(message, message_id=f"msg_watch_{now_ns:x}", now=self._clock.now())
            if isinstance(result, Sent):
                log.warning("told about ourselves", what=what, over=over, channel=name)
                self._remember(name, what, now_ns, over=over)
                return True
        log.error("nobody could be told about ourselves", what=what, over=over)
        return False

    def _in_order(self) -> Iterator[tuple[str, Channel]]:
        """
        The channels that can send: those that carry everything first.
        """
        manual, channels = self._manual(), self._channels()
        routes = sorted(manual.routes, key=lambda one: bool(one.severity or one.service or one.alert or one.label))
        names = dict.fromkeys([*(name for route in routes for name in route.tell), *channels])
        for name in names:
            if name in channels and channels[name].not_ready is None:
                yield name, channels[name]

    def _remember(self, channel: str, what: str, now_ns: int, *, over: bool) -> None:
        reason = Reason.OVER if over else Reason.OURSELVES
        row = DecisionRow(
            at_ns=now_ns, alert_key=SUBJECT, channel=channel, verdict="send", reason=reason.value, because_of=what
        )
        try:
            with self._state.transaction() as tx:
                decisions.add(tx, [row])
        except StateError as error:  # that it cannot be written may be what was told
            log.warning("not on the record", why=str(error))

    # --- the address outside

    def _beat(self, now_ns: int) -> None:
        entry = self._manual().heartbeat
        if entry is None:
            self._beat_fault = None
            return
        if self._beat_ns is not None and now_ns - self._beat_ns < entry.every.ns:
            return
        self._beat_ns = now_ns
        try:
            address = secret_from(self._environ, entry.address_env)
        except SecretFault as fault:
            self._beat_fault = str(fault)
            return
        if address is None:
            self._beat_fault = f"{entry.address_env} is not set, so nobody outside notices when this watch falls silent"
            return
        try:
            answer = self._http.request("GET", address, timeout=timedelta(seconds=10))
        except OutsideError as error:
            self._beat_fault = f"the address outside was not reached: {error.why}"
            return
        self._beat_fault = None if answer.ok else f"the address outside answered {answer.status}"
