"""What an honest gateway did, audited: every look that it served under any authority is verified by its own export."""

import os
from pathlib import Path

import pytest

from ledger.client.exporting import write_lines
from ledger.core.audit.replay import ONLY_KEY_HOLDERS
from ledger.core.canonical import encode
from ledger.core.chainfile import ChainFile, ContractPin, Trust, parse_trust, trust_document
from ledger.core.codes import Tier
from ledger.core.export import MANIFEST_FILE, manifest_document
from ledger.core.hexadecimal import to_hex
from ledger.core.typed_messages import message_to_json
from ledger.core.verdict import Report, Verdict
from ledger.services.audit_ledger import AuditRequest, audit_ledger
from tests.api import test_emergencies as emergencies
from tests.api import test_grants as grants
from tests.api.consortium import Consortium
from tests.api.members import (
    AUDIT_KEY,
    CHAIN,
    CHAIN_ID,
    COMMUNITY,
    CONTRACTS,
    FIRE,
    FIRE_READER,
    PUBLISHER,
    READER_OF_COMMUNITY,
    key,
)
from tests.api.offices import DECIDER, DOCUMENTS, ITEM, OPENER, REQUESTER, SUPERVISOR, Offices
from tests.api.persons import OTHER_ID, ask, opening, publish_care
from tests.api.test_grants import caring
from tests.api.test_grants_refused import asked_on_chain
from tests.api.test_looks import path_of

pytestmark = pytest.mark.api
__all__ = ["caring"]


@pytest.fixture
def offices(consortium: Consortium) -> Offices:
    return Offices(consortium)


def exported(consortium: Consortium, folder: Path) -> tuple[Trust, ChainFile]:
    """Anchor what waits and export it to a folder; returns by what it is judged: trust file and followed chain."""
    consortium.advance(2)
    consortium.anchor_all()
    consortium.advance(2)
    consortium.add_block()
    answer = consortium.look(AUDIT_KEY, "/v1/export", item="", purpose="12")
    manifest, counts = write_lines(iter(answer.text.splitlines()), folder)
    (folder / MANIFEST_FILE).write_bytes(encode(manifest_document(manifest, counts)))
    pins = {name: ContractPin(pin["address"], pin["codeHash"]) for name, pin in CONTRACTS.items()}
    with consortium.store.begin() as opened:
        followed = opened.blocks_after(-1, 10_000)
    blocks, events = [one.block for one in followed], [event for one in followed for event in one.events]
    chain = ChainFile(CHAIN_ID, str(CHAIN["genesis"]), pins, tuple(blocks), tuple(events))
    return parse_trust(encode(trust_document(CHAIN_ID, chain.genesis, pins, "simulated"))), chain


def audited(consortium: Consortium, folder: Path) -> Report:
    """Anchor what waits, export, and verify the export against the followed chain."""
    trust, chain = exported(consortium, folder)
    return audit_ledger(AuditRequest(folder, trust, chain, "the store", workers=1))[0]


def passed(report: Report, check: str) -> int:
    return sum(one.count for one in report.checks if (one.id, one.result) == (check, "pass"))


def test_looks_under_grants_are_verified(offices: Offices, tmp_path: Path) -> None:
    inside, outside = grants.published(offices), grants.published(offices, region="990102001001")
    offices.consortium.anchor_all()
    grant = offices.mine(offices.decide(offices.mine(offices.request()), uses=4))
    for path in (path_of(inside), path_of(outside), "/v1/records", path_of(os.urandom(32))):
        grants.look(offices, grant, path)
    with offices.consortium.store.begin() as opened:
        narrower = encode(grants.NARROWER.document)
        opened.add_document(grants.NARROWER.hash, "application/json", narrower, offices.consortium.now)
    narrow = {"profile": to_hex(grants.NARROWER.hash)}
    assert grants.look(offices, grant, path_of(inside), **narrow).status_code == 200
    assert grants.look(offices, grant, path_of(inside), basis_ref="").status_code == 200
    grants.refused(grants.look(offices, grant, path_of(inside)), 13, "quota_exhausted")
    unknown = grants.granted_elsewhere(offices)
    assert grants.look(offices, unknown).status_code == 403
    revoked = offices.granted()
    assert grants.look(offices, revoked).status_code == 200
    revocation = offices.act("RevokeGrant", {"grant": revoked, "reason": 1}, DECIDER)
    assert grants.look(offices, revoked).status_code == 403
    offices.mine(revocation)
    own = {"item": str(ITEM), "authority": "own"}
    assert offices.consortium.look(READER_OF_COMMUNITY, path_of(inside), **own).status_code == 200
    report = audited(offices.consortium, tmp_path / "export")
    assert (report.verdict, report.failures) == (Verdict.VERIFIED, ())
    assert (passed(report, "look.uses"), passed(report, "action.included")) == (5, 5)
    assert [passed(report, f"grant.{each}") for each in ("terms", "request", "profile", "tier")] == [3, 3, 3, 3]


