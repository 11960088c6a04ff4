"""
What does a runbook's page hold, once it is understood?

A page has phases (its headings), a phase has steps (its numbered items), a step has blocks that run, or none: then a
person does it and ticks it.
"""

from dataclasses import dataclass
from enum import StrEnum

from watchkeeper.manual.model.running import CheckStep, SwitchStep, WaitStep, WatchStep
from watchkeeper.manual.units import Duration


class Kind(StrEnum):
    """
    What a block is made of.
    """

    BASH = "bash"
    SQL = "sql"
    HTTP = "http"
    SWITCH = "switch"
    WATCH = "watch"
    CHECK = "check"
    WAIT = "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bash:
    """
    A script, or (`commands`, when the block says `plain`) programs with their arguments, one a line, without a shell.
    """

    script: str
    commands: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sql:
    """
    Statements with named values (`:name`), and what each does beside reading; no effects: it only reads.
    """

    statements: tuple[str, ...]
    effects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Http:
    """
    A request. `url` is whole, or a path at the block's target; `$name` in it stands for a value, percent-encoded.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str
    expect: tuple[int, ...]


Action = Bash | Sql | Http | SwitchStep | WatchStep | CheckStep | WaitStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """
    One block that runs. `approval` says why another person must approve it, empty when nobody must.

    `parameters` are the names that it uses; `line` is where it begins in the file, counted from 1.
    """

    name: str
    kind: Kind
    body: str
    action: Action
    timeout: Duration | None
    approval: str
    repeatable: bool
    target: str | None
    parameters: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """
    One numbered item: what to do, point by point, and its blocks in order. Without a block a person ticks it.
    """

    text: str
    details: tuple[str, ...]
    shown: tuple[str, ...]  # every fenced text of the item, those that run among them
    blocks: tuple[Block, ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """
    The steps below one heading; `rollback`: they are done only to go back.
    """

    name: str
    steps: tuple[Step, ...]
    line: int
    rollback: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """
    One runbook's page.
    """

    name: str
    file: str
    phases: tuple[Phase, ...]

    @property
    def blocks(self) -> tuple[Block, ...]:
        """
        Everything that runs, in the order of the page.
        """
        return tuple(block for phase in self.phases for step in phase.steps for block in step.blocks)
