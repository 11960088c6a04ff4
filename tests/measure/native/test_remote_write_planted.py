"""
Would the tests notice a defect in the compiled walk over remote-write?
"""

from pathlib import Path

import pytest

from tests.measure.decode import test_remote_heard as walks
from tests.measure.native.guard import Guard
from tests.measure.native.needed import need
from tests.measure.native.planted import Defect, caught
from watchkeeper.measure.native import backend

DEFECTS = {
    "labels are told apart by their order": (
        "_order(label.name, self._label(run, self._order[k - 1]).name) < 0:",
        "_order(label.name, self._label(run, self._order[k - 1]).name) < -999:",
    ),
    "an instant is a thousandth": (
        "self._put(numbers, self._now.low, self._now.high, at * MS, value,",
        "self._put(numbers, self._now.low, self._now.high, at * 1000, value,",
    ),
    "a stale marker is taken as a value": ("elif _is_stale(value):", "elif False:"),
    "the last label is lost": (
        "        self._now.wire = <int32_t>n   #",
        "        self._now.wire = <int32_t>max(n - 1, 0)   #",
    ),
}


def hunt(part):
    """
    The first difference between the walk of this part and the reference.
    """
    sound, walks.part = walks.part, part
    try:
        with Guard(4 * 2**20) as room:
            for seed in range(2):
                walks.fuzzed(room, seed, 1000)
    except AssertionError as found:
        return f"seed {seed}: {str(found)[:2000]}"
    finally:
        walks.part = sound
    return None


def test_the_hunt_finds_nothing_in_the_sound_part():
    need("remote_write")
    assert hunt(backend.native("remote_write")) is None


@pytest.mark.parametrize("name", DEFECTS)
def test_a_planted_defect_is_caught(tmp_path: Path, name: str):
    need("remote_write")
    old, new = DEFECTS[name]
    defect = Defect(part="remote_write", file="remote_write.pyx", old=old, new=new)
    assert caught(defect, f"{__name__}:hunt", tmp_path) is not None
