"""
Who may, who is told, and incidents with clocks.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

Int64 = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _json() -> sa.JSON:
    return sa.JSON(none_as_null=True)


def upgrade() -> None:
    _more_columns()
    _incidents()
    _paging()
    _accounts()


def downgrade() -> None:
    raise NotImplementedError("people and their incidents would be lost; restore a backup instead")


def _more_columns() -> None:
    op.add_column("decisions", sa.Column("person", sa.Text(), nullable=False, server_default=""))
    op.add_column("incidents", sa.Column("opened_by", sa.Text(), nullable=False, server_default="watchkeeper"))
    op.add_column("incidents", sa.Column("stage", sa.Text(), nullable=False, server_default=""))
    op.add_column("incidents", sa.Column("stage_since_ns", sa.BigInteger()))
    op.add_column("incidents", sa.Column("acknowledged_by", sa.Text()))
    op.add_column("incidents", sa.Column("acknowledged_ns", sa.BigInteger()))
    op.add_column("incidents", sa.Column("merged_into", Int64))
    op.add_column("incidents", sa.Column("summary", sa.Text(), nullable=False, server_default=""))
    op.add_column("incidents", sa.Column("services", _json()))
    op.add_column("incidents", sa.Column("evidence", _json()))
    op.add_column("timeline", sa.Column("edited_ns", sa.BigInteger()))
    op.add_column("timeline", sa.Column("edited_by", sa.Text()))
    op.create_index("ix_outbox_channel_state_due_ns", "outbox", ["channel", "state", "due_ns"])
    op.create_index("ix_outbox_person_state_created_ns", "outbox", ["person", "state", "created_ns"])


def _incidents() -> None:
    op.create_table(
        "timeline_edits",
        sa.Column("id", Int64, nullable=False),
        sa.Column("entry_id", Int64, nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_timeline_edits"),
        sa.ForeignKeyConstraint(["entry_id"], ["timeline.id"], name="fk_timeline_edits_entry_id"),
    )
    op.create_index("ix_timeline_edits_entry_id", "timeline_edits", ["entry_id"])
    op.create_table(
        "incident_roles",
        sa.Column("incident_id", Int64, nullable=False),
        sa.Column("role", KEY, nullable=False),
        sa.Column("person", KEY, nullable=False),
        sa.Column("since_ns", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", "role", "person", name="pk_incident_roles"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_incident_roles_incident_id"),
    )
    op.create_table(
        "incident_clocks",
        sa.Column("incident_id", Int64, nullable=False),
        sa.Column("name", KEY, nullable=False),
        sa.Column("started_ns", sa.BigInteger(), nullable=False),
        sa.Column("due_ns", sa.BigInteger(), nullable=False),
        sa.Column("met_ns", sa.BigInteger()),
        sa.Column("missed_ns", sa.BigInteger()),
        sa.PrimaryKeyConstraint("incident_id", "name", name="pk_incident_clocks"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_incident_clocks_incident_id"),
    )
    op.create_index("ix_incident_clocks_due_ns", "incident_clocks", ["due_ns"])
    op.create_table(
        "incident_stages",
        sa.Column("id", Int64, nullable=False),
        sa.Column("incident_id", Int64, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("entered_ns", sa.BigInteger(), nullable=False),
        sa.Column("left_ns", sa.BigInteger()),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incident_stages"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_incident_stages_incident_id"),
    )
    op.create_index("ix_incident_stages_incident_id", "incident_stages", ["incident_id"])
    op.create_table(
        "incident_steps",
        sa.Column("incident_id", Int64, nullable=False),
        sa.Column("stage", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("done_ns", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", "stage", "position", name="pk_incident_steps"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_incident_steps_incident_id"),
    )


def _paging() -> None:
    op.create_table(
        "pages",
        sa.Column("id", Int64, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text()),
        sa.Column("service", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_ns", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("due_ns", sa.BigInteger()),
        sa.Column("by", sa.Text()),
        sa.Column("acknowledged_ns", sa.BigInteger()),
        sa.Column("ended_ns", sa.BigInteger()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("incident_id", Int64),
        sa.Column("revision", Int64, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pages"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_pages_incident_id"),
    )
    op.create_index("ix_pages_incident_id", "pages", ["incident_id"])
    op.create_index("ix_pages_key_state", "pages", ["key", "state"])
    op.create_index("ix_pages_opened_ns", "pages", ["opened_ns"])
    op.create_index("ix_pages_state_due_ns", "pages", ["state", "due_ns"])
    op.create_table(
        "page_alerts",
        sa.Column("page_id", Int64, nullable=False),
        sa.Column("alert_key", KEY, nullable=False),
        sa.PrimaryKeyConstraint("page_id", "alert_key", name="pk_page_alerts"),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name="fk_page_alerts_page_id"),
    )
    op.create_index("ix_page_alerts_alert_key", "page_alerts", ["alert_key"])
    op.create_table(
        "overrides",
        sa.Column("id", Int64, nullable=False),
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("begin_ns", sa.BigInteger(), nullable=False),
        sa.Column("end_ns", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("swap_of", Int64),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_ns", sa.BigInteger(), nullable=False),
        sa.Column("undone_ns", sa.BigInteger()),
        sa.Column("undone_by", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_overrides"),
    )
    op.create_index("ix_overrides_schedule_end_ns", "overrides", ["schedule", "end_ns"])
    op.create_table(
        "silences",
        sa.Column("id", Int64, nullable=False),
        sa.Column("begin_ns", sa.BigInteger(), nullable=False),
        sa.Column("end_ns", sa.BigInteger(), nullable=False),
        sa.Column("matchers", _json(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_ns", sa.BigInteger(), nullable=False),
        sa.Column("undone_ns", sa.BigInteger()),
        sa.Column("undone_by", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_silences"),
    )
    op.create_index("ix_silences_undone_ns_end_ns", "silences", ["undone_ns", "end_ns"])


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", Int64, nullable=False),
        sa.Column("name", KEY, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password", sa.Text()),
        sa.Column("created_ns", sa.BigInteger(), nullable=False),
        sa.Column("disabled_ns", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("name", name="uq_accounts_name"),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", KEY, nullable=False),
        sa.Column("account_id", Int64, nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("created_ns", sa.BigInteger(), nullable=False),
        sa.Column("seen_ns", sa.BigInteger(), nullable=False),
        sa.Column("expires_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_sessions"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_sessions_account_id"),
    )
    op.create_index("ix_sessions_account_id", "sessions", ["account_id"])
    op.create_index("ix_sessions_expires_ns", "sessions", ["expires_ns"])
    op.create_table(
        "tokens",
        sa.Column("id", Int64, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("account_id", Int64),
        sa.Column("scopes", _json(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_ns", sa.BigInteger(), nullable=False),
        sa.Column("expires_ns", sa.BigInteger()),
        sa.Column("revoked_ns", sa.BigInteger()),
        sa.Column("used_ns", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_tokens_account_id"),
        sa.UniqueConstraint("digest", name="uq_tokens_digest"),
    )
    op.create_table(
        "used_links",
        sa.Column("digest", KEY, nullable=False),
        sa.Column("used_ns", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_used_links"),
    )
    op.create_table(
        "audit",
        sa.Column("id", Int64, nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("through", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", _json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at_ns", "audit", ["at_ns"])
    op.create_index("ix_audit_target_at_ns", "audit", ["target", "at_ns"])
    op.create_index("ix_audit_who_at_ns", "audit", ["who", "at_ns"])
