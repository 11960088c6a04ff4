"""
Does every number equal a brute-force recomputation, whatever the order, the batches, the resends and the restarts?
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.measure.cases import Case
from watchkeeper.measure import calendars, folding, groups, labels, restoring
from watchkeeper.measure.deltas import Delta
from watchkeeper.measure.intake import Intake
from watchkeeper.measure.rings import Ring


def run(seeds: range, folder: Path) -> None:
    for seed in seeds:
        case = Case(seed, folder)
        try:
            case.run()
        except Exception as error:
            raise AssertionError(f"case {seed} in {case.zone}:\n{case._text()}\n{error}") from error
        for file in folder.glob("log*"):
            file.unlink()


@pytest.mark.parametrize("tenth", range(10))
def test_every_answer_equals_a_recomputation_by_hand(tmp_path: Path, tenth: int) -> None:
    run(range(tenth * 100, tenth * 100 + 100), tmp_path)


@pytest.mark.torture
@pytest.mark.parametrize("hundredth", range(100))
def test_a_hundred_thousand_cases_equal_a_recomputation_by_hand(tmp_path: Path, hundredth: int) -> None:
    run(range(1_000 + hundredth * 1_000, 2_000 + hundredth * 1_000), tmp_path)


def late_into_the_open_slot(add: Callable[..., None]) -> Callable[..., None]:
    return lambda ring, rows, slots, amounts: add(ring, rows, np.full_like(slots, ring.head), amounts)


def at_most_for_less_than(held: Callable[..., Any]) -> Callable[..., Any]:
    return lambda values, has, loose, bounds: held(values, has, loose, [(limit + 1, said) for limit, said in bounds])


def open_slot_lost(fill: Callable[..., None]) -> Callable[..., None]:
    def lossy(ground: Any, engine: Any, rollup: Any, at_ns: int, slot_ns: int, tier: Any, counted: bool) -> None:
        if tier.slot(at_ns) != engine.rings[tier.name].head:
            fill(ground, engine, rollup, at_ns, slot_ns, tier, counted)

    return lossy


def duplicate_applied(read_one: Callable[..., Any]) -> Callable[..., Any]:
    def forgetful(intake: Intake, delivery: Any, _fresh: Any, now_ns: int) -> Any:
        intake._seen.clear()
        return read_one(intake, delivery, set(), now_ns)

    return forgetful


def cap_of_two(_cap: int) -> int:
    return 2


def a_minute_late(ns: Callable[..., int]) -> Callable[..., int]:
    return lambda at: ns(at) + 60 * 10**9


def what_waits_lost(split: Callable[..., tuple[Delta, Delta]]) -> Callable[..., tuple[Delta, Delta]]:
    return lambda delta, head: (split(delta, head)[0], Delta())


def folded_twice(together: Callable[..., Delta]) -> Callable[..., Delta]:
    return lambda deltas: together([*deltas, deltas[0]])


DEFECTS = [
    (Ring, "add", late_into_the_open_slot),
    (groups, "_held", at_most_for_less_than),
    (restoring, "_fill_from", open_slot_lost),
    (Intake, "_read_one", duplicate_applied),
    (labels, "LABEL_VALUES", cap_of_two),
    (calendars, "_ns", a_minute_late),
    (folding, "split", what_waits_lost),
    (folding, "together", folded_twice),
]


@pytest.mark.parametrize(("where", "name", "defect"), DEFECTS, ids=[defect.__name__ for _, _, defect in DEFECTS])
def test_a_planted_defect_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: Any, name: str, defect: Callable[..., Any]
) -> None:
    monkeypatch.setattr(where, name, defect(getattr(where, name)))
    with pytest.raises(AssertionError):
        run(range(40), tmp_path)
