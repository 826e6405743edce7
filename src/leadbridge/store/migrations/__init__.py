"""Alembic's environment and the revisions, one module each. `leadbridge.store.database.migrate` runs them."""
