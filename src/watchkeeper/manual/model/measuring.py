"""
What does the manual measure?

A stream names exactly one signal; an indicator (SLI) says which of its observations count and which are good or bad;
a check asks an address at a steady pace and its answers are a stream of their own.
"""

from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from watchkeeper.manual.model.base import (
    BackupName,
    CheckName,
    Entry,
    IndicatorName,
    JourneyName,
    ServiceName,
    Several,
    SourceName,
    StreamName,
    says,
)
from watchkeeper.manual.model.forms import InWords
from watchkeeper.manual.model.scalars import (
    Condition_,
    Length,
    Name,
    Names,
    Predicate_,
    Rate,
    Text,
    Texts,
)
from watchkeeper.manual.model.unfit import Unfit

#: The keys of a stream that name its signal: exactly one is written.
SIGNAL_KEYS = (
    "spans",
    "metric",
    "logs",
    "events",
    "check",
    "journey",
    "beacons",
    "reports",
    "query",
    "host",
    "deliveries",
    "backup",
)


class Stream(Entry):
    """
    One signal, read as observations. Exactly one key names the signal.
    """

    spans: Predicate_ | None = says("the spans that a predicate picks (`true` for all)")
    metric: Text | None = says("a metric, by its name")
    logs: Predicate_ | None = says("the log records that a predicate picks")
    events: Predicate_ | None = says("the events posted to `/v1/events` that a predicate picks")
    check: CheckName | None = says("the answers to a check (or journey) of this manual")
    journey: JourneyName | None = says("the runs of a journey of this manual")
    beacons: Predicate_ | None = says("what browsers report about page loads, as a predicate picks")
    reports: Text | None = says("result files that CI hands in (JUnit, Lighthouse, k6 ...)")
    query: Text | None = says("PromQL or SQL, asked of the source named in `on`")
    host: Text | None = says("a reading of this machine: cpu, memory, disk ...")
    deliveries: Text | None = says("the deliveries of a webhook sender")
    backup: BackupName | None = says("the runs of a backup of this manual")
    on: SourceName | None = says("which source a query goes to")
    where: Predicate_ | None = says("which rows of the signal belong to the stream")
    value: Text = says(
        "what the number is: an attribute, or `duration` (so for spans and checks when nothing is written)", "value"
    )
    unit: Text | None = says("what the raw number is in (s, ms, B, %), where the wire does not say")
    delay: Length | None = says("evaluate behind the data by this much")
    lateness: Length | None = says("how old an observation may arrive and still count")
    speaks_every: Length | None = says("a source that spoke counts as heard this long")

    @model_validator(mode="before")
    @classmethod
    def _natural_value(cls, data: Any) -> Any:
        """
        Spans, checks and journeys last: where nothing is written, their number is their duration.
        """
        if isinstance(data, dict) and not {"spans", "check", "journey"}.isdisjoint(data):
            return {"value": "duration"} | data
        return data

    @model_validator(mode="after")
    def _one_signal(self) -> Self:
        written = [key for key in SIGNAL_KEYS if getattr(self, key) is not None]
        if len(written) != 1:
            found = " and ".join(f"`{key}`" for key in written) or "no signal"
            raise Unfit(found=found, wanted=f"exactly one of {', '.join(SIGNAL_KEYS)}")
        return self

    @property
    def signal(self) -> str:
        """
        The key that names the signal: `spans`, `metric`, ...
        """
        return next(key for key in SIGNAL_KEYS if getattr(self, key) is not None)


class Indicator(Entry):
    """
    An SLI: which observations of a stream count, and which of them are good, or bad; never both are written.

    Conditions speak of the one written: `> 2%` on an indicator with `bad` is the share of bad ones.
    """

    from_: Annotated[StreamName, Field(alias="from", description="the stream it reads")]
    only: Predicate_ | None = says("the observations that count")
    except_: Annotated[Predicate_ | None, Field(alias="except", description="the observations that do not count")] = (
        None
    )
    good: Predicate_ | None = says("which of them are good")
    bad: Predicate_ | None = says("which of them are bad")
    by: Names = says("the labels that it is broken down by", ())
    value: Text | None = says("the number to read, instead of the stream's")
    unit: Text | None = says("what that number is in, instead of the stream's")
    slot_good_when: Condition_ | None = says(
        "counts minutes in which this holds, so that `mean` and `max` have a budget"
    )

    @model_validator(mode="after")
    def _good_or_bad(self) -> Self:
        if self.good is not None and self.bad is not None:
            raise Unfit(found="both `good` and `bad`", wanted="one of them: the one that the document speaks of")
        return self


