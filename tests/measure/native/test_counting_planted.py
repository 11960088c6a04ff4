"""
Would somebody who adds up every event by hand notice a defect in compiled counting?
"""

from pathlib import Path

import pytest

from tests.measure.native.needed import need
from tests.measure.native.planted import mutant
from tests.measure.test_oracle import run
from watchkeeper.measure.native import backend

SOUND = backend.native

DEFECTS = {
    "a signature leaves out an attribute": (
        "cdef Py_ssize_t width = self.width\n",
        "cdef Py_ssize_t width = self.width - 1\n",
    ),
    "all of a batch lies in the slot of its first row": (
        "_slot(at_ns[i], slot_ns)\n            w = ",
        "_slot(at_ns[0], slot_ns)\n            w = ",
    ),
    "two examples instead of three": ("    KEEP = 3", "    KEEP = 2"),
    "a weight counts once in a histogram": ("slot, b, weight[i])", "slot, b, 1)"),
    "what is too old counts": ("if at_ns[i] < oldest or at_ns[i] > newest:", "if at_ns[i] > newest:"),
    "a value at a threshold is under it": (
        "_upto(self.limit, first, bounds, v)]",
        "_upto(self.limit, first, bounds, v - 1)]",
    ),
    "a bucket that ends at a threshold is open": (
        "self.end, first, bounds, high - 1)]",
        "self.end, first, bounds, high)]",
    ),
    "a row carries over into the next slot": ("            field[place] = 0\n", "            pass\n"),
    "a bucket of a histogram begins one later": ("if self.limits[middle] <= v:", "if self.limits[middle] < v:"),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_planted_in_compiled_counting_is_caught(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need("counting")
    old, new = DEFECTS[name]
    source, life = tmp_path / "source", tmp_path / "life"
    source.mkdir()
    life.mkdir()
    defective = mutant("counting", old, new, folder=source)
    monkeypatch.setattr(backend, "native", lambda part: defective if part == "counting" else SOUND(part))
    with pytest.raises(AssertionError):
        run(range(0, 900, 9), life)  # of many manuals
