"""
What do the observations of one group merge into its series?

Only for indicators of which a condition asks more than can be added up: extremes, the newest value, strikes, sets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.measure.distinct import seen
from watchkeeper.measure.ledger import Ledger, Look
from watchkeeper.measure.merges import KEEP_RESULTS, Merge
from watchkeeper.measure.readings import Read
from watchkeeper.measure.values import Ints

#: By attribute: the hash of each row's value, and whether it has one.
Hashed = Mapping[str, tuple[NDArray[np.uint64], NDArray[np.bool_]]]
Merges = dict[tuple[str, int], Merge]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """
    Observations of groups that are looked at, sorted by group; `starts` is where each group begins.
    """

    starts: Ints
    parts: Ints  # by group
    slots: Ints  # by group
    at_ns: Ints
    weight: Ints
    values: Read
    rows: Ints  # by observation: its row in the batch


def merge_into(merges: Merges, looked: Looked, ledger: Ledger, hashed: Hashed) -> None:
    """
    Merge every group into the series that look at it.
    """
    ends = np.r_[looked.starts[1:], len(looked.at_ns)].tolist()
    each = zip(looked.starts.tolist(), ends, looked.parts.tolist(), looked.slots.tolist(), strict=True)
    for start, end, part, slot in each:
        rows = np.arange(start, end)
        rows = rows[looked.weight[start:end] > 0]  # a row of weight 0 only says that its source spoke
        if not len(rows):
            continue
        for look in ledger.looks[part]:
            merge = _merge(looked, rows, look, hashed)
            for series in look.series if merge else ():
                merges.setdefault((series, slot), Merge()).take(merge)


def _merge(looked: Looked, rows: Ints, look: Look, hashed: Hashed) -> Merge:
    at, merge = looked.at_ns[rows], Merge()
    has = looked.values.has[rows]
    values, when = looked.values.value[rows][has], at[has]
    if look.newest:
        merge.seen_ns = int(at.max())
    if look.extremes and len(values):
        merge.low, merge.high = int(values.min()), int(values.max())
    if look.newest and len(values):
        newest = int(when.max())
        merge.last = (newest, int(values[when == newest].max()))
    if look.result is not None:
        merge.results = [(one, look.result) for one in np.sort(at)[-KEEP_RESULTS:].tolist()]
    for one in look.sets:
        hashes, there = hashed[one.key]
        mine = looked.rows[rows]
        mine = mine[there[mine]]
        if len(mine):
            merge.distinct[one.name] = seen(hashes[mine])
    return merge


def sets_of(looks: Sequence[tuple[Look, ...]], parts: Ints) -> set[str]:
    """
    The attributes whose values are counted distinct by any of these parts.
    """
    return {one.key for part in np.unique(parts).tolist() for look in looks[part] for one in look.sets}
