"""
The tables of the first release.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Int64 = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _json() -> sa.JSON:
    return sa.JSON(none_as_null=True)


def upgrade() -> None:
    _measured_and_decided()
    _sent()
    _incidents()
    _clockwork()


def downgrade() -> None:
    raise NotImplementedError("the first release has nothing before it; restore a backup instead")


def _measured_and_decided() -> None:
    op.create_table(
        "revisions",
        sa.Column("id", Int64, nullable=False),
        sa.Column("loaded_at_ns", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("source", _json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_revisions"),
    )
    op.create_table(
        "alerts",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("labels", _json(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since_ns", sa.BigInteger(), nullable=False),
        sa.Column("pending_since_ns", sa.BigInteger()),
        sa.Column("clear_since_ns", sa.BigInteger()),
        sa.Column("unknown_since_ns", sa.BigInteger()),
        sa.Column("asked_unknown", sa.Boolean(), nullable=False),
        sa.Column("told_ns", sa.BigInteger()),
        sa.Column("firing_id", sa.Integer(), nullable=False),
        sa.Column("event_ns", sa.BigInteger(), nullable=False),
        sa.Column("meaning", sa.Text(), nullable=False),
        sa.Column("revision", Int64, nullable=False),
        sa.Column("severity", sa.Text()),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("numbers", _json(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("because_of", sa.Text()),
        sa.Column("updated_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_alerts"),
    )
    op.create_index("ix_alerts_rule", "alerts", ["rule"])
    op.create_index("ix_alerts_state", "alerts", ["state"])
    op.create_table(
        "transitions",
        sa.Column("id", Int64, nullable=False),
        sa.Column("alert_key", sa.Text(), nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("because_of", sa.Text()),
        sa.Column("numbers", _json(), nullable=False),
        sa.Column("correction_of", Int64),
        sa.PrimaryKeyConstraint("id", name="pk_transitions"),
    )
    op.create_index("ix_transitions_alert_key_at_ns", "transitions", ["alert_key", "at_ns"])
    op.create_index("ix_transitions_at_ns", "transitions", ["at_ns"])
    op.create_table(
        "decisions",
        sa.Column("id", Int64, nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.Column("alert_key", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("because_of", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
    )
    op.create_index("ix_decisions_alert_key_at_ns", "decisions", ["alert_key", "at_ns"])
    op.create_index("ix_decisions_at_ns", "decisions", ["at_ns"])


def _sent() -> None:
    unique = ["subject", "transition_id", "kind", "cycle", "person", "channel", "address"]
    op.create_table(
        "outbox",
        sa.Column("id", Int64, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("transition_id", Int64, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("body", _json(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_ns", sa.BigInteger(), nullable=False),
        sa.Column("due_ns", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sending_until_ns", sa.BigInteger()),
        sa.Column("claimed_by", sa.Text()),
        sa.Column("settled_ns", sa.BigInteger()),
        sa.Column("receipt", _json()),
        sa.Column("reason", sa.Text()),
        sa.Column("merged_into", Int64),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint(*unique, name="uq_outbox_" + "_".join(unique)),
    )
    op.create_index("ix_outbox_state_due_ns", "outbox", ["state", "due_ns"])
    op.create_index("ix_outbox_subject_channel_state", "outbox", ["subject", "channel", "state"])
    op.create_index("ix_outbox_channel_settled_ns", "outbox", ["channel", "settled_ns"])
    op.create_index("ix_outbox_settled_ns", "outbox", ["settled_ns"])


def _incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", Int64, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("service", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_ns", sa.BigInteger(), nullable=False),
        sa.Column("closed_ns", sa.BigInteger()),
        sa.Column("closed_by", sa.Text()),
        sa.Column("close_reason", sa.Text()),
        sa.Column("revision", Int64, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
        sa.UniqueConstraint("number", name="uq_incidents_number"),
    )
    op.create_index("ix_incidents_state_opened_ns", "incidents", ["state", "opened_ns"])
    op.create_index("ix_incidents_opened_ns", "incidents", ["opened_ns"])
    op.create_table(
        "incident_alerts",
        sa.Column("incident_id", Int64, nullable=False),
        sa.Column("alert_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_incident_alerts_incident_id"),
        sa.PrimaryKeyConstraint("incident_id", "alert_key", name="pk_incident_alerts"),
    )
    op.create_index("ix_incident_alerts_alert_key", "incident_alerts", ["alert_key"])
    op.create_table(
        "timeline",
        sa.Column("id", Int64, nullable=False),
        sa.Column("incident_id", Int64, nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("data", _json(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_timeline_incident_id"),
        sa.PrimaryKeyConstraint("id", name="pk_timeline"),
    )
    op.create_index("ix_timeline_incident_id_at_ns", "timeline", ["incident_id", "at_ns"])


def _clockwork() -> None:
    op.create_table(
        "timers",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("due_ns", sa.BigInteger(), nullable=False),
        sa.Column("payload", _json(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_timers"),
    )
    op.create_index("ix_timers_due_ns", "timers", ["due_ns"])
    op.create_table(
        "numbers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_numbers"),
    )
