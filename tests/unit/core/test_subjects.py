"""Subjects: one spelling of an id, openings that never show it, tokens and tags to the byte."""

import base64
import contextlib
import hashlib
import hmac
import traceback
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.schema import parse_schema
from ledger.core.subjects import (
    ID_TYPES,
    MOST_LISTED,
    SubjectId,
    SubjectOpening,
    canonical_id,
    check_opening,
    epoch_at,
    internal_token,
    is_child,
    outward_token,
    parse_opening,
    parse_openings,
    subject_tag,
    tag_message,
    token_message,
)
from ledger.errors import FormatError, OpeningInvalid, OpeningMismatch, SchemaError

pytestmark = pytest.mark.unit

ID = "99010119900307004X"
"""Synthetic: region 99 does not exist. Check character by hand: weighted sum 288, 288 mod 11 = 2, so `X`."""
BLIND = bytes(range(32))
KEY = b"\x11" * 32
BLIND_TEXT = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
ID_TEXT = base64.urlsafe_b64encode(ID.encode()).decode().rstrip("=")


def by_key(name: str, message: bytes) -> bytes:
    """HMAC under a key that follows from the name."""
    return hmac.digest(KEY + name.encode(), message, hashlib.sha256)


codes = st.from_regex(r"\A[0-9A-Z](?:[0-9A-Z/-]{0,38}[0-9A-Z])?\Z")
subjects = st.builds(SubjectId, st.sampled_from([kind for kind in ID_TYPES if kind != "resident-id"]), codes)
openings = st.builds(SubjectOpening, st.binary(min_size=32, max_size=32), subjects)


def test_an_identity_number_has_one_spelling() -> None:
    assert canonical_id("resident-id", f" {ID.lower()}\n").canonical == ID
    assert canonical_id("resident-id", ID).bytes == b"resident-id:" + ID.encode()
    assert canonical_id("passport", "e1234567").bytes == b"passport:E1234567"


@pytest.mark.parametrize(
    ("id_type", "given_id"),
    [
        ("resident-id", ID[:-1] + "1"),
        ("resident-id", ID[:-1]),
        ("resident-id", "990101199002300018"),
        ("resident-id", "９９０１０１１９９００３０７００４Ｘ"),
        ("resident-id", ""),
        ("passport", ""),
        ("passport", "E12 34"),
        ("passport", "-E1"),
        ("passport", "A" * 41),
        ("passport", "张三"),
    ],
)
def test_an_id_that_is_none_is_refused_without_being_repeated(id_type: str, given_id: str) -> None:
    with pytest.raises(FormatError) as caught:
        canonical_id(id_type, given_id)
    shown = "".join(traceback.format_exception(caught.value))
    assert not given_id or given_id not in shown


def test_a_kind_of_id_that_nobody_knows_is_refused() -> None:
    with pytest.raises(FormatError, match="expected one of resident-id"):
        canonical_id("phone", "13800138000")


def test_the_kinds_of_ids_are_pinned() -> None:
    pinned = "resident-id passport foreigner-permit hk-macao-permit taiwan-permit household-book agency-code"
    assert " ".join(ID_TYPES) == pinned


def test_commitment_and_header_are_these_bytes() -> None:
    opening = SubjectOpening(BLIND, canonical_id("resident-id", ID))
    assert opening.commitment == hashlib.sha256(BLIND + b"resident-id:99010119900307004X").digest()
    assert opening.header == f"{BLIND_TEXT}.resident-id.{ID_TEXT}"
    check_opening(opening, opening.commitment)
    with pytest.raises(OpeningMismatch):
        check_opening(opening, bytes(32))


@given(openings)
def test_every_opening_comes_back_from_its_header(opening: SubjectOpening) -> None:
    assert parse_opening(opening.header) == opening


def test_a_list_of_openings_is_read_in_order_and_is_bounded() -> None:
    persons = [SubjectOpening(bytes([place]) * 32, canonical_id("resident-id", ID)) for place in range(3)]
    assert parse_openings(",".join(one.header for one in persons)) == tuple(persons)
    for header in (None, "", f"{persons[0].header},", ",".join([persons[0].header] * (MOST_LISTED + 1))):
        with pytest.raises(OpeningInvalid):
            parse_openings(header)


@given(openings, openings)
def test_two_openings_share_a_commitment_only_when_they_are_one(first: SubjectOpening, second: SubjectOpening) -> None:
    assert (first.commitment == second.commitment) == (first == second)


