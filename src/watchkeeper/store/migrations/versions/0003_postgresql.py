"""
PostgreSQL as a home: the log has its tables there, and keys are in the order of their characters, as in SQLite.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEYS = (("alerts", "key"), ("incident_alerts", "alert_key"), ("timers", "key"), ("numbers", "name"))
BODIES = ("log_bodies", "log_slots", "log_counters")


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, key in KEYS:
        op.execute(f'ALTER TABLE {table} ALTER COLUMN {key} TYPE text COLLATE "C"')
    _tables()
    for table in BODIES:
        op.execute(f"ALTER TABLE {table} ALTER COLUMN body SET STORAGE EXTERNAL")
        op.execute(f"ALTER TABLE {table} SET (toast.autovacuum_vacuum_scale_factor = 0.05)")
    for table in (*BODIES, "log_digests"):
        op.execute(
            f"ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000)"
        )
    op.execute("INSERT INTO log_meta (key, value) VALUES ('watermark', 0), ('names', 0)")


def _tables() -> None:
    def number(name: str) -> sa.Column[int]:
        return sa.Column(name, sa.BigInteger(), nullable=False, autoincrement=False)

    def some(name: str) -> sa.Column[bytes]:
        return sa.Column(name, sa.LargeBinary(), nullable=False)

    def text(name: str) -> sa.Column[str]:
        return sa.Column(name, sa.Text(), nullable=False)

    def key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
        return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")

    op.create_table("log_meta", text("key"), number("value"), key("log_meta", "key"))
    op.create_table("log_kept", text("name"), some("value"), key("log_kept", "name"))
    op.create_table("log_bodies", number("seq"), some("body"), key("log_bodies", "seq"))
    op.create_table("log_slots", text("tier"), number("slot"), some("body"), key("log_slots", "tier", "slot"))
    op.create_table(
        "log_names",
        number("id"),
        some("hash"),
        some("name"),
        key("log_names", "id"),
        sa.UniqueConstraint("hash", name="uq_log_names_hash"),
    )
    op.create_table(
        "log_digests",
        *(number("n"), some("hash"), some("client"), some("digest"), number("at_ns"), number("seq")),
        key("log_digests", "n"),
        sa.UniqueConstraint("hash", name="uq_log_digests_hash"),
    )
    op.create_table(
        "log_counters",
        sa.Column("whole", sa.Boolean(), nullable=False),
        *(number("seq"), some("body")),
        key("log_counters", "whole", "seq"),
    )


def downgrade() -> None:
    raise NotImplementedError("the log would be lost; restore a backup instead")
