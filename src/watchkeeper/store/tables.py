"""
What does the state consist of?

Every table of `state.db`. Instants are nanoseconds since 1970 in columns that end in `_ns`. Texts that take part in a
unique key are never null: '' (and 0 for a transition) says "none", because two nulls never collide. Nothing here is
SQLite's alone. A change goes into a new file in `migrations/versions` too; a test compares the two.

>>> sorted(metadata.tables)[:3], HEAD
(['accounts', 'alerts', 'audit'], '0005')
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect

HEAD: Final = "0005"  # the newest file in migrations/versions

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_NUL: Final = "\ufdd0"  # one of Unicode's noncharacters, which never stand in a text
Int64: Final = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers rows by itself only in an INTEGER column


class AnyText(TypeDecorator[str]):
    """
    A text of any characters where PostgreSQL takes all but one: instead of NUL it keeps a code that no text uses.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return value.replace("\0", _NUL) if value else value

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return value.replace(_NUL, "\0") if value else value


def _id() -> Column[int]:
    return Column("id", Int64, primary_key=True)


def _ns(name: str, *, null: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=null)


def _text(name: str, *, null: bool = False, key: bool = False) -> Column[str]:
    # Keys come in the order of their characters, whatever language the database speaks.
    kind = Text().with_variant(AnyText(collation="C") if key else AnyText(), "postgresql")
    return Column(name, kind, nullable=null, primary_key=key)


def _kept(name: str, otherwise: str) -> Column[str]:
    """
    A text that older rows have not: there it says `otherwise`.
    """
    return Column(name, Text().with_variant(AnyText(), "postgresql"), nullable=False, server_default=otherwise)


def _json(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, JSON(none_as_null=True), nullable=null)


revisions = Table("revisions", metadata, _id(), _ns("loaded_at_ns"), _text("hash"), _json("source"))

alerts = Table(
    "alerts",
    metadata,
    _text("key", key=True),  # the rule and its canonical labels
    _text("rule"),
    _json("labels"),
    _text("state"),
    _ns("since_ns"),
    _ns("pending_since_ns", null=True),
    _ns("clear_since_ns", null=True),
    _ns("unknown_since_ns", null=True),
    Column("asked_unknown", Boolean, nullable=False),  # a person was asked to look
    _ns("told_ns", null=True),
    Column("firing_id", Integer, nullable=False),  # counts firings: a notice belongs to one of them
    _ns("event_ns"),
    _text("meaning"),
    Column("revision", Int64, nullable=False),
    _text("severity", null=True),
    Column("cycle", Integer, nullable=False),
    _json("numbers"),
    _text("reason"),
    _text("because_of", null=True),
    _ns("updated_ns"),
    Index(None, "rule"),
    Index(None, "state"),
)

transitions = Table(
    "transitions",
    metadata,
    _id(),
    _text("alert_key"),
    _ns("at_ns"),
    _text("old"),
    _text("new"),
    _text("reason"),
    _text("because_of", null=True),
    _json("numbers"),
    Column("correction_of", Int64, nullable=True),
    Index(None, "alert_key", "at_ns"),
    Index(None, "at_ns"),
)

decisions = Table(
    "decisions",  # to notify or not, with the reason: the answer to "why was I not paged"
    metadata,
    _id(),
    _ns("at_ns"),
    _text("alert_key"),
    _text("channel"),
    _text("verdict"),
    _text("reason"),
    _text("because_of", null=True),
    _kept("person", ""),
    Index(None, "alert_key", "at_ns"),
    Index(None, "at_ns"),
)

outbox = Table(
    "outbox",
    metadata,
    _id(),
    _text("subject"),  # what it is about: an alert's key, an incident's number
    Column("transition_id", Int64, nullable=False),
    _text("kind"),
    Column("cycle", Integer, nullable=False),
    _text("person"),
    _text("channel"),
    _text("address"),  # the NAME of an address; the address itself may be a secret and is never stored
    _json("body"),
    _text("state"),
    _ns("created_ns"),
    _ns("due_ns"),
    Column("attempts", Integer, nullable=False),
    _ns("sending_until_ns", null=True),
    _text("claimed_by", null=True),
    _ns("settled_ns", null=True),
    _json("receipt", null=True),
    _text("reason", null=True),
    Column("merged_into", Int64, nullable=True),
    UniqueConstraint("subject", "transition_id", "kind", "cycle", "person", "channel", "address"),
    Index(None, "state", "due_ns"),
    Index(None, "subject", "channel", "state"),
    Index(None, "channel", "settled_ns"),
    Index(None, "settled_ns"),
    Index(None, "channel", "state", "due_ns"),
    Index(None, "person", "state", "created_ns"),
)

