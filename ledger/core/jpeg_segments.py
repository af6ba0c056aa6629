"""A JPEG that is one picture and nothing else (ITU-T T.81, JFIF): what is listed here passes, what is unknown does not.

Segments are read from the first byte to the last, each of the very length that its content needs, so that nothing rides
in tables, before, between or behind them. Coded picture data is not decoded: of it only the amount is bounded by the
size of the picture. The work is linear in the length, with at most `MOST_SEGMENTS` steps outside of C.
"""

import re
from dataclasses import dataclass, field

from ledger.attachment_errors import AttachmentMedia, AttachmentMetadata

MOST_SEGMENTS = 1_000
_MOST_SCANS = 100
"""Progressive encoders make about ten."""
_SOI_BYTES = 2
_EOI, _SOS, _DHT, _DQT, _DRI = 0xD9, 0xDA, 0xC4, 0xDB, 0xDD
_APP0, _APP14, _APP15, _COM = 0xE0, 0xEE, 0xEF, 0xFE
_BASELINE, _EXTENDED, _PROGRESSIVE = 0xC0, 0xC1, 0xC2
_FRAMES = frozenset({_BASELINE, _EXTENDED, _PROGRESSIVE})
"""Huffman-coded: what readers everywhere show."""
_JFIF_BYTES, _ADOBE_BYTES = 14, 12
_BLOCK_SIDE, _MOST_BLOCK_BYTES, _SCAN_SLACK_BYTES = 8, 160, 64
"""Noise at full quality takes about 110 bytes a block, what the client makes at most 60."""
_HUFFMAN_TABLES = frozenset({0, 1, 2, 3, 16, 17, 18, 19})
_COMPONENTS = frozenset({1, 3, 4})
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7]")
"""Within coded data 0xFF stands only before 0 and in restart markers."""
_SAYS = (b"Exif\x00\x00", b"<x:xmpmeta", b"<?xpacket", b"http://ns.adobe.com/", b"Photoshop 3.0")


