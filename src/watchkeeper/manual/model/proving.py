"""
How does the team prove, before the night it matters, that the promises hold?

Load profiles, web budgets, visual baselines, CI jobs, and the gates that a release must pass.
"""

from typing import Annotated, Literal

from pydantic import Field

from watchkeeper.manual.model.base import Entry, IndicatorName, RunbookName, Several, says
from watchkeeper.manual.model.forms import InWords
from watchkeeper.manual.model.scalars import (
    Condition_,
    Conditions,
    Flag,
    Length,
    Predicate_,
    Rate,
    Size,
    Text,
    Texts,
    WholeNumber,
)


class LoadTarget(Entry):
    """
    A level of load that the system must carry.
    """

    name: Text = Field(description="its name: sustained, burst")
    rate: Rate = Field(description="how many requests")


class LoadStage(Entry):
    """
    One stretch of a load profile: at a steady rate, or from one to another.
    """

    name: Text | None = says("its name")
    from_: Annotated[Rate | None, Field(alias="from", description="the rate at its beginning")] = None
    to: Rate | None = says("the rate at its end")
    rate: Rate | None = says("the steady rate")
    for_: Annotated[Length, Field(alias="for", description="how long it takes")]


class LoadThreshold(Entry):
    """
    What must hold under load.
    """

    what: Text | None = says("what it is about, in words")
    indicator: IndicatorName | None = says("the indicator that shows it")
    when: Condition_ = Field(description="what must hold")
    except_: Annotated[Predicate_ | None, Field(alias="except", description="what does not count")] = None


class Load(Entry):
    """
    A load test: its levels, its profile over time, and what must hold meanwhile.
    """

    tool: Text | None = says("what drives it: k6, locust")
    on: Texts = says("what starts it: `pull request`, `manual`", ())
    targets: Several[LoadTarget] = says("levels of load that the system must carry", ())
    stages: Several[LoadStage] = says("the profile over time", ())
    thresholds: Several[LoadThreshold] = says("what must hold under load", ())


class WebBudget(Entry):
    """
    What one metric of a page may be.
    """

    metric: Text = Field(description="lcp, fcp, cls, fid, inp, ttfb, load ...")
    when: Condition_ = Field(description="what must hold")
    indicator: IndicatorName | None = says("the indicator that shows it")
    scope: Text | None = says("what it covers: `cold`")


class Web(Entry):
    """
    Budgets of a web page.
    """

    page: Text | None = says("the page")
    indicator: IndicatorName | None = says("the indicator that shows it")
    budgets: Several[WebBudget] = says("what its metrics may be", ())


class WindowSize(Entry):
    """
    A size of window. The size alone will do.
    """

    name: Text | None = says("its name")
    size: Size = Field(description="width x height: `1280x800`")


class Baseline(Entry):
    """
    Pictures of pages that new ones are compared with.
    """

    tool: Text | None = says("what takes and compares them")
    pages: Texts = says("the pages", ())
    viewports: Several[Annotated[WindowSize, InWords("size")]] = says("the sizes of window: `1280x800`", ())
    on: Texts = says("what starts a comparison: `pull request`", ())
    required_for: Texts = says("what waits for it: `merge to main`", ())


class GateCriterion(Entry):
    """
    One thing that a gate looks at; measured, shown by evidence, or ticked by hand. A name alone is ticked by hand.
    """

    name: Text = Field(description="the criterion in words")
    indicator: IndicatorName | None = says("the indicator that shows it")
    when: Conditions = says("what must hold; of several conditions, all", ())
    for_: Annotated[Length | None, Field(alias="for", description="how long it must have held")] = None
    regions: WholeNumber | None = says("in how many regions")
    where: Predicate_ | None = says("which observations count")
    evidence: Text | None = says("what is shown as proof")
    by_hand: Flag = says("a person ticks it", False)
    scope: Text | None = says("what it covers: `cold`")


class Watch(Entry):
    """
    What is watched after a release, and for how long.
    """

    name: Text | None = says("what is watched, in words")
    indicator: IndicatorName | None = says("the indicator that shows it")
    when: Condition_ | None = says("what must hold")
    for_: Annotated[Length, Field(alias="for", description="how long")]


class Gate(Entry):
    """
    What must hold before (or after) a release: all criteria, or any one of them.
    """

    rule: Literal["all", "any"] = says("`all` or `any` of the criteria", "all")
    when: Text | None = says("when it is asked: `before deployment`")
    criteria: Several[Annotated[GateCriterion, InWords("name")]] = says("what it looks at", ())
    watch: Several[Watch] = says("what is watched afterwards", ())
    act: RunbookName | None = says("the runbook that follows: rollback")


class FlakyTest(Entry):
    """
    A test that may fail for no reason of the product's. A name alone will do.
    """

    name: Text = Field(description="its name")
    fails_when: Text | None = says("when it fails")
    mitigation: Text | None = says("what helps")


class Job(Entry):
    """
    A job of CI. A name alone will do.
    """

    name: Text = Field(description="its name")
    what: Text | None = says("what it does")


class Ci(Entry):
    """
    What CI runs.
    """

    jobs: Several[Annotated[Job, InWords("name")]] = says("its jobs", ())
    tests: Texts = says("its tests", ())
    flaky: Several[Annotated[FlakyTest, InWords("name")]] = says("tests that may fail for no reason", ())
    retry: WholeNumber | None = says("how often a failed test is tried again")
    improvements: Texts = says("what should change", ())
