"""
What are the nouns of being on call?

All frozen; times are ns since 1970 UTC, from `begin_ns` to before `end_ns`. A `person` of None is nobody.

>>> Shift(person="ada", begin_ns=0, end_ns=60).person
'ada'
"""

from dataclasses import dataclass
from typing import Final

NOBODY: Final = ""  # in an override: nobody is on call


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """
    An exception from a rotation: this person (`''`: nobody) is on call. Of several, the newest holds.
    """

    id: int
    schedule: str
    begin_ns: int
    end_ns: int
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """
    A stretch of time in which one person is on call, or nobody.

    `layer`: which rotation says so, 0 for `rotation`, 1 and on for `layers`; None where an override does, or none.
    """

    person: str | None
    begin_ns: int
    end_ns: int
    layer: int | None = None
    override_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """
    Who is on call at an instant, since when, until when, and who comes next.

    `until_ns` None: nothing changes within a year. `next` comes at `next_ns`, later than `until_ns` where nobody is on
    call in between; None when nobody comes within a year.
    """

    person: str | None
    since_ns: int
    until_ns: int | None
    next: str | None
    next_ns: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """
    A stretch of time in which a schedule has nobody on call, or somebody who cannot be reached (then `person`).
    """

    schedule: str
    person: str | None
    begin_ns: int
    end_ns: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """
    A stretch of time in which a page of this policy and severity (None: of none) would reach nobody at all.
    """

    policy: str  # '' pages everyone
    severity: str | None
    begin_ns: int
    end_ns: int
    why: str
