"""
Is a commit whose answer is lost found again, or taken out again, but never half believed?

A door stands before the database; it can take in a COMMIT, let it happen, and lose the answer.
"""

from __future__ import annotations

import select
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from watchkeeper.store import timers
from watchkeeper.store.errors import LogError, StateError
from watchkeeper.store.opening import open_ground

SOCKET = ".s.PGSQL.5432"


class Door:
    """
    Passes bytes both ways between clients and a database, until it is told to lose something.
    """

    def __init__(self, behind: Path) -> None:
        self._behind = behind / SOCKET
        self.folder = Path(tempfile.mkdtemp(prefix="wk-door-"))
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(self.folder / SOCKET))
        self._listening.listen(16)
        self.lose_the_next_commit = threading.Event()
        self.shut = threading.Event()
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()
        self._listening.close()
        (self.folder / SOCKET).unlink()
        self.folder.rmdir()

    def _accept(self) -> None:
        while not self._ended.is_set():
            if not select.select([self._listening], [], [], 0.05)[0]:
                continue
            client, _ = self._listening.accept()
            if self.shut.is_set():
                client.close()
                continue
            self._threads.append(threading.Thread(target=self._pass, args=(client,)))
            self._threads[-1].start()

    def _pass(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(str(self._behind))
            losing = False
            while not self._ended.is_set():
                for ready in select.select([client, server], [], [], 0.05)[0]:
                    piece = ready.recv(65536)
                    if not piece or (losing and ready is server):
                        return  # the server has answered; the client never hears it
                    if ready is client and b"COMMIT" in piece and self.lose_the_next_commit.is_set():
                        self.lose_the_next_commit.clear()
                        losing = True
                    with suppress(OSError):
                        (server if ready is client else client).sendall(piece)


@pytest.fixture
def door(database: str) -> Iterator[Door]:
    door = Door(Path(parse_qs(urlsplit(database).query)["host"][0]))
    yield door
    door.close()


@pytest.fixture
def through(database: str, door: Door) -> str:
    behind = parse_qs(urlsplit(database).query)["host"][0]
    return database.replace(behind, str(door.folder))


def test_an_append_whose_answer_is_lost_is_found_and_counts_once(through: str, door: Door) -> None:
    log, state = open_ground(through)
    log.append([b"a"], digests=[("c", b"1")], counters=b"p1", now_ns=1)
    door.lose_the_next_commit.set()

    assert log.append([b"b"], digests=[("c", b"2")], counters=b"p2", now_ns=2) == 2
    assert not door.lose_the_next_commit.is_set()
    assert log.append([b"c"], digests=[], counters=b"", now_ns=3) == 3
    assert [body for _, body in log.tail()] == [b"a", b"b", b"c"]
    assert list(log.counters()) == [b"p1", b"p2"]
    log.close()
    state.close()


def test_an_append_that_nobody_can_look_for_is_refused_and_taken_out_again(through: str, door: Door) -> None:
    log, state = open_ground(through)
    log.append([b"a"], digests=[("c", b"1")], counters=b"p1", now_ns=1)
    door.lose_the_next_commit.set()
    door.shut.set()
    with pytest.raises(LogError, match="append 1 body: the database cannot be reached") as refused:
        log.append([b"b"], digests=[("c", b"2")], counters=b"p2", now_ns=2)
    assert refused.value.retryable
    with pytest.raises(LogError):
        log.append([b"b"], digests=[("c", b"2")], counters=b"p2", now_ns=2)
    assert log.last == 1

    door.shut.clear()
    assert log.append([b"again"], digests=[], counters=b"", now_ns=3) == 2
    assert [body for _, body in log.tail()] == [b"a", b"again"]
    assert (list(log.seen()), list(log.counters())) == ([("c", b"1")], [b"p1"])
    assert log.check() == []
    log.close()
    state.close()


def test_a_fold_whose_answer_is_lost_is_done_once(through: str, door: Door) -> None:
    log, state = open_ground(through)
    log.append([b"a", b"b"], digests=[], counters=b"p", now_ns=1)
    door.lose_the_next_commit.set()
    log.fold(upto=1, slots=[("1m", 1, b"1")], drop=[], now_ns=2, counters=b"s")
    assert (log.watermark, log.patched, list(log.tail())) == (1, 1, [(2, b"b")])

    door.lose_the_next_commit.set()
    door.shut.set()
    with pytest.raises(LogError):
        log.fold(upto=2, slots=[("1m", 1, b"2")], drop=[], now_ns=3)
    door.shut.clear()
    with pytest.raises(LogError, match="is there again"):  # what was read before may be from before that commit
        log.fold(upto=2, slots=[("1m", 1, b"3")], drop=[], now_ns=3)
    assert (log.watermark, list(log.tail()), log.read_slot("1m", 1)) == (2, [], b"2")
    log.fold(upto=2, slots=[], drop=[], now_ns=3)
    log.close()
    state.close()


def test_a_transaction_of_the_state_whose_answer_is_lost_is_found(through: str, door: Door) -> None:
    log, state = open_ground(through)
    door.lose_the_next_commit.set()
    with state.transaction() as tx:
        timers.set_all(tx, [timers.Timer(key="a", kind="k", due_ns=1, payload={})])
    assert not door.lose_the_next_commit.is_set()
    door.lose_the_next_commit.set()
    door.shut.set()
    with pytest.raises(StateError, match="cannot be reached") as refused, state.transaction() as tx:
        timers.set_all(tx, [timers.Timer(key="b", kind="k", due_ns=2, payload={})])
    assert refused.value.retryable
    door.shut.clear()
    with state.transaction() as tx:
        timers.set_all(tx, [timers.Timer(key="c", kind="k", due_ns=3, payload={})])
    with state.reading() as view:
        assert [timer.key for timer in timers.due(view, now_ns=9)][::2] == ["a", "c"]
    log.close()
    state.close()


def test_a_log_that_another_process_wrote_to_meanwhile_is_not_gone_on_with(database: str) -> None:
    log, state = open_ground(database)
    log.append([b"a"], digests=[], counters=b"", now_ns=1)
    schema = parse_qs(urlsplit(database).query)["schema"][0]
    place = database.replace(f"&schema={schema}", "")
    with psycopg.connect(place, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        admin.execute(f"INSERT INTO {schema}.log_bodies VALUES (2, 'theirs')".encode())  # noqa: S608 a name of our own
    with pytest.raises(LogError) as lost:
        log.append([b"b"], digests=[], counters=b"", now_ns=1)
    assert lost.value.retryable or "restart the watch" in str(lost.value)
    with pytest.raises(LogError, match="holds sequence 2 where 1 was confirmed; restart the watch") as other:
        log.append([b"b"], digests=[], counters=b"", now_ns=1)
    assert not other.value.retryable
    log.close()
    state.close()
