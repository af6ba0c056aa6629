"""A PNG that is one picture and nothing else (W3C Recommendation, third edition): what is listed passes.

Each chunk has the very length that the picture's header gives it, and stands once. The picture data is inflated within
the limit that follows from width, height and colour type, so that nothing rides behind or within its zlib stream; the
pixels are thrown away as they come. The work is linear in the length and in that limit, at most `MOST_CHUNKS` steps
and one for each `_PIECE_BYTES` of pixels outside of C.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from ledger.attachment_errors import AttachmentMedia, AttachmentMetadata

MOST_CHUNKS = 2_048
MOST_PIXEL_BYTES = 128 * 1024 * 1024
"""Of a picture when it is inflated: 44 million pixels of 24 bits."""
_PIECE_BYTES = 1024 * 1024
_SIGNATURE_BYTES = 8
_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGB_ALPHA = 0, 2, 3, 4, 6
_CHANNELS = {_GREY: 1, _RGB: 3, _PALETTE: 1, _GREY_ALPHA: 2, _RGB_ALPHA: 4}
_DEPTHS = {_GREY: (1, 2, 4, 8, 16), _RGB: (8, 16), _PALETTE: (1, 2, 4, 8), _GREY_ALPHA: (8, 16), _RGB_ALPHA: (8, 16)}
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""First column, first row, and the steps of each pass."""
_WHOLE = ((0, 0, 1, 1),)
_FIXED = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"pHYs": 9}
_BY_COLOUR = {
    b"tRNS": {_GREY: 2, _RGB: 6},
    b"bKGD": {_GREY: 2, _RGB: 6, _PALETTE: 1, _GREY_ALPHA: 2, _RGB_ALPHA: 6},
    b"sBIT": {_GREY: 1, _RGB: 3, _PALETTE: 3, _GREY_ALPHA: 2, _RGB_ALPHA: 4},
}
_SPARE_BYTES = 1_024


@dataclass(frozen=True, slots=True)
class _Header:
    """What IHDR says of the picture."""

    wide: int
    high: int
    depth: int
    colour: int
    interlaced: bool

    @property
    def pixel_bytes(self) -> int:
        """Bytes of all rows with the filter byte of each, as they are compressed."""
        total = 0
        for left, top, across, down in _ADAM7 if self.interlaced else _WHOLE:
            columns, rows = -(-(self.wide - left) // across), -(-(self.high - top) // down)
            if columns > 0 and rows > 0:
                total += rows * (1 + (columns * self.depth * _CHANNELS[self.colour] + 7) // 8)
        return total


def require_only_a_png(content: bytes) -> None:
    """Raise AttachmentMedia unless `content` is one whole PNG, AttachmentMetadata if it holds more than a picture.

    Total: any bytes give one of the two errors or none.
    """
    chunks = _chunks(content)
    name, payload = next(chunks)
    if name != b"IHDR":
        raise AttachmentMedia("a PNG that does not begin with its header")
    header = _header(payload)
    lengths: dict[bytes, int] = {}
    pixels: list[bytes] = []
    for name, payload in chunks:
        if name == b"IHDR":
            raise AttachmentMedia("a PNG with a second header")
        if name == b"IDAT":
            pixels.append(payload)
        elif name != b"IEND":
            _check_chunk(name, len(payload), header, lengths)
            _require_order(bool(pixels))
            lengths[name] = len(payload)
    if header.colour == _PALETTE and b"PLTE" not in lengths:
        raise AttachmentMedia("a PNG without the palette that it needs")
    _check_pixels(pixels, header.pixel_bytes)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and content of each chunk up to the end, at least one."""
    at = _SIGNATURE_BYTES
    for _ in range(MOST_CHUNKS):
        length = int.from_bytes(content[at : at + 4], "big")
        end = at + 12 + length
        if end > len(content):
            raise AttachmentMedia("a PNG that is cut off")
        name, checked = content[at + 4 : at + 8], content[at + 4 : end - 4]
        if zlib.crc32(checked) != int.from_bytes(content[end - 4 : end], "big"):
            raise AttachmentMedia("a PNG with a chunk whose check value is wrong")
        yield name, checked[4:]
        at = end
        if name == b"IEND":
            if length or at != len(content):
                raise AttachmentMetadata("the PNG holds something in its end or behind it")
            return
    raise AttachmentMedia(f"a PNG of more than {MOST_CHUNKS} chunks")


def _header(payload: bytes) -> _Header:
    if len(payload) != 13:
        raise AttachmentMedia("a PNG whose header has another length")
    depth, colour, method, filtering, interlaced = payload[8:]
    header = _Header(
        int.from_bytes(payload[:4], "big"), int.from_bytes(payload[4:8], "big"), depth, colour, interlaced == 1
    )
    known = depth in _DEPTHS.get(colour, ()) and not method and not filtering and interlaced < 2
    if not known or not header.wide or not header.high or header.pixel_bytes > MOST_PIXEL_BYTES:
        raise AttachmentMedia(f"a PNG of an unknown kind, or of more than {MOST_PIXEL_BYTES} bytes of pixels")
    return header


def _check_chunk(name: bytes, length: int, header: _Header, lengths: dict[bytes, int]) -> None:
    if name == b"PLTE":
        fits = header.colour == _PALETTE and length % 3 == 0 and 3 <= length <= 3 << header.depth
    elif name == b"tRNS" and header.colour == _PALETTE:
        fits = 1 <= length <= lengths.get(b"PLTE", 0) // 3
    elif name in _BY_COLOUR:
        fits = length == _BY_COLOUR[name].get(header.colour)
    else:
        fits = length == _FIXED.get(name)
    if not fits or name in lengths:
        raise AttachmentMetadata("the PNG has a chunk that is no part of the picture, such as text, EXIF or time")


def _require_order(behind_pixels: bool) -> None:
    if behind_pixels:
        raise AttachmentMedia("a PNG whose chunks are out of order")


def _check_pixels(pieces: list[bytes], expected: int) -> None:
    """Inflate the picture data, keeping nothing; it has exactly `expected` bytes."""
    if sum(map(len, pieces)) > expected + expected // 8 + _SPARE_BYTES:
        raise AttachmentMetadata("the PNG has more picture data than a picture of its size needs")
    inflating, found = zlib.decompressobj(), 0
    for piece in pieces:
        if inflating.eof or not piece:
            raise AttachmentMetadata("the PNG has picture data behind the picture")
        rest = piece
        while rest and not inflating.eof:
            try:
                found += len(inflating.decompress(rest, _PIECE_BYTES))
            except zlib.error:
                raise AttachmentMedia("a PNG whose picture data cannot be read") from None
            if found > expected or inflating.unused_data:
                raise AttachmentMetadata("the PNG has picture data behind the picture")
            rest = inflating.unconsumed_tail
    if not inflating.eof or found != expected:
        raise AttachmentMedia("a PNG without all of its picture data")
