"""
Which keys of an entry that is live does nothing read yet?

One table, by model: the key, and what it waits for. A key that is neither here nor read by something is a mistake that
a test finds. Such a key is loaded, checked and shown; beside the entry stands what it does not do:

>>> from watchkeeper.manual.model.promising import Severity
>>> unread(Severity(respond="30m", examples="the shop is down"))
'`examples`: shown only'
>>> unread(Severity(respond="30m"))
''
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel

from watchkeeper.manual.model.manual import Dependency, Service
from watchkeeper.manual.model.measuring import Check, Region, Stream
from watchkeeper.manual.model.promising import Channel, Objective, Severity
from watchkeeper.manual.model.reaching import HandOff
from watchkeeper.manual.model.responding import RunbookStep

_SHOWN: Final = "shown only"
_TICKED: Final = "checklists show only what to do yet"
_COMPARED: Final = "not compared with what follows from the targets yet"

#: What stands beside any piece of a manual and asks for nothing but to be shown (`accept` is heeded by lint).
SAID: Final = frozenset({"title", "because", "chosen", "stated", "accept", "note"})

#: Labels by which people tell entries apart; they ask for no more.
LABELS: Final[Mapping[type[BaseModel], frozenset[str]]] = {
    Dependency: frozenset({"kind"}),
    Severity: frozenset({"scale"}),
}

#: By model: the keys that wait, and for what.
UNREAD: Final[Mapping[type[BaseModel], Mapping[str, str]]] = {
    Service: {
        "owner": _SHOWN,
        "runbook": "alerts link the runbook that they name themselves",
    },
    Dependency: {
        "limit": "not watched yet",
        "url": _SHOWN,
        "runbook": "alerts link the runbook that they name themselves",
    },
    Stream: {"on": "only a query asks a source"},
    Check: {"covers": _SHOWN},
    Region: {"by": "this machine asks until agents come"},
    Objective: {"budgets": _COMPARED, "agreement_budgets": _COMPARED, "measured_by": _SHOWN},
    Severity: {
        "criteria": "cases are not ranked by it yet",
        "examples": _SHOWN,
    },
    HandOff: {"how": _SHOWN},
    RunbookStep: {"details": _TICKED, "run": _TICKED, "limit": _TICKED, "change": _TICKED, "when": _TICKED},
    Channel: {
        "format": "each kind has one shape yet",
        "purpose": _SHOWN,
        "audience": _SHOWN,
    },
}


def unread(entry: BaseModel) -> str:
    """
    What of this entry is written and not read by anything yet, key by key; empty when all of it is.
    """
    waits: dict[str, list[str]] = {}
    for key, why in dict(_waiting(entry)).items():
        waits.setdefault(why, []).append(f"`{key}`")
    return "; ".join(f"{', '.join(keys)}: {why}" for why, keys in waits.items())


def _waiting(piece: BaseModel, before: str = "") -> Iterator[tuple[str, str]]:
    table = UNREAD.get(type(piece), {})
    for name, info in type(piece).model_fields.items():
        key, value = f"{before}{info.alias or name}", getattr(piece, name)
        if name in table:
            if value not in (None, ()):
                yield key, table[name]
            continue
        for inner in _models(value):
            yield from _waiting(inner, f"{key}.")


def _models(value: Any) -> tuple[BaseModel, ...]:
    held = value if isinstance(value, tuple) else (value,)
    return tuple(each for each in held if isinstance(each, BaseModel))
