"""
Does a backup hold what there was at one moment, and does it come back, whole or not at all, in any home?
"""

from __future__ import annotations

import random
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, select, text

from tests.databases import HOMES, Servers, a_home
from tests.store.notices import a_notice, write
from watchkeeper.store import alerts, incidents, migrating, outbox, tables, timers
from watchkeeper.store.archive import BackupError, reading
from watchkeeper.store.backup import LINK_KEY, back_up
from watchkeeper.store.checking import check
from watchkeeper.store.errors import DatabaseInUse, FolderInUse, NothingThere
from watchkeeper.store.folder import claim_folder
from watchkeeper.store.opening import open_ground
from watchkeeper.store.postgres import Where
from watchkeeper.store.restore import restore
from watchkeeper.store.state import State

Home = Path | str


def nobody(_name: str, _rows: int) -> None:
    return None


def where(home: Home) -> Path | Where:
    return Where.read(home) if isinstance(home, str) else home


def filled(home: Home) -> None:
    """
    Something in every corner: folded and not, a snapshot and patches, odd names, rows of the state.
    """
    log, state = open_ground(home)
    log.append([b"a", b"b", b"c"], digests=[("x\0", b"1")], counters=b"p1", now_ns=5)
    log.fold(upto=1, slots=[("1m", -3, b"\0\xff"), ("1h", 2**40, b"")], drop=[], now_ns=6, counters=b"s1")
    log.append([], digests=[("y", b"2")], counters=b"p2", now_ns=7)
    assert log.intern(["one", "a\0é", "three"]) == [1, 2, 3]
    log.forget_names([3])
    log.keep("key", b"\0random")
    with state.transaction() as tx:
        key = alerts.add_transitions(
            tx, [alerts.TransitionRow(alert_key="k\0é", at_ns=9, old="inactive", new="firing", reason="r")] * 3
        )
        write(tx, a_notice("k\0é", transition_id=key[2], body={"n": 2**60, "t": "x\0"}))
        number = incidents.next_number(tx)
        incident = incidents.IncidentRow(number=number, title="t", severity="P1", state="open", opened_ns=1, revision=1)
        incidents.add(tx, incident, alert_keys=["k\0é"])
        timers.set_all(tx, [timers.Timer(key="t", kind="k", due_ns=2**62, payload={"a": [1, None]})])
    log.close()
    state.close()


def as_it_was(path: Path, version: str) -> MetaData:
    """
    Give the state the tables of an older version, with the rows as far as it had them; what it then consists of.
    """
    state, old = State(path), MetaData()
    with state.transaction() as tx:
        rows = {each.name: tx.execute(select(each)).mappings().all() for each in tables.metadata.sorted_tables}
        tables.metadata.drop_all(tx)
        tx.execute(text("DROP TABLE alembic_version"))
        migrating.upgrade(tx, version)
        old.reflect(tx, only=lambda name, _: name in rows)
        for table in old.sorted_tables:
            for row in rows[table.name]:
                tx.execute(table.insert().values({name: row[name] for name in table.columns.keys()}))  # noqa: SIM118
    state.close()
    return old


def told(home: Home) -> dict[str, Any]:
    """
    All that can be asked of it.
    """
    log, state = open_ground(home)
    found: dict[str, Any] = {
        "log": (log.last, log.watermark, log.patched, list(log.tail()), list(log.counters()), log.seen(), log.names()),
        "slots": {tier: list(log.read_slots(tier, -(2**62), 2**62)) for tier in ("1m", "1h")},
        "kept": log.keep("key", b"other"),
    }
    with state.reading() as view:
        for table in tables.metadata.sorted_tables:
            found[table.name] = [tuple(row) for row in view.execute(table.select().order_by(*table.primary_key))]
    log.close()
    state.close()
    return found


@pytest.fixture(params=HOMES)
def other(request: pytest.FixtureRequest, tmp_path: Path, servers: Servers) -> Home:
    return a_home(request.param, tmp_path / "other" / "data", servers)


