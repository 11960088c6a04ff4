"""
Is no page lost and none sent twice unseen, when the process is killed between deciding, claiming, sending and settling?

A real process with a real receiver that counts. Whoever is killed is followed by another one, until all is settled.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.act.paging.crashing import PLACES, where_of
from tests.act.receivers import Receiver, receiving
from tests.databases import MAJORS, Servers
from watchkeeper.outside.clock import RealClock
from watchkeeper.store import pages, tables
from watchkeeper.store.pages import PageRow
from watchkeeper.store.state import State

PAGES = 5
ROOT = Path(__file__).parents[3]


def begun(home: str) -> None:
    now_ns = RealClock().now_ns()
    state = State(where_of(home))
    rows = [
        PageRow(
            key=f"alert-{i}",
            title=f"alert-{i}",
            policy="night",
            state="open",
            opened_ns=now_ns,
            due_ns=now_ns,
            reason="first",
            revision=1,
        )
        for i in range(PAGES)
    ]
    with state.transaction() as tx:
        pages.add(tx, rows)
    state.close()


def run(home: str, receiver: Receiver, place: str, after: int) -> int:
    command = [sys.executable, "-W", "ignore", "-m", "tests.act.paging.crashing"]
    done = subprocess.run(
        [*command, home, receiver.url(), place, str(after)],
        cwd=ROOT,
        check=False,
        timeout=60,
        capture_output=True,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
    return done.returncode


def killed_at(place: str, home: str, kills: int) -> None:
    """
    Kill it so many times at a place, each time a little later, then let it end its work; and count.
    """
    begun(home)
    with receiving() as receiver:
        died = [run(home, receiver, place, after=kill % PAGES) == -signal.SIGKILL for kill in range(kills)]
        assert died[0], f"it was not killed at {place}, so nothing was tried"
        assert run(home, receiver, "none", 0) == 0
        got = [(one.json["data"]["page"], one.headers["webhook-id"]) for one in receiver.got]
    check(home, got)


def check(home: str, got: list[tuple[int, str]]) -> None:
    state = State(where_of(home))
    with state.reading() as view:
        rows = list(view.execute(select(tables.outbox)))
        assert state_of(view) == {"paged": PAGES}
    state.close()
    unknown = Counter(row.transition_id for row in rows if row.state == "unknown")
    arrivals, ids = Counter(number for number, _ in got), {number: set[str]() for number, _ in got}
    for number, message_id in got:
        ids[number].add(message_id)
    for number in range(1, PAGES + 1):
        mine = [row for row in rows if row.transition_id == number]
        assert {row.state for row in mine} <= {"sent", "unknown"}
        assert arrivals[number] >= 1, f"page {number} was lost"
        assert arrivals[number] <= 1 + unknown[number], f"page {number} came twice, and nobody can see why"
        assert unknown[number] <= 2
        assert len(ids[number]) == 1  # so that a receiver can tell
        assert sum(row.cycle == 0 for row in mine) == 1


def state_of(view: object) -> Counter[str]:
    found = view.execute(select(tables.pages.c.reason))  # type: ignore[attr-defined]  # a connection
    return Counter(found.scalars())


@pytest.mark.parametrize("place", PLACES)
def test_two_kills_lose_no_page_and_double_none_unseen(place: str, tmp_path: Path) -> None:
    killed_at(place, str(tmp_path), 2)


@pytest.mark.parametrize("place", ["decided", "sent"])
def test_a_kill_on_postgresql_loses_and_doubles_none_either(place: str, servers: Servers) -> None:
    killed_at(place, servers.get(MAJORS[0]).fresh(), 1)


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("place", PLACES)
def test_a_hundred_kills_lose_no_page_and_double_none_unseen(place: str, seed: int, tmp_path: Path) -> None:
    killed_at(place, str(tmp_path), 1 + seed % PAGES)
