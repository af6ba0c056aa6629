"""What a failed step tells: its number, what was expected and found, and whom it blames."""

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from ledger.core.bundle import AnchorClaim, Bundle, SignedSubmission, bundle_document
from ledger.core.canonical import encode
from ledger.core.chainfile import parse_chain, parse_trust
from ledger.core.codes import Mark
from ledger.core.commitment import record_root
from ledger.core.stored import stored_slots, view_of
from ledger.core.verify import CHAIN_STEPS, FILE_STEPS, STEP_IDS, ChainFacts, verify_bundle
from ledger.errors import FormatError, SchemaError, SignatureError, UnsupportedFormat, VerificationError
from tests.simulated_consortium import GATEWAY, PUBLISHER, number32
from tests.simulated_ledger import SimulatedLedger

pytestmark = pytest.mark.unit
Document = dict[str, Any]
OTHER = "0x" + "11" * 32


@lru_cache(maxsize=1)
def vectors() -> Document:
    text = (Path(__file__).parents[2] / "vectors" / "formats-1.json").read_text(encoding="utf-8")
    parsed: Document = json.loads(text)
    return parsed


def bundle(name: str = "masked") -> Document:
    return copy.deepcopy(next(one["bundle"] for one in vectors()["bundles"] if one["name"] == name))


def chain() -> Document:
    return copy.deepcopy(vectors()["chains"]["base"])


def facts(chain_file: Document, trust_file: Document | None = None) -> ChainFacts:
    parsed = parse_chain(json.dumps(chain_file))
    return ChainFacts(parse_trust(json.dumps(trust_file or vectors()["trust"])), parsed, parsed.history())


def failure(document: Document, judged_by: ChainFacts | None = None) -> VerificationError:
    with pytest.raises(VerificationError) as caught:
        verify_bundle(json.dumps(document), judged_by)
    return caught.value


def later_event(chain_file: Document, contract: str, name: str, args: Document) -> None:
    last = chain_file["events"][-1]
    place = {"block": last["block"], "logIndex": last["logIndex"] + 1, "transaction": last["transaction"]}
    chain_file["events"].append({**place, "contract": contract, "name": name, "args": args})


def open_slot(document: Document) -> Document:
    slot: Document = next(slot for slot in document["record"]["slots"] if "value" in slot)
    return slot


def test_every_step_of_a_level_has_a_name_of_its_own() -> None:
    assert tuple(STEP_IDS) == CHAIN_STEPS
    file_steps = ["shapes", "schema", "slots", "values", "commitment", "record-proof", "signature"]
    assert list(STEP_IDS.values()) == [*file_steps, "entitlement", "entry-proof", "anchor", "marks"]
    assert tuple(step for step in CHAIN_STEPS if step not in (8, 10, 11)) == FILE_STEPS


def test_a_valid_bundle_tells_what_it_established() -> None:
    document = bundle()
    message, judged = document["submission"]["message"], facts(chain())
    verified = verify_bundle(json.dumps(document), judged)
    assert (verified.record_id.hex(), verified.version) == (document["record"]["recordId"][2:], 1)
    assert (verified.publisher, verified.signer) == (message["publisher"], document["submission"]["signer"])
    assert (verified.steps, verified.notices) == (CHAIN_STEPS, ("latest version not established",))
    by_file = verify_bundle(json.dumps(document))
    assert (by_file.steps, by_file.notices) == (FILE_STEPS, ())
    assert (by_file.record_root, by_file.entry) == (verified.record_root, verified.entry)


def test_step_1_blames_the_maker_of_the_file_and_names_an_unknown_format() -> None:
    told = failure({**bundle(), "format": "gongzhi-bundle/2"})
    assert (told.step, told.blames) == (1, "whoever made the file")
    assert isinstance(told.__cause__, UnsupportedFormat)
    told = failure({**bundle(), "remark": 1})
    assert told.step == 1
    assert "an unknown member" in told.detail
    assert "remark" not in told.detail
    assert not isinstance(told.__cause__, UnsupportedFormat)


def test_step_2_tells_which_of_the_two_hashes_is_another() -> None:
    document = bundle()
    actual = document["record"]["schemaHash"]
    document["record"]["schemaHash"] = OTHER
    told = failure(document)
    assert (told.step, told.expected, told.actual) == (2, OTHER, actual)
    assert "the view" in told.detail
    document = bundle()
    document["submission"]["message"]["schemaHash"] = OTHER
    told = failure(document)
    assert (told.step, told.expected, told.actual) == (2, OTHER, actual)
    assert "the submission" in told.detail
    document = bundle()
    document["schema"]["slots"][0]["type"] = "float"
    assert isinstance(failure(document).__cause__, SchemaError)


def without_salt(slot: Document) -> None:
    del slot["salt"]


def without_value(slot: Document) -> None:
    del slot["value"]


