"""
Which application does the stand-in act?

A scenario file answers: the operations with their traffic, the vendors behind them, the gauges, and the faults that can
be switched on. `load_scenario` reads it whole or says everything that is wrong with it:

>>> ping = {"request": "GET /ping", "rate": "2/s"}
>>> read_scenario({"scenario": "Tiny", "service": "tiny", "operations": {"ping": ping}}).operations["ping"].route
'/ping'
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from standin.units import Factor, Rate, Seconds, Share

Scalar = bool | int | float | str


class ScenarioMistake(ValueError):
    """
    The scenario file cannot be acted; the text lists every reason.
    """


class Part(BaseModel):
    """
    A frozen piece of a scenario; a key that it does not know is a mistake.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


class Latency(Part):
    """
    A log-normal time to answer, in seconds, by the two numbers that people know.
    """

    median: Seconds
    p95: Seconds

    @model_validator(mode="after")
    def _grows(self) -> Self:
        if not 0 < self.median <= self.p95:
            raise ValueError("wanted 0 < median <= p95")
        return self


class Answers(Part):
    """
    This share of the calls is answered with this HTTP status.
    """

    status: int = Field(ge=200, le=599)
    share: Share = 1.0


class Vendor(Part):
    """
    Somebody else's HTTP service.
    """

    latency: Latency


class Call(Part):
    """
    The call that an operation makes; `{name}` in `vendor` stands for that attribute's value.
    """

    vendor: str
    request: str = "GET /"
    status: str = "vendor.status"
    when_it_fails: int = Field(default=502, ge=200, le=599)

    def vendor_for(self, chosen: Mapping[str, Scalar]) -> str:
        """
        Whom to call for one request.

        >>> Call(vendor="{platform}").vendor_for({"platform": "apple"})
        'apple'
        """
        return self.vendor if self.attribute is None else str(chosen[self.attribute])

    @property
    def attribute(self) -> str | None:
        """
        The attribute that names the vendor; None when it is always the same one.
        """
        found = re.fullmatch(r"\{([^{}]+)\}", self.vendor)
        return found[1] if found else None


class Outcome(Part):
    """
    The attribute of the inner span that says how it ended.
    """

    attribute: str = "outcome"
    ok: str = "ok"
    failed: str = "failed"


class Operation(Part):
    """
    Something that users do: one route, its traffic, its inner span and what may go wrong.
    """

    request: str = Field(pattern=r"^(GET|POST|PUT|PATCH|DELETE) /\S*$")
    rate: Rate
    span: str | None = None
    attributes: dict[str, dict[Scalar, float]] = {}
    outcome: Outcome = Outcome()
    latency: Latency | None = None
    calls: Call | None = None
    failures: Answers | None = None
    answer: dict[str, Any] = {"status": "ok"}
    counts: str | None = None

    @property
    def method(self) -> str:
        return self.request.split(" ")[0]

    @property
    def route(self) -> str:
        return self.request.split(" ")[1]


class Gauge(Part):
    """
    A value that is sampled, swinging gently round its middle.
    """

    value: float
    swing: float = 0.0
    unit: str = "1"
    attributes: dict[str, Scalar] = {}


class VendorChange(Part):
    answers: Answers | None = None
    latency: Factor = 1.0


class OperationChange(Part):
    rate: Factor = 1.0
    latency: Factor = 1.0
    failures: Answers | None = None


class Fault(Part):
    """
    What a switch breaks, and which alerts of the manual are expected to notice.
    """

    title: str
    touches: tuple[str, ...] = ()
    label: dict[str, str] = {}
    down: bool = False
    vendors: dict[str, VendorChange] = {}
    operations: dict[str, OperationChange] = {}
    gauges: dict[str, float] = {}
    receiver: int | None = Field(default=None, ge=400, le=599)

    @property
    def share(self) -> float | None:
        """
        The share of events that it makes fail, 0..1; None where it makes nothing fail.
        """
        failing = [change.answers for change in self.vendors.values()]
        failing += [change.failures for change in self.operations.values()]
        return 1.0 if self.down else max((one.share for one in failing if one is not None), default=None)


class Fast(Part):
    """
    What `--fast` changes: so many times the traffic, and telemetry that leaves sooner.
    """

    rate: Factor = 6.0
    export: Seconds = 0.2
    metrics: Seconds = 0.5


class Scenario(Part):
    """
    One application, ready to be acted.
    """

    scenario: str
    service: str
    resource: dict[str, Scalar] = {}
    semconv: Literal["new", "old"] = "new"
    seed: int = 1
    export: Seconds = 0.5
    metrics: Seconds = 5.0
    fast: Fast = Fast()
    vendors: dict[str, Vendor] = {}
    operations: dict[str, Operation] = Field(min_length=1)
    gauges: dict[str, Gauge] = {}
    faults: dict[str, Fault] = {}

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        wrong = [*self._unknown_vendors(), *self._unknown_in_faults(), *self._doubled_routes()]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def vendors_of(self, operation: Operation) -> tuple[str, ...]:
        """
        The vendors that an operation may call, in the order of its attribute's values.
        """
        if operation.calls is None:
            return ()
        key = operation.calls.attribute
        return (operation.calls.vendor,) if key is None else tuple(map(str, operation.attributes.get(key, {})))

    def _unknown_vendors(self) -> Iterable[str]:
        for name, operation in self.operations.items():
            called = self.vendors_of(operation)
            if operation.calls and not called:
                yield f"operations.{name}.calls.vendor: no attribute gives {operation.calls.vendor}"
            yield from _unknown(called, self.vendors, f"operations.{name}.calls.vendor", "vendor")

    def _unknown_in_faults(self) -> Iterable[str]:
        for name, fault in self.faults.items():
            yield from _unknown(fault.vendors, self.vendors, f"faults.{name}.vendors", "vendor")
            yield from _unknown(fault.operations, self.operations, f"faults.{name}.operations", "operation")
            yield from _unknown(fault.gauges, self.gauges, f"faults.{name}.gauges", "gauge")

    def _doubled_routes(self) -> Iterable[str]:
        requests = [operation.request for operation in self.operations.values()]
        return (
            f"operations: {request} stands twice" for request in sorted({r for r in requests if requests.count(r) > 1})
        )


def load_scenario(path: Path) -> Scenario:
    """
    Reads a scenario file; raises ScenarioMistake with every reason when it cannot be acted.
    """
    try:
        return read_scenario(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ScenarioMistake) as mistake:
        raise ScenarioMistake(f"{path}: {mistake}") from mistake


def read_scenario(document: object) -> Scenario:
    """
    Types an already parsed document; raises ScenarioMistake.
    """
    try:
        return Scenario.model_validate(document)
    except ValidationError as error:
        lines = (f"{'.'.join(map(str, e['loc'])) or 'scenario'}: {e['msg']}" for e in error.errors())
        raise ScenarioMistake("\n".join(lines)) from error


def nearest(word: str, words: Iterable[str]) -> str | None:
    """
    The word that was probably meant.

    >>> nearest("vendor-storm", ["payment-failures", "vendor-429-storm"])
    'vendor-429-storm'
    """
    found = difflib.get_close_matches(word, list(words), n=1, cutoff=0.4)
    return found[0] if found else None


def _unknown(found: Iterable[str], known: Iterable[str], where: str, kind: str) -> Iterable[str]:
    known = list(known)
    for word in found:
        if word not in known:
            meant = nearest(word, known)
            yield f"{where}: unknown {kind} {word!r}" + (f", did you mean {meant!r}?" if meant else "")
