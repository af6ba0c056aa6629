"""Details of the ledger's checks: shapes of requests, documents that are none, submissions that are no tree."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.core.audit.ground import Ground
from ledger.core.audit.promises import is_broken
from ledger.core.audit.requests import parse_base
from ledger.core.audit.slots import REMEMBERED_VALUES, value_hash
from ledger.core.bundle import View
from ledger.core.canonical import encode
from ledger.core.codes import EntryType
from ledger.core.export import ExportedRecord
from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from ledger.core.schema import parse_schema
from ledger.core.verdict import Report, Verdict, worst
from ledger.core.verify import ChainFacts, marks_and_versions
from ledger.errors import FormatError, VerificationError
from ledger.services import audit_ledger as service
from tests.simulated_consortium import address, incident_schema, number32, private_key
from tests.simulated_ledger import SimulatedLedger, honest_ledger
from tests.unit.audit.auditing import audit

pytestmark = pytest.mark.unit
LEDGER = honest_ledger()
KEPT = LEDGER.request("reader", "/v1/records/" + to_hex(number32("record")) + "/bundle", LEDGER.headers(), "version=3")
BASE: str = KEPT["base"]


def test_a_signature_base_reads_back() -> None:
    request = parse_base(BASE)
    assert (request.record_id, request.version, request.number("gongzhi-item")) == (number32("record"), 3, 3)
    assert request.number("gongzhi-none") is None
    assert request.commitment("gongzhi-officer") == bytes(32)
    assert request.request == keccak256(BASE.encode())
    assert request.why_not_signed(address("reader"), KEPT["request_signature"], LEDGER.chain_id, LEDGER.now) is None
    search = parse_base(BASE.replace(to_hex(number32("record")), "search").replace("version=3", "a=1&version=4&b=2"))
    assert (search.record_id, search.version) == (None, 4)
    assert parse_base(BASE.replace("version=3", "conversion=3")).version == 0


@pytest.mark.parametrize(
    "base",
    [
        "",
        "no line\n" + BASE,
        '"@method": GET\n' + BASE,
        BASE + "\n",
        BASE.replace("@signature-params", "@signature"),
        BASE.replace(' "@authority"', "", 1),
        BASE.replace('"@method": GET', '"@method": GÉT'),
        BASE.replace(';tag="erc8128"', ";tag=erc8128"),
    ],
    ids=range(8),
)
def test_text_that_is_no_signature_base_is_refused(base: str) -> None:
    with pytest.raises(FormatError):
        parse_base(base)


def test_a_request_of_another_key_chain_or_time_is_told() -> None:
    request, signature = parse_base(BASE), KEPT["request_signature"]

    def why(key: str = address("reader"), chain: int = LEDGER.chain_id, at: int = LEDGER.now, base: str = BASE) -> str:
        return str(parse_base(base).why_not_signed(key, signature, chain, at))

    assert request.parameters["tag"] == "erc8128"
    assert "another key or chain" in why(key=address("auditor"))
    assert "another key or chain" in why(chain=5)
    assert "signature is of another key" in why(base=BASE.replace("GET", "PUT"))
    assert "not valid" in why(at=LEDGER.now + 91)
    assert "not valid" in why(at=LEDGER.now - 31)
    from ledger.core.signature import personal_digest, sign_digest

    for created in ("", ";created=" + "1" * 16 + "0", ';created="' + "9" * 5000 + '"', ';created="x"'):
        odd = BASE.replace(f";created={LEDGER.now}", created)
        signed = sign_digest(personal_digest(odd.encode()), private_key("reader"))
        try:
            found = parse_base(odd).why_not_signed(address("reader"), signed, LEDGER.chain_id, LEDGER.now)
        except FormatError:
            continue
        assert found == "it has no window of time"


def test_a_kept_request_that_is_none_blames_the_gateway(tmp_path: Path) -> None:
    ledger = honest_ledger()
    export = ledger.export()
    export.looks[0]["base"] = "nothing"
    export.looks[1]["signature"] = "0x" + "00" * 65
    export.looks[2]["signature"] = export.looks[3]["signature"]
    audited = audit(ledger, tmp_path, export)
    audited.require("look.request", "gateway 1", "as its last line")
    audited.require("look.request", "gateway 1", "v is 27 or 28")
    audited.require("look.request", "gateway 1", "of another key")


def test_one_record_opened_twice_is_no_page(tmp_path: Path) -> None:
    ledger = honest_ledger()
    entry = ledger.look(ledger.committed(2))
    entry.openings = (entry.openings[0], entry.openings[0])
    ledger.anchor()
    audit(ledger, tmp_path).require("look.openings", "gateway 1", "equal")


def test_a_signature_that_nobody_made_is_found(tmp_path: Path) -> None:
    ledger = honest_ledger()
    export = ledger.export()
    export.entries[0]["signature"] = "0x" + "00" * 65
    audit(ledger, tmp_path, export).require("entry.signature", "gateway 1", "v is 27 or 28")


def test_a_pushed_notice_is_an_entry_like_any(tmp_path: Path) -> None:
    ledger = honest_ledger()
    message = {
        "gateway": 1,
        "subscription": number32("subscription"),
        "reader": 8,
        "recordCount": 0,
        "openingsRoot": bytes(32),
        "deliveredAt": ledger.now,
        "anchorBy": ledger.now + 300,
    }
    ledger.state(EntryType.NOTICE, message)
    ledger.anchor()
    assert audit(ledger, tmp_path).report.verdict is Verdict.VERIFIED


def test_an_entry_behind_the_last_batch_and_before_it_is_misplaced(tmp_path: Path) -> None:
    ledger = honest_ledger()
    export = ledger.export()
    export.entries.append(dict(export.entries[0]))
    export.looks.append(dict(export.looks[0]))
    export.looks.insert(0, {**export.looks[0], "sequence": 1})
    audited = audit(ledger, tmp_path, export)
    assert [one.id for one in audited.report.failures].count("entry.order") == 3


def test_records_of_another_shape_or_order_are_found(tmp_path: Path) -> None:
    ledger = honest_ledger()
    export = ledger.export()
    first = export.records[0]
    first["values"], first["salts"] = first["values"][1:], "0x" + first["salts"][66:]
    export.records[1]["position"], export.records[2]["position"] = 2, 1
    audited = audit(ledger, tmp_path, export)
    audited.require("record.slots", "gateway 1", "5 and 3")
    audited.require("record.present", "gateway 1", "another order")


def test_a_submission_that_holds_a_record_twice_has_no_root(tmp_path: Path) -> None:
    ledger = honest_ledger()
    record = ledger.committed(5)
    submitted = ledger.sign_submission([record], recordCount=2)
    submitted.records.append(record)
    submitted.ciphertext_digests.append(submitted.ciphertext_digests[0])
    ledger.accept(submitted)
    ledger.anchor()
    audit(ledger, tmp_path).require("record.root", "gateway 1", "equal")


def test_an_unknown_item_version_has_no_documents_to_ask_for(tmp_path: Path) -> None:
    ledger = honest_ledger()
    ledger.submit(5, item=99)
    ledger.anchor()
    audited = audit(ledger, tmp_path)
    assert audited.failed == {"submission.entitled"}


def published_with(ledger: SimulatedLedger, **args: Any) -> None:
    """Publish version 2 of the item with other hashes than those of its documents."""
    ledger.publish_item(2)
    ledger.events[-1] = replace(ledger.events[-1], args={**ledger.events[-1].args, **args})


def test_an_item_document_that_says_something_else_blames_its_agency(tmp_path: Path) -> None:
    ledger = honest_ledger()
    published_with(ledger, purposes=1 << 5)
    ledger.submit(5, itemVersion=2)
    ledger.anchor()
    audit(ledger, tmp_path).require("document.item", "agency 1", "another purposes")


def test_an_item_document_that_is_none_blames_its_agency(tmp_path: Path) -> None:
    ledger = honest_ledger()
    schema_hash = to_hex(ledger.items[1][0].hash)
    published_with(ledger, documentHash=schema_hash, class1Profile=to_hex(bytes(32)))
    ledger.submit(5, itemVersion=2)
    ledger.anchor()
    audit(ledger, tmp_path).require("document.item", "agency 1", "another document")


def test_a_withheld_item_document_blames_the_gateway(tmp_path: Path) -> None:
    ledger = honest_ledger()
    published_with(ledger, documentHash=to_hex(number32("withheld")))
    ledger.submit(5, itemVersion=2)
    ledger.anchor()
    audit(ledger, tmp_path).require("document.present", "gateway 1", "not in the export")


@pytest.mark.parametrize("kept", [True, False])
def test_a_withheld_code_set_of_a_schema_blames_the_gateway(tmp_path: Path, kept: bool) -> None:
    ledger = honest_ledger()
    code_set = {"format": "gongzhi-codes/1", "code_set": "class", "version": 1, "codes": []}
    schema = incident_schema(2)
    schema["slots"][2]["code_set"] = f"class/1#{to_hex(keccak256(encode(code_set)))}"
    schema["slots"][3]["code_set"] = "class/1"
    ledger.keep(schema, *[code_set] * kept)
    published_with(ledger, schemaHash=to_hex(parse_schema(schema).hash))
    ledger.submit(5, itemVersion=2)
    ledger.anchor()
    audited = audit(ledger, tmp_path)
    if kept:
        assert "document.present" not in audited.failed
    else:
        audited.require("document.present", "gateway 1", "not in the export")


def test_a_profile_that_is_none_opens_nothing(tmp_path: Path) -> None:
    ledger = honest_ledger()
    name = next(name for name, text in ledger.documents.items() if "gongzhi-profile/1" in text)
    export = ledger.export()
    del export.documents[name]
    audited = audit(ledger, tmp_path, export)
    audited.require("document.present", "gateway 1")
    assert "look.profile" in audited.failed


def ground_with(**documents: Any) -> tuple[Ground, dict[str, bytes]]:
    texts = {name: encode(document).decode() for name, document in documents.items()}
    hashes = {name: bytes(keccak256(text.encode())) for name, text in texts.items()}
    by_hash = {hashes[name]: text for name, text in texts.items()}
    ledger = LEDGER
    return Ground(ledger.history(), ledger.domain, 1, by_hash), hashes


def test_documents_that_are_no_schema_or_profile_give_none() -> None:
    ground, hashes = ground_with(schema=incident_schema(), other={"format": "gongzhi-schema/1"}, profile={"a": 1})
    assert ground.plan(hashes["schema"]) is not None
    assert ground.plan(hashes["other"]) is None
    assert ground.plan(number32("absent")) is None
    assert ground.profile_bitmap(hashes["profile"], hashes["schema"]) is None
    assert ground.profile_bitmap(number32("absent"), hashes["schema"]) is None
    assert [ground.scope_of(hashes["other"]), ground.mask_policy_of(hashes["profile"])] == [None, None]
    spaced = json.dumps(incident_schema(), indent=1)
    ground = Ground(ground.history, ground.domain, 1, {bytes(keccak256(spaced.encode())): spaced})
    assert ground.plan(bytes(keccak256(spaced.encode()))) is None


@pytest.mark.parametrize(
    ("path", "text", "fits"),
    [
        ("/class", '"fire"', True),
        ("/class", '"fi\\"re"', True),
        ("/class", '"火灾"', True),
        ("/class", '"e\u0301"', False),
        ("/class", '"\\u0041"', False),
        ("/class", "null", False),
        ("/class", "5", False),
        ("/occurredAt", "5", True),
        ("/occurredAt", "9007199254740991", True),
        ("/occurredAt", "-5", False),
        ("/occurredAt", "05", False),
        ("/occurredAt", "5.0", False),
        ("/occurredAt", "", False),
    ],
)
def test_a_stored_value_is_canonical_and_of_its_type(path: str, text: str, fits: bool) -> None:
    schema = parse_schema(incident_schema())
    hash_of = value_hash(schema.slots[schema.index[path, "o"]])
    for _ in range(2):
        if fits:
            assert hash_of(text) == keccak256(text.encode())
        else:
            with pytest.raises(FormatError, match=path):
                hash_of(text)


def test_no_more_values_are_remembered_than_said() -> None:
    schema = parse_schema(incident_schema())
    hash_of = value_hash(schema.slots[schema.index["/occurredAt", "o"]])
    for number in [*range(REMEMBERED_VALUES + 3)] * 2:
        assert hash_of(str(number)) == keccak256(str(number).encode())


def test_a_gateway_that_is_no_active_member_breaks_no_promise() -> None:
    ledger = honest_ledger()
    history = ledger.history()
    due = ledger.now
    assert is_broken(history, 1, due, None)
    assert not is_broken(history, 1, due, due)
    assert not is_broken(history, 77, due, None)
    assert not is_broken(history, 1, due + 1000, None)


def test_times_that_do_not_fit_where_parts_meet_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "LEAST_PART_BYTES", 100)
    monkeypatch.setattr(service, "PARTS_PER_WORKER", 1_000)
    ledger = honest_ledger()
    ledger.submit(5)
    ledger.refuse()
    ledger.anchor()
    ledger.refuse(refusedAt=ledger.now - 40, anchorBy=ledger.now + 200)
    ledger.anchor()
    audit(ledger, tmp_path).require("entry.times", "gateway 1")


def test_a_later_version_without_previous_fails_at_step_11() -> None:
    ledger = honest_ledger()
    view = View(number32("id"), 2, bytes(32), number32("schema"), ())
    facts = ChainFacts(ledger.trust, ledger.chain, ledger.history())

    class Shown:
        """What step 11 asks of a bundle."""

    shown: Any = Shown()
    shown.view = view
    shown.submission = Shown()
    shown.submission.message = {"publisher": 7}
    with pytest.raises(VerificationError) as failure:
        marks_and_versions(shown, facts)
    assert failure.value.step == 11


def test_the_worst_verdict_wins_and_nothing_is_incomplete() -> None:
    assert worst([]) is Verdict.INCOMPLETE
    assert worst([Verdict.VERIFIED, Verdict.FAULTY, Verdict.UNVERIFIABLE]) is Verdict.FAULTY
    assert worst([Verdict.VERIFIED, Verdict.INCOMPLETE]) is Verdict.INCOMPLETE
    assert [verdict.exit_code for verdict in Verdict] == [0, 0, 1, 2, 3, 4, 5]


def test_a_report_has_exactly_the_members_of_the_page() -> None:
    members = Report(Verdict.VERIFIED, "verified").members()
    assert members == {
        "verdict": "verified",
        "exitCode": 0,
        "checks": [],
        "notices": [],
        "overdue": [],
        "asOf": None,
        "recheck": [],
        "gateways": [],
        "counts": {"checked": 0, "expected": 0, "erased": 0, "pending": 0},
        "head": None,
        "block": None,
        "trustHash": None,
        "tool": "gongzhi 0.1.0",
        "seconds": 0.0,
    }


def test_a_record_line_is_a_plain_value() -> None:
    record = ExportedRecord(1, 0, bytes(32), 1, bytes(32), [], b"", b"", bytes(32))
    assert record.members()["values"] == []
