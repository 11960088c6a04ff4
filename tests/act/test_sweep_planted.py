"""A defect in the compiled sweep is noticed by the lives that compare it with judging."""

import pytest

import hatch_build
from tests.act.sweeping import Life
from tests.measure.native.needed import need
from tests.measure.native.planted import Defect, caught
from watchkeeper.measure import sweep

DEFECTS = {
    "at most is less than": ("        return sign <= 0\n", "        return sign < 0\n"),
    "nobody is deaf": ("if heard == DEAF and not", "if False and not"),
    "what is older than the window counts": (
        "if firsts[window] <= slot <= lasts[window]:",
        "if slot <= lasts[window]:",
    ),
    "a good result does not end a row of bad ones": (
        "elif what[i] == ROW:\n                    break",
        "elif False:\n                    break",
    ),
    "the short window of a pair does not settle it": ("if first == CLEAR or second == CLEAR:", "if first == CLEAR:"),
    "one bound decides": ("if held(op, low) == held(op, high) else UNKNOWN", "if True else UNKNOWN"),
    "products overflow": ("(__int128)x * q, right", "x * q, right"),
    "too few events are enough": ("if self.at_least[i] >= 0 and", "if False and"),
    "values that were never heard of do not count": (
        "missing = self.of[i] - known if self.of[i] > known else 0",
        "missing = 0",
    ),
}


def hunt(part):
    """
    What the lives of every day would say of this part.
    """
    vars(sweep)["compiled"] = lambda _name: part
    for seed in range(2_000, 2_060):
        life = Life(seed, per_manual=4)
        life.big = seed % 2 == 1
        try:
            life.run()
        except AssertionError as error:
            return str(error)
    return None


def defect(old, new):
    return Defect(part="sweep", file="sweep.pyx", old=old, new=new)


EVERY_DAY = 3  # each is compiled and hunted, which takes its time; `make torture` plants them all


@pytest.mark.parametrize(
    "named",
    [name if i < EVERY_DAY else pytest.param(name, marks=pytest.mark.torture) for i, name in enumerate(DEFECTS)],
)
def test_a_defect_in_the_compiled_sweep_is_noticed(named, tmp_path):
    need("sweep")
    if fault := hatch_build.compiler_fault():
        pytest.skip(fault)
    assert caught(defect(*DEFECTS[named]), f"{__name__}:hunt", tmp_path) is not None


def test_nothing_is_noticed_where_there_is_no_defect(tmp_path):
    need("sweep")
    if fault := hatch_build.compiler_fault():
        pytest.skip(fault)
    first = "# cython: language_level=3"
    assert caught(defect(first, first), f"{__name__}:hunt", tmp_path) is None
