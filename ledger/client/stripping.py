"""Files on their way into a record: pictures are encoded anew, so that nothing but the picture is left of them.

Orientation is applied to the pixels first. What a camera or a phone wrote beside them (place, time, device, owner,
thumbnail, comments, colour profile) is gone. A PDF is passed on as it is, or refused: it cannot be cleaned here.
"""

import struct
import warnings
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from ledger.attachment_errors import AttachmentMedia, AttachmentTooLarge
from ledger.core.attachment import JPEG, PDF, PNG, media_of
from ledger.core.image_metadata import require_no_metadata
from ledger.errors import UsageError

MOST_BYTES = 5 * 1024 * 1024
"""Of one attachment, by default; a gateway may take less or more."""
MOST_ORIGINAL_BYTES = 64 * 1024 * 1024
"""Of a picture before it is encoded anew."""
JPEG_QUALITY = 90
"""Keeps what a photo shows, at about the size that phones write."""
_JPEG_MODES = ("L", "RGB", "CMYK")
_PILLOW_FORMATS = {JPEG: "JPEG", PNG: "PNG"}


@dataclass(frozen=True, slots=True)
class CleanFile:
    """Content that may be attached, with its media type; no name, no path."""

    content: bytes
    media: str


def clean_file(path: Path) -> CleanFile:
    """Return the content of a JPEG, PNG or PDF file without metadata.

    Raises UsageError if it cannot be read, AttachmentMedia, AttachmentMetadata (a PDF only) or AttachmentTooLarge.
    """
    try:
        if path.stat().st_size > MOST_ORIGINAL_BYTES:
            raise AttachmentTooLarge(f"the file has more than {MOST_ORIGINAL_BYTES} bytes")
        content = path.read_bytes()
    except OSError as failure:
        raise UsageError(f"the file cannot be read: {failure.strerror}") from None
    return clean_content(content)


def clean_content(content: bytes) -> CleanFile:
    """Return `content` without metadata; raises as `clean_file`."""
    media = media_of(content)
    if media is None:
        raise AttachmentMedia("its first bytes are those of no JPEG, PNG or PDF")
    cleaned = content if media == PDF else _picture(content, media)
    require_no_metadata(media, cleaned)
    if len(cleaned) > MOST_BYTES:
        raise AttachmentTooLarge(f"it has {len(cleaned)} bytes without metadata; at most {MOST_BYTES} are taken")
    return CleanFile(cleaned, media)


def _picture(content: bytes, media: str) -> bytes:
    from PIL import Image, ImageOps  # a tenth of a second that other commands need not wait

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(content), formats=("JPEG", "PNG")) as opened:
                upright = ImageOps.exif_transpose(opened)
    except (
        OSError,
        SyntaxError,
        ValueError,
        struct.error,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ):
        raise AttachmentMedia("it is no picture that can be read, or one of too many pixels") from None
    if media == JPEG and upright.mode not in _JPEG_MODES:
        upright = upright.convert("RGB")
    # What an encoder would write beside the pixels; only which colour is transparent is part of the picture.
    upright.info = {name: value for name, value in upright.info.items() if name == "transparency"}
    made = BytesIO()
    upright.save(made, _PILLOW_FORMATS[media], **({"quality": JPEG_QUALITY} if media == JPEG else {}))
    return made.getvalue()
