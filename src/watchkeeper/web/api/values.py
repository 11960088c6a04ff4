"""
How do numbers, instants and verdicts look in JSON?

Counts are whole numbers; what is a fraction stands as a float and, beside it, exactly. Instants are RFC 3339 in UTC,
spans of time are seconds.

>>> at(1_772_366_520 * 10**9 + 250_000_000), seconds(90 * 10**9), seconds(1_500_000_000)
('2026-03-01T12:02:00.250Z', 90, 1.5)
"""

from fractions import Fraction as Ratio
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from watchkeeper.decide.reasons import SAYS, Reason
from watchkeeper.decide.values import Finding
from watchkeeper.manual.units import Dimension
from watchkeeper.outside.clock import instant

NS = 1_000_000_000

Instant = Annotated[
    str, Field(description="An instant, RFC 3339 in UTC.", examples=["2026-03-01T12:02:00.250Z"], pattern="Z$")
]
Seconds = Annotated[int | float, Field(description="A span of time in seconds.", examples=[900])]


class Model(BaseModel):
    """
    Frozen, and closed: what is not described is not answered.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Nothing(Model):
    """
    A change that needs no words: who does it is who asks.
    """


class Fraction(Model):
    """
    A number exactly, as a fraction of whole numbers.
    """

    numerator: int
    denominator: int = Field(ge=1)


class Numbers(Model):
    """
    The arithmetic behind a verdict.
    """

    value: float | None = Field(
        description="What was measured: SI units, or a share 0..1; null where nothing can be said."
    )
    value_exact: Fraction | None = Field(description="The same without rounding.")
    limit: float | None = Field(description="What it is compared with, in the same unit.")
    limit_exact: Fraction | None = Field(description="The same without rounding.")
    unit: Dimension = Field(
        description="What value and limit are: a share 0..1, seconds, bytes, per second, a plain number."
    )
    events: int = Field(description="How many events the window holds.")
    hits: int | None = Field(description="How many of them are what `hits_are` says.")
    hits_are: Literal["good", "bad", "under"] | None = Field(
        description="What `hits` counts: good events, bad events, or those under the threshold."
    )
    at_least: int | None = Field(description="Fewer events than this in the window: nothing is judged.")
    window_seconds: Seconds
    window_begins: Instant | None = Field(description="Where the window begins.")
    known_share: float | None = Field(description="The share of the window in which a source was heard, 0..1.")
    known_slots: int = Field(description="How many of its slots were heard ...")
    slots: int = Field(description="... of how many.")
    excluded: int = Field(description="How many events of the window people took out.")
    excluded_seconds: float = Field(description="How much of the window people took out.")


class Verdict(Model):
    """
    What a condition came to, and why.
    """

    truth: Literal["holds", "clear", "unknown"] = Field(description="Whether the condition holds.")
    reason: Reason = Field(description="Why, as one word of a closed list.")
    reason_says: str = Field(description="The same in words.")
    others: list[str] = Field(description="For `in N of M label`: the values in which it holds.")
    numbers: Numbers


def at(at_ns: int) -> str:
    """
    An instant to the millisecond.
    """
    return instant(at_ns).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def at_or_none(at_ns: int | None) -> str | None:
    """
    The same; null for none, and for the 0 that stands for never.
    """
    return at(at_ns) if at_ns else None


def seconds(ns: int) -> int | float:
    """
    A span of time in seconds: a whole number where it is one.
    """
    return ns // NS if ns % NS == 0 else ns / NS


def exact(value: Ratio | None) -> Fraction | None:
    """
    A fraction for JSON.
    """
    return None if value is None else Fraction(numerator=value.numerator, denominator=value.denominator)


def rounded(value: Ratio | None) -> float | None:
    """
    The nearest float.
    """
    return None if value is None else float(value)


def numbers_of(finding: Finding) -> Numbers:
    """
    The arithmetic of a finding.
    """
    found = finding.numbers
    hits_are: Any = found.hits_are or None
    return Numbers(
        value=rounded(found.value),
        value_exact=exact(found.value),
        limit=rounded(found.limit),
        limit_exact=exact(found.limit),
        unit=found.dimension,
        events=found.events,
        hits=found.hits,
        hits_are=hits_are,
        at_least=found.at_least,
        window_seconds=seconds(found.window_ns),
        window_begins=at_or_none(found.start_ns),
        known_share=found.known / found.slots if found.slots else None,
        known_slots=found.known,
        slots=found.slots,
        excluded=found.excluded,
        excluded_seconds=seconds(found.excluded_ns),
    )


def verdict_of(finding: Finding) -> Verdict:
    """
    A finding with its reason in words.
    """
    return Verdict(
        truth=finding.truth.value,
        reason=finding.reason,
        reason_says=SAYS[finding.reason],
        others=list(finding.others),
        numbers=numbers_of(finding),
    )