@given(openings)
def test_an_opening_is_never_shown(opening: SubjectOpening) -> None:
    shown = repr(opening) + str(opening) + f"{opening}"
    assert shown.count("SubjectId") == 3
    assert opening.header not in shown
    assert f"'{opening.subject.canonical}'" not in shown


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "one.two",
        f"{BLIND_TEXT}.resident-id.{ID_TEXT}.more",
        f"{BLIND_TEXT}=.resident-id.{ID_TEXT}",
        f"{BLIND_TEXT[:-1]}9.resident-id.{ID_TEXT}",
        f"{BLIND_TEXT[:-2]}.resident-id.{ID_TEXT}",
        f"AAAA.resident-id.{ID_TEXT}",
        f"{BLIND_TEXT}.phone.{ID_TEXT}",
        f"{BLIND_TEXT}.resident-id.{ID_TEXT[:-1]}",
        f"{BLIND_TEXT}.resident-id.AAAAA",
        f"{BLIND_TEXT}.passport.5byg",
        f"{BLIND_TEXT}.passport.ZTEyMzQ1Njc",
        f"{BLIND_TEXT}.resident-id." + "A" * 300,
    ],
)
def test_a_malformed_opening_is_refused_without_being_repeated(header: str | None) -> None:
    with pytest.raises(OpeningInvalid) as caught:
        parse_opening(header)
    for part in (header or "").split("."):
        if len(part) > 11:
            assert part not in caught.value.detail
    assert ID not in "".join(traceback.format_exception(caught.value))


@given(st.text(max_size=300))
def test_any_text_is_an_opening_or_refused(header: str) -> None:
    with contextlib.suppress(OpeningInvalid):
        assert parse_opening(header).header == header


def test_tokens_and_tags_are_these_bytes() -> None:
    subject = canonical_id("resident-id", ID)
    assert token_message(subject) == b"subject/v1\x00resident-id\x0099010119900307004X"
    internal = internal_token(by_key, subject)
    assert internal == hmac.digest(KEY + b"token", token_message(subject), hashlib.sha256)
    expected = hmac.digest(KEY + b"agency/7/2/12", internal, hashlib.sha256).hex()
    assert outward_token(by_key, internal, 7, 2, 12) == f"e12.{expected}"
    message = tag_message(internal, 5, 7, 3)
    assert message == internal + b"\x00\x00\x00\x05" + b"\x00\x07" + b"\x00\x00\x00\x03"
    assert subject_tag(by_key, internal, 5, 7, 3) == hmac.digest(KEY + b"tag", message, hashlib.sha256)
    with pytest.raises(FormatError):
        tag_message(internal[:-1], 5, 7, 3)


uses = st.tuples(st.integers(1, 2**31), st.integers(1, 13), st.integers(0, 2**31))


@given(subjects, subjects, uses, uses)
def test_outward_tokens_differ_by_person_agency_purpose_and_epoch(
    first: SubjectId, second: SubjectId, use: tuple[int, int, int], other: tuple[int, int, int]
) -> None:
    one = outward_token(by_key, internal_token(by_key, first), *use)
    two = outward_token(by_key, internal_token(by_key, second), *other)
    assert (one == two) == ((first, use) == (second, other))
    assert one.startswith(f"e{use[2]}.")


@given(uses, uses)
def test_tags_differ_by_recipient_purpose_and_period(use: tuple[int, int, int], other: tuple[int, int, int]) -> None:
    assert (subject_tag(by_key, KEY, *use) == subject_tag(by_key, KEY, *other)) == (use == other)


@given(st.integers(0, 2**40), st.integers(1, 3650))
def test_an_epoch_holds_its_moment(now: int, days: int) -> None:
    epoch, end = epoch_at(now, days)
    assert end - days * 86_400 <= now < end
    assert epoch_at(end, days)[0] == epoch + 1
    assert epoch_at(end - 1, days) == (epoch, end)


def schema_with(**changes: object) -> dict[str, object]:
    slot = {"path": "/subject", "kind": "o", "type": "subject", "nullable": False, "class": "S"}
    return {
        "format": "gongzhi-schema/1",
        "schema": "care",
        "version": 1,
        "title": {"zh": "关爱", "en": "care"},
        "slots": [slot | changes],
    }


def test_a_subject_is_sealed() -> None:
    schema = parse_schema(schema_with())
    assert schema.has_subject
    assert schema.stored_open == 0
    assert not parse_schema(schema_with(path="/note", type="string")).has_subject


@pytest.mark.parametrize(
    "changes", [{"class": "O"}, {"path": "/person"}, {"type": "id"}, {"kind": "g:surname@1"}], ids=str
)
def test_a_subject_stands_at_its_path_and_is_personal(changes: dict[str, object]) -> None:
    with pytest.raises(SchemaError):
        parse_schema(schema_with(**changes))


@pytest.mark.parametrize(
    ("born", "today", "expected"),
    [
        ("20121122", (2026, 11, 21), True),
        ("20121121", (2026, 11, 21), False),
        ("20121120", (2026, 11, 21), False),
        ("20120229", (2026, 2, 28), True),
        ("20120229", (2026, 3, 1), False),
        ("19400101", (2026, 11, 21), False),
    ],
)
def test_a_child_is_one_until_the_day_of_fourteen_years(born: str, today: tuple[int, int, int], expected: bool) -> None:
    subject = SubjectId("resident-id", f"990101{born}0000")
    for hour in (0, 23):
        assert is_child(subject, int(datetime(*today, hour, 59, 59, tzinfo=UTC).timestamp())) == expected


def test_an_identifier_without_a_birth_date_is_nobodys_of_a_known_age() -> None:
    assert not is_child(SubjectId("passport", "E201201011234"), 1_800_000_000)