incidents = Table(
    "incidents",
    metadata,
    _id(),
    Column("number", Integer, nullable=False, unique=True),
    _text("title"),
    _text("severity"),
    _text("service", null=True),
    _text("state"),
    _ns("opened_ns"),
    _ns("closed_ns", null=True),
    _text("closed_by", null=True),
    _text("close_reason", null=True),
    Column("revision", Int64, nullable=False),
    _kept("opened_by", "watchkeeper"),
    _kept("stage", ""),  # the name of the present one
    _ns("stage_since_ns", null=True),
    _text("acknowledged_by", null=True),
    _ns("acknowledged_ns", null=True),
    Column("merged_into", Int64, nullable=True),  # the incident that it went on as
    _kept("summary", ""),  # what is known, in a person's words
    _json("services", null=True),  # all that are affected, beside `service`
    _json("evidence", null=True),  # what was known when it opened
    Index(None, "state", "opened_ns"),
    Index(None, "opened_ns"),
)

incident_alerts = Table(
    "incident_alerts",
    metadata,
    Column("incident_id", Int64, ForeignKey("incidents.id"), primary_key=True),
    _text("alert_key", key=True),
    Index(None, "alert_key"),
)

timeline = Table(
    "timeline",
    metadata,
    _id(),
    Column("incident_id", Int64, ForeignKey("incidents.id"), nullable=False),
    _ns("at_ns"),
    _text("kind"),
    _text("text"),
    _text("by"),
    _json("data"),
    _ns("edited_ns", null=True),
    _text("edited_by", null=True),
    Index(None, "incident_id", "at_ns"),
)

exclusions = Table(
    "exclusions",
    metadata,
    _id(),
    _ns("begin_ns"),
    _ns("end_ns"),
    _text("label"),  # '' and a value of '': all of it
    _text("value"),
    _json("indicators"),  # their names; [] says all
    _text("author"),
    _text("reason"),
    _ns("created_ns"),
    _ns("undone_ns", null=True),
    _text("undone_by", null=True),
    Index(None, "undone_ns", "end_ns"),
)

timers = Table(
    "timers",
    metadata,
    _text("key", key=True),
    _text("kind"),
    _ns("due_ns"),
    _json("payload"),
    Index(None, "due_ns"),
)

numbers = Table("numbers", metadata, _text("name", key=True), Column("last", Integer, nullable=False))

timeline_edits = Table(
    "timeline_edits",  # what an entry said before somebody changed it
    metadata,
    _id(),
    Column("entry_id", Int64, ForeignKey("timeline.id"), nullable=False),
    _ns("at_ns"),
    _text("by"),
    _text("text"),
    Index(None, "entry_id"),
)

incident_roles = Table(
    "incident_roles",
    metadata,
    Column("incident_id", Int64, ForeignKey("incidents.id"), primary_key=True),
    _text("role", key=True),
    _text("person", key=True),
    _ns("since_ns"),
    _text("by"),
)

incident_clocks = Table(
    "incident_clocks",  # what is owed by when; its name says what: `respond`, `recover`, `stage Assess`
    metadata,
    Column("incident_id", Int64, ForeignKey("incidents.id"), primary_key=True),
    _text("name", key=True),
    _ns("started_ns"),
    _ns("due_ns"),
    _ns("met_ns", null=True),
    _ns("missed_ns", null=True),  # when it was found to be missed, and told
    Index(None, "due_ns"),
)

incident_stages = Table(
    "incident_stages",  # which stage was entered when: time in stage
    metadata,
    _id(),
    Column("incident_id", Int64, ForeignKey("incidents.id"), nullable=False),
    _text("stage"),
    _ns("entered_ns"),
    _ns("left_ns", null=True),
    _text("by"),
    Index(None, "incident_id"),
)

incident_steps = Table(
    "incident_steps",  # what of a stage's checklist is done
    metadata,
    Column("incident_id", Int64, ForeignKey("incidents.id"), primary_key=True),
    _text("stage", key=True),
    Column("position", Integer, primary_key=True),
    _ns("done_ns"),
    _text("by"),
    _text("note"),
)