def test_a_decision_past_the_gateway_for_another_tier_convicts_the_holder_alone(
    offices: Offices, tmp_path: Path
) -> None:
    record = grants.published(offices)
    offices.consortium.anchor_all()
    of_street = next(one.profile for one in DOCUMENTS.policy.profiles if one.tier == Tier.T4)
    grant = asked_on_chain(offices, of_street)
    refused = offices.decide(grant, profile=of_street)
    assert refused.code == "profile_not_listed"
    said = message_to_json("DecideAccess", refused.message)
    event = {"reader": FIRE, "holder": COMMUNITY, **said}
    offices.consortium.add_block([("AccessLedger", "AccessGranted", event)])
    assert grants.look(offices, grant, path_of(record)).status_code == 200
    report = audited(offices.consortium, tmp_path / "export")
    assert report.verdict is Verdict.FAULTY
    assert [(one.id, one.subject, one.blames) for one in report.failures] == [
        ("grant.tier", f"grant {to_hex(grant)}", f"agency {COMMUNITY}")
    ]
    assert f"agency {FIRE} of kind 8 looks under T5, the profile is of tier T4" in report.failures[0].actual
    assert passed(report, "look.decision") == 1


def test_looks_by_consent_are_verified(caring: Offices, tmp_path: Path) -> None:
    consortium, person = caring.consortium, key("a resident", 0)
    own, other = (
        publish_care(consortium, ask(consortium, PUBLISHER, "/v1/subjects", about).json()["subject"])
        for about in (opening(), opening(OTHER_ID))
    )
    consent, grant = grants.granted_by_consent(caring, person)
    for path in (path_of(own), path_of(other), "/v1/records"):
        grants.care_look(caring, grant, path)
    withdrawal = caring.act("WithdrawConsent", {"consent": consent, "reason": 1}, person, caller=REQUESTER)
    assert grants.care_look(caring, grant).status_code == 403
    caring.mine(withdrawal)
    report = audited(consortium, tmp_path / "export")
    assert (report.verdict, report.failures) == (Verdict.VERIFIED, ())
    assert f"{ONLY_KEY_HOLDERS} (2)" in report.notices


def test_looks_under_emergencies_are_verified(offices: Offices, tmp_path: Path) -> None:
    inside, outside = emergencies.published(offices), emergencies.published(offices, region="990102001001")
    pending = offices.open()
    for path in (path_of(inside), path_of(outside), "/v1/records"):
        emergencies.look(offices, pending.digest, path)
    emergency = offices.mine(pending)
    assert emergencies.look(offices, emergency, path_of(inside)).status_code == 200
    co_signature = offices.on("CoSignEmergency", emergency, SUPERVISOR)
    assert emergencies.look(offices, emergency).status_code == 200
    offices.mine(co_signature)
    supervised = emergencies.opened(offices, OPENER, SUPERVISOR)
    assert emergencies.look(offices, supervised, path_of(inside)).status_code == 200
    end = offices.on("EndEmergency", supervised, OPENER)
    assert emergencies.look(offices, supervised).status_code == 403
    offices.mine(end)
    assert offices.consortium.look(FIRE_READER, "/v1/records").status_code == 200
    report = audited(offices.consortium, tmp_path / "export")
    assert (report.verdict, report.failures) == (Verdict.VERIFIED, ())
    assert passed(report, "action.included") == 4
