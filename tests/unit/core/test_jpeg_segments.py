"""Nothing rides in a JPEG beside its picture: tables, frames and scans have the very length that they need."""

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ledger.attachment_errors import AttachmentMedia, AttachmentMetadata
from ledger.core.jpeg_segments import MOST_SEGMENTS, require_only_a_jpeg
from tests.unit.core.pictures import image, segment, steps_of

pytestmark = pytest.mark.unit
PLAIN = image("JPEG")
MEBIBYTES_5 = 5 * 1024 * 1024
FREE = b"planted"
FRAME = bytes((8, 0, 16, 0, 24, 1, 1, 0x11, 0))
SCAN = bytes((1, 1, 0, 0, 63, 0))
HUFFMAN = bytes((0, 1)) + bytes(15) + b"\x05"
MOST_STEPS = 40_000


def made_of(*segments: tuple[int, bytes], coded: bytes = b"\x2a", scans: int = 1) -> bytes:
    last = segment(0xDA, SCAN) + coded
    return b"\xff\xd8" + b"".join(segment(*one) for one in segments) + last * scans + b"\xff\xd9"


def before_the_picture(marker: int, payload: bytes) -> bytes:
    return PLAIN[:2] + segment(marker, payload) + PLAIN[2:]


@pytest.mark.parametrize("more", [{"quality": 100, "subsampling": 0}, {"progressive": True}, {"optimize": True}])
def test_noise_at_any_quality_passes(more: dict[str, int]) -> None:
    made = BytesIO()
    Image.effect_noise((160, 90), 200).convert("RGB").save(made, "JPEG", **more)
    require_only_a_jpeg(made.getvalue())


def test_a_picture_of_the_fewest_segments_passes() -> None:
    require_only_a_jpeg(made_of((0xC0, FRAME), (0xC4, HUFFMAN), (0xDD, b"\x00\x04")))
    require_only_a_jpeg(made_of((0xDB, b"\x10" + bytes(128) + b"\x01" + bytes(64)), (0xC0, FRAME)))


@pytest.mark.parametrize(
    "content",
    [
        before_the_picture(0xC4, FREE),
        before_the_picture(0xC4, b""),
        before_the_picture(0xC4, HUFFMAN + b"\x00"),
        before_the_picture(0xC4, b"\x04" + HUFFMAN[1:]),
        before_the_picture(0xC4, bytes((0, 2)) + bytes(15) + b"\x05\x05"),
        before_the_picture(0xC4, bytes(17)),
        before_the_picture(0xC4, HUFFMAN),
        before_the_picture(0xDB, FREE),
        before_the_picture(0xDB, b""),
        before_the_picture(0xDB, b"\x20" + bytes(192)),
        before_the_picture(0xDB, b"\x04" + bytes(64)),
        before_the_picture(0xDB, b"\x03" + bytes(63)),
        before_the_picture(0xDB, b"\x03" + bytes(65)),
        before_the_picture(0xDB, b"\x00" + bytes(64)),
        before_the_picture(0xDD, b"\x00\x04" + FREE),
        before_the_picture(0xDC, b"\x00\x10"),
        before_the_picture(0xC0, FRAME),
        made_of((0xC0, FRAME), (0xC4, bytes((0, 2)) + bytes(15) + b"\x05\x05")),
        made_of((0xC0, FRAME), (0xC4, HUFFMAN + b"\x01")),
        made_of((0xC0, FRAME), (0xC4, b"\x04" + HUFFMAN[1:])),
        made_of((0xC0, FRAME), (0xC4, bytes(17))),
        made_of((0xC0, FRAME), (0xDD, b"\x00\x04" + FREE)),
        made_of((0xC0, FRAME), (0xDA, b"\x01\x01\x00\x3f\x00")),
        made_of((0xC0, FRAME + FREE)),
        made_of((0xC0, b"\x0c" + FRAME[1:])),
        made_of((0xC0, FRAME[:1] + b"\x00\x00" + FRAME[3:])),
        made_of((0xC0, FRAME[:3] + b"\x00\x00" + FRAME[5:])),
        made_of((0xC0, FRAME[:5] + b"\x02" + FRAME[6:] + b"\x02\x11\x00")),
        made_of((0xC0, FRAME[:5] + b"\x03" + FRAME[6:] + b"\x02\x11\x00\x02\x11\x00")),
        made_of((0xC0, FRAME[:7] + b"\x01\x00")),
        made_of((0xC0, FRAME[:7] + b"\x51\x00")),
        made_of((0xC0, FRAME[:8] + b"\x04")),
        made_of((0xC0, b"\x08\x00\x10\x00\x18\x00")),
        made_of((0xC0, FRAME), (0xDA, SCAN + FREE)),
        made_of((0xC0, FRAME), (0xDA, b"\x01\x02" + SCAN[2:])),
        made_of((0xC0, FRAME), (0xDA, b"\x02\x01\x00\x01\x00\x00\x3f\x00")),
        made_of((0xC0, FRAME), (0xDA, b"\x00\x3f\x00")),
        made_of((0xC0, FRAME), scans=101),
        made_of(),
        PLAIN[:2] + PLAIN[2:20] * 2 + PLAIN[20:],
    ],
)
def test_a_segment_with_room_for_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(AttachmentMedia):
        require_only_a_jpeg(content)


