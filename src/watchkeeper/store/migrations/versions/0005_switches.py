"""
What people and runbooks flip in the live application.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

Int64 = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(none_as_null=True), nullable=False)


def upgrade() -> None:
    op.create_table(
        "flips",
        sa.Column("id", Int64, nullable=False),
        sa.Column("switch", KEY, nullable=False),
        _json("value"),
        _json("only"),
        sa.Column("share", sa.Float(53), nullable=False),
        sa.Column("ramp", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("begin_ns", sa.BigInteger(), nullable=False),
        sa.Column("expires_ns", sa.BigInteger(), nullable=False),
        sa.Column("incident", Int64),
        sa.Column("ended_ns", sa.BigInteger()),
        sa.Column("ended_by", sa.Text()),
        sa.Column("ended_because", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_flips"),
    )
    op.create_index("ix_flips_ended_ns_expires_ns", "flips", ["ended_ns", "expires_ns"])
    op.create_index("ix_flips_switch_id", "flips", ["switch", "id"])


def downgrade() -> None:
    raise NotImplementedError("the flips would be lost; restore a backup instead")
