"""
Would the tests notice a defect in the compiled memory of counters?
"""

from pathlib import Path

import pytest

from tests.measure import test_counter_series as lives
from tests.measure.native.needed import need
from tests.measure.native.planted import Defect, caught
from watchkeeper.measure import counters
from watchkeeper.measure.native import backend

DEFECTS = {
    "a reset is seen where a counter grows": (
        "if told[first] < self._points[self._slot].value:",
        "if told[first] > self._points[self._slot].value:",
    ),
    "a rollback forgets what was touched": ("for n in range(self._before_n - 1, -1, -1):", "for n in range(0):"),
    "a point that is not newer is counted": ("        if at <= heard:\n", "        if at < heard:\n"),
    "a new start does not begin anew": ("return ANEW if known and start != began else GOES_ON", "return GOES_ON"),
}


def hunt(part):
    """
    The first difference between the lives of a memory of this part and of the reference.
    """
    chosen = vars(counters)
    sound, chosen["compiled"] = chosen["compiled"], lambda _: part
    try:
        for seed in range(30):
            lives.lived(seed, steps=25)
    except AssertionError as found:
        return f"seed {seed}: {found}"
    finally:
        chosen["compiled"] = sound
    return None


def test_the_hunt_finds_nothing_in_the_sound_part():
    need("series")
    assert hunt(backend.native("series")) is None


@pytest.mark.parametrize("name", DEFECTS)
def test_a_planted_defect_is_caught(tmp_path: Path, name: str):
    need("series")
    old, new = DEFECTS[name]
    assert caught(Defect(part="series", file="series.pyx", old=old, new=new), f"{__name__}:hunt", tmp_path) is not None
