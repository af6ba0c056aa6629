"""Pictures and papers for tests of what may ride in them, built piece by piece."""

import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from typing import Any

from PIL import Image

from ledger.attachment_errors import AttachmentMedia, AttachmentMetadata

SIGNATURE = b"\x89PNG\r\n\x1a\n"
END = b"\x00\x00\x00\x00IEND\xaeB`\x82"


def image(picture_format: str, mode: str = "RGB", **more: object) -> bytes:
    """A small picture of one colour."""
    made = BytesIO()
    Image.new(mode, (24, 16), 7 if mode != "RGB" else (200, 30, 30)).save(made, picture_format, **more)
    return made.getvalue()


def segment(marker: int, payload: bytes) -> bytes:
    """A JPEG segment."""
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload


def chunk(name: bytes, payload: bytes = b"") -> bytes:
    """A PNG chunk."""
    return len(payload).to_bytes(4, "big") + name + payload + zlib.crc32(name + payload).to_bytes(4, "big")


def header(width: int, height: int, depth: int, colour: int, *rest: int) -> bytes:
    """IHDR; `rest` are compression, filter and interlace methods, 0 unless they are given."""
    kind = bytes((depth, colour, *(rest or (0, 0, 0))))
    return chunk(b"IHDR", width.to_bytes(4, "big") + height.to_bytes(4, "big") + kind)


def png(head: bytes, *chunks: bytes, pixels: bytes) -> bytes:
    """A PNG of these pieces; `pixels` is what its picture data inflates to."""
    return SIGNATURE + head + b"".join(chunks) + chunk(b"IDAT", zlib.compress(pixels)) + END


def paper(objects: bytes = b"", trailer: bytes = b"") -> bytes:
    """A PDF with these objects and trailer entries."""
    return (
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"
        + objects
        + b"\ntrailer\n<< /Root 1 0 R "
        + trailer
        + b">>\nstartxref\n9\n%%EOF\n"
    )


def stream(entries: bytes, content: bytes) -> bytes:
    """A PDF stream object."""
    return b"7 0 obj\n<< " + entries + b" >>\nstream\n" + content + b"\nendstream\nendobj\n"


def steps_of(check: Callable[[], None]) -> int:
    """Count the calls that a check makes, to functions of its own and to those in C, whatever it says of the file.

    No loop that reads bytes makes a step without a call: so this bounds its time on any machine.
    """
    steps = 0

    def count(_frame: object, event: str, _argument: Any) -> None:
        nonlocal steps
        steps += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        with suppress(AttachmentMedia, AttachmentMetadata):
            check()
    finally:
        sys.setprofile(before)
    return steps
