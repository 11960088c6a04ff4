"""
Does what a runbook runs fit the manual around it?

A switch takes a value of its kind, a condition fits its indicator, a label is one that the indicator is told apart by,
an SQL block asks a database, and a path belongs to something that has an address.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from watchkeeper.manual.conditions import indicator_of
from watchkeeper.manual.fits import misfits_of
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.running import CheckStep, SwitchStep, WatchStep
from watchkeeper.manual.model.switching import read_value
from watchkeeper.manual.model.unfit import Unfit, nearest
from watchkeeper.manual.runbooks.parameters import accepted, uses
from watchkeeper.manual.runbooks.values import Block, Document, Http, Kind

LONGEST = "7d"  # as model/switching has it for a switch that names none
DATABASES = ("postgresql", "sqlite")


class Unfitting(NamedTuple):
    """
    A key of a block (or of a parameter), what was found, what is wanted; `line` is the block's, 0 above the page.
    """

    where: str
    line: int
    found: str
    wanted: str


def unfitting(document: Document, manual: Manual) -> Iterator[Unfitting]:
    """
    Everything of a page that does not fit the manual; names that lead nowhere are told elsewhere.
    """
    for block in document.blocks:
        for key, found, wanted in _of_block(block, manual):
            yield Unfitting(f"{block.name}.{key}", block.line, found, wanted)
    book = manual.runbooks.get(document.name)
    for name, parameter in (book.parameters if book is not None else {}).items():
        for key, texts in (("default", (parameter.default,)), ("values", parameter.values)):
            for text in filter(None, texts):
                try:
                    accepted(parameter, text)
                except Unfit as error:
                    yield Unfitting(f"parameters.{name}.{key}", 0, error.found, error.wanted)


Fault = tuple[str, str, str]


def _of_block(block: Block, manual: Manual) -> Iterator[Fault]:
    action = block.action
    if isinstance(action, SwitchStep):
        yield from _of_switch(action, manual)
    elif isinstance(action, WatchStep) and action.alert in manual.alerts:
        yield from _of_watch(action, manual)
    elif isinstance(action, CheckStep) and action.indicator in manual.indicators:
        indicator = manual.indicators[action.indicator]
        yield from (("when", one.found, one.wanted) for one in misfits_of(("when",), action.when, indicator, manual))
        yield from _labels(action.where, indicator.by)
    if block.kind is Kind.SQL and block.target is not None and block.target in manual.sources:
        kind = manual.sources[block.target].kind
        if kind not in DATABASES:
            yield "target", f"`{block.target}`, which is {kind}", f"a source of the kind {' or '.join(DATABASES)}"
    if isinstance(action, Http) and action.url.startswith("/") and block.target is not None:
        yield from _of_target(block.target, manual)


def _of_switch(action: SwitchStep, manual: Manual) -> Iterator[Fault]:
    switch = manual.switches.get(action.switch)
    if switch is None:
        return
    if action.to != ("default",) and not any(map(uses, action.to)):
        try:
            read_value(switch, action.to)
        except Unfit as error:
            yield "to", error.found, f"{error.wanted}: the switch is of the kind {switch.kind}"
    if action.for_ is not None and action.for_.ns > switch.longest_ns:
        yield "for", f"`{action.for_}`", f"at most {switch.longest or LONGEST}, the longest that the switch allows"
    if action.ramp is not None and switch.kind not in ("percentage", "number"):
        yield "ramp", f"a ramp of a {switch.kind}", "a switch of the kind percentage or number"


def _of_watch(action: WatchStep, manual: Manual) -> Iterator[Fault]:
    alert = manual.alerts[action.alert]
    indicator = indicator_of(alert, manual)
    if indicator is None or alert.when is None:
        yield "alert", f"`{action.alert}`, which looks at no numbers", "an alert with a condition"
        return
    yield from (("when", one.found, one.wanted) for one in misfits_of(("when",), action.when, indicator, manual))
    yield from _labels(action.where, indicator.by)


def _labels(where: Mapping[str, str], by: tuple[str, ...]) -> Iterator[Fault]:
    for label in where:
        if label not in by:
            told = f"one of {', '.join(by)}{nearest(label, by)}" if by else "no label: the indicator tells none apart"
            yield "where", f"`{label}`", told


def _of_target(target: str, manual: Manual) -> Iterator[Fault]:
    held = manual.services.get(target) or manual.dependencies.get(target)
    addresses = (getattr(held, "url", None), getattr(held, "url_env", None), manual.base_url, manual.base_url_env)
    if not any(addresses if target in manual.services else addresses[:2]):
        yield (
            "target",
            f"`{target}`, which has no address",
            "a service with `url` or `url_env`, or a `base_url` of the manual",
        )
