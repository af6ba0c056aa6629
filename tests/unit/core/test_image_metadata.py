"""Nothing but the picture: what else a file may carry is found, and what cannot be read is refused."""

import zlib
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from ledger.attachment_errors import AttachmentMedia, AttachmentMetadata
from ledger.core.attachment import JPEG, PDF, PNG
from ledger.core.image_metadata import require_no_metadata

pytestmark = pytest.mark.unit


def image(picture_format: str, mode: str = "RGB", **more: object) -> bytes:
    made = BytesIO()
    Image.new(mode, (24, 16), 7 if mode != "RGB" else (200, 30, 30)).save(made, picture_format, **more)
    return made.getvalue()


def segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload


def with_segment(marker: int, payload: bytes) -> bytes:
    plain = image("JPEG")
    return plain[:2] + segment(marker, payload) + plain[2:]


def chunk(name: bytes, payload: bytes = b"") -> bytes:
    check = zlib.crc32(name + payload)
    return len(payload).to_bytes(4, "big") + name + payload + check.to_bytes(4, "big")


def with_chunk(name: bytes, payload: bytes = b"x") -> bytes:
    plain = image("PNG")
    return plain[:33] + chunk(name, payload) + plain[33:]


DOCUMENT = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R /Size 2 >>\n%%EOF\n"
HEADER = chunk(b"IHDR", bytes(13))
SIGNATURE = b"\x89PNG\r\n\x1a\n"
JFIF = b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01"


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_is_only_a_picture_passes(mode: str, progressive: bool) -> None:
    require_no_metadata(JPEG, image("JPEG", mode, progressive=progressive))


def test_a_jpeg_with_restarts_passes() -> None:
    made = BytesIO()
    Image.effect_noise((200, 120), 90).save(made, "JPEG", restart_marker_blocks=2)
    content = made.getvalue()
    assert b"\xff\xd3" in content
    require_no_metadata(JPEG, content)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_png_that_is_only_a_picture_passes(mode: str) -> None:
    made = BytesIO()
    Image.new(mode, (24, 16)).save(made, "PNG", dpi=(72, 72))
    require_no_metadata(PNG, made.getvalue())


def test_a_pdf_without_marks_of_an_author_passes() -> None:
    require_no_metadata(PDF, DOCUMENT)


def exif() -> Image.Exif:
    found = Image.Exif()
    found[0x010F] = "PhoneCo"
    return found


def text_chunk() -> PngImagePlugin.PngInfo:
    found = PngImagePlugin.PngInfo()
    found.add_text("Author", "somebody")
    return found