def with_digest_too(slot: Document) -> None:
    slot["digest"] = OTHER


def neither(slot: Document) -> None:
    del slot["salt"], slot["value"]


def closed_with_salt(slot: Document) -> None:
    del slot["value"]
    slot["digest"] = OTHER


def closed_with_value(slot: Document) -> None:
    del slot["salt"]
    slot["digest"] = OTHER


@pytest.mark.parametrize(
    "change", [without_salt, without_value, with_digest_too, neither, closed_with_salt, closed_with_value]
)
def test_step_3_takes_a_slot_that_is_open_or_closed_only(change: Callable[[Document], None]) -> None:
    document = bundle()
    slot = open_slot(document)
    change(slot)
    told = failure(document)
    assert (told.step, told.detail) == (3, f"{slot['path']} ({slot['kind']}) is neither open nor closed")


def test_step_3_takes_the_schemas_slots_in_order_only() -> None:
    document = bundle()
    slots = document["record"]["slots"]
    count = len(slots)
    first, second = slots[0], slots[1]
    slots[0], slots[1] = second, first
    told = failure(document)
    assert (told.step, told.detail) == (3, f"slot 0 is not {first['path']} ({first['kind']})")
    document = bundle()
    del document["record"]["slots"][-1]
    told = failure(document)
    assert (told.step, told.expected, told.actual) == (3, str(count), str(count - 1))


@pytest.mark.parametrize("value", ["{}", "[1.5]", " 1", "not json", '"e\\u0301"'])
def test_step_4_takes_canonical_values_of_the_slots_type_only(value: str) -> None:
    document = bundle()
    slot = next(slot for slot in document["record"]["slots"] if slot["path"] == "/occurredAt" and "value" in slot)
    slot["value"] = value
    told = failure(document)
    assert told.step == 4
    assert told.detail.startswith(f"/occurredAt ({slot['kind']}): ")
    assert isinstance(told.__cause__, FormatError)


def test_step_6_blames_whoever_altered_the_record() -> None:
    document = bundle()
    open_slot(document)["salt"] = OTHER
    told = failure(document)
    message = document["submission"]["message"]
    assert (told.step, told.expected) == (6, message["recordsRoot"])
    assert told.blames == f"whoever altered the record after agency {message['publisher']} signed"


def test_step_7_tells_signer_and_recovered_key_apart() -> None:
    document = bundle()
    document["submission"]["message"]["signedAt"] += 1
    told = failure(document)
    assert (told.step, told.expected) == (7, document["submission"]["signer"])
    assert told.actual not in (told.expected, "")
    document["submission"]["signature"] = "0x" + "00" * 65
    told = failure(document)
    assert told.step == 7
    assert isinstance(told.__cause__, SignatureError)


def test_step_8_tells_the_signer_and_blames_publisher_or_gateway() -> None:
    document, chain_file = bundle(), chain()
    chain_file["events"] = [one for one in chain_file["events"] if one["name"] != "ItemPublished"]
    told = failure(document, facts(chain_file))
    publisher = document["submission"]["message"]["publisher"]
    assert (told.step, told.actual) == (8, document["submission"]["signer"])
    assert told.blames == f"agency {publisher} or its gateway"


def test_step_9_binds_gateway_sequence_and_proof() -> None:
    document = bundle()
    gateway = document["anchor"]["gateway"]
    document["anchor"]["gateway"] = gateway + 1
    told = failure(document)
    assert (told.step, told.expected, told.actual) == (9, str(gateway), str(gateway + 1))
    assert told.blames == f"gateway {gateway + 1}"
    for sequence in ("before", "behind"):
        document = bundle()
        anchor = document["anchor"]
        first = anchor["firstSequence"]
        document["sequence"] = first - 1 if sequence == "before" else first + anchor["leafCount"]
        told = failure(document)
        assert (told.step, told.actual) == (9, str(document["sequence"]))
        assert told.detail == "the sequence lies outside the batch"
    document = bundle()
    document["submission"]["sealedHash"] = OTHER
    told = failure(document)
    assert (told.step, told.expected) == (9, document["anchor"]["root"])
    assert told.blames == f"gateway {gateway}"


@pytest.mark.parametrize("member", ["root", "leafCount", "firstSequence", "transaction", "block"])
def test_step_10_compares_each_member_of_the_anchor_with_the_chain(member: str) -> None:
    chain_file = chain()
    document = bundle()
    claim = document["anchor"]
    event = next(
        one
        for one in chain_file["events"]
        if one["name"] == "Anchored"
        and (one["args"]["gateway"], one["args"]["batch"]) == (claim["gateway"], claim["batch"])
    )
    if member == "block":
        document["anchor"]["block"] += 1
    elif member == "transaction":
        event["transaction"] = OTHER
    else:
        event["args"][member] = OTHER if member == "root" else event["args"][member] + 1
    told = failure(document, facts(chain_file))
    assert (told.step, told.detail) == (10, f"batch {claim['batch']} stands otherwise on chain")
    assert told.blames == f"gateway {claim['gateway']}"


