"""Run by Alembic; `ledger.store.migrate` gives the connection and commits."""

from alembic import context

from ledger.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
