"""Attachments: taken before their record, bound to it whole or not at all, kept sealed, swept where none names them."""

import json
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from http.client import HTTPConnection
from typing import Any

import httpx
import psycopg
import pytest
from PIL import Image

from api.app import create_app
from ledger.core.attachment import FileValue, attachment_digest
from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from ledger.services.gateway import AttachmentRules
from tests.api.attaching import (
    FILES,
    JPEG,
    PAPER,
    PDF,
    PHOTO,
    PLAN,
    PNG,
    Noted,
    document,
    noted,
    picture,
    published,
    share_evidence,
    submission,
    upload,
)
from tests.api.consortium import Consortium
from tests.api.members import FIRE_READER, OTHER_PUBLISHER, PUBLISHER
from tests.api.serving import served

pytestmark = pytest.mark.api


@pytest.fixture
def evidence(consortium: Consortium) -> Consortium:
    share_evidence(consortium)
    return consortium


def photo(**changes: Any) -> Noted:
    return noted({PHOTO: (JPEG, picture())}, **changes)


def the_file(given: Noted, path: str = PHOTO) -> tuple[FileValue, bytes]:
    return given.files[path]


def refused(answer: httpx.Response, status: int, code: str) -> str:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return str(answer.json()["detail"])


def rows(consortium: Consortium) -> list[tuple[Any, ...]]:
    with psycopg.connect(consortium.dsn) as connection:
        statement = "SELECT digest, record_id, version, slot, length, media FROM attachments ORDER BY slot"
        return connection.execute(statement).fetchall()


def test_a_file_is_staged_then_bound_by_the_submission_that_names_it(evidence: Consortium) -> None:
    given = noted({PHOTO: (JPEG, picture()), PAPER: (PDF, document()), PLAN: (PNG, picture("PNG"))})
    value, content = the_file(given)
    first = upload(evidence, value, content)
    assert first.json() == {"digest": to_hex(value.digest), "state": "staged", "keptUntil": evidence.now + 86_400}
    published(evidence, given)
    places = [place for place, slot in enumerate(given.committed.values) if b"digest" in slot]
    assert [row[1:4] for row in rows(evidence)] == [(given.record_id, 1, place) for place in places]
    again = upload(evidence, value, content)
    assert (again.json()["state"], again.json()["keptUntil"]) == ("bound", None)
    assert len(rows(evidence)) == 3


def test_the_same_upload_twice_is_one_and_another_in_its_place_counts(evidence: Consortium) -> None:
    given = photo()
    value, content = the_file(given)
    assert upload(evidence, value, picture()).status_code == 200
    for _ in range(2):
        assert upload(evidence, value, content).status_code == 200
    assert len(rows(evidence)) == 1
    assert evidence.publish(submission([given], evidence.now)).status_code == 202


def test_a_record_whose_file_was_not_uploaded_is_not_taken(evidence: Consortium) -> None:
    given, other = photo(), photo()
    assert upload(evidence, *the_file(other)).status_code == 200
    before = evidence.rows()
    said = refused(evidence.publish(submission([other, given], evidence.now)), 422, "attachment_missing")
    assert said.startswith(f"record 1: {PHOTO}")
    assert evidence.rows() == before
    assert [row[1] for row in rows(evidence)] == [None]
    assert upload(evidence, *the_file(given)).status_code == 200
    assert evidence.publish(submission([other, given], evidence.now)).status_code == 202


def test_an_upload_of_another_agency_binds_nothing(evidence: Consortium) -> None:
    given = photo()
    assert upload(evidence, *the_file(given), caller=OTHER_PUBLISHER).status_code == 200
    refused(evidence.publish(submission([given], evidence.now)), 422, "attachment_missing")


@pytest.mark.parametrize(
    ("content", "media"),
    [(document(300), PDF), (document(301), PDF), (picture(), JPEG)],
    ids=["another of its length", "another length", "another media type"],
)
def test_content_that_is_not_what_the_record_says_is_not_bound(
    evidence: Consortium, content: bytes, media: str
) -> None:
    given = noted({PAPER: (PDF, document(300))})
    assert upload(evidence, the_file(given, PAPER)[0], content, content_type=media).status_code == 200
    before = evidence.rows()
    said = refused(evidence.publish(submission([given], evidence.now)), 422, "attachment_mismatch")
    assert said.startswith(f"record 0: {PAPER}")
    assert evidence.rows() == before
    assert upload(evidence, *the_file(given, PAPER)).status_code == 200
    assert evidence.publish(submission([given], evidence.now)).status_code == 202


