"""
Does an older ground become today's, on every home, with all that it holds?
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, inspect, text

from watchkeeper.store import alerts, exclusions, incidents, log_tables, migrating, outbox, tables, timers
from watchkeeper.store.opening import open_ground
from watchkeeper.store.postgres import Where
from watchkeeper.store.state import State

# What was released is never edited; a change is a new file.
RELEASED = {
    "0001_first_light.py": "a54de98cc573b29545815ee6e6c465f5a5bf9581794925dc566417b76ab9bed0",
}
LONG_NAME = "uq_outbox_subject_transition_id_kind"  # PostgreSQL cuts it, always alike
OLD_ROWS = """
INSERT INTO alerts VALUES ('a{q=\u00e9}', 'a', '{"q": "\u00e9"}', 'firing', 1735689600000000001, NULL, NULL, NULL,
 %(no)s, 7, 3, 9, 'm', 1, 'P1', 2, '{"bad": 1}', 'breached', NULL, 1735689600000000002);
INSERT INTO transitions (id, alert_key, at_ns, old, new, reason, numbers)
 VALUES (5, 'a{q=\u00e9}', 8, 'inactive', 'firing', 'r', '{}');
INSERT INTO outbox (id, subject, transition_id, kind, cycle, person, channel, address, body, state, created_ns,
 due_ns, attempts) VALUES (6, 'a{q=\u00e9}', 5, 'firing', 1, '', 'chat', '', '{"text": "it is down"}', 'due', 8, 8, 0);
INSERT INTO incidents (id, number, title, severity, state, opened_ns, revision) VALUES (3, 41, 't', 'P1', 'open', 8, 1);
INSERT INTO incident_alerts VALUES (3, 'a{q=\u00e9}');
INSERT INTO timers VALUES ('repeat/6', 'repeat', 99, '{"n": 1}');
INSERT INTO numbers VALUES ('incident', 41)
"""


@pytest.mark.parametrize("name", sorted(RELEASED))
def test_a_released_migration_is_never_edited(name: str) -> None:
    found = hashlib.sha256((migrating.SCRIPTS / "versions" / name).read_bytes()).hexdigest()

    assert found == RELEASED[name], f"{name} was released as it was: put the change into a new file"


def test_the_version_that_this_program_knows_is_the_newest_migration() -> None:
    assert ScriptDirectory(str(migrating.SCRIPTS)).get_heads() == [tables.HEAD]


def test_what_the_first_release_wrote_is_there_after_the_upgrade(place: Path | Where, home: Path | str) -> None:
    state = older(place, "0001")
    with state.transaction() as tx:
        for row in OLD_ROWS.split(";\n"):
            no = "false" if tx.dialect.name == "postgresql" else "0"
            tx.exec_driver_sql(row.replace("%(no)s", no))
    state.close()

    log, state = open_ground(home)
    with state.reading() as view:
        (alert,) = alerts.every(view)
        assert (alert.key, alert.labels, alert.since_ns, alert.asked_unknown) == (
            "a{q=\u00e9}",
            {"q": "\u00e9"},
            1735689600000000001,
            False,
        )
        assert [row.id for row in alerts.transitions_of(view, alert.key)] == [5]
        assert incidents.alerts_of(view, 3) == [alert.key]
        assert [timer.payload for timer in timers.due(view, now_ns=99)] == [{"n": 1}]
        assert exclusions.recent(view) == []
    with state.transaction() as tx:
        assert [row.id for row in outbox.claim_due(tx, now_ns=9, lease_ns=1, worker="w")] == [6]
        assert incidents.next_number(tx) == 42
    assert state.check() == []
    assert log.append([b"a"], digests=[("c", b"d")], counters=b"p", now_ns=1) == 1
    log.close()
    state.close()


def test_the_migrations_give_the_same_tables_as_a_fresh_start(
    place: Path | Where, tmp_path: Path, home: Path | str
) -> None:
    older(place, "0001").close()
    migrated = State(place)
    with migrated.reading() as view:
        everything = MetaData()
        for metadata in (tables.metadata, log_tables.metadata)[: 2 if isinstance(home, str) else 1]:
            for table in metadata.tables.values():
                table.to_metadata(everything)
        context = MigrationContext.configure(view, opts={"compare_type": True})
        steps = [step for step in compare_metadata(context, everything) if not is_long(step)]
        assert steps == []
        found = described(view)
    migrated.close()

    fresh = State(another(home, tmp_path))
    with fresh.reading() as view:
        assert described(view) == found
    fresh.close()


def older(place: Path | Where, version: str) -> State:
    """
    A state as an older version left it.
    """
    state = State(place)
    with state.transaction() as tx:
        for metadata in (tables.metadata, log_tables.metadata):
            metadata.drop_all(tx)
        tx.execute(text("DROP TABLE alembic_version"))
    with state.transaction() as tx:
        migrating.upgrade(tx, version)
    return state


def is_long(step: Any) -> bool:
    return step[0] in ("add_constraint", "remove_constraint") and str(step[1].name).startswith(LONG_NAME)


def another(home: Path | str, tmp_path: Path) -> Path | Where:
    return Where.read(f"{home}_fresh") if isinstance(home, str) else tmp_path / "fresh.db"


def described(view: Connection) -> dict[str, Any]:
    """
    Every table with its columns, keys, indexes and what the home alone knows of them, in no order.
    """
    if view.dialect.name == "sqlite":
        rows = view.execute(text("SELECT name, type FROM sqlite_schema WHERE name NOT LIKE 'alembic%'")).all()
        pragma = {"table": "table_xinfo", "index": "index_xinfo"}
        return {
            name: sorted(str(row[1:]) for row in view.exec_driver_sql(f'PRAGMA {pragma[kind]}("{name}")'))  # noqa: S608
            for name, kind in rows
        }
    seen = inspect(view)
    stored = view.execute(
        text(
            "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attstorage,"
            " a.attcollation, c.reloptions, (SELECT t.reloptions FROM pg_class AS t WHERE t.oid = c.reltoastrelid)"
            " FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid"
            " WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attnum > 0"
            " AND c.relname <> 'alembic_version'"
        )
    ).all()
    named = {
        name: (
            seen.get_pk_constraint(name)["name"],
            sorted(str((one["name"], one["column_names"])) for one in seen.get_indexes(name)),
            sorted(str((one["name"], one["column_names"])) for one in seen.get_unique_constraints(name)),
            sorted(str((one["name"], one["referred_table"])) for one in seen.get_foreign_keys(name)),
        )
        for name in seen.get_table_names()
        if name != "alembic_version"
    }
    return {"columns": sorted(str((r[:6], sorted(r[6] or []), sorted(r[7] or []))) for r in stored), "named": named}
