"""
What does the log consist of in PostgreSQL?

The same as the file (`store/log_formats.py`), in tables beside those of the state and under the same version. Texts
that others chose are bytes here, for PostgreSQL's texts cannot hold every character; what must be unique and may be
long is unique by its digest. Bodies are kept as they come: packing them again would cost more than the log itself.

>>> sorted(metadata.tables)[:3]
['log_bodies', 'log_counters', 'log_digests']
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, Connection, LargeBinary, MetaData, Table, Text, event

metadata = MetaData(naming_convention={"pk": "pk_%(table_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s"})

AS_THEY_COME: Final = ("log_bodies", "log_slots", "log_counters")
TIDIED: Final = (*AS_THEY_COME, "log_digests")


def _bytes(name: str, **more: Any) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False, **more)


def _number(name: str, *, key: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=False, primary_key=key, autoincrement=False)


Table("log_meta", metadata, Column("key", Text, primary_key=True), _number("value"))
Table("log_kept", metadata, Column("name", Text, primary_key=True), _bytes("value"))
Table("log_bodies", metadata, _number("seq", key=True), _bytes("body"))
Table("log_slots", metadata, Column("tier", Text, primary_key=True), _number("slot", key=True), _bytes("body"))
Table("log_names", metadata, _number("id", key=True), _bytes("hash", unique=True), _bytes("name"))
Table(
    "log_digests",
    metadata,
    _number("n", key=True),
    _bytes("hash", unique=True),
    _bytes("client"),
    _bytes("digest"),
    _number("at_ns"),
    _number("seq"),
)
Table(
    "log_counters",
    metadata,
    Column("whole", Boolean, nullable=False, primary_key=True),
    _number("seq", key=True),
    _bytes("body"),
)


def finishing() -> list[str]:
    """
    What SQLAlchemy has no words for: how bodies are stored, and that space is soon given back.
    """
    stored = [f"ALTER TABLE {name} ALTER COLUMN body SET STORAGE EXTERNAL" for name in AS_THEY_COME]
    tidied = [
        f"ALTER TABLE {name} SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000{toast})"
        for name in TIDIED
        for toast in [", toast.autovacuum_vacuum_scale_factor = 0.05" if name in AS_THEY_COME else ""]
    ]
    began = "INSERT INTO log_meta (key, value) VALUES ('watermark', 0), ('names', 0)"
    return [*stored, *tidied, began]


@event.listens_for(metadata, "after_create")
def _finish(_metadata: MetaData, tx: Connection, **_: Any) -> None:
    for statement in finishing():
        tx.exec_driver_sql(statement)
