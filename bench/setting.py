"""
How much is measured?

The quick form is for every day and for CI; the full form takes longer, asks more of the recorded data, and says so.

>>> Setting.of({"QUICK": "1"}).days, Setting.of({}).days
(3, 30)
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """
    The sizes of one run.
    """

    quick: bool
    repeat: int  # repetitions of each row, at least 5
    rounds: int  # how often each series is sent in the steady part of remote-write
    objectives: int  # in the recorded data
    days: int  # that the recorded data reach back
    crossings: int  # thresholds crossed, for the tail of the time to a message

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Setting":
        """
        The form that `QUICK` asks for.
        """
        if environ.get("QUICK", "0") not in ("", "0"):
            return cls(quick=True, repeat=5, rounds=8, objectives=100, days=3, crossings=150)
        return cls(quick=False, repeat=7, rounds=12, objectives=100, days=30, crossings=500)

    def says(self) -> str:
        """
        What was used, in a sentence.
        """
        form = "quick" if self.quick else "full"
        return (
            f"{form} form: {self.repeat} repetitions in turn, recorded data of {self.objectives} objectives x "
            f"{self.days} days, {self.rounds} steady rounds of remote-write, {self.crossings} crossings"
        )
