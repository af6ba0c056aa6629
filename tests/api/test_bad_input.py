"""Every bad input has its own code, and no effect."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from ledger.core.canonical import encode
from ledger.core.codes import Role
from ledger.core.hexadecimal import to_hex
from tests.api.consortium import Consortium, bound
from tests.api.members import (
    OTHER,
    OTHER_PUBLISHER,
    PROPERTY,
    PROPERTY_KEY,
    PUBLISHER,
    READER_OF_COMMUNITY,
    STRANGER,
    draft,
    key,
    record_content,
)

pytestmark = pytest.mark.api

PATH = "/v1/submissions"


@pytest.fixture(autouse=True)
def no_effect(shared: Consortium, request: pytest.FixtureRequest) -> Any:
    """Whatever a test of this module sends changes no row but a consumed nonce."""
    shared.note_checked()
    yield
    before = getattr(request.node, "rows_before", None)
    if before is not None:
        assert shared.rows() == before


@pytest.fixture
def untouched(shared: Consortium, request: pytest.FixtureRequest) -> None:
    """From here on no row may change in this test; for those that need nothing stored before."""
    request.node.rows_before = shared.rows()


def problem(answer: httpx.Response, status: int, code: str, reason: str | None = None) -> Mapping[str, Any]:
    """Check a problem answer and return its body."""
    told: dict[str, Any] = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, told["code"], told.get("reason")) == (status, code, reason), told
    assert told["status"] == status
    assert told["title"]
    assert told["remedy"]
    return told


def unauthentic(answer: httpx.Response, reason: str) -> None:
    problem(answer, 401, "request_not_authentic", reason)
    assert answer.headers["www-authenticate"] == f'ERC8128 error="{reason}"'


# --- the request ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("untouched")
def test_an_unsigned_request_is_not_authentic(shared: Consortium) -> None:
    body = draft([record_content()], shared.now).body()
    unauthentic(shared.send(None, "POST", PATH, body=body), "signature_missing")


def test_a_replayed_request_is_not_authentic_whatever_became_of_the_first(shared: Consortium) -> None:
    body = draft([record_content()], shared.now).body()
    nonce = "AAAAAAAAAAAAAAAAAAAAAA"
    assert shared.send(PUBLISHER, "POST", PATH, body=body, request_nonce=nonce).status_code == 202
    before = shared.rows()
    unauthentic(shared.send(PUBLISHER, "POST", PATH, body=body, request_nonce=nonce), "nonce_reused")
    assert shared.rows() == before


@pytest.mark.usefixtures("untouched")
def test_a_request_that_failed_consumed_its_nonce(shared: Consortium) -> None:
    nonce = "BBBBBBBBBBBBBBBBBBBBBA"
    problem(shared.send(PUBLISHER, "POST", PATH, body=b"{}", request_nonce=nonce), 400, "format_invalid")
    unauthentic(shared.send(PUBLISHER, "POST", PATH, body=b"{}", request_nonce=nonce), "nonce_reused")


@pytest.mark.usefixtures("untouched")
def test_a_request_that_was_not_authentic_consumed_no_nonce(shared: Consortium) -> None:
    nonce = "CCCCCCCCCCCCCCCCCCCCCA"
    spoil = {"signature": "request=:" + "A" * 86 + "==:"}
    answer = shared.send(PUBLISHER, "POST", PATH, body=b"{}", request_nonce=nonce, spoil=spoil)
    unauthentic(answer, "bad_signature")
    problem(shared.send(PUBLISHER, "POST", PATH, body=b"{}", request_nonce=nonce), 400, "format_invalid")


@pytest.mark.usefixtures("untouched")
def test_a_stale_request_is_not_authentic(shared: Consortium) -> None:
    body = draft([record_content()], shared.now).body()
    unauthentic(shared.send(PUBLISHER, "POST", PATH, body=body, created=shared.now - 91), "request_expired")
    unauthentic(shared.send(PUBLISHER, "POST", PATH, body=body, created=shared.now + 31), "request_not_yet_valid")


@pytest.mark.usefixtures("untouched")
def test_a_wrong_content_digest_is_not_authentic(shared: Consortium) -> None:
    body = draft([record_content()], shared.now).body()
    spoil = {"content-digest": "sha-256=:" + "A" * 43 + "=:"}
    unauthentic(shared.send(PUBLISHER, "POST", PATH, body=body, spoil=spoil), "bad_content_digest")


@pytest.mark.usefixtures("untouched")
def test_signature_fields_that_cannot_be_read_are_malformed(shared: Consortium) -> None:
    answer = shared.send(PUBLISHER, "POST", PATH, body=b"{}", spoil={"signature-input": "request=("})
    problem(answer, 400, "request_not_authentic", "signature_input_invalid")


@pytest.mark.usefixtures("untouched")
def test_a_key_that_was_never_bound_is_forbidden_and_leaves_no_entry(shared: Consortium) -> None:
    body = draft([record_content()], shared.now).body()
    problem(shared.send(STRANGER, "POST", PATH, body=body), 403, "request_not_authentic", "principal_not_allowed")


# --- the signer -----------------------------------------------------------------------------------------------------


def test_a_revoked_key_publishes_nothing(consortium: Consortium) -> None:
    args = {"key": PUBLISHER.address, "reason": 1, "suspectFrom": 0}
    consortium.add_block([("AgencyRegistry", "KeyRevoked", args)])
    consortium.advance(1)
    before = consortium.rows()
    problem(consortium.publish(draft([record_content()], consortium.now)), 403, "key_ended")
    assert consortium.rows() == before


def test_a_statement_by_a_revoked_key_does_not_pass_under_a_request_by_another(consortium: Consortium) -> None:
    second = key("second publisher", PUBLISHER.agency, Role.SUBMIT)
    consortium.add_block([("AgencyRegistry", "KeyBound", bound(second))])
    args = {"key": PUBLISHER.address, "reason": 1, "suspectFrom": consortium.now - 50}
    given = draft([record_content()], consortium.now - 1)
    consortium.add_block([("AgencyRegistry", "KeyRevoked", args)])
    consortium.advance(1)
    before = consortium.rows()
    problem(consortium.publish(given, second, PUBLISHER), 403, "key_ended")
    assert consortium.rows() == before


@pytest.mark.usefixtures("untouched")
def test_a_key_without_the_role_publishes_nothing(shared: Consortium) -> None:
    given = draft([record_content()], shared.now)
    problem(shared.publish(given, READER_OF_COMMUNITY), 403, "role_missing")
    problem(shared.publish(given, PUBLISHER, READER_OF_COMMUNITY), 403, "role_missing")


@pytest.mark.usefixtures("untouched")
def test_a_kind_of_agency_that_the_item_does_not_list_publishes_nothing(shared: Consortium) -> None:
    given = draft([record_content()], shared.now, publisher=PROPERTY)
    problem(shared.publish(given, PROPERTY_KEY), 403, "publisher_kind_not_allowed")


@pytest.mark.usefixtures("untouched")
def test_a_submission_of_another_agency_is_not_carried(shared: Consortium) -> None:
    given = draft([record_content()], shared.now, publisher=OTHER)
    problem(shared.publish(given, PUBLISHER, OTHER_PUBLISHER), 403, "not_entitled")


@pytest.mark.usefixtures("untouched")
def test_a_statement_signed_by_another_agencys_key_is_refused(shared: Consortium) -> None:
    problem(shared.publish(draft([record_content()], shared.now), PUBLISHER, OTHER_PUBLISHER), 403, "not_entitled")


# --- the statement --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [{"item": 9}, {"itemVersion": 2}])
@pytest.mark.usefixtures("untouched")
def test_an_unknown_item_or_version_is_refused(shared: Consortium, change: dict[str, int]) -> None:
    problem(shared.publish(draft([record_content()], shared.now, **change)), 422, "item_unknown")


@pytest.mark.usefixtures("untouched")
def test_another_schema_than_the_items_is_refused(shared: Consortium) -> None:
    problem(shared.publish(draft([record_content()], shared.now, schemaHash=b"\x01" * 32)), 422, "schema_mismatch")


@pytest.mark.usefixtures("untouched")
def test_a_submission_for_another_gateway_is_refused(shared: Consortium) -> None:
    problem(shared.publish(draft([record_content()], shared.now, gateway=7)), 422, "gateway_foreign")


@pytest.mark.parametrize("seconds", [31, -151])
@pytest.mark.usefixtures("untouched")
def test_a_stale_statement_is_refused(shared: Consortium, seconds: int) -> None:
    problem(shared.publish(draft([record_content()], shared.now + seconds)), 422, "statement_stale")


@pytest.mark.parametrize("change", [{"recordsRoot": b"\x01" * 32}, {"recordCount": 2}])
@pytest.mark.usefixtures("untouched")
def test_a_wrong_root_or_count_is_refused(shared: Consortium, change: dict[str, Any]) -> None:
    problem(shared.publish(draft([record_content()], shared.now, **change)), 422, "records_root_mismatch")


def test_the_same_submission_id_with_other_content_is_a_conflict(shared: Consortium) -> None:
    first = shared.published()
    before = shared.rows()
    other = draft([record_content()], shared.now, submissionId=first.message["submissionId"])
    problem(shared.publish(other), 409, "conflict")
    assert shared.rows() == before


@pytest.mark.usefixtures("untouched")
def test_a_signature_of_another_shape_is_refused(shared: Consortium) -> None:
    body = draft([record_content()], shared.now).body().replace(b'1b"', b'02"').replace(b'1c"', b'02"')
    problem(shared.send(PUBLISHER, "POST", PATH, body=body), 400, "signature_malformed")


# --- the records ----------------------------------------------------------------------------------------------------


def spoiled(shared: Consortium, member: str, value: Any) -> httpx.Response:
    """Publish one record with an original that was changed after it was committed."""
    given = draft([record_content()], shared.now)
    given.records[0]["originals"][member] = value
    return shared.publish(given)


@pytest.mark.parametrize(("path", "value"), [("/level", "three"), ("/nowhere", 1), ("/region", None)])
@pytest.mark.usefixtures("untouched")
def test_a_record_that_does_not_fit_its_schema_is_refused(shared: Consortium, path: str, value: Any) -> None:
    problem(spoiled(shared, path, value), 422, "schema_mismatch")


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("planted", ["fire\x00", "medical ", "Medical", "planted-class"])
def test_a_code_outside_its_set_is_refused_with_the_accepted_ones_and_without_being_quoted(
    shared: Consortium, planted: str
) -> None:
    given = draft([record_content(), record_content(**{"class": planted})], shared.now)
    answer = shared.publish(given)
    detail = problem(answer, 422, "code_unknown")["detail"]
    assert detail.startswith("record 1: /class: not in code set incident-class/1; accepted: medical, fire/structure, ")
    assert planted not in answer.text.replace("medical, ", "")


@pytest.mark.usefixtures("untouched")
def test_a_code_outside_its_set_is_not_committed_for_a_thin_client_either(shared: Consortium) -> None:
    given = draft([record_content(**{"class": "planted-class"})], shared.now)
    body = encode({"schemaHash": to_hex(given.message["schemaHash"]), "records": given.records})
    answer = shared.send(PUBLISHER, "POST", "/v1/commit", body=body)
    problem(answer, 422, "code_unknown")
    assert "planted-class" not in answer.text


def test_an_original_that_its_rule_cannot_mask_is_refused_without_being_quoted(shared: Consortium) -> None:
    answer = spoiled(shared, "/reporter/phone", "8675309-secret")
    problem(answer, 422, "derivation_failed")
    assert "8675309" not in answer.text


@pytest.mark.usefixtures("untouched")
def test_a_record_altered_after_signing_is_refused(shared: Consortium) -> None:
    problem(spoiled(shared, "/level", 5), 422, "records_root_mismatch")


@pytest.mark.usefixtures("untouched")
def test_a_wrong_derived_value_is_refused(shared: Consortium) -> None:
    for derived in ({"/reporter/name g:surname@1": "李**"}, {"/reporter/name o": "欧阳测试"}):
        given = draft([record_content()], shared.now)
        given.records[0]["derived"] = derived
        problem(shared.publish(given), 422, "derived_value_mismatch")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b'"/level":2', b'"/level":2.0', "json_float"),
        (b'"/level":2', b'"/level":2,"/level":2', "json_duplicate_key"),
        (b'"/level":2', b'"/level":9007199254740993', "json_not_canonical"),
        ("示范区".encode(), "e\u0301".encode(), "json_not_canonical"),
        (b'"/level":2', b'"/level":2,', "json_not_canonical"),
    ],
)
@pytest.mark.usefixtures("untouched")
def test_json_beyond_the_value_set_is_refused(shared: Consortium, old: bytes, new: bytes, code: str) -> None:
    body = draft([record_content()], shared.now).body()
    assert old in body
    problem(shared.send(PUBLISHER, "POST", PATH, body=body.replace(old, new)), 400, code)


@pytest.mark.usefixtures("untouched")
def test_an_unknown_member_is_refused(shared: Consortium) -> None:
    given = draft([record_content()], shared.now)
    given.records[0]["remark"] = "x"
    problem(shared.publish(given), 400, "format_invalid")


def test_a_wrong_previous_is_a_version_conflict(shared: Consortium) -> None:
    made = shared.published().committed[0]
    before = shared.rows()
    for version, previous in ((2, b"\x01" * 32), (3, made.record_root)):
        content = record_content(version, previous, made.record_id)
        problem(shared.publish(draft([content], shared.now)), 409, "version_conflict")
    content = record_content(1, record_id=made.record_id)
    problem(shared.publish(draft([content], shared.now)), 409, "version_conflict")
    assert shared.rows() == before


def test_a_next_version_without_the_one_before_is_a_version_conflict(shared: Consortium) -> None:
    before = shared.rows()
    problem(shared.publish(draft([record_content(2, b"\x01" * 32)], shared.now)), 409, "version_conflict")
    assert shared.rows() == before


def test_another_publishers_next_version_is_refused(shared: Consortium) -> None:
    made = shared.published().committed[0]
    before = shared.rows()
    content = record_content(2, made.record_root, made.record_id)
    given = draft([content], shared.now, publisher=OTHER)
    problem(shared.publish(given, OTHER_PUBLISHER), 403, "publisher_foreign")
    assert shared.rows() == before


@pytest.mark.usefixtures("untouched")
def test_a_record_twice_in_one_submission_is_a_version_conflict(shared: Consortium) -> None:
    one = record_content()
    given = draft([one, record_content()], shared.now)
    given.records[1] = given.records[0]
    problem(shared.publish(given), 409, "version_conflict")


# --- too much -------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("untouched")
def test_more_than_5000_records_are_too_many(shared: Consortium) -> None:
    given = draft([record_content()], shared.now, recordCount=5001)
    small = dict(given.records[0], originals={})
    given.records = [dict(small, recordId=to_hex(place.to_bytes(32, "big"))) for place in range(5001)]
    problem(shared.publish(given), 413, "too_large")


@pytest.mark.usefixtures("untouched")
def test_nine_mebibytes_are_too_large_whether_announced_or_not(shared: Consortium) -> None:
    body = encode({"filler": "x" * (9 * 2**20)})
    problem(shared.send(PUBLISHER, "POST", PATH, body=body), 413, "too_large")
    chunks = (body[start : start + 2**20] for start in range(0, len(body), 2**20))
    problem(shared.client.post(PATH, content=chunks), 413, "too_large")