def test_what_was_backed_up_is_there_after_the_restore_in_any_home(home: Home, other: Home, tmp_path: Path) -> None:
    filled(home)
    before = told(home)
    lines: list[tuple[str, int]] = []
    about = back_up(where(home), tmp_path / "a.backup", now_ns=1, told=lambda *line: lines.append(line))
    assert about["sequence"] == 4
    assert dict(lines)["transitions"] == 3
    assert dict(lines)["log: names"] == 2
    restore(tmp_path / "a.backup", where(other), told=nobody)

    assert check(where(other))["findings"] == []
    assert told(other) == before
    log, state = open_ground(other)  # and life goes on: no number is given twice
    assert log.append([b"next"], digests=[], counters=b"", now_ns=9) == 5
    assert log.intern(["four"]) == [4]
    with state.transaction() as tx:
        assert alerts.add_transitions(
            tx, [alerts.TransitionRow(alert_key="k", at_ns=9, old="firing", new="resolved", reason="r")]
        ) == [4]
        assert incidents.next_number(tx) == 2
        assert len(outbox.claim_due(tx, now_ns=2**60, lease_ns=1, worker="w")) == 1
    log.close()
    state.close()


def test_a_backup_under_load_holds_one_moment_and_holds_nobody_up(home: Home, tmp_path: Path) -> None:
    log, state = open_ground(home)
    ended = threading.Event()
    sent: list[int] = []

    def write_on() -> None:
        n = 0
        while not ended.is_set():
            n += 1
            log.append([b"%d" % n], digests=[("c", b"%d" % n)], counters=b"p%d" % n, now_ns=n)
            with state.transaction() as tx:  # decided from what was appended
                timers.set_all(tx, [timers.Timer(key=f"{i}", kind="k", due_ns=n, payload={}) for i in range(3)])
            if n % 7 == 0:
                total = int(log.read_slot("1m", 1) or b"0") + log.last - log.watermark
                log.fold(upto=log.last, slots=[("1m", 1, b"%d" % total)], drop=[], now_ns=n, counters=b"s")
            sent.append(n)

    thread = threading.Thread(target=write_on)
    thread.start()
    try:
        while len(sent) < 10:
            ended.wait(0.01)
        for n in range(3):
            began = len(sent)
            back_up(where(home), tmp_path / f"{n}.backup", now_ns=1, told=nobody)
            while len(sent) <= began:
                ended.wait(0.01)
    finally:
        ended.set()
        thread.join()
        log.close()
        state.close()
    for n in range(3):
        restore(tmp_path / f"{n}.backup", tmp_path / f"restored-{n}", told=nobody)
        log, state = open_ground(tmp_path / f"restored-{n}")
        counted = int(log.read_slot("1m", 1) or b"0") + len(list(log.tail()))
        with state.reading() as view:
            (due,) = {timer.due_ns for timer in timers.due(view, now_ns=2**62)}
        assert counted == log.last == len(log.seen())
        assert due <= log.last
        assert log.check() + state.check() == []
        log.close()
        state.close()


def test_a_single_flipped_bit_is_refused_and_nothing_is_touched(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    filled(tmp_path / "data")
    file = tmp_path / "a.backup"
    back_up(tmp_path / "data", file, now_ns=1, told=nobody)
    whole, chance = file.read_bytes(), random.Random(3)
    places = {0, len(whole) - 1, len(whole) - 33, *(chance.randrange(len(whole)) for _ in range(60))}
    for place in places:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << chance.randrange(8)
        file.write_bytes(flipped)
        with pytest.raises(BackupError, match="its bytes are not those that were written"):
            restore(file, tmp_path / "new", told=nobody)
    for length in (0, 31, 32, 33, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:length])
        with pytest.raises(BackupError):
            restore(file, tmp_path / "new", told=nobody)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.backup", "data"]


@pytest.mark.parametrize("body", [b"", b"{}", b"SQLite format 3\0" * 100])
def test_a_file_that_is_no_backup_is_called_so(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "other").write_bytes(body)
    with pytest.raises(BackupError, match="it is no backup of Watchkeeper"):
        restore(tmp_path / "other", tmp_path / "new", told=nobody)


