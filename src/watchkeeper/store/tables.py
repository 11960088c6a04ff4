"""
What does the state consist of?

Every table of `state.db`. Instants are nanoseconds since 1970 in columns that end in `_ns`. Texts that take part in a
unique key are never null: '' (and 0 for a transition) says "none", because two nulls never collide. Nothing here is
SQLite's alone. A change goes into a new file in `migrations/versions` too; a test compares the two.

>>> sorted(metadata.tables)[:3], HEAD
(['alerts', 'decisions', 'exclusions'], '0003')
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
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

HEAD: Final = "0003"  # the newest file in migrations/versions

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
