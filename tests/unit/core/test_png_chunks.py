"""Nothing rides in a PNG beside its picture: each chunk has its length, the picture data inflates to the picture."""

import zlib
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ledger.attachment_errors import AttachmentMedia, AttachmentMetadata
from ledger.core import png_chunks
from ledger.core.png_chunks import MOST_CHUNKS, require_only_a_png
from tests.unit.core.pictures import END, SIGNATURE, chunk, header, image, png, steps_of

pytestmark = pytest.mark.unit
MEBIBYTES_5 = 5 * 1024 * 1024
PLAIN = image("PNG")
GREY = header(3, 2, 8, 0)
GREY_PIXELS = bytes(8)
COLOURS = chunk(b"PLTE", bytes(6))
PALETTE = header(8, 1, 1, 3)
MOST_STEPS = 40_000


@pytest.mark.parametrize(
    ("head", "chunks", "pixels"),
    [
        (GREY, [chunk(b"tRNS", bytes(2)), chunk(b"bKGD", bytes(2)), chunk(b"sBIT", b"\x08")], GREY_PIXELS),
        (header(1, 1, 16, 2), [chunk(b"tRNS", bytes(6)), chunk(b"bKGD", bytes(6)), chunk(b"sBIT", bytes(3))], bytes(7)),
        (header(1, 1, 8, 4), [chunk(b"bKGD", bytes(2)), chunk(b"sBIT", bytes(2))], bytes(3)),
        (header(1, 1, 8, 6), [chunk(b"bKGD", bytes(6)), chunk(b"sBIT", bytes(4))], bytes(5)),
        (PALETTE, [COLOURS, chunk(b"tRNS", b"\x00"), chunk(b"bKGD", b"\x01"), chunk(b"sBIT", bytes(3))], bytes(2)),
        (GREY, [chunk(b"gAMA", bytes(4)), chunk(b"cHRM", bytes(32)), chunk(b"sRGB", b"\x00")], GREY_PIXELS),
        (GREY, [chunk(b"pHYs", bytes(9))], GREY_PIXELS),
        (header(8, 8, 8, 0, 0, 0, 1), [], bytes(64 + 15)),
        (header(1, 1, 8, 0, 0, 0, 1), [], bytes(2)),
        (header(1_023, 2_048, 8, 0), [], bytes(2 * 1_024 * 1_024)),
    ],
)
def test_a_picture_with_chunks_of_the_length_that_it_needs_passes(
    head: bytes, chunks: list[bytes], pixels: bytes
) -> None:
    require_only_a_png(png(head, *chunks, pixels=pixels))


def test_noise_in_many_pieces_passes() -> None:
    made = BytesIO()
    Image.effect_noise((300, 300), 200).save(made, "PNG", compress_level=0)
    require_only_a_png(made.getvalue())
    packed = zlib.compress(GREY_PIXELS)
    require_only_a_png(
        SIGNATURE + GREY + b"".join(chunk(b"IDAT", packed[at : at + 1]) for at in range(len(packed))) + END
    )


@pytest.mark.parametrize(
    ("head", "chunks", "pixels"),
    [
        (GREY, [chunk(b"bKGD", b"planted" * 100)], GREY_PIXELS),
        (GREY, [chunk(b"bKGD", bytes(6))], GREY_PIXELS),
        (GREY, [chunk(b"tRNS", bytes(6))], GREY_PIXELS),
        (GREY, [chunk(b"sBIT", bytes(3))], GREY_PIXELS),
        (GREY, [chunk(b"gAMA", bytes(5))], GREY_PIXELS),
        (GREY, [chunk(b"pHYs", bytes(9)), chunk(b"pHYs", bytes(9))], GREY_PIXELS),
        (GREY, [COLOURS], GREY_PIXELS),
        (header(1, 1, 8, 2), [COLOURS], bytes(4)),
        (header(1, 1, 8, 6), [chunk(b"tRNS", bytes(6))], bytes(5)),
        (PALETTE, [chunk(b"PLTE", bytes(9))], bytes(2)),
        (PALETTE, [chunk(b"PLTE", bytes(5))], bytes(2)),
        (PALETTE, [chunk(b"PLTE")], bytes(2)),
        (PALETTE, [COLOURS, chunk(b"tRNS", bytes(3))], bytes(2)),
        (PALETTE, [COLOURS, chunk(b"tRNS")], bytes(2)),
        (PALETTE, [chunk(b"tRNS", b"\x00"), COLOURS], bytes(2)),
        (GREY, [], GREY_PIXELS + b"planted"),
        (header(8, 8, 8, 0, 0, 0, 1), [], bytes(64 + 16)),
    ],
)
def test_a_chunk_with_room_for_anything_else_is_refused(head: bytes, chunks: list[bytes], pixels: bytes) -> None:
    with pytest.raises(AttachmentMetadata):
        require_only_a_png(png(head, *chunks, pixels=pixels))


