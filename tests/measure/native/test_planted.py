import pytest

import hatch_build
from tests.measure.native import otlp
from tests.measure.native.needed import need
from tests.measure.native.planted import Defect, caught

DEFECTS = {
    "an integer is read as a boolean": Defect(
        part="traces", file="attributes.pyx", old="found.kind = WHOLE", new="found.kind = TRUTH"
    ),
    "a value keeps the kind that it had first": Defect(
        part="traces", file="attributes.pyx", old="found.kind = OTHER", new="pass"
    ),
    "the last of two attributes counts": Defect(
        part="traces", file="attributes.pyx", old="self._ranks[hit] < self._best", new="self._ranks[hit] <= self._best"
    ),
    "text need not be UTF-8": Defect(
        part="traces", file="reader.pxd", old="if not is_utf8(found):", new="if False:", into="attributes"
    ),
    "groups nest one deeper": Defect(
        part="traces", file="reader.pxd", old="depth >= 1:", new="depth >= 0:", into="schema"
    ),
    "messages nest one deeper": Defect(
        part="traces", file="schema.pyx", old="            if depth < 1:", new="            if depth < 0:"
    ),
    "a length may reach beyond its message": Defect(
        part="traces",
        file="reader.pxd",
        old="if n > 0x7FFFFFFF or <Py_ssize_t>n > r.end - r.at:",
        new="if n > 0x7FFFFFFF:",
    ),
    "a number of eight bytes may end beyond the body": Defect(
        part="traces", file="reader.pxd", old="if r.end - r.at < 8:", new="if r.end - r.at < 1:"
    ),
    "an attribute as the item before had it counts before better ones": Defect(
        part="traces",
        file="attributes.pyx",
        old="if column >= 0 and self._rank[place] < self._best[column]:",
        new="if column >= 0:",
    ),
    "a text that is cut is counted once for items that are alike": Defect(
        part="logs", file="attributes.pyx", old=" or self.cuts != cuts:", new=":"
    ),
    "what was remembered of an attribute outlives its body": Defect(
        part="traces", file="attributes.pyx", old="        self._pair_n[:] = -1\n", new=""
    ),
    "a resource leaks into the next": Defect(
        part="traces", file="traces.pyx", old="        self.attributes.begin(RESOURCE)\n", new=""
    ),
    "an item that was refused counts its texts": Defect(
        part="logs", file="logs.pyx", old="            self.attributes.cuts = cuts\n", new=""
    ),
    "a record has the body of the one before it": Defect(
        part="logs", file="logs.pyx", old="        said.kind = NOTHING\n", new="        said.kind = WORDS\n"
    ),
}


def hunt_traces(part):
    return hunt("traces", part)


def hunt_logs(part):
    return hunt("logs", part)


def hunt(signal, part):
    """
    What the tests of every day would say of this part.
    """
    pairs = otlp.pairs(signal, part)
    found = otlp.first_difference(pairs, otlp.randomly(signal, 7), 1000)
    return found or otlp.first_difference(pairs, otlp.swept(signal, 1), 10**6)


@pytest.mark.parametrize("named", DEFECTS)
def test_a_defect_in_the_compiled_source_is_noticed(named, tmp_path):
    need("traces", "logs")
    if fault := hatch_build.compiler_fault():
        pytest.skip(fault)
    defect = DEFECTS[named]
    assert caught(defect, f"{__name__}:hunt_{defect.part}", tmp_path) is not None


@pytest.mark.parametrize("signal", ["traces", "logs"])
def test_nothing_is_noticed_where_there_is_no_defect(signal, tmp_path):
    need("traces", "logs")
    if fault := hatch_build.compiler_fault():
        pytest.skip(fault)
    sound = Defect(
        part=signal, file=f"{signal}.pyx", old="# cython: language_level=3", new="# cython: language_level=3"
    )
    assert caught(sound, f"{__name__}:hunt_{signal}", tmp_path) is None
