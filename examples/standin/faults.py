"""
What is broken right now?

Several faults may be on at once: factors multiply, answers are tried in the order in which the faults were switched on,
and of two that set the same gauge the later one wins.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from standin.scenario import Answers, Fault, Scenario, nearest


class UnknownFault(KeyError):
    """
    The scenario has no fault of that name.
    """

    def __init__(self, name: str, known: list[str]) -> None:
        meant = nearest(name, known)
        self.sentence = f"no fault is called {name!r}" + (f"; did you mean {meant!r}?" if meant else "")
        self.nearest = meant
        self.known = known
        super().__init__(self.sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultState:
    """
    One switch: off when `since` is None.
    """

    name: str
    fault: Fault
    since: datetime | None


class Faults:
    """
    The switches of one scenario, and what they add up to.
    """

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._since: dict[str, datetime] = {}

    def switch(self, name: str, *, on: bool) -> FaultState:
        """
        Turns one fault on or off; switching twice changes nothing. Raises UnknownFault.
        """
        if name not in self._scenario.faults:
            raise UnknownFault(name, list(self._scenario.faults))
        since = dict(self._since)
        if on:
            since.setdefault(name, datetime.now(UTC))
        else:
            since.pop(name, None)
        self._since = since  # one assignment: the telemetry thread reads it too
        return self.state(name)

    def state(self, name: str) -> FaultState:
        return FaultState(name=name, fault=self._scenario.faults[name], since=self._since.get(name))

    def states(self) -> list[FaultState]:
        return [self.state(name) for name in self._scenario.faults]

    @property
    def down(self) -> bool:
        return any(fault.down for fault in self._on())

    @property
    def receiver_answers(self) -> int | None:
        return next((fault.receiver for fault in self._on() if fault.receiver), None)

    def vendor_answers(self, vendor: str) -> list[Answers]:
        changes = (fault.vendors[vendor].answers for fault in self._on() if vendor in fault.vendors)
        return [answers for answers in changes if answers]

    def vendor_latency(self, vendor: str) -> float:
        return math.prod(fault.vendors[vendor].latency for fault in self._on() if vendor in fault.vendors)

    def operation_failures(self, operation: str) -> list[Answers]:
        changes = (fault.operations[operation].failures for fault in self._on() if operation in fault.operations)
        return [answers for answers in changes if answers]

    def operation_latency(self, operation: str) -> float:
        return math.prod(f.operations[operation].latency for f in self._on() if operation in f.operations)

    def operation_rate(self, operation: str) -> float:
        return math.prod(f.operations[operation].rate for f in self._on() if operation in f.operations)

    def gauge(self, name: str) -> float | None:
        """
        The value that a fault forces on a gauge, if any does.
        """
        forced = [fault.gauges[name] for fault in self._on() if name in fault.gauges]
        return forced[-1] if forced else None

    def _on(self) -> Iterator[Fault]:
        return (self._scenario.faults[name] for name in self._since)
