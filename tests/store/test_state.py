"""
Does the state keep whole transactions, refuse what it does not know, and stay usable through failures?
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from watchkeeper.store import incidents, tables, timers
from watchkeeper.store.errors import FolderInUse, NewerFile, StateError
from watchkeeper.store.folder import claim_folder
from watchkeeper.store.postgres import Where
from watchkeeper.store.state import State


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


def a_timer(key: str, due_ns: int = 1) -> timers.Timer:
    return timers.Timer(key=key, kind="repeat", due_ns=due_ns, payload={"n": 2**60})


def keys(state: State) -> list[str]:
    with state.reading() as view:
        return [timer.key for timer in timers.due(view, now_ns=10**18)]


def test_what_a_transaction_wrote_is_there_and_what_a_failed_one_wrote_is_not(state: State) -> None:
    with state.transaction() as tx:
        timers.set_all(tx, [a_timer("kept")])

    def fail(tx: Connection) -> None:
        timers.set_all(tx, [a_timer("lost")])
        raise RuntimeError("half-way")

    with pytest.raises(RuntimeError), state.transaction() as tx:
        fail(tx)
    assert keys(state) == ["kept"]


def test_a_reading_connection_cannot_write(state: State) -> None:
    with pytest.raises(StateError, match="read-only"), state.reading() as view:
        timers.set_all(view, [a_timer("sly")])
    with state.transaction() as tx:  # and the same connection writes again afterwards
        timers.set_all(tx, [a_timer("open")])
    assert keys(state) == ["open"]


def test_it_is_there_after_reopening_and_sound(place: Path | Where) -> None:
    state = State(place)
    with state.transaction() as tx:
        timers.set_all(tx, [a_timer("one")])
    state.close()
    again = State(place)

    assert keys(again) == ["one"]
    assert again.check() == []
    again.close()


def test_a_reader_keeps_its_moment_while_another_thread_writes(place: Path | Where) -> None:
    state = State(place)
    with state.reading() as view:
        assert timers.next_due_ns(view) is None
        writer = threading.Thread(target=_set, args=(state, "later"))
        writer.start()
        writer.join(timeout=20)
        assert timers.next_due_ns(view) is None
    assert keys(state) == ["later"]
    state.close()


def _set(state: State, key: str) -> None:
    with state.transaction() as tx:
        timers.set_all(tx, [a_timer(key)])


def test_many_threads_write_without_losing_a_number(state: State) -> None:
    given: list[int] = []

    def take() -> None:
        for _ in range(10):
            with state.transaction() as tx:
                given.append(incidents.next_number(tx))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(given) == list(range(1, 41))


def test_incident_numbers_go_on_after_a_restart_though_the_last_transaction_failed(place: Path | Where) -> None:
    state = State(place)
    with state.transaction() as tx:
        assert [incidents.next_number(tx), incidents.next_number(tx)] == [1, 2]
    state.close()
    again = State(place)

    with again.transaction() as tx:
        assert incidents.next_number(tx) == 3
        assert incidents.next_number(tx, "post-mortem") == 1
    again.close()


def test_a_state_of_a_newer_watchkeeper_is_refused_and_left_alone(path: Path) -> None:
    State(path).close()
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()

    with pytest.raises(NewerFile, match=f"its format is 9999, the newest known here is {tables.HEAD}"):
        State(path)


def test_somebody_elses_database_is_refused(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE songs (title)")
    raw.close()

    with pytest.raises(StateError, match="it holds other tables \\(songs\\)") as failure:
        State(path)
    assert not failure.value.retryable


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"Dear diary, " * 1000)

    with pytest.raises(StateError, match="is not a database"):
        State(path)


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="missing folder"):
        State(tmp_path / "nowhere" / "state.db")


def test_an_error_never_shows_what_was_in_the_row(state: State) -> None:
    with pytest.raises(IntegrityError) as failure, state.transaction() as tx:
        tx.execute(tables.timers.insert(), {"key": "k", "kind": "s3cret", "due_ns": None, "payload": {"p": "s3cret"}})
    assert "s3cret" not in f"{failure.value} {failure.value.orig}"


FILL_THE_DISK = """
import resource, sys
from watchkeeper.store import timers
from watchkeeper.store.errors import StateError
from watchkeeper.store.state import State
def set_all(state, first):
    with state.transaction() as tx:
        timers.set_all(tx, [timers.Timer(key=f"{first}-{n}", kind="x" * 500, due_ns=n, payload={}) for n in range(20)])
state = State(sys.argv[1])
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, hard))
first = 0
try:
    while True:
        set_all(state, first)
        first += 1
except StateError as error:
    assert error.retryable
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
set_all(state, first)
with state.reading() as view:
    assert len(timers.due(view, now_ns=10**18, most=10**6)) == 20 * (first + 1)
assert state.check() == []
"""


def test_a_full_disk_is_a_clear_refusal_and_the_state_works_again_when_there_is_room(path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FILL_THE_DISK, str(path)], capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stderr
    assert "the disk" in done.stdout


def test_a_folder_is_held_by_one_process_at_a_time_and_its_holder_is_named(tmp_path: Path) -> None:
    hold = "import sys; from pathlib import Path; from watchkeeper.store.folder import claim_folder\n"
    hold += "with claim_folder(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", hold, str(tmp_path / "data")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(FolderInUse, match=f"process {other.pid} holds it"), claim_folder(tmp_path / "data"):
            pass
        other.kill()
    with claim_folder(tmp_path / "data") as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
