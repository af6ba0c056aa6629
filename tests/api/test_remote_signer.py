"""A gateway whose API_SIGN key is at a web3signer: what it promises checks, and nothing is promised without it."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from api.app import create_app
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.keccak import keccak256
from ledger.core.signature import recover, sign_digest
from ledger.core.statements import message_from_json, statement_digest
from ledger.keys.uris import open_signer
from tests.adapters.web3signer_server import NEVER_AGAIN, Answer, Web3SignerServer, signing_server
from tests.api.consortium import Consortium
from tests.api.members import API_KEY, DOMAIN, FIRE_READER, draft, record_content
from tests.api.serving import served

pytestmark = pytest.mark.api


@pytest.fixture
def signer() -> Iterator[Web3SignerServer]:
    with signing_server(API_KEY.private) as running:
        yield running


@pytest.fixture
def remote(consortium: Consortium, signer: Web3SignerServer) -> Iterator[Consortium]:
    """The consortium behind a gateway that signs remotely."""
    signing = open_signer(f"web3signer:{signer.url}", None)
    gateway = replace(consortium.gateway, api_signer=signing, signs_remotely=True)
    with served(create_app(gateway, consortium.settings)) as client:
        yield replace(consortium, client=client, gateway=gateway)


def test_acceptances_and_disclosures_are_signed_by_the_remote_key(remote: Consortium, signer: Web3SignerServer) -> None:
    given = draft([record_content()], remote.now)
    told = remote.publish(given).json()["acceptance"]
    message = message_from_json("Acceptance", told["message"])
    digest = statement_digest(DOMAIN, "Acceptance", message)
    assert recover(digest, from_hex(told["signature"], 65)) == API_KEY.address
    look = remote.look(FIRE_READER, f"/v1/records/{to_hex(given.committed[0].record_id)}")
    disclosure = look.json()["disclosure"]
    digest = statement_digest(DOMAIN, "Disclosure", message_from_json("Disclosure", disclosure["message"]))
    assert recover(digest, from_hex(disclosure["signature"], 65)) == API_KEY.address
    assert len([asked for asked in signer.asked if asked[0] == "POST"]) == 2


def test_no_look_waits_for_the_signature_of_another_one(remote: Consortium) -> None:
    record_id = remote.published().committed[0].record_id
    for _ in range(2):
        assert remote.look(FIRE_READER, f"/v1/records/{to_hex(record_id)}").status_code == 200
    assert "gongzhi_looks_alone_total 2.0" in remote.client.get("/metrics").text


def test_while_the_signer_is_away_nothing_is_promised_stored_or_shown(
    remote: Consortium, signer: Web3SignerServer
) -> None:
    shown = remote.published()
    before = remote.rows()
    given = draft([record_content()], remote.now)
    signer.hang_up = NEVER_AGAIN
    refused = remote.publish(given)
    look = remote.look(FIRE_READER, f"/v1/records/{to_hex(shown.committed[0].record_id)}")
    for answer in (refused, look):
        assert (answer.status_code, answer.json()["code"]) == (503, "signer_unreachable")
        assert answer.headers["retry-after"]
    assert "smoke in the stairwell" not in look.text
    assert remote.rows() == before
    signer.hang_up = 0
    assert remote.publish(given).status_code == 202


def test_a_signer_that_signs_with_another_key_makes_no_promise(remote: Consortium, signer: Web3SignerServer) -> None:
    before = remote.rows()

    def forged(_method: str, _path: str, answer: Answer) -> Answer:
        text = bytes.fromhex(json.loads(signer.asked[-1][2])["data"][2:])
        signature = sign_digest(keccak256(text), FIRE_READER.private)
        return answer[0], answer[1], to_hex(signature).encode()

    signer.instead = forged
    refused = remote.publish(draft([record_content()], remote.now))
    assert (refused.status_code, refused.json()["code"]) == (503, "signer_faulty")
    assert remote.rows() == before
