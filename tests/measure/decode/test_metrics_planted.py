"""
Would the tests of the compiled walk over metrics see a fault in it? Each fault of this list, planted into its source,
makes the two walks disagree on one of the bodies that `test_metrics_native.py` makes.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import hatch_build
from tests.measure.native.needed import need

ROOT = Path(__file__).parents[3]
BODIES = 4_000

#: What is told wrongly -> an expression of the source, and what it becomes.
FAULTS = {
    "a number counts as a truth in an identity": ('c"i"', 'c"b"'),
    "attributes keep the order of the wire in an identity": ("self._before(moved, self.order[j - 1])", "False"),
    "an offset is never negative": ("<int32_t>((n >> 1) ^ (0 - (n & 1)))", "<int32_t>(n >> 1)"),
    "any temporality will do": ("kind != GAUGE and temporality != 1 and temporality != 2", "False"),
    "the first of two members of a oneof counts": (
        "<int64_t>fixed64(r)",
        "<int64_t>fixed64(r) if False else point.whole",
    ),
    "a point may not begin when it ends": ("point.start > point.at", "point.start >= point.at"),
    "units need not be text": ("unit = text(r)", "unit = view(r)"),
    "packed numbers need not come out even": ("found.n % 8", "found.n % 4"),
    "what is monotonic says 1": ("monotonic = varint(&look) != 0", "monotonic = varint(&look) == 1"),
    "a resource in two pieces is its last one": ("times > 1", "times > 2"),
    "attributes may have other fields between them": ("point.run.at + point.run.n != began", "False"),
    "a gauge of a sum that may fall has an identity": ("not (kind == SUM and not monotonic)", "True"),
    "delta and cumulative share what is known": ("2 * metric.data + metric.cumulative", "2 * metric.data"),
    "sums of counts wrap around": ("sum_ + self.told[i] < sum_", "False"),
    "limits may be alike": ("not last < limit", "last > limit"),
    "the mirror image of a bucket holds its upper limit": ("nextafter(-self.high[k], -INFINITY)", "-self.high[k]"),
    "flags are the sum of their bits": ("point.flags & 1", "point.flags"),
    "long texts are cut without a word": ("self.attributes.cuts += self.cuts[known]", "pass"),
    "the body is one byte longer": ("else NULL, body.shape[0])", "else NULL, body.shape[0] + 1)"),
}


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """
    One extension with all faults in it; `plant` wakes one of them.
    """
    need("metrics")
    folder = tmp_path_factory.mktemp("planted")
    for path in (ROOT / hatch_build.NATIVE).glob("*.pxd"):
        (folder / path.name).write_bytes(path.read_bytes())
    source = (ROOT / hatch_build.NATIVE / "metrics.pyx").read_text(encoding="utf-8")
    for number, (right, wrong) in enumerate(FAULTS.values()):
        source = sown(source, number, right, wrong)
    source = source.replace("\ncdef int64_t MOST = ", "\ncdef int PLANT = -1\ncdef int64_t MOST = ", 1)
    source += "\n\ndef plant(int which):\n    global PLANT\n    PLANT = which\n"
    (folder / "metrics.pyx").write_text(source, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hatch_build, "FLAGS", ["-O0", "-g0"])
        fault = hatch_build.compile_part(folder, "metrics")
    assert fault is None, fault
    return hatch_build.extension_of(folder, "metrics")


def sown(source, number, right, wrong):
    """
    The source with a line that does the one or the other.
    """
    lines = [line for line in source.splitlines() if right in line]
    assert len(lines) == 1, f"{right!r} stands in {len(lines)} lines"
    (line,) = lines
    bad, indent = line.replace(right, wrong), line[: len(line) - len(line.lstrip())]
    assert bad != line
    if line.rstrip().endswith(":"):  # a condition: its expression alone
        keyword, rest = line.strip().split(" ", 1)
        good, other = rest[:-1], bad.strip().split(" ", 1)[1][:-1]
        both = f"{indent}{keyword} (({other}) if PLANT == {number} else ({good})):"
    elif line.strip().startswith("cdef "):
        name = line.split(" = ")[0].split()[-1]
        good, bad = (f"{name} = {one.split(' = ', 1)[1]}" for one in (line, bad))
        told = line.split(" = ")[0]
        both = f"{told}\n{indent}if PLANT == {number}:\n{indent}    {bad}\n{indent}else:\n{indent}    {good}"
    else:
        both = f"{indent}if PLANT == {number}:\n    {bad}\n{indent}else:\n    {line}"
    return source.replace(line, both)


def awake(extension, *faults):
    """
    With which of these faults awake, one after the other, the two walks were seen to differ, and how the process ended.
    """
    code = f"""
import importlib.util, sys
spec = importlib.util.spec_from_file_location("watchkeeper.measure.native.metrics", {str(extension)!r})
module = importlib.util.module_from_spec(spec)
sys.modules["watchkeeper.measure.native.metrics"] = module
spec.loader.exec_module(module)
from tests.measure.decode import test_metrics_native as told
from tests.measure.decode.conftest import _view
from tests.measure.native.guard import Guard
assert told.walks is module
tests = (
    told.test_packed_numbers_in_one_piece_in_several_and_one_by_one,
    told.test_what_stands_once_may_come_twice_or_in_pieces,
    told.test_what_is_said_of_all_points_is_said_in_numbers_of_any_size,
    told.test_attributes_may_have_other_fields_between_them,
    told.test_long_texts_are_cut_and_counted_each_time_they_come,
    lambda both: told.stories(both, {BODIES}, seed=77),
)
with Guard(1 << 20) as guard:
    for fault in {faults!r}:
        module.plant(fault)
        try:
            for test in tests:
                test(told.Both(_view, guard))
        except Exception as error:
            print(fault, type(error).__name__, flush=True)
"""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
    environment.pop("WATCHKEEPER_PURE", None)
    ended = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )
    return {int(line.split()[0]) for line in ended.stdout.splitlines()}, ended.returncode, ended.stderr


def test_every_planted_fault_is_found_and_nothing_where_none_is(planted):
    sleeping, last = -1, len(FAULTS) - 1
    found, ended, why = awake(planted, sleeping, *range(last))
    assert (ended, why) == (0, "")
    assert [fault for i, fault in enumerate(FAULTS) if i < last and i not in found] == []
    assert sleeping not in found


def test_a_byte_too_far_ends_the_process(planted):
    _, ended, _ = awake(planted, len(FAULTS) - 1)
    assert ended < 0  # by a signal
