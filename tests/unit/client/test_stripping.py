"""Pictures leave a machine as pictures: upright, and without what was written beside them."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from ledger.attachment_errors import AttachmentMedia, AttachmentMetadata, AttachmentTooLarge
from ledger.client import stripping
from ledger.client.stripping import CleanFile, clean_content, clean_file
from ledger.core.image_metadata import require_no_metadata
from ledger.errors import UsageError

pytestmark = pytest.mark.unit
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n%%EOF\n"


def exif(orientation: int) -> Image.Exif:
    found = Image.Exif()
    found[0x0112], found[0x010F], found[0x013B] = orientation, "PhoneCo", "Zhang San"
    found.get_ifd(0x8825)[2] = (31.0, 14.0, 24.0)
    return found


def text_chunk() -> PngImagePlugin.PngInfo:
    found = PngImagePlugin.PngInfo()
    found.add_text("Comment", "Zhang San")
    return found


def encoded(picture: Image.Image, picture_format: str, **more: object) -> bytes:
    made = BytesIO()
    picture.save(made, picture_format, **more)
    return made.getvalue()


def halves(mode: str = "RGB") -> Image.Image:
    """Left half dark, right half light."""
    picture = Image.new(mode, (64, 32), 0)
    picture.paste(255 if mode == "L" else (255,) * len(mode), (32, 0, 64, 32))
    return picture


def opened(clean: CleanFile) -> Image.Image:
    require_no_metadata(clean.media, clean.content)
    found = Image.open(BytesIO(clean.content))
    found.load()
    return found


@pytest.mark.parametrize("picture_format", ["JPEG", "PNG"])
def test_orientation_is_applied_and_nothing_is_left_of_the_rest(picture_format: str) -> None:
    more = {"comment": b"Zhang San"} if picture_format == "JPEG" else {"pnginfo": text_chunk()}
    turned = encoded(halves(), picture_format, exif=exif(6), icc_profile=b"profile" * 20, **more)
    assert b"PhoneCo" in turned
    clean = clean_content(turned)
    found = opened(clean)
    assert found.size == (32, 64)
    assert found.convert("L").getpixel((16, 8)) < 20 < 235 < found.convert("L").getpixel((16, 56))
    for trace in (b"PhoneCo", b"Zhang", b"profile", b"Exif"):
        assert trace not in clean.content
    assert set(found.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_colours_stay(mode: str) -> None:
    assert opened(clean_content(encoded(halves(mode), "JPEG"))).mode == mode


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_png_pixels_stay_to_the_bit(mode: str) -> None:
    before = (
        Image.effect_noise((30, 20), 80).convert("RGB").convert(mode)
        if mode != "I;16"
        else Image.new(mode, (30, 20), 999)
    )
    found = opened(clean_content(encoded(before, "PNG", pnginfo=text_chunk())))
    assert (found.mode, found.tobytes()) == (before.mode, before.tobytes())


def test_what_is_transparent_stays_so() -> None:
    content = encoded(halves().convert("P"), "PNG", transparency=0)
    before = Image.open(BytesIO(content)).convert("RGBA")
    assert before.getextrema()[3] == (0, 255)
    assert opened(clean_content(content)).convert("RGBA").tobytes() == before.tobytes()


def test_the_same_file_gives_the_same_bytes() -> None:
    content = encoded(halves(), "JPEG", exif=exif(8))
    assert clean_content(content) == clean_content(content)


def test_a_second_picture_within_a_jpeg_is_dropped() -> None:
    several = encoded(halves(), "MPO", save_all=True, append_images=[Image.new("RGB", (8, 8))])
    assert several.count(b"\xff\xd8\xff") == 2
    assert clean_content(several).content.count(b"\xff\xd8\xff") == 1


def test_a_pdf_is_passed_on_or_refused() -> None:
    assert clean_content(PDF) == CleanFile(PDF, "application/pdf")
    with pytest.raises(AttachmentMetadata):
        clean_content(PDF.replace(b"trailer", b"/Author (Zhang San) trailer"))
    with pytest.raises(AttachmentMetadata):
        clean_content(encoded(halves(), "PDF", title="Zhang San"))
    with pytest.raises(AttachmentMedia):
        clean_content(PDF.replace(b"trailer", b"/Op#65nAction 5 0 R trailer"))


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a", b"\xff\xd8\xff\xe0junk", b"\x89PNG\r\n\x1a\n", encoded(halves(), "JPEG")[:300]]
)
def test_what_is_no_picture_that_can_be_read_is_refused(content: bytes) -> None:
    with pytest.raises(AttachmentMedia):
        clean_content(content)


def test_pictures_of_too_many_pixels_are_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    content = encoded(Image.new("1", (80, 80)), "PNG")
    for most in (4_000, 1_000):  # a warning of Pillow's, then its error
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", most)
        with pytest.raises(AttachmentMedia):
            clean_content(content)


def test_files_over_the_limits_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(encoded(Image.effect_noise((64, 64), 90), "PNG"))
    assert clean_file(path).media == "image/png"
    monkeypatch.setattr(stripping, "MOST_BYTES", 1_000)
    with pytest.raises(AttachmentTooLarge, match="without metadata"):
        clean_file(path)
    monkeypatch.setattr(stripping, "MOST_ORIGINAL_BYTES", 1_000)
    with pytest.raises(AttachmentTooLarge, match="the file has"):
        clean_file(path)


def test_a_file_that_cannot_be_read_is_not_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        clean_file(tmp_path / "Zhang San.jpg")
    assert "Zhang" not in str(refused.value)
