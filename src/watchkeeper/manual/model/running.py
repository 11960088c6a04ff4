"""
What do a runbook's parameters and its steps for our own machinery say?

Fenced blocks of the kinds `switch`, `watch`, `check` and `wait` hold a few keys each; these are their types. `bash`,
`sql` and `http` blocks hold text of their own (`manual/runbooks/`).
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Self

import re2  # type: ignore[import-untyped]  # it ships no types
from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from watchkeeper.manual.model.base import (
    AlertName,
    IndicatorName,
    RefersTo,
    Strict,
    says,
)
from watchkeeper.manual.model.forms import MayBeEmpty
from watchkeeper.manual.model.scalars import Condition_, Length, Name, Text, Texts, WholeNumber
from watchkeeper.manual.model.unfit import Unfit, nearest

SwitchName = Annotated[Name, RefersTo(("switches",))]

PARAMETER_KINDS = ("text", "whole number", "length", "flag")
#: Names that mean something to programs when they stand in the environment, although they are in lower case.
_TAKEN = frozenset({"http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy", "histchars", "auto_resume"})


def read_parameter_name(value: Any) -> str:
    """
    The name of a parameter, which is also that of a variable: lower-case letters, digits and `_`.
    """
    text = str(value)
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", text):
        raise Unfit(found=f"`{text[:60]}`", wanted="a name of lower-case letters, digits and `_`, such as `platform`")
    if text in _TAKEN:
        raise Unfit(found=f"`{text}`", wanted="another name: programs read this one from the environment")
    return text


def _kind(value: Any) -> str:
    text = str(value).strip()
    if text not in PARAMETER_KINDS:
        raise Unfit(
            found=f"`{text[:60]}`", wanted=f"one of {', '.join(PARAMETER_KINDS)}{nearest(text, PARAMETER_KINDS)}"
        )
    return text


def _pattern(value: Any) -> str:
    text = str(value)
    try:
        options = re2.Options()
        options.log_errors = False
        re2.compile(text, options)
    except re2.error as refused:
        raise Unfit(found=f"`{text[:60]}`", wanted=f"a pattern that RE2 reads ({refused})") from None
    return text


ParameterName = Annotated[str, PlainValidator(read_parameter_name), WithJsonSchema({"type": "string"})]
Labels = Annotated[Mapping[Name, Text], MayBeEmpty()]


class Parameter(Strict):
    """
    What whoever starts the runbook says, or what the alert's label says. Nothing but what is allowed here is accepted.
    """

    title: Text | None = says("the name for people")
    kind: Annotated[str, PlainValidator(_kind), WithJsonSchema({"enum": list(PARAMETER_KINDS)})] = says(
        "text, whole number, length or flag", "text"
    )
    values: Texts = says("the only values that are allowed", ())
    matches: Annotated[str | None, PlainValidator(_pattern), WithJsonSchema({"type": "string"})] = says(
        "a pattern (RE2) that the whole text must match"
    )
    least: WholeNumber | None = says("the smallest whole number allowed")
    most: WholeNumber | None = says("the largest whole number allowed")
    label: Name | None = says("the label of the alert that gives the value")
    default: Text | None = says("the value when nobody says one")
    because: Text | None = says("why it is as it is")

    @model_validator(mode="after")
    def _bounds_fit(self) -> Self:
        if (self.least is not None or self.most is not None) and self.kind != "whole number":
            raise Unfit(found=f"bounds of a {self.kind}", wanted="`kind: whole number` beside `least` and `most`")
        if self.matches is not None and self.kind != "text":
            raise Unfit(found=f"`matches` of a {self.kind}", wanted="`kind: text` beside `matches`")
        if None not in (self.least, self.most) and self.least > self.most:  # type: ignore[operator]  # both are there
            raise Unfit(
                found=f"`least: {self.least}` above `most: {self.most}`", wanted="a smallest number below the largest"
            )
        return self


class SwitchStep(Strict):
    """
    Flip a switch, for all or for some, until a time.
    """

    switch: SwitchName = Field(description="the switch")
    to: Texts = Field(description="its value; several for a set; `default` for what holds otherwise")
    where: Labels = says("only for these: `{platform: $platform}`", {})
    for_: Annotated[Length | None, Field(alias="for", description="how long; then it goes back by itself")] = None
    ramp: Text | None = says("how fast: `10% every 5m`")

    @model_validator(mode="after")
    def _ramps(self) -> Self:
        if self.ramp is not None and not re.fullmatch(r"\d+(\.\d+)?\s*% every \d+\s*(s|m|h|d)", self.ramp):
            raise Unfit(found=f"`ramp: {self.ramp}`", wanted="a step and a pace: `ramp: 10% every 5m`")
        return self


class WatchStep(Strict):
    """
    Tighten one of our own alert rules for a time.
    """

    alert: AlertName = Field(description="the alert rule")
    when: Condition_ = Field(description="the condition that holds meanwhile")
    where: Labels = says("only for these: `{platform: $platform}`", {})
    for_: Annotated[Length, Field(alias="for", description="how long")]


class CheckStep(Strict):
    """
    Something that must hold before the next step.
    """

    indicator: IndicatorName = Field(description="what it looks at")
    when: Condition_ = Field(description="what must hold")
    where: Labels = says("only for these: `{platform: $platform}`", {})
    within: Length | None = says("how long it may take to come true; at once if not said")


class WaitStep(Strict):
    """
    Let time pass.
    """

    for_: Annotated[Length, Field(alias="for", description="how long")]
