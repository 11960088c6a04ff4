"""
How do deltas become rollups, and rings again?
"""

import threading
from pathlib import Path

import numpy as np
import pytest

from tests.measure.lives import NOW, Life, Order, batch_of, said
from watchkeeper.measure.deltas import Delta, added, pack
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.folding import Counters, Folder, summed
from watchkeeper.measure.forgetting import names_at_start
from watchkeeper.measure.grid import DAY, HOUR, MINUTE, REAL, SECOND
from watchkeeper.measure.restoring import restore
from watchkeeper.measure.rollups import Rollup
from watchkeeper.measure.rows import Registry
from watchkeeper.store.log import DeltaLog

FINE = REAL.fine.slot_ns


class Stops(Exception):
    pass


def order(at: int, plan: str = "a") -> Order:
    return Order(at, 1, 0, plan, "eu")


@pytest.mark.parametrize("seed", range(8))
def test_stopping_between_or_within_any_two_slices_loses_and_doubles_nothing(tmp_path: Path, seed: int) -> None:
    life = Life(seed, tmp_path)
    life.live(6)
    life.exclude([])
    wanted = [said(one) for one in life.answers()]
    for within in (False, True) * 20:
        if within:
            broken(life)
        elif not life.folding.step(life.now):
            break
        life.restart()
        assert [said(one) for one in life.answers()] == wanted
    assert list(life.log.tail()) == []


def broken(life: Life) -> None:
    """
    A slice that ends before its transaction does.
    """
    log = life.log

    class Broken:
        def __getattr__(self, name: str) -> object:
            return getattr(log, name)

        def fold(self, **more: object) -> None:
            assert list(more["slots"])  # type: ignore[call-overload]  # all was worked out
            raise Stops

    if list(log.tail()):
        with pytest.raises(Stops):
            Folder(Broken(), life.registry, REAL, life.plan, records=3).step(life.now)  # type: ignore[arg-type]


def test_a_slice_is_bounded_by_records_and_by_bytes(tmp_path: Path) -> None:
    life = Life(1, tmp_path)
    for _ in range(10):
        life.take([order(life.now)])
    size = len(next(iter(life.log.tail()))[1])
    assert Folder(life.log, life.registry, REAL, life.plan, records=4).step(life.now) == 4
    assert Folder(life.log, life.registry, REAL, life.plan, size=2 * size).step(life.now) <= 3
    left = 10 - life.log.watermark
    assert life.folding.all(life.now) == left > 0
    assert list(life.log.tail()) == []


def test_what_is_appended_while_it_folds_is_counted_once(tmp_path: Path) -> None:
    life = Life(2, tmp_path)
    life.take([order(life.now)])
    delta = life.matcher.count(batch_of([order(life.now)]), life.now).delta
    stop = threading.Event()

    def fold() -> None:
        while not stop.is_set():
            life.folding.step(life.now)

    folding = threading.Thread(target=fold)
    folding.start()
    for _ in range(300):
        life.log.append([pack(delta)], digests=[], counters=b"", now_ns=life.now)
        life.engine.apply(delta)
    stop.set()
    folding.join()
    before = [said(one) for one in life.answers()]
    assert before[0]["count"] == 301
    life.restart()
    assert [said(one) for one in life.answers()] == before


def test_a_snapshot_of_counters_is_kept_only_where_it_is_as_new_as_the_slice(tmp_path: Path) -> None:
    life = Life(3, tmp_path)
    for patch in (b"one", b"two"):
        life.log.append([b""], digests=[], counters=patch, now_ns=life.now)
    log = life.log
    log.fold(upto=2, slots=[], drop=[], now_ns=life.now)
    life.take([order(life.now)])
    life.folding.step(life.now, Counters(seq=log.last - 1, body=b"older"))
    assert list(log.counters()) == [b"one", b"two"]
    life.take([order(life.now)])
    life.folding.step(life.now, Counters(seq=log.last, body=b"newest"))
    assert list(log.counters()) == [b"newest"]


