"""The client acts at the real API: its promises check, are kept as receipts, and lies of the gateway are caught."""

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ledger.action_errors import SelfDecision
from ledger.client.requests import Requests
from ledger.core.canonical import encode
from ledger.core.receipt import SignedAction
from ledger.errors import UsageError
from tests.api.consortium import Consortium
from tests.api.members import COMMUNITY, DOMAIN, FIRE_READER, PROPERTY_KEY
from tests.api.offices import DECIDER, NOBODY, OPENER, OWN_DECIDER, PROFILE, REQUESTER, SUPERVISOR, Offices, fresh_scope
from tests.api.test_client_at_the_api import Desks

pytestmark = pytest.mark.api


def said(signer: Any, offices: Offices, **members: Any) -> dict[str, Any]:
    nonce = int.from_bytes(os.urandom(24), "big") << 64
    return {"key": signer.address, "nonce": nonce, "deadline": offices.consortium.now + 600, **members}


def test_a_request_is_sent_with_its_scope_and_the_promise_is_kept(consortium: Consortium, tmp_path: Path) -> None:
    offices, scope = Offices(consortium), fresh_scope()
    message = said(
        REQUESTER,
        offices,
        holder=COMMUNITY,
        item=2,
        itemVersion=1,
        purpose=2,
        basis=3,
        basisRef=bytes(range(32)),
        scopeHash=scope.hash,
        profile=PROFILE,
        until=consortium.now + 86_400,
    )
    with ExitStack() as stack:
        client = Desks(consortium, tmp_path, stack).open(REQUESTER)
        document = encode(dict(scope.document)).decode()
        sent = client.acting.send("RequestAccess", message, signers=[REQUESTER], documents=[document])
        assert (sent.action, sent.state) == (client.acting.digest("RequestAccess", message), "received")
        assert client.acting.state(sent.action)["state"] == "received"
        (receipt,) = client.desk.receipts.receipts()
        requests = Requests(client.desk)
        assert requests.scope(requests.told(sent.action)) == scope
        others = Requests(Desks(consortium, tmp_path / "others", stack).open(PROPERTY_KEY).desk)
        assert others.scope(others.told(sent.action)) is None
    assert (receipt.kind, receipt.domain, receipt.message["action"]) == ("received", DOMAIN, sent.action)
    assert isinstance(receipt.evidence, SignedAction)
    assert (receipt.evidence.action, receipt.evidence.message) == ("RequestAccess", message)


def test_signatures_made_elsewhere_are_handed_over_and_a_missing_one_is_told(
    consortium: Consortium, tmp_path: Path
) -> None:
    offices = Offices(consortium)
    content = {"supervisor": SUPERVISOR.address, "secondAgencyKey": NOBODY, "caseRef": b"\5" * 32, "items": (2,)}
    content |= {"region": 990101, "reason": 1, "noteHash": bytes(32), "expiresAt": consortium.now + 3_600}
    message = said(OPENER, offices, **content)
    with ExitStack() as stack:
        client = Desks(consortium, tmp_path, stack).open(FIRE_READER)
        with pytest.raises(UsageError, match=SUPERVISOR.address):
            client.acting.send("OpenEmergency", message, signers=[OPENER])
        digest = client.acting.digest("OpenEmergency", message)
        signatures = {SUPERVISOR.address: SUPERVISOR.sign_digest(digest)}
        sent = client.acting.send("OpenEmergency", message, signers=[OPENER], signatures=signatures)
    assert (sent.action, sent.include_by - sent.received_at) == (digest, 300)


def test_a_refusal_comes_as_the_error_of_its_code(consortium: Consortium, tmp_path: Path) -> None:
    offices = Offices(consortium)
    request = offices.mine(offices.request())
    message = offices.refuse(request, nonce=5 << 64).message | {"nonce": 6 << 64, "key": OWN_DECIDER.address}
    other = offices.mine(offices.request())
    with ExitStack() as stack:
        client = Desks(consortium, tmp_path, stack).open(OWN_DECIDER)
        with pytest.raises(SelfDecision):
            client.acting.send("DecideAccess", message | {"request": other}, signers=[OWN_DECIDER])
    assert offices.decide(other, DECIDER).code == "taken"
