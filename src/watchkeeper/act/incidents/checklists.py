"""
Which steps can be ticked in an incident?

Those of the process, stage by stage, and those of the runbooks that its alerts name, under `runbook NAME`.

>>> shop = Manual(
...     watchkeeper=1,
...     manual="Shop",
...     runbooks={"storm": {"steps": ["Read the log"], "phases": [{"name": "Act", "steps": ["Slow down"]}]}},
...     incidents={"stages": [{"name": "Assess", "steps": ["Find out how bad it is"]}]},
... )
>>> checklist(shop, "Assess"), checklist(shop, "runbook storm"), checklist(shop, "Resolve")
(('Find out how bad it is',), ('Read the log', 'Slow down'), ())
"""

from typing import Final

from watchkeeper.decide.process import stage_named
from watchkeeper.manual.model.manual import Manual

RUNBOOK: Final = "runbook "


def checklist(manual: Manual, name: str) -> tuple[str, ...]:
    """
    The steps of a stage or (`runbook NAME`) of a runbook, phase after phase; nothing where there is no such.
    """
    if name.startswith(RUNBOOK):
        book = manual.runbooks.get(name.removeprefix(RUNBOOK))
        if book is None:
            return ()
        return tuple(step.do for step in (*book.steps, *(step for phase in book.phases for step in phase.steps)))
    stage = stage_named(manual, name)
    return tuple(step.do for step in stage.steps) if stage is not None else ()
