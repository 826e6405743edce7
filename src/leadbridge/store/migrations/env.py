"""What Alembic runs for every command: the migrations go through the connection that is handed in."""

from __future__ import annotations

from alembic import context

from leadbridge.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
