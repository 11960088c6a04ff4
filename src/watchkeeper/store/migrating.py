"""
Do the tables of this file fit this program?

An empty file gets the tables of today; an older one is brought forward, step by step, in one transaction; a newer one
is refused. Alembic is imported only when there is a step to take: it costs a tenth of a second.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from watchkeeper.store.errors import StateError, newer_file
from watchkeeper.store.tables import HEAD, metadata

SCRIPTS = Path(__file__).parent / "migrations"


def bring_forward(tx: Connection, path: str) -> None:
    """
    Make the tables those of this program. Raises NewerFile, or StateError when the file holds something else.
    """
    found = _version(tx, path)
    if found is None:
        create(tx)
    elif found != HEAD:
        if found not in _known_versions():
            raise newer_file(path, found=found, known=HEAD)
        _upgrade(tx)


def create(tx: Connection) -> None:
    """
    All tables of today in an empty database, with the version that the last migration would leave.
    """
    metadata.create_all(tx, checkfirst=False)
    tx.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    tx.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})


def _version(tx: Connection, path: str) -> str | None:
    tables = inspect(tx).get_table_names()
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise StateError(doing=f"open {path}", why=f"it holds other tables ({', '.join(tables[:3])})", retryable=False)
    return str(tx.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def _known_versions() -> set[str]:
    return {script.name.partition("_")[0] for script in (SCRIPTS / "versions").glob("[0-9]*.py")}


def _upgrade(tx: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = tx
    command.upgrade(config, "head")
