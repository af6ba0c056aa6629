"""Migration, lost connections, and what may not be seen in errors."""

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import NullPool, create_engine

from ledger.errors import StoreError
from ledger.store.migrate import migrate
from ledger.store.postgres import PostgresStore
from ledger.store.tables import METADATA
from tests.adapters.stored_things import new_entry, new_record, new_submission

pytestmark = pytest.mark.adapters


def test_migrating_an_empty_database_gives_the_tables_that_the_code_describes(database: str) -> None:
    migrate(database)
    migrate(database)
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(database), poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []


def test_a_pool_outlives_the_death_of_its_connections(database: str) -> None:
    migrate(database)
    store = PostgresStore(database)
    with store.begin() as first, store.begin() as second:
        first.set_setting("a", 1)
        second.set_setting("b", 2)
    with psycopg.connect(database, autocommit=True) as killer:
        killer.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    with store.begin() as tx:
        assert tx.setting("a") == 1
    store.close()


def test_a_connection_that_dies_within_a_transaction_is_a_store_error_and_nothing_stays(database: str) -> None:
    migrate(database)
    store = PostgresStore(database)

    def dies() -> None:
        with store.begin() as tx:
            tx.set_setting("a", 1)
            with psycopg.connect(database, autocommit=True) as killer:
                killer.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
            tx.set_setting("a", 2)

    with pytest.raises(StoreError, match="connection|state 57P01"):  # noqa: RUF043 (either is right)
        dies()
    with store.begin() as tx:
        assert tx.setting("a") is None
    store.close()


def test_an_unreachable_database_is_a_store_error_without_its_url() -> None:
    store = PostgresStore("postgresql://someone:secret-word@/none?host=/nonexistent")
    with pytest.raises(StoreError) as caught, store.begin():
        pass
    assert "secret-word" not in str(caught.value) + repr(store)
    with pytest.raises(StoreError):
        migrate("postgresql://someone:secret-word@/none?host=/nonexistent")


def test_a_full_pool_is_a_store_error(database: str) -> None:
    migrate(database)
    store = PostgresStore(database, connections=1, wait_seconds=0.05)
    with store.begin(), pytest.raises(StoreError, match="in use"), store.begin():
        pass
    store.close()


def test_a_refused_row_is_not_quoted(database: str) -> None:
    migrate(database)
    store = PostgresStore(database)
    record = new_record(region="planted-value", record_class="planted-value", version=2**40)
    with pytest.raises(StoreError, match="state 22003") as caught, store.begin() as tx:
        tx.add_submission(new_submission([record]))
    with pytest.raises(StoreError, match="state 23514 outbox_state") as checked, store.begin() as tx:
        tx._run("INSERT INTO outbox (intent, sender, data, state, received_at) VALUES ('planted', 'a', '', 'b', 1)")
    assert "planted" not in repr(checked.value)
    assert "planted" not in repr(caught.value)
    with pytest.raises(StoreError, match="cannot hold") as refused, store.begin() as tx:
        tx.set_setting("planted\x00", 1)
    assert "planted" not in repr(refused.value)
    with store.begin() as tx:
        tx.add_entry(new_entry())
    store.close()