@pytest.mark.parametrize(
    ("media", "content"),
    [
        (JPEG, image("JPEG", exif=exif())),
        (JPEG, image("JPEG", comment=b"by somebody")),
        (JPEG, image("JPEG", icc_profile=bytes(200))),
        (JPEG, with_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00<x/>")),
        (JPEG, with_segment(0xED, b"Photoshop 3.0\x00")),
        (JPEG, with_segment(0xEF, b"")),
        (JPEG, with_segment(0xE0, JFIF + b"\x01\x01" + bytes(3))),
        (JPEG, with_segment(0xE0, JFIF + b"\x01\x01")),
        (JPEG, with_segment(0xE0, b"JFXX\x00" + bytes(9))),
        (JPEG, with_segment(0xEE, b"Adobe" + bytes(8))),
        (JPEG, with_segment(0xEE, b"Abode" + bytes(7))),
        (JPEG, image("JPEG") + b"trailing"),
        (JPEG, image("JPEG") + image("JPEG")),
        (PNG, image("PNG", exif=exif())),
        (PNG, image("PNG", pnginfo=text_chunk())),
        (PNG, image("PNG", icc_profile=bytes(200))),
        *[(PNG, with_chunk(name)) for name in (b"tEXt", b"iTXt", b"zTXt", b"eXIf", b"tIME", b"iCCP", b"prVt", b"IHDR")],
        (PNG, image("PNG") + b"trailing"),
        (PNG, image("PNG")[:-12] + chunk(b"IEND", b"hidden")),
        (PDF, DOCUMENT.replace(b"/Size", b"/Author (A)/Size")),
        (PDF, DOCUMENT.replace(b"/Size", b"/Metadata 3 0 R/Size")),
        (PDF, DOCUMENT.replace(b"endobj", b"<x:xmpmeta/>endobj")),
        (PDF, DOCUMENT.replace(b"endobj", b"<?xpacket begin?>endobj")),
    ],
)
def test_what_is_more_than_the_picture_is_found(media: str, content: bytes) -> None:
    refusal = AttachmentMedia if content == with_chunk(b"IHDR") else AttachmentMetadata
    with pytest.raises(refusal):
        require_no_metadata(media, content)


@pytest.mark.parametrize(
    ("media", "content"),
    [
        ("image/gif", b"GIF89a"),
        (JPEG, image("PNG")),
        (PNG, image("JPEG")),
        (PDF, b""),
        (JPEG, image("JPEG")[:-2]),
        (JPEG, image("JPEG")[:200]),
        (JPEG, b"\xff\xd8\xff"),
        (JPEG, b"\xff\xd8\xff\xd9"),
        (JPEG, image("JPEG")[:2] + b"\xff\xff" + image("JPEG")[2:]),
        (JPEG, b"\xff\xd8\xff\xdb\x00\x01"),
        (JPEG, b"\xff\xd8" + segment(0xDB, bytes(4)) + b"between" + b"\xff\xd9"),
        (JPEG, with_segment(0xC3, bytes(8))),
        (JPEG, with_segment(0xC0, bytes(8))),
        (JPEG, b"\xff\xd8" + segment(0xC0, bytes(8)) + b"\xff\xd9"),
        (JPEG, b"\xff\xd8" + segment(0xDA, bytes(8)) + b"\xff"),
        (JPEG, b"\xff\xd8" + segment(0xDA, bytes(8)) + b"no end"),
        (PNG, SIGNATURE),
        (PNG, image("PNG")[:-1]),
        (PNG, image("PNG")[:40]),
        (PNG, SIGNATURE + chunk(b"IDAT") + chunk(b"IEND")),
        (PNG, SIGNATURE + chunk(b"IHDR", bytes(12)) + chunk(b"IEND")),
        (PNG, SIGNATURE + HEADER + chunk(b"IEND")),
        (PNG, SIGNATURE + HEADER[:-1] + b"!" + chunk(b"IEND")),
        (PNG, SIGNATURE + b"\xff\xff\xff\xffIHDR"),
        (PDF, DOCUMENT[:40]),
        (PDF, DOCUMENT.replace(b"/Size", b"/Encrypt 3 0 R/Size")),
        (PDF, DOCUMENT.replace(b"/Size", b"/EmbeddedFiles 3 0 R/Size")),
        (PDF, DOCUMENT.replace(b"/Size", b"/JavaScript 3 0 R/Size")),
    ],
)
def test_what_is_no_whole_file_of_its_type_is_refused(media: str, content: bytes) -> None:
    with pytest.raises(AttachmentMedia):
        require_no_metadata(media, content)


def any_change(content: bytes) -> st.SearchStrategy[bytes]:
    places = st.integers(0, len(content) - 1)

    def replaced(at: int, more: bytes) -> bytes:
        return content[:at] + more + content[at + len(more) :]

    def inserted(at: int, more: bytes) -> bytes:
        return content[:at] + more + content[at:]

    return st.one_of(
        st.builds(lambda at: content[:at], places),
        st.builds(replaced, places, st.binary(min_size=1, max_size=8)),
        st.builds(inserted, places, st.binary(min_size=1, max_size=64)),
    )


@pytest.mark.parametrize(("media", "content"), [(JPEG, image("JPEG")), (PNG, image("PNG")), (PDF, DOCUMENT)])
def test_whatever_the_bytes_are_there_is_an_answer(media: str, content: bytes) -> None:
    @settings(max_examples=300, deadline=None, derandomize=True, database=None)
    @given(st.one_of(any_change(content), st.binary(max_size=200).map(lambda more: content[:8] + more)))
    def answered(changed: bytes) -> None:
        with suppress(AttachmentMedia, AttachmentMetadata):
            require_no_metadata(media, changed)

    answered()


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(st.binary(min_size=1, max_size=64), st.sampled_from([*range(0xE1, 0xEE), 0xEF, 0xFE]))
def test_no_application_segment_and_no_comment_passes(payload: bytes, marker: int) -> None:
    with pytest.raises(AttachmentMetadata):
        require_no_metadata(JPEG, with_segment(marker, payload))


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(st.binary(max_size=64), st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", min_size=4, max_size=4))
def test_no_chunk_passes_that_is_not_listed(payload: bytes, name: str) -> None:
    listed = {"IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB", "sBIT", "bKGD", "pHYs"}
    if name not in listed:
        with pytest.raises(AttachmentMetadata):
            require_no_metadata(PNG, with_chunk(name.encode(), payload))
