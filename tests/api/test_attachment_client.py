"""Attachments by the client: cleaned, kept until they are taken, checked before they are given out."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from PIL import Image

from ledger.attachment_errors import AttachmentMissing
from ledger.client.attaching import with_files
from ledger.client.gongzhi import GongzhiClient
from ledger.client.grounds import Grounds
from ledger.client.stripping import CleanFile, clean_file
from ledger.client.submissions import new_record
from ledger.client.transport import Transport
from ledger.core.codes import Authority, Basis, Purpose
from ledger.errors import GatewayUnreachable, LookRefused, NotFound, PromiseBroken, UsageError
from tests.api.attaching import PAPER, PDF, PHOTO, SCHEMA, UNCONDITIONAL, document, share_evidence
from tests.api.consortium import Consortium
from tests.api.members import AUTHORITY, BEGINNING, CHAIN_ID, FIRE_READER, PUBLISHER, READER_OF_COMMUNITY, Key
from tests.api.test_client_at_the_api import Desks, Door

pytestmark = pytest.mark.api
LOOK = Grounds(UNCONDITIONAL, Purpose.INCIDENT_RESPONSE, Basis.STATUTORY_DUTY, "消防法 第五条", officer="officer 17")
NAME = "张三丰的现场照片"
ORIGINALS = {"/region": "990101001003", "/occurredAt": BEGINNING - 60}


@pytest.fixture
def desks(consortium: Consortium, tmp_path: Path) -> Iterator[Desks]:
    share_evidence(consortium)
    with ExitStack() as stack:
        yield Desks(consortium, tmp_path / "desks", stack)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo as a phone writes it: upright only by its EXIF, with place, device and owner."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "PhoneCo"
    exif[0x013B] = "张三丰"
    exif.get_ifd(0x8825)[2] = (31.0, 14.0, 24.0)
    path = tmp_path / f"{NAME}.jpg"
    Image.new("RGB", (64, 48), "steelblue").save(path, exif=exif, comment="张三丰".encode())
    return path


class Interfering(Door):
    """The proxy, which breaks requests or answers of some paths."""

    def __init__(
        self, client: httpx.Client, path: str, spoil: Callable[[httpx.Response], httpx.Response] | None = None
    ) -> None:
        super().__init__(client)
        self.path, self.spoil = path, spoil

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith(self.path):
            return super().handle_request(request)
        if self.spoil is None:
            raise httpx.ConnectError("the process was killed here")
        return self.spoil(super().handle_request(request))


def opened(
    desks: Desks, folder: Path, key: Key, path: str, spoil: Callable[[httpx.Response], httpx.Response] | None = None
) -> GongzhiClient:
    http = httpx.Client(transport=Interfering(desks.consortium.client, path, spoil))
    now = desks.consortium
    transport = Transport(
        f"https://{AUTHORITY}", key, CHAIN_ID, attempts=1, clock=lambda: now.now, sleep=lambda _: None, http=http
    )
    return GongzhiClient("", key, key.agency, desks.facts(), folder, newer_facts=desks.facts, transport=transport)


def attached(files: dict[str, CleanFile]) -> Any:
    return with_files(SCHEMA, new_record(ORIGINALS), files)


def test_a_photo_is_published_without_metadata_and_read_as_it_was_published(desks: Desks, photo: Path) -> None:
    clean = clean_file(photo)
    record, files = attached({PHOTO: clean, PAPER: CleanFile(document(), PDF)})
    desks.open(PUBLISHER).publish(SCHEMA, UNCONDITIONAL, 1, [record], attachments=files)
    found = desks.open(FIRE_READER).attachment(record.record_id, PHOTO, LOOK)
    assert (found.content, found.media) == (clean.content, "image/jpeg")
    with Image.open(BytesIO(found.content or b"")) as picture:
        assert (picture.size, dict(picture.getexif()), picture.info.get("comment")) == ((48, 64), {}, None)
    for trace in ("PhoneCo", "张三丰", NAME):
        assert trace.encode() not in clean.content
    own = Grounds(UNCONDITIONAL, Purpose.INCIDENT_RESPONSE, Basis.STATUTORY_DUTY, "own", authority=Authority.OWN)
    paper = desks.open(READER_OF_COMMUNITY).attachment(record.record_id, PAPER, own, version=1)
    assert (paper.content, paper.media) == (files[1].content, PDF)


def test_what_a_look_may_not_open_and_what_is_not_there_is_said(desks: Desks, photo: Path) -> None:
    record, files = attached({PAPER: CleanFile(document(), PDF)})
    desks.open(PUBLISHER).publish(SCHEMA, UNCONDITIONAL, 1, [record], attachments=files)
    fire = desks.open(FIRE_READER)
    with pytest.raises(LookRefused) as refused:
        fire.attachment(record.record_id, PAPER, LOOK)
    assert refused.value.name == "profile_too_wide"
    none = fire.attachment(record.record_id, PHOTO, LOOK)
    assert (none.content, none.media) == (None, None)
    with pytest.raises(NotFound):
        fire.attachment(record.record_id, "/nowhere", LOOK)


@pytest.mark.parametrize("path", ["/v1/attachments", "/v1/submissions"])
def test_what_a_killed_client_had_not_sent_is_sent_from_its_outbox(desks: Desks, tmp_path: Path, path: str) -> None:
    record, files = attached({PAPER: CleanFile(document(), PDF), PHOTO: CleanFile(document(), PDF)})
    with opened(desks, tmp_path / "killed", PUBLISHER, path) as client, pytest.raises(GatewayUnreachable):
        client.publish(SCHEMA, UNCONDITIONAL, 1, [record], attachments=files)
    with psycopg.connect(desks.consortium.dsn) as connection:
        connection.execute("DELETE FROM attachments")  # so long that the gateway has removed it
    with opened(desks, tmp_path / "killed", PUBLISHER, "/nothing") as client:
        assert len(list(client.send_pending())) == 1
        assert list(client.send_pending()) == []
    assert not list((tmp_path / "killed" / "outbox").glob("*.content.ndjson"))
    own = Grounds(UNCONDITIONAL, Purpose.INCIDENT_RESPONSE, Basis.STATUTORY_DUTY, "own", authority=Authority.OWN)
    for slot, file in zip((PAPER, PHOTO), files, strict=True):
        found = desks.open(READER_OF_COMMUNITY).attachment(record.record_id, slot, own)
        assert found.content == file.content


def test_a_submission_with_files_whose_answer_was_lost_is_found_by_its_id(desks: Desks, tmp_path: Path) -> None:
    record, files = attached({PAPER: CleanFile(document(), PDF)})

    def lost(_: httpx.Response) -> httpx.Response:
        raise httpx.ReadError("the answer was lost")

    with opened(desks, tmp_path / "desk", PUBLISHER, "/v1/submissions", lost) as client:
        assert len(client.publish(SCHEMA, UNCONDITIONAL, 1, [record], attachments=files)) == 1


def test_files_go_with_the_submission_that_names_them_and_no_other(desks: Desks) -> None:
    first, files = attached({PAPER: CleanFile(document(), PDF)})
    second, _ = attached({PAPER: CleanFile(document(), PDF)})
    publisher = desks.open(PUBLISHER)
    publisher.publish(SCHEMA, UNCONDITIONAL, 1, [first], attachments=files)
    with pytest.raises(AttachmentMissing):
        publisher.publish(SCHEMA, UNCONDITIONAL, 1, [second], attachments=files)


def another_file(answer: httpx.Response) -> httpx.Response:
    return changed(answer, content=b64encode(document()).decode())


def no_file(answer: httpx.Response) -> httpx.Response:
    return changed(answer, content=None)


def no_base64(answer: httpx.Response) -> httpx.Response:
    return changed(answer, content="%%")


def changed(answer: httpx.Response, **members: Any) -> httpx.Response:
    return httpx.Response(answer.status_code, json={**json.loads(answer.read()), **members})


@pytest.mark.parametrize("spoil", [another_file, no_file, no_base64])
def test_a_file_that_is_not_the_one_in_the_record_is_not_given_out(
    desks: Desks, tmp_path: Path, photo: Path, spoil: Callable[[httpx.Response], httpx.Response]
) -> None:
    record, files = attached({PHOTO: clean_file(photo)})
    desks.open(PUBLISHER).publish(SCHEMA, UNCONDITIONAL, 1, [record], attachments=files)
    with opened(desks, tmp_path / "reader", FIRE_READER, "/attachment", spoil) as client, pytest.raises(PromiseBroken):
        client.attachment(record.record_id, PHOTO, LOOK)


def test_a_file_where_the_record_names_none_is_not_given_out(desks: Desks, tmp_path: Path) -> None:
    record, files = attached({PAPER: CleanFile(document(), PDF)})
    desks.open(PUBLISHER).publish(SCHEMA, UNCONDITIONAL, 1, [record], attachments=files)
    client = opened(desks, tmp_path / "reader", FIRE_READER, "/attachment", another_file)
    with client, pytest.raises(PromiseBroken):
        client.attachment(record.record_id, PHOTO, LOOK)


def test_another_slot_than_was_asked_for_is_not_given_out(desks: Desks, tmp_path: Path, photo: Path) -> None:
    record, files = attached({PHOTO: clean_file(photo)})
    desks.open(PUBLISHER).publish(SCHEMA, UNCONDITIONAL, 1, [record], attachments=files)
    with desks.open(FIRE_READER) as client:
        client.attachment(record.record_id, PHOTO, LOOK)

    def page(answer: httpx.Response) -> httpx.Response:
        return changed(answer, views=[])

    with opened(desks, tmp_path / "reader", FIRE_READER, "/attachment", page) as client, pytest.raises(PromiseBroken):
        client.attachment(record.record_id, PHOTO, LOOK)


def test_a_path_without_a_file_and_a_ninth_file_are_refused_before_anything_is_sent() -> None:
    file = CleanFile(document(), PDF)
    with pytest.raises(UsageError, match="has no file at /region"):
        attached({"/region": file})
    with pytest.raises(UsageError, match="at most 8"):
        attached({f"/evidence/{number}": file for number in range(9)})