def test_a_place_that_holds_something_is_refused_and_with_force_its_files_are_kept(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        filled(tmp_path / name)
    state = State(tmp_path / "two" / "state.db")
    with state.transaction() as tx:
        timers.set_all(tx, [timers.Timer(key="mine", kind="k", due_ns=1, payload={})])
    state.close()
    before = told(tmp_path / "two")
    back_up(tmp_path / "one", tmp_path / "a.backup", now_ns=1, told=nobody)

    with pytest.raises(BackupError, match="a watch has kept something there; --force takes its place"):
        restore(tmp_path / "a.backup", tmp_path / "two", told=nobody)
    with claim_folder(tmp_path / "two"), pytest.raises(FolderInUse):
        restore(tmp_path / "a.backup", tmp_path / "two", told=nobody, force=True)
    assert told(tmp_path / "two") == before
    restore(tmp_path / "a.backup", tmp_path / "two", told=nobody, force=True)
    assert told(tmp_path / "two") == told(tmp_path / "one")
    assert told(tmp_path / "two.before-restore-1") == before


def test_a_database_that_holds_something_or_is_in_use_is_refused(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchkeeper.store.postgres.LOCK_WAIT", "50ms")
    filled(database)
    back_up(Where.read(database), tmp_path / "a.backup", now_ns=1, told=nobody)
    before = told(database)
    with pytest.raises(BackupError, match="a watch has kept something there"):
        restore(tmp_path / "a.backup", Where.read(database), told=nobody)
    log, state = open_ground(database)
    with pytest.raises(DatabaseInUse):
        restore(tmp_path / "a.backup", Where.read(database), told=nobody, force=True)
    log.append([b"more"], digests=[], counters=b"", now_ns=0)
    log.close()
    state.close()
    assert told(database) != before

    restore(tmp_path / "a.backup", Where.read(database), told=nobody, force=True)
    assert told(database) == before


def test_a_restore_that_fails_half_way_leaves_everything_as_it_was(home: Home, tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    filled(tmp_path / "from")
    back_up(tmp_path / "from", tmp_path / "a.backup", now_ns=1, told=nobody)
    into = home / "into" if isinstance(home, Path) else home

    def stop(name: str, _rows: int) -> None:
        if name == "log: slots":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore(tmp_path / "a.backup", where(into), told=stop)
    with pytest.raises(NothingThere):
        check(where(into))
    restore(tmp_path / "a.backup", where(into), told=nobody)
    assert told(into) == told(tmp_path / "from")


def test_a_backup_of_an_older_state_is_brought_forward(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "from").mkdir()
    filled(tmp_path / "from")
    old = as_it_was(tmp_path / "from" / "state.db", "0001")
    with monkeypatch.context() as then:
        then.setattr("watchkeeper.store.tables.HEAD", "0001")
        then.setattr("watchkeeper.store.tables.metadata", old)
        back_up(tmp_path / "from", tmp_path / "a.backup", now_ns=1, told=nobody)
    with reading(tmp_path / "a.backup") as archive:
        assert "state/exclusions" not in archive.manifest["tables"]
    into = home / "into" if isinstance(home, Path) else home
    restore(tmp_path / "a.backup", where(into), told=nobody)

    assert check(where(into))["version"] == tables.HEAD
    assert len(told(into)["transitions"]) == 3


def test_a_backup_of_a_newer_watchkeeper_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path)
    back_up(tmp_path, tmp_path / "a.backup", now_ns=1, told=nobody)
    monkeypatch.setattr(migrating, "known_versions", lambda: {"0001"})
    with pytest.raises(BackupError, match=f"its state is of version {tables.HEAD}"):
        restore(tmp_path / "a.backup", tmp_path / "new", told=nobody)
    assert not (tmp_path / "new").exists()


def test_a_file_that_is_there_is_not_overwritten_without_force(tmp_path: Path) -> None:
    filled(tmp_path)
    file = tmp_path / "a.backup"
    file.write_bytes(b"precious")
    with pytest.raises(BackupError, match="there is such a file already"):
        back_up(tmp_path, file, now_ns=1, told=nobody)
    assert file.read_bytes() == b"precious"

    back_up(tmp_path, file, now_ns=1, told=nobody, force=True)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir() if "unfinished" in path.name] == []


def test_nothing_is_left_of_a_backup_that_fails(tmp_path: Path) -> None:
    filled(tmp_path)

    def stop(_name: str, _rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(tmp_path, tmp_path / "a.backup", now_ns=1, told=stop)
    assert not [path for path in tmp_path.iterdir() if "backup" in path.name]
    with pytest.raises(NothingThere, match=r"there is no state.db in"):
        back_up(tmp_path / "nowhere", tmp_path / "a.backup", now_ns=1, told=nobody)


def damage(name: str, sql: str, says: str) -> Any:
    return pytest.param(name, sql, says, id=says)


@pytest.mark.parametrize(
    ("name", "sql", "says"),
    [
        damage("log.db", "DELETE FROM log WHERE seq = 2", "the log should hold 2 to 4, but holds 2 rows"),
        damage("log.db", "INSERT INTO counters VALUES (9, 1, x'00')", "the log holds 2 snapshots"),
        damage("log.db", "UPDATE meta SET value = 77 WHERE key = 'format'", "its format is 77"),
        damage("state.db", "INSERT INTO incident_alerts VALUES (99, 'k')", "1 rows of incident_alerts name a"),
        damage("state.db", "UPDATE outbox SET transition_id = 999", "1 rows of outbox name a transition_id"),
        damage("state.db", "UPDATE timers SET payload = '{'", "1 rows of timers have a payload that is no JSON"),
        damage("state.db", "DROP TABLE timers", "the table timers is missing"),
        damage("state.db", "UPDATE alembic_version SET version_num = '0001'", "its tables are of version 0001"),
    ],
)
def test_what_is_not_sound_is_said(tmp_path: Path, name: str, sql: str, says: str) -> None:
    filled(tmp_path)
    assert check(tmp_path)["findings"] == []
    with sqlite3.connect(tmp_path / name) as raw:
        raw.execute(sql)
    raw.close()

    found = check(tmp_path)
    assert not found["sound"]
    assert says in " ".join(found["findings"])


@pytest.mark.parametrize("name", ["log.db", "state.db"])
def test_a_damaged_file_is_a_finding_and_not_a_crash(tmp_path: Path, name: str) -> None:
    filled(tmp_path)
    file = tmp_path / name
    whole = bytearray(file.read_bytes())
    for page in range(1, len(whole) // 4096):
        whole[page * 4096 : page * 4096 + 64] = b"\xa5" * 64
    file.write_bytes(whole)

    assert not check(tmp_path)["sound"]


def test_a_hole_in_a_databases_log_is_said(database: str) -> None:
    filled(database)
    assert check(Where.read(database))["sound"]
    with Where.read(database).connect() as raw:
        raw.execute("DELETE FROM log_bodies WHERE seq = 2")
        raw.execute("DELETE FROM transitions")
    assert check(Where.read(database))["findings"] == [
        "1 rows of outbox name a transition_id that is not there",
        "the log should hold 2 to 4, but holds 2 rows",
    ]


def test_a_watch_that_runs_is_checked_without_being_held_up(home: Home) -> None:
    filled(home)
    log, state = open_ground(home)
    log.append([b"more"], digests=[], counters=b"", now_ns=0)

    assert check(where(home))["findings"] == []
    log.append([b"more"], digests=[], counters=b"", now_ns=0)
    log.close()
    state.close()


def test_no_backup_holds_the_secret_that_signs_links(home: Home, other: Home, tmp_path: Path) -> None:
    filled(home)
    log, state = open_ground(home)
    assert log.keep(LINK_KEY, b"s3cret of the links") == b"s3cret of the links"
    log.close()
    state.close()
    back_up(where(home), tmp_path / "a.backup", now_ns=1, told=nobody)
    restore(tmp_path / "a.backup", where(other), told=nobody)

    log, state = open_ground(other)
    assert log.keep(LINK_KEY, b"another") == b"another"
    assert log.keep("key", b"other") == b"\0random"
    log.close()
    state.close()
