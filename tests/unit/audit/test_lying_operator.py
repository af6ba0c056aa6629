"""The operator who lies: what was signed and anchored is found by its check, and blames who signed it.

What was altered in the database afterwards stands in `test_altered_exports.py`.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.core.chainfile import ContractPin
from ledger.core.codes import EntryType
from ledger.core.hexadecimal import to_hex
from ledger.core.verdict import Verdict
from tests.simulated_consortium import OTHER_GATEWAY, address, number32
from tests.simulated_ledger import SimulatedLedger, honest_ledger
from tests.unit.audit.auditing import audit

pytestmark = pytest.mark.unit

GATEWAY_1 = "gateway 1"


def test_an_honest_ledger_is_verified_whole(tmp_path: Path) -> None:
    audited = audit(honest_ledger(), tmp_path)
    report = audited.report
    assert report.verdict is Verdict.VERIFIED
    assert (report.checked, report.expected, report.pending, report.failures) == (5, 5, 0, ())
    assert "5 of 5 records, batches 1-4" in report.headline
    assert "latest versions as of batch 4" in report.headline
    assert audited.state is not None


# --- lies that the gateway signed and anchored itself ---


def look_with_wider_openings(ledger: SimulatedLedger) -> None:
    ledger.look(ledger.committed(2), opened=ledger.class1_bitmap() | 1 << 5)


def look_under_a_profile_that_nobody_knows(ledger: SimulatedLedger) -> None:
    ledger.look(ledger.committed(2), profile=number32("a wider profile"))


def look_under_a_wider_profile(ledger: SimulatedLedger) -> None:
    ledger.publish_item(2, open_phone=True)
    ledger.look(ledger.committed(2), opened=ledger.class1_bitmap(2), profile=ledger.items[2][1].hash)


def look_under_another_profile_than_asked(ledger: SimulatedLedger) -> None:
    ledger.look(ledger.committed(2), headers=ledger.headers(profile=to_hex(number32("narrower"))))


def look_with_a_basis_that_is_no_commitment(ledger: SimulatedLedger) -> None:
    ledger.look(ledger.committed(2), headers=ledger.headers(basis_ref="a duty"))


def look_without_authority(ledger: SimulatedLedger) -> None:
    ledger.look(ledger.committed(2), key="rival-reads")


def look_at_anothers_own_record(ledger: SimulatedLedger) -> None:
    ledger.own_look(ledger.committed(2), key="rival-reads")


def look_by_a_key_that_may_not_read(ledger: SimulatedLedger) -> None:
    ledger.look(ledger.committed(2), key="rival")


def look_without_a_basis(ledger: SimulatedLedger) -> None:
    headers = ledger.headers()
    del headers["gongzhi-basis-ref"]
    ledger.look(ledger.committed(2), headers=headers)


def look_after_withdrawal(ledger: SimulatedLedger) -> None:
    args = {"agency": 7, "recordId": to_hex(ledger.committed(2).record_id), "version": 0, "mark": 1, "reason": 1}
    ledger.mine([("RecordAnchors", "Marked", args)])
    ledger.mine([])
    ledger.look(ledger.committed(2))


def look_for_another_purpose_than_asked(ledger: SimulatedLedger) -> None:
    ledger.look(ledger.committed(2), headers=ledger.headers(purpose="5"))


def look_for_another_officer_than_asked(ledger: SimulatedLedger) -> None:
    ledger.look(ledger.committed(2), headers=ledger.headers(officer=to_hex(number32("officer"))))


def look_under_another_authority_than_asked(ledger: SimulatedLedger) -> None:
    ledger.look(ledger.committed(2), headers=ledger.headers(authority="own"))


def look_at_another_record_than_asked(ledger: SimulatedLedger) -> None:
    ledger.look(ledger.committed(2), path=f"/v1/records/{to_hex(ledger.committed(3).record_id)}")


def look_that_answers_a_request_twice(ledger: SimulatedLedger) -> None:
    entry = ledger.look(ledger.committed(2))
    kept = {"base": entry.base, "request_signature": entry.request_signature}
    ledger.state(EntryType.DISCLOSURE, {**entry.message, "officer": bytes(32)}, openings=entry.openings, **kept)


def look_with_an_old_request(ledger: SimulatedLedger) -> None:
    entry = ledger.look(ledger.committed(2))
    ledger.unanchored.clear()
    ledger.mine([], seconds=200)
    kept = {"base": entry.base, "request_signature": entry.request_signature}
    times = {"factsBlock": len(ledger.blocks) - 1, "disclosedAt": ledger.now, "anchorBy": ledger.now + 300}
    ledger.state(EntryType.DISCLOSURE, {**entry.message, **times}, openings=entry.openings, **kept)


def look_with_a_later_facts_block(ledger: SimulatedLedger) -> None:
    ledger.look(ledger.committed(2), factsBlock=len(ledger.blocks))


def look_with_a_facts_block_from_the_future(ledger: SimulatedLedger) -> None:
    asked = ledger.now
    ledger.look(ledger.committed(2), disclosedAt=asked, factsBlock=len(ledger.blocks))
    ledger.mine([], seconds=60)


def look_with_a_facts_block_that_is_not_there(ledger: SimulatedLedger) -> None:
    ledger.look(ledger.committed(2), factsBlock=10_000)


def look_with_stale_facts(ledger: SimulatedLedger) -> None:
    stale = len(ledger.blocks) - 1
    ledger.mine([])
    ledger.now += 100
    ledger.look(ledger.committed(2), factsBlock=stale)


def look_with_another_batch(ledger: SimulatedLedger) -> None:
    ledger.look(ledger.committed(2), asOfBatch=1)


def look_at_an_outdated_version(ledger: SimulatedLedger) -> None:
    ledger.look(ledger.committed(1))


def look_at_a_record_that_is_not_there(ledger: SimulatedLedger) -> None:
    ledger.look(ledger.committed(99))
    ledger.anchor()
    ledger.mine([], seconds=600)
    ledger.submit(98)


def look_at_another_root_than_anchored(ledger: SimulatedLedger) -> None:
    ledger.look(replace(ledger.committed(2), record_root=number32("another root")))


def look_under_another_item_version(ledger: SimulatedLedger) -> None:
    ledger.publish_item(2, open_phone=True)
    _, profile, item = ledger.items[2]
    said = {"itemVersion": 2, "profile": profile.hash, "authorityId": item.hash}
    ledger.look(ledger.committed(2), opened=ledger.class1_bitmap(2), **said)


def empty_page_without_authority(ledger: SimulatedLedger) -> None:
    ledger.look(key="rival-reads")


def export_to_a_key_that_may_not_audit(ledger: SimulatedLedger) -> None:
    ledger.query(key="reader")


def export_for_another_purpose(ledger: SimulatedLedger) -> None:
    ledger.query(purpose=2)


def statement_by_another_gateways_key(ledger: SimulatedLedger) -> None:
    entry = ledger.look(ledger.committed(2))
    entry.signer = address("other-gateway")
    entry.signature = ledger.sign("Disclosure", entry.message, "other-gateway")


def promise_longer_than_allowed(ledger: SimulatedLedger) -> None:
    ledger.refuse(anchorBy=ledger.now + 301)


def statement_from_the_future(ledger: SimulatedLedger) -> None:
    ledger.refuse(refusedAt=ledger.now + 40, anchorBy=ledger.now + 340)


def statement_from_the_past(ledger: SimulatedLedger) -> None:
    ledger.refuse()
    ledger.refuse(refusedAt=ledger.now - 31, anchorBy=ledger.now + 269)


def promise_broken(ledger: SimulatedLedger) -> None:
    ledger.look(ledger.committed(2))
    ledger.mine([], seconds=200)
    ledger.mine([], seconds=200)


def submission_for_another_gateway(ledger: SimulatedLedger) -> None:
    ledger.submit(5, gateway=OTHER_GATEWAY)


def refusal_that_opens(ledger: SimulatedLedger) -> None:
    opened = ledger.look(ledger.committed(2)).openings
    ledger.refuse().openings = opened


@pytest.mark.parametrize(
    ("lie", "check", "found"),
    [
        (look_with_wider_openings, "look.profile", "1 slots beyond"),
        (look_under_a_profile_that_nobody_knows, "document.present", "no usable document"),
        (look_under_a_profile_that_nobody_knows, "look.profile", "6 slots beyond"),
        (look_under_a_wider_profile, "look.profile", "1 slots beyond"),
        (look_under_another_profile_than_asked, "look.headers", "profile"),
        (look_with_a_basis_that_is_no_commitment, "look.request", "gongzhi-basis-ref"),
        (look_without_authority, "look.decision", "purpose_not_allowed"),
        (look_at_anothers_own_record, "look.decision", "no_authority"),
        (look_by_a_key_that_may_not_read, "look.decision", "key_not_entitled"),
        (look_without_a_basis, "look.decision", "basis_incomplete"),
        (look_after_withdrawal, "look.decision", "record_withdrawn"),
        (look_for_another_purpose_than_asked, "look.headers", "purpose"),
        (look_for_another_officer_than_asked, "look.headers", "officer"),
        (look_under_another_authority_than_asked, "look.headers", "authority"),
        (look_at_another_record_than_asked, "look.target", "1 other"),
        (look_that_answers_a_request_twice, "look.request-once", "0x"),
        (look_with_an_old_request, "look.request", "not valid when it was answered"),
        (look_with_a_later_facts_block, "look.facts", "not before block"),
        (look_with_a_facts_block_from_the_future, "look.facts", "has time"),
        (look_with_a_facts_block_that_is_not_there, "look.facts", "is not there"),
        (look_with_stale_facts, "look.facts", "was stale"),
        (look_with_another_batch, "look.facts", "asOfBatch 1 instead of 4"),
        (look_at_an_outdated_version, "look.version", "version 1"),
        (look_at_a_record_that_is_not_there, "record.served", "no such record version"),
        (look_at_another_root_than_anchored, "record.served", "0x"),
        (look_under_another_item_version, "look.item", "version 2"),
        (empty_page_without_authority, "look.decision", "purpose_not_allowed"),
        (export_to_a_key_that_may_not_audit, "look.decision", "role AUDIT"),
        (export_for_another_purpose, "look.headers", "purpose"),
        (export_for_another_purpose, "look.decision", "another purpose than P12"),
        (statement_by_another_gateways_key, "entry.signer", "agency 2"),
        (promise_longer_than_allowed, "entry.times", "anchorDelay 300"),
        (statement_from_the_future, "entry.times", "anchored at"),
        (statement_from_the_past, "entry.times", "an earlier statement says"),
        (promise_broken, "promise.anchored", "anchored at"),
        (submission_for_another_gateway, "entry.gateway", "gateway 2"),
        (refusal_that_opens, "look.openings", "1 under"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_what_the_gateway_signed_and_should_not_have_is_found(
    lie: Callable[[SimulatedLedger], None], check: str, found: str, tmp_path: Path
) -> None:
    ledger = honest_ledger()
    lie(ledger)
    ledger.anchor()
    audit(ledger, tmp_path).require(check, GATEWAY_1, found)


# --- lies that a publisher's key signed and the gateway anchored all the same ---


def revoke_publisher(ledger: SimulatedLedger) -> None:
    args = {"key": address("publisher"), "agency": 7, "reason": 1, "suspectFrom": 0}
    ledger.mine([("AgencyRegistry", "KeyRevoked", args)])


def submission_by_a_revoked_key(ledger: SimulatedLedger) -> None:
    revoke_publisher(ledger)
    ledger.submit(5)


def submission_back_dated(ledger: SimulatedLedger) -> None:
    signed_at = ledger.now
    revoke_publisher(ledger)
    ledger.mine([], seconds=200)
    ledger.mine([], seconds=200)
    ledger.submit(5, signed_at=signed_at)


def submission_from_the_future(ledger: SimulatedLedger) -> None:
    ledger.submit(5, signed_at=ledger.now + 60)


def submission_under_another_schema(ledger: SimulatedLedger) -> None:
    ledger.submit(5, schemaHash=number32("another schema"))


def submission_id_twice(ledger: SimulatedLedger) -> None:
    ledger.submit(5, submissionId=number32("twice"))
    ledger.submit(6, submissionId=number32("twice"))


def record_version_twice(ledger: SimulatedLedger) -> None:
    ledger.submit(2)


def next_version_of_another_root(ledger: SimulatedLedger) -> None:
    next_one = ledger.committed(2, version=2, previous=number32("another root"))
    ledger.accept(ledger.sign_submission([next_one]))


def later_version_that_names_none(ledger: SimulatedLedger) -> None:
    from ledger.core.commitment import record_root

    record = ledger.committed(50, version=3, previous=number32("x"))
    root = record_root(record.record_id, 3, bytes(32), ledger.items[1][0].hash, record.digests)
    ledger.accept(ledger.sign_submission([replace(record, previous=bytes(32), record_root=root)]))


@pytest.mark.parametrize(
    ("lie", "check", "found"),
    [
        (submission_by_a_revoked_key, "submission.entitled", "revoked"),
        (submission_back_dated, "submission.entitled", "anchored late"),
        (submission_back_dated, "promise.anchored", "anchored at"),
        (submission_from_the_future, "submission.entitled", "older than the signature"),
        (submission_under_another_schema, "submission.entitled", "another schema"),
        (submission_id_twice, "submission.once", "0x"),
        (record_version_twice, "record.once", "version 1"),
        (next_version_of_another_root, "record.previous", "0x"),
        (later_version_that_names_none, "record.previous", "zero"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_what_a_publisher_signed_and_should_not_have_is_found(
    lie: Callable[[SimulatedLedger], None], check: str, found: str, tmp_path: Path
) -> None:
    ledger = honest_ledger()
    lie(ledger)
    ledger.anchor()
    blames = GATEWAY_1 if check == "promise.anchored" else f"agency 7 and {GATEWAY_1}"
    audit(ledger, tmp_path).require(check, blames, found)


def test_another_agencys_next_version_blames_that_agency(tmp_path: Path) -> None:
    ledger = honest_ledger()
    record = ledger.committed(2)
    next_one = ledger.committed(2, version=2, previous=record.record_root)
    ledger.accept(ledger.sign_submission([next_one], key="rival"))
    ledger.anchor()
    audited = audit(ledger, tmp_path)
    audited.require("record.publisher", f"agency 9 and {GATEWAY_1}", "agency 9")
    assert audited.failed == {"record.publisher"}


# --- lies about the chain ---


def test_a_replaced_contract_blames_whoever_deployed(tmp_path: Path) -> None:
    ledger = honest_ledger()
    contracts = dict(ledger.chain.contracts)
    pin = contracts["RecordAnchors"]
    contracts["RecordAnchors"] = ContractPin(pin.address, to_hex(number32("other code")))
    audited = audit(ledger, tmp_path, chain=replace(ledger.chain, contracts=contracts))
    audited.require("contract.code", "whoever deployed on this chain")
    assert audited.failed == {"contract.code"}


def test_a_head_that_is_not_the_fold_blames_the_gateway(tmp_path: Path) -> None:
    ledger = honest_ledger()
    args = {**ledger.events[-1].args, "head": to_hex(number32("another head"))}
    ledger.events[-1] = replace(ledger.events[-1], args=args)
    audit(ledger, tmp_path).require("stream.fold", GATEWAY_1, "not the fold")


@pytest.mark.parametrize(
    "changed",
    [
        {"chain_id": 5},
        {"genesis": to_hex(number32("another genesis"))},
        {"blocks": ()},
    ],
    ids=["chain id", "genesis", "no blocks"],
)
def test_another_chain_than_trusted_is_unverifiable(changed: dict[str, Any], tmp_path: Path) -> None:
    ledger = honest_ledger()
    audited = audit(ledger, tmp_path, chain=replace(ledger.chain, **changed))
    assert audited.report.verdict is Verdict.UNVERIFIABLE
    assert audited.report.verdict.exit_code == 4


def test_an_empty_folder_is_no_export(tmp_path: Path) -> None:
    ledger = honest_ledger()
    audited = audit(ledger, tmp_path)
    (tmp_path / "export" / "manifest.json").unlink()
    from ledger.services.audit_ledger import AuditRequest, audit_ledger

    request = AuditRequest(tmp_path / "export", ledger.trust, ledger.chain, "memory")
    report, state = audit_ledger(request)
    assert audited.report.verdict is Verdict.VERIFIED
    assert (report.verdict, report.verdict.exit_code, state) == (Verdict.INCOMPLETE, 3, None)
