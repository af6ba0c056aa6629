"""Proof bundles as the API hands them out."""

import psycopg
import pytest

from ledger.core.canonical import encode
from ledger.core.chainfile import ChainFile, ContractPin, Trust
from ledger.core.hexadecimal import to_hex
from ledger.core.verify import ChainFacts, verify_bundle
from tests.api.consortium import Consortium
from tests.api.members import CHAIN, CHAIN_ID, FIRE_READER, PROPERTY_KEY, READER_OF_COMMUNITY

pytestmark = pytest.mark.api


def facts(consortium: Consortium) -> ChainFacts:
    pins = {name: ContractPin(pin["address"], pin["codeHash"]) for name, pin in CHAIN["contracts"].items()}
    trust = Trust(CHAIN_ID, CHAIN["genesis"], pins, "test", 1, None, {})
    return ChainFacts(trust, ChainFile(CHAIN_ID, CHAIN["genesis"], pins, (), ()), consortium.gateway_history())


def test_a_bundle_is_there_once_the_entry_is_anchored(consortium: Consortium) -> None:
    record_id = consortium.published(5).committed[3].record_id
    path = f"/v1/records/{to_hex(record_id)}/bundle"
    before = consortium.rows()
    early = consortium.look(FIRE_READER, path)
    assert (early.status_code, early.json()["code"]) == (409, "not_anchored_yet")
    assert consortium.rows() == before
    consortium.published(2)
    consortium.anchor_all()
    told = consortium.look(FIRE_READER, path).json()
    verified = verify_bundle(encode(told["bundle"]), facts(consortium))
    assert verified.record_id == record_id
    assert told["disclosure"]["message"]["recordCount"] == 1
    assert [opening[0] for opening in told["openings"]] == [to_hex(record_id)]


def test_a_publishers_own_bundle_opens_everything(consortium: Consortium) -> None:
    record_id = consortium.published().committed[0].record_id
    consortium.anchor_all()
    told = consortium.look(READER_OF_COMMUNITY, f"/v1/records/{to_hex(record_id)}/bundle", authority="own").json()
    assert verify_bundle(encode(told["bundle"]), facts(consortium)).version == 1
    assert all("value" in slot for slot in told["bundle"]["record"]["slots"])


def test_a_refused_bundle_is_refused_before_it_is_due(consortium: Consortium) -> None:
    record_id = consortium.published().committed[0].record_id
    answer = consortium.look(PROPERTY_KEY, f"/v1/records/{to_hex(record_id)}/bundle")
    assert (answer.status_code, answer.json()["reason"]) == (403, 3)


def test_a_bundle_that_does_not_verify_is_not_handed_out(consortium: Consortium) -> None:
    record_id = consortium.published().committed[0].record_id
    consortium.anchor_all()

    with psycopg.connect(consortium.dsn) as connection:
        connection.execute("UPDATE records SET open_salts = decode(repeat('00', octet_length(open_salts)), 'hex')")
    before = consortium.rows()
    answer = consortium.look(FIRE_READER, f"/v1/records/{to_hex(record_id)}/bundle")
    assert (answer.status_code, answer.json()["code"]) == (500, "verification_failed")
    assert consortium.rows() == before