def test_the_media_type_of_the_upload_is_the_record_s(evidence: Consortium) -> None:
    content = document()
    given = noted({PAPER: (JPEG, content)})
    value = the_file(given, PAPER)[0]
    assert upload(evidence, value, content, content_type=PDF).status_code == 200
    refused(evidence.publish(submission([given], evidence.now)), 422, "attachment_mismatch")


def test_one_upload_serves_one_record(evidence: Consortium) -> None:
    given, copied = photo(), photo()
    published(evidence, given)
    originals = dict(copied.content.originals) | {PHOTO: the_file(given)[0].json}
    copied = replace(copied, content=replace(copied.content, originals=originals))
    refused(evidence.publish(submission([copied], evidence.now)), 422, "attachment_missing")


def test_a_record_has_at_most_eight_attachments(evidence: Consortium) -> None:
    nine = noted({path: (JPEG, picture()) for path in FILES})
    for value, content in nine.files.values():
        assert upload(evidence, value, content).status_code == 200
    refused(evidence.publish(submission([nine], evidence.now)), 422, "attachment_too_many")
    eight = noted({path: (JPEG, picture()) for path in FILES[:-1]})
    published(evidence, eight)


def test_a_media_type_that_is_never_taken_is_refused_in_records_too(evidence: Consortium) -> None:
    given = noted({PHOTO: ("image/gif", b"GIF89a")})
    refused(evidence.publish(submission([given], evidence.now)), 415, "attachment_media")


def with_exif() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "CameraCo"
    return picture(exif=exif)


@pytest.mark.parametrize(
    ("content", "media", "status", "code"),
    [
        (with_exif(), JPEG, 422, "attachment_metadata"),
        (picture(comment=b"by somebody"), JPEG, 422, "attachment_metadata"),
        (document().replace(b"/Root", b"/Author (Zhang San) /Root"), PDF, 422, "attachment_metadata"),
        (document().replace(b"/Root", b"/A#75thor (Zhang San) /Root"), PDF, 422, "attachment_metadata"),
        (document().replace(b"/Root", b"/JavaScr#69pt (Zhang San) /Root"), PDF, 415, "attachment_media"),
        (picture(), PNG, 415, "attachment_media"),
        (picture()[:-9], JPEG, 415, "attachment_media"),
        (b"GIF89a" + bytes(40), "image/gif", 415, "attachment_media"),
        (picture(), "image/jpeg; charset=utf-8", 415, "attachment_media"),
    ],
    ids=[
        "exif",
        "comment",
        "author",
        "escaped author",
        "escaped script",
        "another type",
        "cut off",
        "gif",
        "parameters",
    ],
)
def test_what_carries_metadata_or_is_no_whole_file_is_not_taken(
    evidence: Consortium, content: bytes, media: str, status: int, code: str
) -> None:
    value = FileValue(attachment_digest(bytes(32), content), len(content), media)
    said = refused(upload(evidence, value, content), status, code)
    assert "Zhang" not in said
    assert "CameraCo" not in said
    assert rows(evidence) == []


def test_a_gateway_takes_no_pdf_unless_its_settings_say_so(evidence: Consortium) -> None:
    value, content = the_file(noted({PAPER: (PDF, document())}), PAPER)
    gateway = replace(evidence.gateway, attachment_rules=AttachmentRules())
    with served(create_app(gateway, evidence.settings)) as client:
        pictures_only = replace(evidence, client=client, gateway=gateway)
        assert "takes no PDF" in refused(upload(pictures_only, value, content), 415, "attachment_media")
        assert rows(evidence) == []
        assert upload(pictures_only, *the_file(photo())).status_code == 200
    assert upload(evidence, value, content).status_code == 200


def test_only_a_publisher_s_key_uploads_and_only_what_it_signed(evidence: Consortium) -> None:
    value, content = the_file(photo())
    refused(upload(evidence, value, content, caller=FIRE_READER), 403, "role_missing")
    headers = {"content-type": value.media, "gongzhi-attachment": to_hex(value.digest)}
    answer = evidence.send(
        PUBLISHER,
        "POST",
        "/v1/attachments",
        headers=headers,
        body=content,
        spoil={"gongzhi-attachment": "0x" + 64 * "0"},
    )
    assert answer.status_code == 401
    refused(upload(evidence, value, content, gongzhi_attachment="0x12"), 400, "format_invalid")
    assert rows(evidence) == []


