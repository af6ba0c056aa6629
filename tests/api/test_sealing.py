"""Originals at rest: sealed, opened for their publisher alone, and nowhere in clear."""

from dataclasses import replace

import psycopg
import pytest

from api.app import create_app
from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from ledger.keys.file_provider import FileKeyProvider
from ledger.services import find_document
from tests.api.consortium import Consortium
from tests.api.members import DOCUMENTS, FIRE_READER, READER_OF_COMMUNITY, SCHEMA, Draft
from tests.api.serving import served

pytestmark = pytest.mark.api


def path_of(given: Draft) -> str:
    return f"/v1/records/{to_hex(given.committed[0].record_id)}"


def test_each_day_has_a_key_of_its_own_and_older_records_still_open(consortium: Consortium) -> None:
    first = consortium.published()
    consortium.advance(86_400)
    second = consortium.published()
    with psycopg.connect(consortium.dsn) as connection:
        names = [row[0] for row in connection.execute("SELECT DISTINCT daily_key_id FROM sealed").fetchall()]
    assert len(names) == 2
    with served(create_app(consortium.gateway, consortium.settings)) as client:
        restarted = replace(consortium, client=client)
        for given in (first, second):
            answer = restarted.look(READER_OF_COMMUNITY, path_of(given), authority="own")
            assert "欧阳测试" in answer.text


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sealed SET ciphertext = set_byte(ciphertext, 20, get_byte(ciphertext, 20) # 1)",
        "UPDATE sealed SET wrapped_key = set_byte(wrapped_key, 20, get_byte(wrapped_key, 20) # 1)",
        "DELETE FROM sealed",
        "DELETE FROM daily_keys",
    ],
)
def test_what_does_not_unseal_is_not_disclosed(consortium: Consortium, statement: str) -> None:
    given = consortium.published()
    with psycopg.connect(consortium.dsn) as connection:
        connection.execute(statement)
    with served(create_app(consortium.gateway, consortium.settings)) as client:
        restarted = replace(consortium, client=client)
        before = restarted.rows()
        answer = restarted.look(READER_OF_COMMUNITY, path_of(given), authority="own")
        assert (answer.status_code, answer.json()["code"]) == (500, "unsealing_failed")
        assert restarted.rows() == before
        assert restarted.look(FIRE_READER, path_of(given)).status_code == 200


def test_another_master_key_opens_nothing(consortium: Consortium) -> None:
    given = consortium.published()
    gateway = replace(consortium.gateway, key_provider=FileKeyProvider(bytes(32)))
    with served(create_app(gateway, consortium.settings)) as client:
        answer = replace(consortium, client=client).look(READER_OF_COMMUNITY, path_of(given), authority="own")
    assert (answer.status_code, answer.json()["code"]) == (503, "key_unavailable")


def test_planted_originals_and_their_digests_are_nowhere_in_the_database(consortium: Consortium) -> None:
    planted = {"nature": "planted nature", "reporter__name": "司马植入"}
    given = consortium.published(**planted, description="司马植入 13800138000 报警")
    consortium.look(FIRE_READER, path_of(given))
    consortium.look(READER_OF_COMMUNITY, path_of(given), authority="own")
    with psycopg.connect(consortium.dsn) as connection:
        tables = connection.execute("SELECT relname FROM pg_stat_user_tables").fetchall()
        rows = [
            str(row) for (name,) in tables for row in connection.execute(f"SELECT t::text FROM {name} t").fetchall()
        ]
    everything = "\n".join(rows)
    assert to_hex(given.committed[0].record_id)[2:] in everything
    for value in (*planted.values(), "13800138000"):
        for secret in (value.encode(), f'"{value}"'.encode()):
            assert secret.decode() not in everything
            assert secret.hex() not in everything
            assert keccak256(secret).hex() not in everything


@pytest.mark.parametrize("missing", [SCHEMA.hash, DOCUMENTS.item.class1_profile], ids=["schema", "profile"])
def test_a_missing_document_closes_the_gateway(
    consortium: Consortium, monkeypatch: pytest.MonkeyPatch, missing: bytes
) -> None:
    given = consortium.published()
    with psycopg.connect(consortium.dsn) as connection:
        connection.execute("DELETE FROM documents WHERE document_hash = %s", (missing,))
    monkeypatch.setattr(find_document, "_SCHEMAS", {})
    monkeypatch.setattr(find_document, "_PROFILES", {})
    monkeypatch.setattr(find_document, "_BITMAPS", {})
    before = consortium.rows()
    answer = consortium.look(FIRE_READER, path_of(given))
    assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
    assert consortium.rows() == before