def test_what_waits_for_its_slot_is_kept_through_slices_and_restarts(tmp_path: Path) -> None:
    life = Life(4, tmp_path)
    life.take([order(life.now + 50 * SECOND), order(life.now)])
    life.folding.all(life.now)
    life.restart()
    assert life.answers()[0].count == 1
    life.now += MINUTE
    assert life.answers()[0].count == 2
    life.take([order(life.now)])
    life.folding.all(life.now)
    life.restart()
    assert life.answers()[0].count == 3


def test_minutes_are_kept_for_the_longest_window_and_as_long_again_hours_for_400_days(tmp_path: Path) -> None:
    life = Life(5, tmp_path, long="month")
    life.take([order(life.now)])
    life.folding.all(life.now)
    kept = {"fine": 736 * FINE, "minute": 2 * life.plan.longest_ns, "hour": 400 * DAY, "day": 3660 * DAY}
    for tier, ns in sorted(kept.items(), key=lambda one: one[1]):
        life.now = NOW + ns - HOUR
        life.take([order(life.now)])
        life.folding.all(life.now)
        assert slots(life.log, tier, NOW) == 1, tier
        life.now = NOW + ns + 2 * DAY
        life.take([order(life.now)])
        life.folding.all(life.now)
        assert slots(life.log, tier, NOW) == 0, tier


def slots(log: DeltaLog, tier: str, at_ns: int) -> int:
    slot_ns = {"fine": FINE, "minute": MINUTE, "hour": HOUR, "day": DAY}[tier]
    return len(list(log.read_slots(tier, at_ns // slot_ns, at_ns // slot_ns)))


def test_rows_that_no_manual_names_go_when_their_minutes_do_and_then_lose_their_number(
    tmp_path: Path,
) -> None:
    life = Life(6, tmp_path, long="month")
    life.take([order(life.now)])
    stray, mine = life.registry.ids(["gone||n"])[0], life.registry.find(f"{life.meaning}||n")
    delta = Delta(rows=np.array([stray]), slots=np.array([life.now // FINE]), amounts=np.array([7]))
    life.log.append([pack(delta)], digests=[], counters=b"", now_ns=life.now)
    life.folding.all(life.now)
    assert stray in names_at_start(life.log, REAL, since_ns=0)
    life.now += 2 * life.plan.longest_ns - DAY
    for _ in range(4):
        life.now += DAY
        life.take([order(life.now)])
        life.folding.all(life.now)
    days = {slot: Rollup.read(body) for slot, body in life.log.read_slots("day", 0, 2**62)}
    assert stray not in days[NOW // DAY].rows.tolist()
    assert mine in days[NOW // DAY].rows.tolist()
    assert stray not in names_at_start(life.log, REAL, since_ns=0)
    assert "gone||n" not in life.log.names().values()


def test_a_value_that_was_not_seen_for_the_longest_window_is_unknown_until_it_is_seen_again(tmp_path: Path) -> None:
    life = Life(7, tmp_path)
    life.take([order(life.now, "old"), order(life.now, "new")])
    life.folding.all(life.now)
    life.now += 3 * DAY
    life.take([order(life.now, "new")])
    names = names_at_start(life.log, REAL, since_ns=life.now - DAY)
    before = life.registry.find(f"{life.meaning}|plan=old|n")
    assert {"old", "new"} & {name.split("=")[1].split("|")[0] for name in names.values() if "plan=" in name} == {"new"}
    registry = Registry(life.log.intern, names)
    engine = Engine(life.plan, registry, REAL, now_ns=life.now)
    restore(life.log, engine, now_ns=life.now)
    assert engine.labels("it", "plan") == ["new"]
    assert registry.ids([f"{life.meaning}|plan=old|n"]) == [before]
    assert engine.labels("it", "plan") == ["new", "old"]


@pytest.mark.parametrize("rows", [30, 3_000_000])
def test_amounts_are_summed_alike_in_a_table_and_by_sorting(rows: int) -> None:
    pick = np.random.default_rng(5)
    delta = Delta(
        rows=pick.integers(0, rows, 5000), slots=pick.integers(900, 907, 5000), amounts=pick.integers(-3, 4, 5000)
    )
    for found, wanted in zip(_columns(added(summed(delta))), _columns(added(delta)), strict=True):
        assert found == wanted


def _columns(delta: Delta) -> list[list[int]]:
    return [delta.rows.tolist(), delta.slots.tolist(), delta.amounts.tolist()]
