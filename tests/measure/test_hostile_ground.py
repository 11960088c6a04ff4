"""
Does a full disk, a read-only ground or a clock that jumps lose or double anything that was acknowledged?
"""

import random
import resource
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.databases import MAJORS, Server
from tests.measure import conftest
from tests.measure.conftest import NOW, Bench
from tests.measure.test_intake import MANUAL as SHOP
from tests.measure.test_intake import delivery
from tests.measure.test_kill import MANUAL, Load, counted, running
from watchkeeper.store.ground import Ground
from watchkeeper.store.opening import open_ground

HOUR, DAY = 3600 * 10**9, 24 * 3600 * 10**9
Home = Path | str


@pytest.fixture
def manual(tmp_path: Path) -> Path:
    path = tmp_path / "manual.yaml"
    path.write_text(MANUAL)
    return path


@pytest.fixture(params=MAJORS)
def own_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    server = Server(request.param)
    yield server
    server.stop()


def wait_for(what: Callable[[], bool]) -> None:
    for _ in range(1200):
        if what():
            return
        threading.Event().wait(0.05)
    raise AssertionError("it did not come within a minute")


def through(
    manual: Path, home: Home, break_: Callable[[int], None], mend: Callable[[int], None], times: int = 1
) -> None:
    """
    Under load, break the ground until bodies are refused, mend it until they are taken, so many times, and count.
    """
    load = Load()
    with running(manual, home) as (process, load.door):
        load.start()
        try:
            wait_for(lambda: min(load.answered) > 0)
            for _ in range(times):
                refused = load.refused
                break_(process.pid)
                wait_for(partial(lambda refused: load.refused > refused + 3, refused))
                taken = min(load.answered)
                mend(process.pid)
                wait_for(partial(lambda taken: min(load.answered) > taken + 20, taken))
        except BaseException:
            load.stop(at_once=True)
            raise
        load.stop()
        process.terminate()
        process.wait(timeout=60)
        assert process.returncode == 0
    assert counted(home, manual) == load.answered


def limit(pid: int, size: int) -> None:
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size if size >= 0 else hard, hard))


def test_a_disk_full_under_the_files_refuses_and_recovers_and_loses_nothing(manual: Path, tmp_path: Path) -> None:
    home = tmp_path / "data"
    through(
        manual,
        home,
        break_=lambda pid: limit(pid, (home / "log.db-wal").stat().st_size + 40_000),
        mend=lambda pid: limit(pid, -1),
    )


def test_a_disk_full_under_the_database_refuses_and_recovers_and_loses_nothing(
    manual: Path, own_server: Server
) -> None:
    def mend(_pid: int) -> None:
        own_server.kill()  # PostgreSQL stops by itself when its own log cannot be written
        own_server.start()

    through(manual, own_server.fresh(), break_=lambda _: own_server.fill_the_disk(100_000), mend=mend)


def test_a_database_that_turns_read_only_refuses_and_recovers_and_loses_nothing(
    manual: Path, own_server: Server
) -> None:
    def turn(word: str) -> None:
        own_server.run(f"ALTER SYSTEM SET default_transaction_read_only = {word}")
        own_server.run("SELECT pg_reload_conf()")

    home = own_server.fresh()
    through(manual, home, break_=lambda _: turn("on"), mend=lambda _: turn("off"))


@pytest.mark.torture
def test_thirty_times_a_full_disk_under_the_files_loses_nothing(manual: Path, tmp_path: Path) -> None:
    home, chance = tmp_path / "data", random.Random(7)
    through(
        manual,
        home,
        break_=lambda pid: limit(pid, (home / "log.db-wal").stat().st_size + chance.randrange(100_000)),
        mend=lambda pid: limit(pid, -1),
        times=30,
    )


@pytest.mark.torture
def test_ten_times_a_full_disk_under_the_database_loses_nothing(manual: Path, own_server: Server) -> None:
    def mend(_pid: int) -> None:
        own_server.kill()
        own_server.start()

    through(manual, own_server.fresh(), break_=lambda _: own_server.fill_the_disk(100_000), mend=mend, times=10)


@pytest.fixture
def shop(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """
    An intake over each home, taken by hand.
    """

    def opened(_path: Path) -> Ground:
        log, state = open_ground(home)
        state.close()
        return log

    monkeypatch.setattr(conftest, "DeltaLog", opened)
    bench = Bench(tmp_path, SHOP)
    yield bench
    bench.log.close()


def test_a_file_that_turns_read_only_refuses_and_takes_again_when_it_can(tmp_path: Path) -> None:
    bench = Bench(tmp_path, SHOP)
    assert bench.take([delivery(2)])[0].items == 2
    bench.log._writer.execute("PRAGMA query_only = ON")  # what SQLite reports of a read-only mount; root ignores modes
    assert "read-only" in bench.take([delivery(3)])[0].busy
    bench.log._writer.execute("PRAGMA query_only = OFF")
    assert bench.take([delivery(3)])[0].busy is None
    bench.restart()

    assert bench.ask("jobs").count == 5
    bench.log.close()


JUMPS = [0, DAY, -HOUR, HOUR // 2, -DAY, 2 * DAY, -1, 3 * DAY]


def test_a_clock_that_jumps_loses_and_doubles_nothing(shop: Bench) -> None:
    taken = 0
    for n, jump in enumerate(JUMPS):
        shop.clock.at += jump
        told: list[Any] = shop.take([delivery(3, at=shop.clock.at), delivery(2, at=shop.clock.at - HOUR // 60)])
        assert [one.busy for one in told] == [None, None]
        taken += sum(one.items - sum(one.left_out.values()) for one in told)
        if n % 2:
            shop.fold()
        if n % 3 == 1:
            shop.restart()
        assert shop.log.check() == []
    shop.clock.at = NOW + 6 * DAY
    before = shop.ask("jobs", seconds=30 * 86_400).count
    shop.fold()
    shop.restart()

    assert (before, shop.ask("jobs", seconds=30 * 86_400).count) == (taken, taken)
    assert taken >= 5 * (len(JUMPS) - 2)
