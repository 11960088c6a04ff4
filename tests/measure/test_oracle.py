"""
Does every number equal a brute-force recomputation, whatever the order, the batches, the resends and the restarts?

The same lives run in compiled code and in Python alone; the defects that are planted must be caught in the one that
they are planted in.
"""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.measure.cases import Case
from watchkeeper.measure import calendars, folding, groups, labels, merges, restoring
from watchkeeper.measure.deltas import Delta
from watchkeeper.measure.intake import Intake
from watchkeeper.measure.native.backend import PURE, native
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
def test_every_answer_equals_a_recomputation_by_hand(
    tmp_path: Path, tenth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PURE, "1")
    run(range(tenth * 100, tenth * 100 + 100), tmp_path)


@pytest.mark.skipif(native("counting") is None, reason="not compiled")
@pytest.mark.parametrize("tenth", range(5))
def test_so_does_every_answer_of_compiled_code(tmp_path: Path, tenth: int) -> None:
    run(range(500 + tenth * 100, 600 + tenth * 100), tmp_path)


@pytest.mark.torture
@pytest.mark.parametrize("hundredth", range(100))
def test_a_hundred_thousand_cases_equal_a_recomputation_by_hand(
    tmp_path: Path, hundredth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if hundredth % 2:
        monkeypatch.setenv(PURE, "1")
    run(range(1_000 + hundredth * 1_000, 2_000 + hundredth * 1_000), tmp_path)


def late_into_the_open_slot(count: Callable[..., None]) -> Callable[..., None]:
    return lambda ring, rows, at_ns, amounts: count(
        ring, rows, np.full_like(at_ns, ring.head * ring.tier.slot_ns), amounts
    )


def at_most_for_less_than(held: Callable[..., Any]) -> Callable[..., Any]:
    def later(found: Any, ledger: Any, numbers: Any, at: Any) -> None:
        limit = SimpleNamespace(all=ledger.limit.all + 1)
        held(found, SimpleNamespace(bounds_at=ledger.bounds_at, limit=limit, end=ledger.end), numbers, at)

    return later


def open_slot_lost(fill_from: Callable[..., Any]) -> Callable[..., Any]:
    def lossy(*args: Any, **more: Any) -> Any:
        count = Ring.count
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Ring, "count", lambda ring, *columns: count(ring, *_but(ring, *columns)))
            return fill_from(*args, **more)

    return lossy


def _but(ring: Ring, rows: Any, at_ns: Any, amounts: Any) -> tuple[Any, Any, Any]:
    kept = at_ns // ring.tier.slot_ns != ring.head
    return rows[kept], at_ns[kept], amounts[kept]


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


def only_the_latest(_union: Callable[..., bytes]) -> Callable[..., bytes]:
    return lambda sketches: list(sketches)[-1]


DEFECTS = [
    (Ring, "count", late_into_the_open_slot),
    (groups, "_add_held", at_most_for_less_than),
    (restoring, "_fill_from", open_slot_lost),
    (Intake, "_read_one", duplicate_applied),
    (labels, "LABEL_VALUES", cap_of_two),
    (calendars, "_ns", a_minute_late),
    (folding, "split", what_waits_lost),
    (folding, "together", folded_twice),
    (merges, "union", only_the_latest),
]


@pytest.mark.parametrize(("where", "name", "defect"), DEFECTS, ids=[defect.__name__ for _, _, defect in DEFECTS])
def test_a_planted_defect_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: Any, name: str, defect: Callable[..., Any]
) -> None:
    monkeypatch.setenv(PURE, "1")
    monkeypatch.setattr(where, name, defect(getattr(where, name)))
    with pytest.raises(AssertionError):
        run(range(0, 400, 7), tmp_path)  # of many manuals
