"""A database elsewhere: password from a file, tables by `admin migrate`, and a worker that can be asked for."""

import json
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ledger import wiring
from ledger.cli.main import run
from ledger.config import Settings, load_settings
from ledger.errors import KeyProviderError, StoreError
from ledger.store.database_login import with_password
from ledger.store.postgres import PostgresStore
from tests.e2e.persistent import wait_until

pytestmark = pytest.mark.adapters
PASSWORD = "a ' word \\ with everything %20 in it"
URL = "postgresql://gongzhi@postgres:5432/gongzhi"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings that name a database elsewhere and the file of its password."""
    file = tmp_path / "database_password"
    file.write_text(PASSWORD + "\n")
    file.chmod(0o600)
    return load_settings(tmp_path, database_url=URL, database_password_file=file)


def test_the_password_of_the_file_is_what_the_database_is_shown(settings: Settings) -> None:
    assert conninfo_to_dict(wiring.database_url(settings)) == {
        "user": "gongzhi",
        "password": PASSWORD,
        "host": "postgres",
        "port": "5432",
        "dbname": "gongzhi",
    }


def test_a_password_that_is_missing_or_that_others_may_read_is_refused(settings: Settings) -> None:
    assert settings.database_password_file is not None
    settings.database_password_file.chmod(0o644)
    with pytest.raises(KeyProviderError, match="read by others"):
        wiring.database_url(settings)
    settings.database_password_file.unlink()
    with pytest.raises(KeyProviderError, match="cannot be read"):
        wiring.database_url(settings)


def test_what_is_no_url_is_refused_without_showing_it() -> None:
    with pytest.raises(StoreError) as caught:
        with_password("postgresql//secret-word", PASSWORD)
    assert "secret-word" not in str(caught.value)
    assert PASSWORD not in str(caught.value)


def lets_in(dsn: str) -> bool:
    """Whether the server asks for no password; it reads its rules anew a moment after it was told to."""
    try:
        psycopg.connect(dsn).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture
def locked(database: str) -> Iterator[str]:
    """The URL of a database for a role that must show PASSWORD, as the one in docker-compose.yml must."""
    role = f"asked_{secrets.token_hex(6)}"
    with psycopg.connect(database, autocommit=True) as server:
        words = sql.Identifier(role), sql.Literal(PASSWORD)
        server.execute(sql.SQL("CREATE ROLE {} SUPERUSER LOGIN PASSWORD {}").format(*words))
        found = server.execute("SHOW hba_file").fetchone()
        assert found is not None
        rules = Path(found[0])
        before = rules.read_text()
        rules.write_text(f"local all {role} scram-sha-256\n{before}")
        server.execute("SELECT pg_reload_conf()")
    entered = make_conninfo(database, user=role)
    wait_until(lambda: not lets_in(entered))
    yield entered
    rules.write_text(before)
    with psycopg.connect(database, autocommit=True) as server:
        server.execute("SELECT pg_reload_conf()")
        server.execute(sql.SQL("REASSIGN OWNED BY {} TO CURRENT_USER").format(words[0]))
        server.execute(sql.SQL("DROP OWNED BY {}").format(words[0]))
        server.execute(sql.SQL("DROP ROLE {}").format(words[0]))


def test_a_database_that_asks_for_the_password_is_entered_with_that_of_the_file_only(
    locked: str, settings: Settings
) -> None:
    entering = settings.model_copy(update={"database_url": locked})
    assert wiring.migrate_database(entering)[0] is None
    assert wiring.migrate_database(entering)[0] is not None
    for refused in (locked, with_password(locked, "another")):
        with pytest.raises(StoreError) as caught:
            wiring.migrate_database(
                settings.model_copy(update={"database_url": refused, "database_password_file": None})
            )
        assert PASSWORD not in str(caught.value)


def test_migrating_tells_what_it_did_and_a_dry_run_does_nothing(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GONGZHI_DATABASE_URL", database)
    monkeypatch.setenv("GONGZHI_DATA_FOLDER", str(tmp_path))
    told = []
    for options in (["--dry-run"], [], []):
        assert run(["admin", "migrate", *options, "--json"]) == 0
        told.append(json.loads(capsys.readouterr().out))
    newest = told[0]["after"]
    assert told == [
        {"dryRun": True, "before": "empty", "after": newest, "changed": True},
        {"before": "empty", "after": newest, "changed": True},
        {"before": newest, "after": newest, "changed": False},
    ]
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (newest,)


def test_a_worker_is_at_work_when_one_looked_at_the_chain_just_now(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GONGZHI_DATABASE_URL", database)
    monkeypatch.setenv("GONGZHI_DATA_FOLDER", str(tmp_path))
    assert run(["admin", "migrate"]) == 0
    assert run(["worker", "--check"]) == 1
    store = PostgresStore(database)
    with store.begin() as transaction:
        transaction.note_checked(int(time.time()))
    store.close()
    assert run(["worker", "--check"]) == 0
