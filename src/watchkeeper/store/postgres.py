"""
How does Watchkeeper reach a PostgreSQL, without its secret showing anywhere?

The address is a URL, with an optional `schema` of ours (`watchkeeper` where none is named). Only the password in it is
secret, and it is shown nowhere:

>>> where = Where.read("postgresql://watch:s3cret@db.example.org:5433/ops?schema=blue&sslmode=require")
>>> where, where.secret
(Where('postgresql://watch@db.example.org:5433/ops?schema=blue'), True)

Who writes holds an advisory lock on that very connection; when the connection ends, however it ends, so does the lock.
So at most one process writes, and none can write that has lost its right to.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from watchkeeper.store.errors import DatabaseInUse, NoDatabase

USUAL_SCHEMA: Final = "watchkeeper"
SCHEMES: Final = ("postgresql", "postgres")
_SCHEMA: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_LOCK_CLASS: Final = 0x574B  # "WK", so that our advisory locks are not taken for another program's
LOCK_WAIT: Final = "5s"  # a server that lost its client lets go within moments
_OPTIONS: Final[dict[str, Any]] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "application_name": "watchkeeper",
    "client_encoding": "UTF8",
}
_SESSION: Final = (
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') IN ('off', 'local')",
    # The other side of the keepalives above: a server that lost its client lets go of the lock within half a minute.
    "SELECT set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),"
    " set_config('tcp_keepalives_count', '3', false)",
)


class Where:
    """
    A database and a schema in it.
    """

    def __init__(self, *, options: dict[str, Any], schema: str, shown: str, secret: bool) -> None:
        self._options = options
        self.schema = schema
        self.secret = secret
        self._shown = shown

    @classmethod
    def read(cls, url: str) -> Where:
        """
        The place that a URL means. Raises NoDatabase for one that cannot be read, or without the driver to reach it.
        """
        conninfo = _driver().conninfo
        if not url.startswith(tuple(f"{scheme}://" for scheme in SCHEMES)):
            raise NoDatabase(doing="use the database", why=f"its URL must begin with {SCHEMES[0]}://", retryable=False)
        try:
            parts = urlsplit(url)
            query = parse_qsl(parts.query, keep_blank_values=True)
            rest = urlencode([one for one in query if one[0] != "schema"], quote_via=quote)
            options = conninfo.conninfo_to_dict(urlunsplit(parts._replace(query=rest)))
        except (ValueError, _driver().Error):  # what is said of a URL may hold its password
            raise NoDatabase(doing="use the database", why="its URL cannot be read", retryable=False) from None
        schema = dict(query).get("schema", USUAL_SCHEMA)
        if not _SCHEMA.fullmatch(schema):
            raise NoDatabase(
                doing="use the database", why="its schema must be a-z, 0-9 and _, 63 at most", retryable=False
            )
        return cls(
            options=_OPTIONS | options, schema=schema, shown=_shown(options, schema), secret=bool(_secrets(options))
        )

    def __str__(self) -> str:
        return self._shown

    def __repr__(self) -> str:
        return f"Where({self._shown!r})"

    def connect(self, *, lock: int | None = None) -> Any:
        """
        A psycopg connection in autocommit whose names mean our schema; with `lock`, one that nobody else holds.

        Raises psycopg.Error, or DatabaseInUse when another process holds the lock.
        """
        connection = _driver().connect(**self._options, autocommit=True)
        try:
            for statement in _SESSION:
                connection.execute(statement)
            connection.execute("SELECT set_config('search_path', %s, false)", (f'"{self.schema}"',))
            if lock is not None:
                self._hold(connection, lock)
        except BaseException:
            connection.close()
            raise
        return connection

    def _hold(self, connection: Any, lock: int) -> None:
        connection.execute("SELECT set_config('lock_timeout', %s, false)", (LOCK_WAIT,))
        key = {"class": _LOCK_CLASS, "object": f"{self.schema}/{lock}"}
        try:
            connection.execute("SELECT pg_advisory_lock(%(class)s, hashtext(%(object)s))", key)
        except _driver().errors.LockNotAvailable:
            row = connection.execute(
                "SELECT a.client_addr, a.pid FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)"
                " WHERE l.locktype = 'advisory' AND l.granted AND l.classid = %(class)s"
                " AND l.objid::bigint = hashtext(%(object)s)::bigint & 4294967295",
                key,
            ).fetchone()
            holder = f"session {row[1]} from {row[0] or 'its own machine'}" if row else "another session"
            raise DatabaseInUse(doing=f"use {self}", why=f"{holder} holds it", retryable=True) from None
        connection.execute("SELECT set_config('lock_timeout', '0', false)")
        there = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (self.schema,)).fetchone()
        if there is None:
            connection.execute(f'CREATE SCHEMA "{self.schema}"')  # a name of a-z, 0-9 and _, by `read`


def why_postgres_failed(error: Exception) -> tuple[str, bool]:
    """
    The server's own words made plain, and whether the same call may succeed later. What was in a row never shows.
    """
    state: str | None = getattr(error, "sqlstate", None)
    if state is None:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        lost = isinstance(error, _driver().OperationalError | _driver().InterfaceError)
        return (f"the database cannot be reached ({first})", True) if lost else (type(error).__name__, False)
    for begins, why, retryable in _WHY:
        if state.startswith(begins):
            return why, retryable
    return f"PostgreSQL refused it ({type(error).__name__}, {state})", False


_WHY: Final = (
    ("53100", "the disk is full", True),
    ("53200", "the database has no memory left", True),
    ("53300", "the database has no connection left", True),
    ("53", "the database has run out of something", True),
    ("58030", "the disk refused a read or write (full, over its quota, or failing)", True),
    ("58", "the database's disk failed", True),
    ("25006", "the database is read-only", True),
    ("57P", "the database is ending or starting", True),
    ("57014", "the database broke it off", True),
    ("08", "the database cannot be reached", True),
    ("40", "another transaction was in the way", True),
    ("55P03", "another session holds it", True),
    ("28", "the database does not let this user in", False),
    ("3D", "there is no such database", False),
    ("42501", "the database does not allow this user to", False),
    ("XX001", "the database is damaged", False),
    ("XX002", "the database is damaged", False),
)


def _driver() -> Any:
    try:
        import psycopg
    except ImportError:
        raise NoDatabase(
            doing="use PostgreSQL", why="the driver is missing: pip install 'watchkeeper[postgresql]'", retryable=False
        ) from None
    return psycopg


def _secrets(options: dict[str, Any]) -> list[str]:
    return [name for name in options if "password" in name]


def _shown(options: dict[str, Any], schema: str) -> str:
    user = f"{options['user']}@" if options.get("user") else ""
    port = f":{options['port']}" if options.get("port") else ""
    host = options.get("host", "")
    host, aside = ("", f"&host={host}") if host.startswith("/") else (host, "")
    return f"postgresql://{user}{host}{port}/{options.get('dbname', '')}?schema={schema}{aside}"
