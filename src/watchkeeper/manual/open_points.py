"""
What does the manual leave open that somebody must decide?
"""

import re
from collections.abc import Iterator
from datetime import time

from pydantic import BaseModel

from watchkeeper.manual.condition.ast import Calendar, Condition
from watchkeeper.manual.conditions import conditions
from watchkeeper.manual.marks import Place
from watchkeeper.manual.model.base import Stated
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.reaching import Contact, Person, Schedule
from watchkeeper.manual.model.shape import pieces
from watchkeeper.manual.windows import ALERT_WINDOW, OBJECTIVE_WINDOW, Source, alert_window, objective_window

Open = tuple[Place, str]

_BRACKETS = re.compile(
    r"(?<![\w\])])\[(?:(?:the )?[A-Z][A-Za-z]*(?: [A-Za-z#]+){0,4}|(?i:your|insert)(?: [A-Za-z#]+){1,4})\](?!\()"
)
_ANGLES = re.compile(r"<(?:your|insert|replace)[ -][^<>]{1,40}>", re.IGNORECASE)
#: Where somebody is to be reached, any words in brackets still wait to be filled in; `<a@b.c>` is a mail address.
_BLANK = re.compile(r"\[[^\[\]]{1,60}\](?!\()|<[^<>@]{1,60}>|\{\{[^{}]{1,60}\}\}|\b_{3,}")
_REACHED = (Contact, Person)
_TO_DO = re.compile(r"\b(?:TBD|TODO|FIXME|XXX|CHANGEME|tbd)\b")
_SHELL = re.compile(r"\$\([^()]*\)")


def missing_windows(manual: Manual) -> Iterator[Open]:
    """
    The targets and alerts for which neither they nor the manual's defaults name a window.
    """
    for path, _, condition in conditions(manual):
        if path[0] == "objectives":
            filled = objective_window(condition, manual.objectives[str(path[1])], manual)
            key, stands = "window", OBJECTIVE_WINDOW
        elif path[0] == "alerts":
            filled, key, stands = alert_window(condition, manual), "alert_window", ALERT_WINDOW
        else:
            continue
        if filled.source is Source.BUILT_IN:
            yield path, f"it names no window and `defaults` has no `{key}`; {stands.duration} stands in"


def missing_zones(manual: Manual) -> Iterator[Open]:
    """
    The calendar windows and times of day for which nobody says in which time zone.
    """
    if "zone" in manual.model_fields_set:
        return
    zoned = {path for path, piece in pieces(manual) if _has_zone(piece)}
    for path, piece in pieces(manual):
        if any(path[:length] in zoned for length in range(1, len(path) + 1)):
            continue
        for name, info in type(piece).model_fields.items():
            for held in _each(getattr(piece, name)):
                what = (
                    "a time of day" if isinstance(held, time) else "a calendar window" if _is_calendar(held) else None
                )
                if what is not None:
                    yield (*path, info.alias or name), f"{what}, and nobody names its `zone`; UTC stands in"


def _each(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


def _has_zone(piece: BaseModel) -> bool:
    """
    Whether a piece says the time zone of the times in it; a schedule may leave it to its hand-off.
    """
    hand_off = piece.hand_off if isinstance(piece, Schedule) else None
    return any(getattr(one, "zone", None) is not None for one in (piece, hand_off))


def _is_calendar(value: object) -> bool:
    return isinstance(value, Calendar) or (isinstance(value, Condition) and isinstance(value.window, Calendar))


def placeholders(manual: Manual) -> Iterator[Open]:
    """
    What stands in place of something that somebody must still fill in.
    """
    for path, piece in pieces(manual):
        if isinstance(piece, Stated):
            continue  # the document's words, kept as they are
        for name, info in type(piece).model_fields.items():
            here = (*path, info.alias or name)
            for text in _each(getattr(piece, name)):
                if isinstance(text, str) and _unfilled(piece, name, text):
                    yield here, f"`{_shortened(text)}` is still to be filled in"


def _unfilled(piece: BaseModel, name: str, text: str) -> bool:
    if name in {"placeholder", "placeholders"} or (isinstance(piece, _REACHED) and _BLANK.search(text)):
        return True
    patterns = (_BRACKETS, _ANGLES, _TO_DO) if name == "run" else (_BRACKETS, _ANGLES, _TO_DO, _SHELL)
    return any(pattern.search(text) for pattern in patterns)


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:57]}..."