def test_step_10_takes_a_batch_that_was_anchored_by_pinned_contracts_only() -> None:
    document, chain_file = bundle(), chain()
    chain_file["events"] = [one for one in chain_file["events"] if one["name"] != "Anchored"]
    told = failure(document, facts(chain_file))
    assert (told.step, told.detail) == (10, f"batch {document['anchor']['batch']} was never anchored")
    for name in sorted(vectors()["trust"]["contracts"]):
        other = copy.deepcopy(vectors()["trust"])
        other["contracts"][name]["codeHash"] = OTHER
        told = failure(document, facts(chain(), other))
        assert (told.step, told.blames) == (10, "the chain")
        assert told.detail == f"{name} on chain is not the contract that is trusted"
    other = {**copy.deepcopy(vectors()["trust"]), "chainId": 5}
    told = failure(document, facts(chain(), other))
    assert (told.step, told.detail) == (10, "the anchor is of another chain or contract")


@pytest.mark.parametrize("mark", list(Mark))
def test_step_11_tells_every_mark_of_the_publisher_and_others_disputes_only(mark: Mark) -> None:
    document = bundle()
    publisher = document["submission"]["message"]["publisher"]
    for agency in (publisher, publisher + 1):
        chain_file = chain()
        about = {"recordId": document["record"]["recordId"], "version": 0, "reason": 1}
        later_event(chain_file, "RecordAnchors", "Marked", {**about, "agency": agency, "mark": int(mark)})
        notices = verify_bundle(json.dumps(document), facts(chain_file)).notices
        where = f" at block {chain_file['events'][-1]['block']}" if mark is Mark.ERASED else ""
        expected = [f"the publisher marked this record {mark.name.lower()}{where}"] if agency == publisher else []
        if agency != publisher and mark is Mark.DISPUTED:
            expected = [f"agency {agency} disputes this record"]
        assert notices == (*expected, "latest version not established")


def test_a_mark_of_a_later_version_of_the_contracts_is_told_by_its_number() -> None:
    document, chain_file = bundle(), chain()
    about = {"recordId": document["record"]["recordId"], "version": 0, "mark": 99, "reason": 1}
    publisher = document["submission"]["message"]["publisher"]
    later_event(chain_file, "RecordAnchors", "Marked", {**about, "agency": publisher})
    notices = verify_bundle(json.dumps(document), facts(chain_file)).notices
    assert notices[0] == "the publisher marked this record 99"


@pytest.mark.parametrize(("version", "previous"), [(1, number32("previous")), (2, bytes(32))])
def test_step_11_takes_version_1_exactly_where_previous_is_zero(version: int, previous: bytes) -> None:
    ledger = SimulatedLedger()
    schema, honest = ledger.items[1][0], ledger.committed(1)
    root = record_root(honest.record_id, version, previous, schema.hash, honest.digests)
    record = replace(honest, version=version, previous=previous, record_root=root)
    submitted = ledger.sign_submission([record])
    entry = ledger.accept(submitted)
    ledger.anchor()
    anchor = ledger.history().anchors[GATEWAY][0]
    made = Bundle(
        view_of(schema, record.record_id, version, previous, stored_slots(schema, record), 1),
        schema.document,
        SignedSubmission(submitted.message, submitted.signer, submitted.signature, submitted.sealed_hash),
        (),
        AnchorClaim(
            ledger.chain_id,
            ledger.domain.record_anchors,
            GATEWAY,
            1,
            anchor.root,
            1,
            entry.sequence,
            anchor.transaction,
            anchor.point.block,
        ),
        entry.sequence,
        (),
    )
    document = bundle_document(made)
    assert verify_bundle(encode(document)).version == version
    told = failure(document, ChainFacts(ledger.trust, ledger.chain, ledger.history()))
    assert (told.step, told.blames) == (11, f"agency {PUBLISHER}")


def test_a_retired_key_that_is_revoked_long_after_flips_no_bundle() -> None:
    document, chain_file = bundle(), chain()
    signer, signed_at = document["submission"]["signer"], document["submission"]["message"]["signedAt"]
    publisher = document["submission"]["message"]["publisher"]
    key = {"key": signer, "agency": publisher}
    later_event(chain_file, "AgencyRegistry", "KeyRetired", key)
    later_event(chain_file, "AgencyRegistry", "KeyRevoked", {**key, "reason": 1, "suspectFrom": signed_at})
    notices = verify_bundle(json.dumps(document), facts(chain_file)).notices
    assert "the signing key was later called suspect since before the signature" in notices
    chain_file["events"][-1]["args"]["suspectFrom"] = signed_at + 1
    assert verify_bundle(json.dumps(document), facts(chain_file)).notices == ("latest version not established",)