pages = Table(
    "pages",  # somebody must acknowledge: one escalation, of one or more alerts
    metadata,
    _id(),
    _text("key"),  # what it groups by: at most one open page has it
    _text("title"),
    _text("policy"),  # '' everyone, for a severity that pages everyone
    _text("severity", null=True),
    _text("service", null=True),
    _text("state"),  # open, acknowledged, snoozed, ended
    _ns("opened_ns"),
    Column("step", Integer, nullable=False),  # the next step to take
    Column("round", Integer, nullable=False),  # how often all steps were gone through
    Column("cycle", Integer, nullable=False),  # counts what was sent: nobody is sent the same one twice
    _ns("due_ns", null=True),  # when the next step, or the end of a snooze or of an acknowledgement, is due
    _text("by", null=True),  # who acknowledged or snoozed it
    _ns("acknowledged_ns", null=True),  # the first time
    _ns("ended_ns", null=True),
    _text("reason"),
    Column("incident_id", Int64, ForeignKey("incidents.id"), nullable=True),
    Column("revision", Int64, nullable=False),
    Index(None, "state", "due_ns"),
    Index(None, "key", "state"),
    Index(None, "incident_id"),
    Index(None, "opened_ns"),
)

page_alerts = Table(
    "page_alerts",
    metadata,
    Column("page_id", Int64, ForeignKey("pages.id"), primary_key=True),
    _text("alert_key", key=True),
    Index(None, "alert_key"),
)

overrides = Table(
    "overrides",  # exceptions from a rotation; a swap is two of them
    metadata,
    _id(),
    _text("schedule"),
    _ns("begin_ns"),
    _ns("end_ns"),
    _text("person"),  # '' nobody
    Column("swap_of", Int64, nullable=True),  # the other half
    _text("author"),
    _text("reason"),
    _ns("created_ns"),
    _ns("undone_ns", null=True),
    _text("undone_by", null=True),
    Index(None, "schedule", "end_ns"),
)

silences = Table(
    "silences",
    metadata,
    _id(),
    _ns("begin_ns"),
    _ns("end_ns"),
    _json("matchers"),  # {"alert": [...], "service": [...], "severity": [...], "label": {name: [...]}}; {} says all
    _text("author"),
    _text("reason"),
    _ns("created_ns"),
    _ns("undone_ns", null=True),
    _text("undone_by", null=True),
    Index(None, "undone_ns", "end_ns"),
)

accounts = Table(
    "accounts",
    metadata,
    _id(),
    Column("name", Text().with_variant(AnyText(collation="C"), "postgresql"), nullable=False, unique=True),
    _text("person"),  # their name among the people of the manual; '' nobody there
    _text("role"),  # viewer, responder, manager, admin
    _text("password", null=True),  # argon2id, with its parameters; null: cannot sign in by password
    _ns("created_ns"),
    _ns("disabled_ns", null=True),
)

sessions = Table(
    "sessions",
    metadata,
    _text("digest", key=True),  # of the cookie; the cookie itself is stored nowhere
    Column("account_id", Int64, ForeignKey("accounts.id"), nullable=False),
    _text("csrf"),
    _text("agent"),
    _ns("created_ns"),
    _ns("seen_ns"),
    _ns("expires_ns"),
    Index(None, "account_id"),
    Index(None, "expires_ns"),
)

tokens = Table(
    "tokens",
    metadata,
    _id(),
    _text("name"),
    Column("digest", Text(), nullable=False, unique=True),  # of the token; the token itself is shown once
    _text("shown"),  # its first characters, to tell tokens apart
    Column("account_id", Int64, ForeignKey("accounts.id"), nullable=True),
    _json("scopes"),
    _text("author"),
    _ns("created_ns"),
    _ns("expires_ns", null=True),
    _ns("revoked_ns", null=True),
    _ns("used_ns", null=True),
)

used_links = Table("used_links", metadata, _text("digest", key=True), _ns("used_ns"), _text("by"))

audit = Table(
    "audit",  # who changed what, and what was refused
    metadata,
    _id(),
    _ns("at_ns"),
    _text("who"),
    _text("through"),  # session, token NAME, link, slack, terminal, watchkeeper
    _text("action"),
    _text("target"),
    _text("outcome"),  # done, refused
    _json("detail"),
    Index(None, "at_ns"),
    Index(None, "target", "at_ns"),
    Index(None, "who", "at_ns"),
)

flips = Table(
    "flips",  # what was flipped in the live application
    metadata,
    _id(),
    Column("switch", Text().with_variant(AnyText(collation="C"), "postgresql"), nullable=False),
    _json("value"),  # as texts
    _json("only"),  # {attribute: [values]}; {} means everybody
    Column("share", Float(53), nullable=False),  # percent of the targeting keys
    _text("ramp"),  # `10% every 5m`, or ''
    _text("author"),
    _text("reason"),
    _ns("begin_ns"),
    _ns("expires_ns"),
    Column("incident", Int64),
    _ns("ended_ns", null=True),
    _text("ended_by", null=True),
    _text("ended_because", null=True),  # undone, expired, withdrawn
    Index(None, "ended_ns", "expires_ns"),
    Index(None, "switch", "id"),
)
