"""
What does a fenced block run, or what is wrong with it?

A block whose opening line has `{run=NAME}` runs; all others are for the reader.
"""

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pydantic import ValidationError

from watchkeeper.manual.explain import explain
from watchkeeper.manual.links import Reference, references_in
from watchkeeper.manual.marks import Marks
from watchkeeper.manual.mistakes import Mistake
from watchkeeper.manual.model.base import RefersTo
from watchkeeper.manual.model.running import CheckStep, SwitchStep, WaitStep, WatchStep
from watchkeeper.manual.model.scalars import read_length
from watchkeeper.manual.model.unfit import Unfit, nearest
from watchkeeper.manual.runbooks.attributes import ATTRIBUTES, Attributes, read_attributes
from watchkeeper.manual.runbooks.http import Misread, read_http
from watchkeeper.manual.runbooks.markdown import Fence
from watchkeeper.manual.runbooks.parameters import uses
from watchkeeper.manual.runbooks.shell import pasted
from watchkeeper.manual.runbooks.sql import Understood, read_sql
from watchkeeper.manual.runbooks.values import Action, Bash, Block, Http, Kind, Sql
from watchkeeper.manual.units import Duration, parse_duration
from watchkeeper.manual.yaml_faults import Mark
from watchkeeper.manual.yaml_nodes import plain, read_nodes

#: How long a block may take that does not say, and the longest that it may say.
USUAL_TIMEOUT = "1m"
LONGEST_TIMEOUT = "6h"
Keyed: TypeAlias = SwitchStep | WatchStep | CheckStep | WaitStep
TARGETS = RefersTo(("sources", "services", "dependencies"))
_MODELS: dict[Kind, type[Keyed]] = {
    Kind.SWITCH: SwitchStep,
    Kind.WATCH: WatchStep,
    Kind.CHECK: CheckStep,
    Kind.WAIT: WaitStep,
}
_NAME = re.compile(r"[a-z][a-z0-9-]{0,59}")


@dataclass(slots=True, kw_only=True)
class Found:
    """
    What reading a page collects: blocks that run, mistakes, and names that the manual must hold.
    """

    file: str
    book: str
    parameters: Sequence[str]
    mistakes: list[Mistake] = field(default_factory=list)
    references: list[tuple[Mark, Reference]] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)  # of blocks, with their lines

    def wrong(self, line: int, column: int, what: str, error: Unfit) -> None:
        """
        Notes a mistake at this place.
        """
        self.mistakes.append(
            Mistake(
                file=self.file,
                line=line,
                column=column,
                field=f"runbooks.{self.book}{what and '.'}{what}",
                found=error.found,
                wanted=error.wanted,
                sentence=error.sentence,
            )
        )


def read_block(fence: Fence, found: Found, *, in_step: bool) -> Block | None:
    """
    The block when it runs and is right; mistakes go to `found`.
    """
    before = len(found.mistakes)
    try:
        attributes = read_attributes(fence.info)
    except Unfit as error:
        found.wrong(fence.line, fence.column + error.column - 1, "", error)
        return None
    if attributes.given is None:
        return None
    block = _Block(fence=fence, given=attributes, found=found)
    block.place(in_step=in_step)
    action = block.action() if len(found.mistakes) == before else None
    if action is None or len(found.mistakes) > before:
        return None
    return block.finished(action)


