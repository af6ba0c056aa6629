"""Attachments that carry more than what they show are refused: place, device, author, comments, thumbnails.

What is allowed is listed, so what is unknown is refused (`jpeg_segments`, `png_chunks`, `pdf_marks`). No picture is
decoded. All of it is pure, total, and linear in the length of the file, so that a refused upload costs little.
"""

from ledger.attachment_errors import AttachmentMedia
from ledger.core.attachment import JPEG, MEDIA_TYPES, PDF, PNG, media_of
from ledger.core.jpeg_segments import require_only_a_jpeg
from ledger.core.pdf_marks import require_plain_pdf
from ledger.core.png_chunks import require_only_a_png

_CHECKS = {JPEG: require_only_a_jpeg, PNG: require_only_a_png, PDF: require_plain_pdf}


def require_no_metadata(media: str, content: bytes) -> None:
    """Raise AttachmentMedia unless `content` is a whole file of type `media`, AttachmentMetadata if it says more.

    Total: any bytes give one of the two errors or none. No message holds anything of the content.
    """
    if media not in MEDIA_TYPES:
        raise AttachmentMedia(f"expected one of {', '.join(MEDIA_TYPES)}")
    if media_of(content) != media:
        raise AttachmentMedia(f"its first bytes are not those of {media}")
    _CHECKS[media](content)
