"""Attachments that carry more than what they show are refused: place, device, author, comments, thumbnails.

What is allowed is listed, so what is unknown is refused. Pictures are read segment by segment (JPEG: ITU-T T.81, JFIF;
PNG: W3C Recommendation, third edition), from the first byte to the last, nothing before, between or behind. A PDF is
only searched for marks that stand in clear; what its compressed streams hold is not seen.
"""

import zlib
from collections.abc import Iterator

from ledger.attachment_errors import AttachmentMedia, AttachmentMetadata
from ledger.core.attachment import JPEG, MEDIA_TYPES, PNG, media_of

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_APP0, _APP14, _APP15, _COM = 0xE0, 0xEE, 0xEF, 0xFE
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive, Huffman-coded: what readers everywhere show."""
_TABLES = frozenset({0xC4, 0xDB, 0xDD})
_RESTARTS = frozenset(range(0xD0, 0xD8))
_JFIF_BYTES, _ADOBE_BYTES = 14, 12
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_CHUNKS = frozenset((b"PLTE", b"IDAT", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"pHYs"))
_PNG_HEADER_BYTES = 13
_PDF_CLOSED = (b"/Encrypt", b"/EmbeddedFile", b"/JavaScript")
_PDF_SAYS = (b"/Author", b"/Metadata", b"<x:xmpmeta", b"<?xpacket")
_PDF_TAIL_BYTES = 1_024


def require_no_metadata(media: str, content: bytes) -> None:
    """Raise AttachmentMedia unless `content` is a whole file of type `media`, AttachmentMetadata if it says more.

    Total: any bytes give one of the two errors or none. No message holds anything of the content.
    """
    if media not in MEDIA_TYPES:
        raise AttachmentMedia(f"expected one of {', '.join(MEDIA_TYPES)}")
    if media_of(content) != media:
        raise AttachmentMedia(f"its first bytes are not those of {media}")
    if media == JPEG:
        _check_jpeg(content)
    elif media == PNG:
        _check_png(content)
    else:
        _check_pdf(content)


def _check_jpeg(content: bytes) -> None:
    frames = scans = 0
    for marker, payload in _jpeg_segments(content):
        frames += marker in _FRAMES
        scans += marker == _SOS
        if marker == _APP0:
            _require(payload[:5] == b"JFIF\x00" and len(payload) == _JFIF_BYTES and payload[12:] == b"\x00\x00", "APP0")
        elif marker == _APP14:
            _require(payload[:5] == b"Adobe" and len(payload) == _ADOBE_BYTES, "APP14")
        elif _APP0 < marker <= _APP15:
            _require(False, f"APP{marker - _APP0}")
        elif marker == _COM:
            _require(False, "COM")
        elif marker not in _TABLES | _FRAMES | {_SOS}:
            raise AttachmentMedia(f"a JPEG with marker {marker:#04x}; baseline and progressive are taken")
    if frames != 1 or not scans:
        raise AttachmentMedia("a JPEG without one frame and its scans")


def _require(harmless: bool, segment: str) -> None:
    if not harmless:
        raise AttachmentMetadata(f"the JPEG has a segment {segment} that holds metadata")


def _jpeg_segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield marker and payload of each segment behind the first; coded picture data is passed over."""
    at = 2
    while True:
        if content[at : at + 1] != b"\xff" or at + 2 > len(content):
            raise AttachmentMedia("a JPEG that is cut off, or with bytes between its segments")
        marker = content[at + 1]
        if marker == _EOI:
            if at + 2 != len(content):
                raise AttachmentMetadata("the JPEG goes on behind its end")
            return
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        end = at + 2 + length
        if length < 2 or end > len(content):
            raise AttachmentMedia("a JPEG with a segment that goes beyond its end")
        yield marker, content[at + 4 : end]
        at = _after_scan(content, end) if marker == _SOS else end


def _after_scan(content: bytes, at: int) -> int:
    """Return where the next marker begins behind coded picture data, the end of the file if there is none."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            return len(content)
        following = content[at + 1]
        if following != 0 and following not in _RESTARTS:
            return at
        at += 2


def _check_png(content: bytes) -> None:
    at = len(_PNG_SIGNATURE)
    names: list[bytes] = []
    while not names or names[-1] != b"IEND":
        length = int.from_bytes(content[at : at + 4], "big")
        end = at + 12 + length
        if end > len(content):
            raise AttachmentMedia("a PNG that is cut off")
        name, checked = content[at + 4 : at + 8], content[at + 4 : end - 4]
        if zlib.crc32(checked) != int.from_bytes(content[end - 4 : end], "big"):
            raise AttachmentMedia("a PNG with a chunk whose check value is wrong")
        if (not names) != (name == b"IHDR") or (name == b"IHDR" and length != _PNG_HEADER_BYTES):
            raise AttachmentMedia("a PNG that does not begin with its header")
        if name == b"IEND" and length:
            raise AttachmentMetadata("the PNG holds something in its end")
        if names and name != b"IEND" and name not in _PNG_CHUNKS:
            raise AttachmentMetadata("the PNG has a chunk that is no part of the picture, such as text, EXIF or time")
        names.append(name)
        at = end
    if at != len(content):
        raise AttachmentMetadata("the PNG goes on behind its end")
    if b"IDAT" not in names:
        raise AttachmentMedia("a PNG without picture data")


def _check_pdf(content: bytes) -> None:
    if b"%%EOF" not in content[-_PDF_TAIL_BYTES:]:
        raise AttachmentMedia("a PDF that is cut off")
    for mark in _PDF_CLOSED:
        if mark in content:
            raise AttachmentMedia(
                f"a PDF with {mark.decode()[1:]}: encrypted, active and nested documents are not taken"
            )
    for mark in _PDF_SAYS:
        if mark in content:
            raise AttachmentMetadata("the PDF names its author or carries an XMP packet")