@dataclass(slots=True, kw_only=True)
class _Block:
    fence: Fence
    given: Attributes
    found: Found
    used: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self._value("run") or ""

    def place(self, *, in_step: bool) -> None:
        """
        Is it a block that can run at all, in a place where blocks run, with attributes that belong to it?
        """
        for wrong, column in (*self._misplaced(in_step), *self._misnamed(), *self._misgiven()):
            self.found.wrong(self.fence.line, self.fence.column + column - 1, self.name, wrong)

    def action(self) -> Action | None:
        """
        What it runs; None after a mistake.
        """
        reads: dict[Kind, Callable[[], Action | None]] = {
            Kind.BASH: self._bash,
            Kind.SQL: self._sql,
            Kind.HTTP: self._http,
        }
        return reads.get(Kind(self.given.kind), self._keys)()

    def finished(self, action: Action) -> Block:
        kind = Kind(self.given.kind)
        timed = "timeout" in _belonging(kind)
        timeout = read_length(self._value("timeout") or USUAL_TIMEOUT) if timed else None
        if target := self._value("target"):
            column = self.fence.column + (self.given.given or {})["target"].column - 1
            sections = RefersTo(("sources",)) if kind is Kind.SQL else TARGETS
            mark = Mark(file=self.found.file, line=self.fence.line, column=column)
            self.found.references.append((mark, Reference(field=f"{self.name}.target", name=target, target=sections)))
        effects = action.effects if isinstance(action, Sql) else ()
        asked = "the page asks for it" if self._value("needs") else ""
        return Block(
            name=self.name,
            kind=kind,
            body=self.fence.text,
            action=action,
            timeout=timeout,
            approval="; ".join(filter(None, (asked, *effects))),
            repeatable="repeatable" in (self.given.given or {}),
            target=self._value("target"),
            parameters=tuple(dict.fromkeys(self.used)),
            line=self.fence.line,
        )

    def _value(self, name: str) -> str | None:
        held = (self.given.given or {}).get(name)
        return held.value if held is not None else None

    def _misplaced(self, in_step: bool) -> Iterator[tuple[Unfit, int]]:
        if not in_step or self.fence.quoted:
            wanted = "it inside a numbered step: indent it as far as the step's text, and keep it out of quotations"
            yield Unfit(found="a block that runs outside of the steps", wanted=wanted), 1
        if not self.fence.closed:
            yield Unfit(found="a block without an end", wanted="a line with the same signs that opened it"), 1
        if self.given.kind not in list(Kind):
            known = ", ".join(Kind)
            meant = nearest(
                {"sh": "bash", "shell": "bash", "psql": "sql", "curl": "http"}.get(self.given.kind, self.given.kind),
                Kind,
            )
            yield Unfit(found=f"`{self.given.kind}`", wanted=f"one of {known}{meant}, or no attributes"), 1

    def _misnamed(self) -> Iterator[tuple[Unfit, int]]:
        run = (self.given.given or {}).get("run")
        if run is None:
            yield Unfit(found="attributes without `run`", wanted="`run=NAME`, which is what makes a block run"), 1
        elif not _NAME.fullmatch(run.value):
            wanted = "a name of lower-case letters, digits and `-`, such as `restart-cache`"
            yield Unfit(found=f"`run={run.value[:60]}`", wanted=wanted), run.column
        elif run.value in self.found.names:
            first = self.found.names[run.value]
            yield (
                Unfit(
                    found=f"`run={run.value}` a second time", wanted=f"another name; the first stands in line {first}"
                ),
                run.column,
            )
        else:
            self.found.names[run.value] = self.fence.line

    def _misgiven(self) -> Iterator[tuple[Unfit, int]]:
        kind = self.given.kind
        for name, given in (self.given.given or {}).items():
            if kind in list(Kind) and name not in _belonging(Kind(kind)):
                yield Unfit(found=f"`{name}` on a {kind} block", wanted=f"it on {_kinds(name)} only"), given.column
        needs = (self.given.given or {}).get("needs")
        if needs is not None and needs.value != "approval":
            yield Unfit(found=f"`needs={needs.value}`", wanted="`needs=approval`"), needs.column
        timeout = (self.given.given or {}).get("timeout")
        if timeout is not None:
            yield from ((wrong, timeout.column) for wrong in _unfit_timeout(timeout.value))
        if kind == Kind.SQL and self._value("target") is None:
            yield Unfit(found="no `target`", wanted="`target=NAME`: the source whose database is asked"), 1

    def _at(self, offset: int) -> tuple[int, int]:
        """
        Line and column in the file of a place in the block's text, which stands as far in as the step does.
        """
        before = self.fence.text[:offset]
        line, column = before.count("\n"), offset - (before.rfind("\n") + 1)
        whole = self.fence.text.split("\n")[line]
        raw = self.fence.raw[line] if line < len(self.fence.raw) else whole
        return self.fence.line + 1 + line, len(raw) - len(whole) + column + 1

    def _wrong(self, offset: int, found: str, wanted: str) -> None:
        self.found.wrong(*self._at(offset), self.name, Unfit(found=found, wanted=wanted))

    def _not_pasted(self, instead: str) -> None:
        for one in pasted(self.fence.text, self.found.parameters):
            if one.name in self.found.parameters:
                self._wrong(
                    one.at,
                    f"`{one.text}`",
                    f"`{instead.format(one.name)}`: values are never pasted into a text that runs",
                )
            else:
                self._wrong(
                    one.at,
                    f"`{one.text}`",
                    f"a parameter of the page, such as `{one.name}`, and `{instead.format(one.name)}` here",
                )

    def _empty(self) -> bool:
        if self.fence.text.strip():
            return False
        self._wrong(0, "an empty block", f"what it runs: {self.given.kind}")
        return True

    def _bash(self) -> Action | None:
        self._not_pasted('"${}"')
        if self._empty():
            return None
        self.used += [name for name in uses(self.fence.text) if name in self.found.parameters]
        if "plain" not in (self.given.given or {}):
            return Bash(script=self.fence.text)
        return Bash(script=self.fence.text, commands=tuple(self._commands()))

    def _commands(self) -> Iterator[tuple[str, ...]]:
        at = 0
        for line in self.fence.text.split("\n"):
            try:
                words = tuple(shlex.split(line, comments=True))
            except ValueError as error:
                self._wrong(at, f"`{line.strip()[:60]}`", f"a line whose quotes close ({error})")
                words = ()
            if odd := next((word for word in words if word in _SHELL_ONLY or word.startswith(("$(", "`"))), None):
                self._wrong(at, f"`{odd}`", "a program and its arguments; `plain` starts no shell")
            for word in words:
                self._declared(uses(word), at)
            if words:
                yield words
            at += len(line) + 1

    def _sql(self) -> Action | None:
        self._not_pasted(":{}")
        understood = read_sql(self.fence.text)
        if not understood.statements:
            self._empty()
            return None
        self._binds(understood)
        return Sql(statements=understood.statements, effects=understood.effects)

    def _binds(self, understood: Understood) -> None:
        for bind in understood.binds:
            if bind.name in self.found.parameters and bind.quoted:
                self._wrong(
                    bind.at, f"`:{bind.name}` inside quotes", f"`:{bind.name}` without quotes: it is bound as a value"
                )
            elif bind.name in self.found.parameters:
                self.used.append(bind.name)
            elif not bind.quoted:
                self._wrong(
                    bind.at, f"`:{bind.name}`", f"a parameter of the page{nearest(bind.name, self.found.parameters)}"
                )
        for name in uses(self.fence.text):
            if name in self.found.parameters:
                self._wrong(
                    self.fence.text.index(f"${name}") if f"${name}" in self.fence.text else 0,
                    f"`${name}`",
                    f"`:{name}`, which is bound as a value",
                )

    def _http(self) -> Action | None:
        self._not_pasted("${}")
        if self._empty():
            return None
        try:
            asked = read_http(self.fence.text, expect=self._value("expect") or "")
        except Misread as error:
            self.found.wrong(self.fence.line + 1 + error.line, self._at(0)[1], self.name, error)
            return None
        except Unfit as error:
            self.found.wrong(
                self.fence.line, self.fence.column + (self.given.given or {})["expect"].column - 1, self.name, error
            )
            return None
        self._declared(uses(" ".join((asked.url, asked.body, *(value for _, value in asked.headers)))), 0)
        return self._addressed(asked)

    def _addressed(self, asked: Http) -> Action | None:
        if asked.url.startswith("/") and self._value("target") is None:
            self._wrong(0, f"`{asked.url}`", "a whole address, or `target=NAME`: the service that has this path")
            return None
        return asked

    def _declared(self, names: Sequence[str], at: int) -> None:
        for name in names:
            if name in self.found.parameters:
                self.used.append(name)
            else:
                self._wrong(at, f"`${name}`", f"a parameter of the page{nearest(name, self.found.parameters)}")

    def _keys(self) -> Action | None:
        """
        The kinds whose text is a few keys.
        """
        model, file = _MODELS[Kind(self.given.kind)], self.found.file
        node = read_nodes("\n" * self.fence.line + "\n".join(self.fence.raw), file)
        if isinstance(node, list):
            for fault in node:
                self.found.wrong(
                    fault.mark.line, fault.mark.column, self.name, Unfit(found=fault.found, wanted=fault.wanted)
                )
            return None
        if node.pairs is None:
            self._wrong(0, "no keys", f"keys such as `{next(iter(model.model_fields)).rstrip('_')}: ...`")
            return None
        return self._typed(model, plain(node), Marks(node))

    def _typed(self, model: type[Keyed], data: dict[str, Any], marks: Marks) -> Action | None:
        where = f"runbooks.{self.found.book}.{self.name}"
        for path, name, target in references_in(model, data):
            reference = Reference(field=f"{self.name}.{path[-1]}", name=name, target=target)
            self.found.references.append((marks.of(path), reference))
        self._declared([name for text in _texts(data) for name in uses(text)], 0)
        try:
            return model.model_validate(data, by_alias=True, by_name=False)
        except ValidationError as error:
            for each in explain(error, marks, model):
                self.found.mistakes.append(_prefixed(each, where))
        return None


