"""
How does a condition look in fields?

As `watchkeeper show --json` has it: SI units, ratios 0..1 with the polarity of the manual.
"""

from pydantic import Field

from watchkeeper.manual.condition.ast import Condition, Op, Period, Quantifier
from watchkeeper.manual.condition.fields import fields
from watchkeeper.manual.units import Dimension
from watchkeeper.web.api.values import Model

Number = int | float


class CalendarWindow(Model):
    """
    A window that begins with a period of the calendar.
    """

    calendar: Period
    zone: str = Field(description="The IANA zone in which the period begins.")


class Previous(Model):
    """
    The stretch of time before.
    """

    previous: Number = Field(description="Its length in seconds.")


class Strikes(Model):
    """
    How many single results must be bad.
    """

    in_a_row: int | None = None
    bad: int | None = None
    of: int | None = None


class Where(Model):
    """
    In how many values of a label it must hold.
    """

    in_: Quantifier = Field(alias="in")
    label: str
    n: int | None = None
    of: int | None = None


class Distinct(Model):
    """
    Which distinct values are counted.
    """

    key: str
    where: str | None
    divided: bool = Field(description="Whether they are divided by all distinct values.")


class ConditionFields(Model):
    """
    A condition of the manual in fields.
    """

    text: str = Field(description="The condition in its canonical writing.")
    measure: str = Field(
        description="What is compared: ratio, p (a quantile), mean, min, max, last, count, rate, burn ..."
    )
    op: Op
    value: Number | list[Number] = Field(description="What it is compared with; [low, high] for a range.")
    unit: Dimension
    quantile: Number | None = Field(description="0.95 for p95.")
    window: Number | list[Number] | CalendarWindow | None = Field(
        description="Seconds, [long, short] seconds, a calendar period, or null where single results are looked at."
    )
    for_: Number | None = Field(alias="for", description="How long it must hold, in seconds.")
    strikes: Strikes | None
    where: Where | None
    of: Previous | str | None = Field(description="The earlier stretch that a relative condition looks at.")
    distinct: Distinct | None
    approx: bool = Field(description="Whether the document says about (~).")


def fields_of(condition: Condition, zone: str) -> ConditionFields:
    """
    The fields of a condition; `zone` is the manual's.
    """
    return ConditionFields.model_validate(fields(condition, zone))