@dataclass(slots=True)
class _Walk:
    """What was met until now: the frame's blocks and components, scans, coded bytes, and what may stand but once."""

    components: frozenset[int] = frozenset()
    blocks: int = 0
    scans: int = 0
    coded_bytes: int = 0
    of_the_file: set[tuple[int, int]] = field(default_factory=set)
    of_the_scan: set[tuple[int, int]] = field(default_factory=set)

    def meet(self, marker: int, payload: bytes) -> None:
        """Judge one segment; raises AttachmentMedia, AttachmentMetadata."""
        if marker in (_APP0, _APP14):
            _check_application(marker, payload)
            self._once(self.of_the_file, marker)
        elif _APP0 < marker <= _APP15:
            raise AttachmentMetadata(f"the JPEG has a segment APP{marker - _APP0} that holds metadata")
        elif marker == _COM:
            raise AttachmentMetadata("the JPEG has a segment COM that holds metadata")
        elif marker == _DHT:
            self._huffman(payload)
        elif marker == _DQT:
            self._quantization(payload)
        elif marker == _DRI:
            _require(len(payload) == 2, "a restart interval")
            self._once(self.of_the_scan, _DRI)
        elif marker in _FRAMES:
            self._once(self.of_the_file, _BASELINE)
            self._frame(payload)
        elif marker == _SOS:
            self._scan(payload)
        else:
            raise AttachmentMedia(f"a JPEG with marker {marker:#04x}; baseline and progressive are taken")

    def coded(self, length: int) -> None:
        """Count bytes of coded data behind a scan's header; raises AttachmentMetadata for more than a picture has."""
        self.coded_bytes += length
        if self.coded_bytes > self.blocks * _MOST_BLOCK_BYTES + self.scans * _SCAN_SLACK_BYTES:
            raise AttachmentMetadata("the JPEG has more coded data than a picture of its size needs")

    def _once(self, among: set[tuple[int, int]], marker: int, table: int = 0) -> None:
        if (marker, table) in among:
            raise AttachmentMedia(f"a JPEG that says segment {marker:#04x} again")
        among.add((marker, table))

    def _huffman(self, payload: bytes) -> None:
        _require(payload, "a Huffman table")
        at = 0
        while at < len(payload):
            values_at = at + 17
            end = values_at + sum(payload[at + 1 : values_at])
            values = payload[values_at:end]
            whole = values_at < end <= len(payload) and len(set(values)) == len(values)
            _require(whole and payload[at] in _HUFFMAN_TABLES, "a Huffman table")
            self._once(self.of_the_scan, _DHT, payload[at])
            at = end

    def _quantization(self, payload: bytes) -> None:
        _require(payload, "a quantization table")
        at = 0
        while at < len(payload):
            precision, table = divmod(payload[at], 16)
            end = at + 1 + 64 * (precision + 1)
            _require(precision < 2 and table < 4 and end <= len(payload), "a quantization table")
            self._once(self.of_the_file, _DQT, table)
            at = end

    def _frame(self, payload: bytes) -> None:
        parts = [payload[at : at + 3] for at in range(6, len(payload), 3)]
        high, wide = int.from_bytes(payload[1:3], "big"), int.from_bytes(payload[3:5], "big")
        whole = len(payload) > 6 and payload[0] == 8 and high and wide and len(payload) == 6 + 3 * payload[5]
        _require(whole and payload[5] in _COMPONENTS, "a frame")
        samplings = [divmod(part[1], 16) for part in parts]
        self.components = frozenset(part[0] for part in parts)
        fits = all(1 <= across <= 4 and 1 <= down <= 4 for across, down in samplings)
        _require(fits and len(self.components) == len(parts) and all(part[2] < 4 for part in parts), "a frame")
        columns = -(-wide // (_BLOCK_SIDE * max(across for across, _ in samplings)))
        rows = -(-high // (_BLOCK_SIDE * max(down for _, down in samplings)))
        self.blocks = columns * rows * sum(across * down for across, down in samplings)

    def _scan(self, payload: bytes) -> None:
        parts = payload[1:-3:2]
        whole = len(payload) > 4 and payload[0] == len(parts) and len(payload) == 4 + 2 * len(parts)
        _require(whole and set(parts) <= self.components and len(set(parts)) == len(parts), "a scan")
        self.scans += 1
        _require(self.scans <= _MOST_SCANS, "scans")
        self.of_the_scan.clear()


def require_only_a_jpeg(content: bytes) -> None:
    """Raise AttachmentMedia unless `content` is one whole JPEG, AttachmentMetadata if it holds more than a picture.

    Total: any bytes give one of the two errors or none.
    """
    if any(mark in content for mark in _SAYS):
        raise AttachmentMetadata("the JPEG holds EXIF, XMP or Photoshop metadata")
    walk = _Walk()
    at = _SOI_BYTES
    for _ in range(MOST_SEGMENTS):
        if content[at : at + 1] != b"\xff" or at + 2 > len(content):
            raise AttachmentMedia("a JPEG that is cut off, or with bytes between its segments")
        marker = content[at + 1]
        if marker == _EOI:
            _require_end(content, at, walk)
            return
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if end < at + 4 or end > len(content):
            raise AttachmentMedia("a JPEG with a segment that goes beyond its end")
        walk.meet(marker, content[at + 4 : end])
        at = end
        if marker == _SOS:
            following = _MARKER.search(content, end)
            at = following.start() if following else len(content)
            walk.coded(at - end)
    raise AttachmentMedia(f"a JPEG of more than {MOST_SEGMENTS} segments")


def _require_end(content: bytes, at: int, walk: _Walk) -> None:
    if at + 2 != len(content):
        raise AttachmentMetadata("the JPEG goes on behind its end")
    if not walk.blocks or not walk.scans:
        raise AttachmentMedia("a JPEG without one frame and its scans")


def _check_application(marker: int, payload: bytes) -> None:
    if marker == _APP0:
        plain = payload[:5] == b"JFIF\x00" and len(payload) == _JFIF_BYTES and payload[12:] == b"\x00\x00"
    else:
        plain = payload[:5] == b"Adobe" and len(payload) == _ADOBE_BYTES
    if not plain:
        raise AttachmentMetadata(f"the JPEG has a segment APP{marker - _APP0} that holds metadata")


def _require(harmless: object, what: str) -> None:
    if not harmless:
        raise AttachmentMedia(f"a JPEG with {what} of a form or length that is not taken")