_SHELL_ONLY = frozenset({"|", "||", "&", "&&", ";", ">", ">>", "<", "<<", "2>", "2>&1"})


def _belonging(kind: Kind) -> list[str]:
    return [name for name, (kinds, _) in ATTRIBUTES.items() if not kinds or kind in kinds]


def _kinds(name: str) -> str:
    return ", ".join(sorted(ATTRIBUTES[name][0]))


def _unfit_timeout(text: str) -> Iterator[Unfit]:
    found, longest = parse_duration(text), parse_duration(LONGEST_TIMEOUT)
    assert isinstance(longest, Duration)
    if not isinstance(found, Duration):
        yield Unfit(found=f"`timeout={text}`", wanted="a span of time such as `30s`")
    elif not 0 < found.ns <= longest.ns:
        yield Unfit(found=f"`timeout={text}`", wanted=f"more than nothing and at most {LONGEST_TIMEOUT}")


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict | list):
        for each in data.values() if isinstance(data, dict) else data:
            yield from _texts(each)


def _prefixed(mistake: Mistake, where: str) -> Mistake:
    return Mistake(
        file=mistake.file,
        line=mistake.line,
        column=mistake.column,
        field=f"{where}.{mistake.field}",
        found=mistake.found,
        wanted=mistake.wanted,
        sentence=mistake.sentence,
    )
