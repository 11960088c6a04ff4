"""
Do the tables of this file or schema fit this program?

An empty one gets the tables of today; an older one is brought forward, step by step, in one transaction; a newer one is
refused. Alembic is imported only when there is a step to take: it costs a tenth of a second.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from watchkeeper.store import log_tables
from watchkeeper.store.errors import StateError, newer_file
from watchkeeper.store.tables import HEAD, metadata

SCRIPTS = Path(__file__).parent / "migrations"


def bring_forward(tx: Connection, path: str) -> None:
    """
    Make the tables those of this program. Raises NewerFile, or StateError when the place holds something else.
    """
    found = version(tx, path)
    if found is None:
        create(tx)
    elif found != HEAD:
        if found not in known_versions():
            raise newer_file(path, found=found, known=HEAD)
        upgrade(tx)


def create(tx: Connection) -> None:
    """
    All tables of today in an empty database, with the version that the last migration would leave.
    """
    metadata.create_all(tx, checkfirst=False)
    if tx.dialect.name == "postgresql":
        log_tables.metadata.create_all(tx, checkfirst=False)
    tx.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    tx.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})


def version(tx: Connection, path: str) -> str | None:
    """
    The version of the tables; None where there are none. Raises StateError when they are somebody else's.
    """
    tables = inspect(tx).get_table_names()
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise StateError(doing=f"open {path}", why=f"it holds other tables ({', '.join(tables[:3])})", retryable=False)
    return str(tx.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def known_versions() -> set[str]:
    """
    Every version that this program can bring forward.
    """
    return {script.name.partition("_")[0] for script in (SCRIPTS / "versions").glob("[0-9]*.py")}


def upgrade(tx: Connection, to: str = "head") -> None:
    """
    Take every step up to a version.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = tx
    command.upgrade(config, to)