def with_data(*pieces: bytes) -> bytes:
    return SIGNATURE + GREY + b"".join(chunk(b"IDAT", piece) for piece in pieces) + END


PACKED = zlib.compress(GREY_PIXELS)


@pytest.mark.parametrize(
    "content",
    [
        with_data(PACKED, b"planted"),
        with_data(PACKED + b"planted"),
        with_data(PACKED, b""),
        with_data(b"", PACKED),
        with_data(PACKED[:2] + b"\x00\x00\x00\xff\xff" * 400 + PACKED[2:]),
    ],
    ids=["behind", "behind in one", "empty last", "empty first", "empty blocks"],
)
def test_nothing_rides_behind_or_within_the_stream_of_pixels(content: bytes) -> None:
    with pytest.raises(AttachmentMetadata):
        require_only_a_png(content)


@pytest.mark.parametrize(
    "content",
    [
        with_data(b"planted <html>"),
        with_data(PACKED[:-1]),
        with_data(PACKED[:-1] + b"!"),
        with_data(zlib.compress(GREY_PIXELS[:-1])),
        with_data(),
        png(GREY, header(3, 2, 8, 0), pixels=GREY_PIXELS),
        png(PALETTE, pixels=bytes(2)),
        SIGNATURE + GREY + chunk(b"IDAT", PACKED) + chunk(b"pHYs", bytes(9)) + END,
        png(header(0, 2, 8, 0), pixels=b""),
        png(header(2, 0, 8, 0), pixels=b""),
        png(header(2, 2, 3, 0), pixels=bytes(4)),
        png(header(2, 2, 8, 1), pixels=bytes(6)),
        png(header(3, 2, 8, 0, 1, 0, 0), pixels=GREY_PIXELS),
        png(header(3, 2, 8, 0, 0, 1, 0), pixels=GREY_PIXELS),
        png(header(3, 2, 8, 0, 0, 0, 2), pixels=GREY_PIXELS),
        png(header(65_536, 65_536, 16, 6), pixels=b""),
        png(chunk(b"IHDR", bytes(12)), pixels=b""),
        SIGNATURE + GREY + chunk(b"IDAT", b"x") * MOST_CHUNKS,
    ],
)
def test_what_is_no_picture_that_can_be_shown_is_refused(content: bytes) -> None:
    with pytest.raises(AttachmentMedia):
        require_only_a_png(content)


def test_a_picture_of_more_pixels_than_are_inflated_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = png(GREY, pixels=GREY_PIXELS)
    monkeypatch.setattr(png_chunks, "MOST_PIXEL_BYTES", len(GREY_PIXELS))
    require_only_a_png(content)
    monkeypatch.setattr(png_chunks, "MOST_PIXEL_BYTES", len(GREY_PIXELS) - 1)
    with pytest.raises(AttachmentMedia):
        require_only_a_png(content)


def test_a_picture_that_inflates_to_more_than_it_is_stops_there() -> None:
    bomb = zlib.compress(bytes(64 * 1024 * 1024), 9)
    content = SIGNATURE + header(2_000, 2_000, 8, 2) + chunk(b"IDAT", bomb) + END
    with pytest.raises(AttachmentMetadata):
        require_only_a_png(content)
    assert steps_of(lambda: require_only_a_png(content)) < 200


@pytest.mark.parametrize("repeated", [chunk(b"IDAT"), chunk(b"IDAT", b"x"), chunk(b"pHYs", bytes(9)), chunk(b"tEXt")])
def test_five_mebibytes_of_anything_cost_few_steps(repeated: bytes) -> None:
    content = PLAIN[:33] + repeated * (MEBIBYTES_5 // len(repeated))
    assert steps_of(lambda: require_only_a_png(content)) < MOST_STEPS


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(
    st.sampled_from([b"PLTE", b"IDAT", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"pHYs", b"tEXt"]),
    st.binary(max_size=40),
    st.sampled_from([1, 3_000]),
    st.booleans(),
)
def test_chunks_put_before_or_behind_the_pixels_cost_few_steps_and_give_an_answer(
    name: bytes, payload: bytes, times: int, before: bool
) -> None:
    at = 33 if before else len(PLAIN) - len(END)
    content = PLAIN[:at] + chunk(name, payload) * times + PLAIN[at:]
    assert steps_of(lambda: require_only_a_png(content)) < MOST_STEPS