@pytest.fixture
def tight(evidence: Consortium) -> Iterator[Consortium]:
    """The same gateway with room for 4,000 bytes a file and 6,000 bytes an agency."""
    rules = AttachmentRules(most_bytes=4_000, staged_bytes=6_000, pdf=True)
    gateway = replace(evidence.gateway, attachment_rules=rules)
    with served(create_app(gateway, evidence.settings)) as client:
        yield replace(evidence, client=client, gateway=gateway)


def test_a_file_over_the_limit_is_refused_before_it_is_read(tight: Consortium) -> None:
    fits, large = document(4_000), document(4_001)
    value = FileValue(attachment_digest(bytes(32), large), len(large), PDF)
    refused(upload(tight, value, large), 413, "attachment_too_large")
    assert upload(tight, value, fits).status_code == 200
    url = tight.client.base_url
    connection = HTTPConnection(url.host, url.port, timeout=20)
    connection.putrequest("POST", "/v1/attachments")
    connection.putheader("content-length", str(10**9))
    connection.endheaders(b"only this was sent")
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (413, "attachment_too_large")
    connection.close()


def test_an_agency_s_uploads_have_a_limit_until_records_name_them(tight: Consortium) -> None:
    large, first, second = (noted({PAPER: (PDF, document(length))}) for length in (4_000, 2_000, 1_000))
    for _ in range(2):
        assert upload(tight, *the_file(large, PAPER)).status_code == 200
    assert upload(tight, *the_file(first, PAPER)).status_code == 200
    refused(upload(tight, *the_file(second, PAPER)), 409, "attachment_quota")
    assert upload(tight, *the_file(second, PAPER), caller=OTHER_PUBLISHER).status_code == 200
    assert tight.publish(submission([large], tight.now)).status_code == 202
    assert upload(tight, *the_file(second, PAPER)).status_code == 200


def test_uploads_that_no_record_names_are_removed_after_a_day_and_others_never(evidence: Consortium) -> None:
    kept, left = photo(), photo()
    published(evidence, kept)
    assert upload(evidence, *the_file(left)).status_code == 200
    staged_at = evidence.now
    with evidence.store.begin() as transaction:
        assert transaction.forget_attachments(staged_at, 100) == 0
        assert transaction.forget_attachments(staged_at + 1, 100) == 1
    assert [row[1] for row in rows(evidence)] == [kept.record_id]
    refused(evidence.publish(submission([left], evidence.now)), 422, "attachment_missing")


def test_what_was_uploaded_before_a_restart_is_bound_after_it(evidence: Consortium) -> None:
    given = photo()
    assert upload(evidence, *the_file(given)).status_code == 200
    evidence.advance(86_000)
    with served(create_app(evidence.gateway, evidence.settings)) as client:
        restarted = replace(evidence, client=client)
        assert restarted.publish(submission([given], evidence.now)).status_code == 202


def test_a_submission_sent_again_gets_its_first_answer_though_its_files_are_bound(evidence: Consortium) -> None:
    given = photo()
    assert upload(evidence, *the_file(given)).status_code == 200
    draft = submission([given], evidence.now)
    first, second = evidence.publish(draft), evidence.publish(draft)
    assert (first.status_code, first.json()) == (second.status_code, second.json())


def test_neither_content_nor_a_plain_digest_of_it_is_in_the_database(evidence: Consortium) -> None:
    bound, staged = photo(), photo()
    published(evidence, bound)
    assert upload(evidence, *the_file(staged)).status_code == 200
    with psycopg.connect(evidence.dsn) as connection:
        tables = connection.execute("SELECT relname FROM pg_stat_user_tables").fetchall()
        everything = "\n".join(
            str(row) for (name,) in tables for row in connection.execute(f"SELECT t::text FROM {name} t").fetchall()
        )
    for given in (bound, staged):
        value, content = the_file(given)
        assert value.digest.hex() in everything
        for secret in (content[:32], content[-40:], content[100:132], sha256(content).digest(), keccak256(content)):
            assert secret.hex() not in everything