class Region(Entry):
    """
    A place that a check or journey asks from. A name alone will do.
    """

    name: Name = Field(description="its name, the value of the label `region`")
    by: Text | None = says("who asks: this process, an agent, a provider")
    title: Text | None = says("the name for people")


Regions = Several[Annotated[Region, InWords("name")]]


def _is_code(text: str) -> bool:
    return len(text) == 3 and text.isascii() and text.isdigit()


class Expect(Entry):
    """
    What an answer must be like to count as good.
    """

    status: Texts = says("exact codes or ranges: `200`, `200..399`", ("200..399",))
    body: Text | None = says("a text that must be in the answer")
    within: Length | None = says("slower than this is not good")
    certificate_left: Length | None = says("a certificate that ends sooner is not good")

    @field_validator("status")
    @classmethod
    def _codes(cls, status: tuple[str, ...]) -> tuple[str, ...]:
        for one in status:
            low, dots, high = one.partition("..")
            if not _is_code(low) or (dots and not (_is_code(high) and low <= high)):
                raise Unfit(found=f"`{one}`", wanted="a status such as `200`, or a range such as `200..399`")
        return status


class Check(Entry):
    """
    A probe: asks one address every so often, from one or more regions; each answer is an observation.

    Observations carry `check`, `region`, `status`, `ok`, `error`, `certificate_left` (seconds); value: the duration.
    """

    service: ServiceName | None = says("the service that it looks at")
    http: Text | None = says("the address to ask over HTTP; `/path` is under the manual's `base_url`")
    tcp: Text | None = says("host:port to connect to")
    dns: Text | None = says("the name to resolve")
    tls: Text | None = says("host:port whose certificate is read")
    every: Length = Field(description="how often each region asks")
    timeout: Length | None = says("an answer later than this is an error; 10s if not written; at most `every`, or 2s")
    method: Text = says("the HTTP method", "GET")
    expect: Expect = says("what an answer must be like to be good", Expect())
    regions: Regions = says("where it asks from; this process when none is written", ())
    covers: Texts = says("what it looks at, in words", ())

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        written = [key for key in ("http", "tcp", "dns", "tls") if getattr(self, key) is not None]
        if len(written) != 1:
            found = " and ".join(f"`{key}`" for key in written) or "no address"
            raise Unfit(found=found, wanted="exactly one of http, tcp, dns, tls")
        if self.every.ns == 0:
            raise Unfit(found="`every` of nothing", wanted="a pace such as `1m`")
        return self

    @property
    def kind(self) -> str:
        """
        `http`, `tcp`, `dns` or `tls`.
        """
        return next(key for key in ("http", "tcp", "dns", "tls") if getattr(self, key) is not None)


class Journey(Entry):
    """
    A walk through the product in a browser or over HTTP, step by step.
    """

    service: ServiceName | None = says("the service that it walks through")
    every: Length | None = says("how often it is walked")
    on: Texts = says("what else starts it: `pull request`, `manual`", ())
    regions: Regions = says("where it is walked from", ())
    steps: Texts = says("what the visitor does, in order", ())
    start: Text | None = says("the address it starts from")
    covers: Texts = says("what it looks at, in words", ())


class Source(Entry):
    """
    A system that is asked: a Prometheus-compatible server, a database, a Redis, a host.
    """

    kind: Text = Field(description="prometheus, postgresql, redis, host ...")
    address: Text | None = says("where it is")
    address_env: Text | None = says("the environment variable that holds the address")


class Watched(Entry):
    """
    One thing to watch: its name in words, the indicator that shows it, and the windows or quantiles wanted.
    """

    name: Text = Field(description="what it is, in words")
    indicator: IndicatorName | None = says("the indicator that shows it")
    windows: Several[Length] = says("the windows to show", ())
    quantiles: Texts = says("the quantiles to show: p50, p95 ...", ())
    unit: Text | None = says("what it is counted in")


class Dashboard(Entry):
    """
    A named list of things to watch; an item names an indicator or stands in words until it has one.
    """

    items: Several[Annotated[Watched, InWords("name")]] = Field(description="what to watch, in order")


class VendorLimit(Entry):
    """
    What a vendor allows, and what to do when it fails.
    """

    rate: Rate | None = says("how much is allowed: `100/min`")
    watch: Texts = says("what to watch about it", ())
    backup: Text | None = says("what stands in for it")
    on_failure: Texts = says("what to do when it fails", ())
    by: Text | None = says("what the limit is counted by")
