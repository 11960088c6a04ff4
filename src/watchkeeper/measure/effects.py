"""
Which rows does a signature count for, and what does one group of events add to them?
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from watchkeeper.measure.groups import Groups
from watchkeeper.measure.held import Held, merged
from watchkeeper.measure.plan import IndicatorPlan
from watchkeeper.measure.rows import (
    bucketed_row,
    count_row,
    high_sum_row,
    matched_row,
    over_row,
    sum_row,
    under_row,
    valued_row,
)
from watchkeeper.measure.sheet import Places, Sheet
from watchkeeper.measure.values import Ints

Bounds = Sequence[tuple[int, bool]]


@dataclass(frozen=True, slots=True)
class Hit:
    """
    A signature counts for this indicator: whether its predicate holds, and in which series.
    """

    indicator: IndicatorPlan
    matched: bool
    series: tuple[str, ...]

    @property
    def look(self) -> tuple[bool, bool | None]:
        """
        Whether these are the ones worth keeping as examples, and their result where strikes are counted.
        """
        bad = self.indicator.good is None or self.matched is not self.indicator.good
        return bad, self.matched if self.indicator.strikes else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """
    The rows of one signature under one reading, by place, and its series by what of them is looked at.
    """

    count: Ints
    matched: Ints
    valued: Ints
    low_sum: Ints
    high_sum: Ints
    bucketed: Ints
    under: Ints
    over: Ints
    bounds: Ints  # for each row of `under` and `over` the number of its bound
    looks: dict[tuple[bool, bool | None], tuple[str, ...]]


def effect_of(hits: Iterable[Hit], bounds: Bounds, places: Places) -> Effect:
    """
    What these hits count for. `bounds` are those of the reading, in the order of the columns of `Groups.under`.
    """
    columns = {limit: i for i, (limit, _) in enumerate(bounds)}
    every = [(hit, series) for hit in hits for series in hit.series]
    series = [one for _, one in every]
    held = [(one, bound) for hit, one in every for bound in hit.indicator.bounds]
    looks: dict[tuple[bool, bool | None], list[str]] = defaultdict(list)
    for hit, one in every:
        looks[hit.look].append(one)
    return Effect(
        count=places.of(map(count_row, series)),
        matched=places.of(matched_row(one) for hit, one in every if hit.matched),
        valued=places.of(map(valued_row, series)),
        low_sum=places.of(map(sum_row, series)),
        high_sum=places.of(map(high_sum_row, series)),
        bucketed=places.of(map(bucketed_row, series)),
        under=places.of(under_row(one, limit) for one, (limit, _) in held),
        over=places.of(over_row(one, limit) for one, (limit, _) in held),
        bounds=np.array([columns[limit] for _, (limit, _) in held], dtype=np.int64),
        looks={look: tuple(found) for look, found in looks.items()},
    )


def write(groups: Groups, effects: Sequence[Effect | None], sheet: Sheet) -> None:
    """
    Add every group to the rows and series of its signature.
    """
    parts: dict[tuple[str, int], list[tuple[int, bool, bool | None]]] = defaultdict(list)
    for g, (signature, slot) in enumerate(zip(groups.signatures.tolist(), groups.slots.tolist(), strict=True)):
        effect = effects[signature]
        if effect is None:
            continue
        _add(groups, g, slot, effect, sheet)
        for (worst, result), found in effect.looks.items():
            for series in found:
                parts[series, slot].append((g, worst, result))
    _write_merges(groups, parts, sheet)


def _add(groups: Groups, g: int, slot: int, effect: Effect, sheet: Sheet) -> None:
    sheet.add(effect.count, slot, int(groups.count[g]))
    sheet.add(effect.matched, slot, int(groups.count[g]))
    sheet.add(effect.valued, slot, int(groups.valued[g]))
    sheet.add(effect.low_sum, slot, int(groups.low_sum[g]))
    sheet.add(effect.high_sum, slot, int(groups.high_sum[g]))
    sheet.add(effect.bucketed, slot, int(groups.bucketed[g]))
    sheet.add(effect.under, slot, groups.under[g][effect.bounds])
    sheet.add(effect.over, slot, groups.over[g][effect.bounds])


def _write_merges(
    groups: Groups, parts: dict[tuple[str, int], list[tuple[int, bool, bool | None]]], sheet: Sheet
) -> None:
    """
    Each merge is worked out once, however many indicators look at the same groups in the same way.
    """
    single: dict[tuple[int, bool, bool | None], Held] = {}
    whole: dict[tuple[tuple[int, bool, bool | None], ...], Held] = {}
    for (series, slot), found in parts.items():
        key = tuple(found)
        if key not in whole:
            for g, worst, result in found:
                if (g, worst, result) not in single:
                    single[g, worst, result] = groups.merge(g, worst=worst, result=result)
            whole[key] = merged(single[one] for one in found)
        if whole[key]:
            sheet.merge(series, slot, whole[key])