@pytest.mark.parametrize(
    "content",
    [
        PLAIN[:-2] + FREE * 1_000 + PLAIN[-2:],
        PLAIN[:-2] + b"Exif\x00\x00" + PLAIN[-2:],
        PLAIN[:-2] + b"http://ns.adobe.com/xap/1.0/" + PLAIN[-2:],
        PLAIN[:-2] + b"\xff\x00" * 3_000 + PLAIN[-2:],
        PLAIN[:-2] + b"\xff\xd0" * 3_000 + PLAIN[-2:],
    ],
    ids=["free", "exif", "xmp", "escaped", "restarts"],
)
def test_coded_data_has_bounds_and_no_metadata(content: bytes) -> None:
    with pytest.raises(AttachmentMetadata):
        require_only_a_jpeg(content)


def test_more_segments_than_any_picture_has_are_refused() -> None:
    tables = [(0xC4, bytes((kind, 1)) + bytes(15) + b"\x05") for kind in (0, 1, 2, 3, 16, 17, 18, 19)]
    several = b"".join(segment(*one) for one in (*tables, (0xDD, b"\x00\x04"), (0xDA, SCAN))) + b"\x2a"
    content = b"\xff\xd8" + segment(0xC0, FRAME) + several * 100
    with pytest.raises(AttachmentMedia, match=f"more than {MOST_SEGMENTS}"):
        require_only_a_jpeg(content)


@pytest.mark.parametrize(
    ("beginning", "repeated"),
    [
        (b"\xff\xd8", b"\xff\xc4\x00\x02"),
        (b"\xff\xd8", b"\xff\xdd\x00\x04\x00\x00"),
        (b"\xff\xd8", b"\xff\xff"),
        (PLAIN[:-2], b"\xff\x00"),
        (PLAIN[:-2], b"\xff\xd3"),
        (PLAIN[:-2], b"\xff\xda\x00\x08" + SCAN),
    ],
)
def test_five_mebibytes_of_anything_cost_few_steps(beginning: bytes, repeated: bytes) -> None:
    content = beginning + repeated * (MEBIBYTES_5 // len(repeated))
    assert steps_of(lambda: require_only_a_jpeg(content)) < MOST_STEPS


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(st.integers(2, len(PLAIN) - 2), st.binary(min_size=1, max_size=24), st.sampled_from([1, 2_000]))
def test_what_is_put_anywhere_into_a_picture_costs_few_steps_and_gives_an_answer(
    at: int, piece: bytes, times: int
) -> None:
    content = PLAIN[:at] + piece * times + PLAIN[at:]
    assert steps_of(lambda: require_only_a_jpeg(content)) < MOST_STEPS
