"""
How does Alembic reach the state? Through the connection that State hands it; there is no file of settings.
"""

from __future__ import annotations

from alembic import context

from watchkeeper.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # the caller's transaction holds it all: a migration that fails leaves the old tables
    render_as_batch=True,  # SQLite cannot alter a column in place
)
context.run_migrations()
