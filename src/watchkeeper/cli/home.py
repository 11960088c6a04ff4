"""
Which database was asked for, and is its password kept from those who look at processes?
"""

from collections.abc import Mapping
from typing import Final

from watchkeeper.store.errors import NoDatabase
from watchkeeper.store.postgres import Where

DATABASE: Final = "WATCHKEEPER_DATABASE"


def home_of(database: str | None, environ: Mapping[str, str]) -> Where | None:
    """
    The database that was asked for, in the command or in the environment; None means the folder.

    Raises NoDatabase for one that cannot be read, and for a password in the command, where every process can see it.
    """
    if database:
        where = Where.read(database)
        if where.secret:
            why = f"found a password in it; wanted that in {DATABASE}, which only this process reads"
            raise NoDatabase(doing="use --database", why=why, retryable=False)
        return where
    return Where.read(environ[DATABASE]) if environ.get(DATABASE) else None
