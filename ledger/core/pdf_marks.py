"""A PDF is taken only in the plainest form, in which all of its dictionaries stand in clear (ISO 32000-1).

It is searched, not parsed: names are compared after their escapes (`#75`) are decoded, wherever in the file they stand,
so that neither a stream nor a string hides one. Object streams would hide all of them and are refused. What compressed
streams hold as content (text, drawings, pictures within them) is not seen. The work is linear in the length: searches
in C, at most `_MOST_ESCAPES` escapes, one name for each 16 bytes, and `MOST_PICTURES` pictures.
"""

import re

from ledger.attachment_errors import AttachmentMedia, AttachmentMetadata
from ledger.core.jpeg_segments import require_only_a_jpeg

MOST_PICTURES = 200
_MOST_ESCAPES = 10_000
_NAMES_SPARE, _BYTES_OF_A_NAME = 1_000, 16
_DICTIONARY_BYTES = 1_024
"""Within which a picture's stream begins behind the name of its filter."""
_SPACES = b"\x00\t\n\x0c\r "
_SPACE = rb"[\x00\t\n\x0c\r ]"
_DELIMITED = rb"(?=[\x00\t\n\x0c\r ()<>\[\]{}/%]|\Z)"
_BEGINNING = re.compile(rb"%PDF-(?:1\.[0-7]|2\.0)(?:\r\n|\r|\n)(?:%[^\r\n]{0,64}[\r\n])?\s{0,8}\d{1,10} \d{1,5} obj\b")
_ENDING = b"%%EOF"
_MOST_SPACES_BEHIND = 8
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_CLOSED = (
    "Encrypt ObjStm XRef EmbeddedFile EmbeddedFiles EF Filespec Collection FFilter DCT Launch JS JavaScript OpenAction"
    " AA RichMedia Rendition Movie Sound GoToR GoToE ImportData SubmitForm URI AcroForm XFA"
)
_SAYS = "Info Metadata PieceInfo LastModified Annot Annots Thumb"
_SAYS_UNLESS_EMPTY = "Title Author Subject Keywords Creator Producer CreationDate ModDate"


def _named(names: str, behind: bytes = b"") -> re.Pattern[bytes]:
    return re.compile(rb"/(?:" + b"|".join(name.encode() for name in names.split()) + rb")" + _DELIMITED + behind)


_CLOSED_NAMES = _named(_CLOSED)
_SAYING_NAMES = _named(_SAYS)
_EMPTY = rb"(?!" + _SPACE + rb"*(?:\(" + _SPACE + rb"*\)|<" + _SPACE + rb"*>))"
_SAYING_VALUES = _named(_SAYS_UNLESS_EMPTY, _EMPTY)
_FILTER = re.compile(rb"/Filter" + _DELIMITED)
_ONE_FILTER = re.compile(
    _SPACE + rb"*(\[?)" + _SPACE + rb"*/(?:FlateDecode|DCTDecode|LZWDecode|CCITTFaxDecode)"
    rb"(?=[\x00\t\n\x0c\r \]/>])" + _SPACE + rb"*(\]?)"
)
_PICTURE_NAME = b"/DCTDecode"
_STREAM, _STREAM_END = re.compile(rb"[^(%<]*?>>" + _SPACE + rb"{0,8}stream(?:\r\n|\n)"), b"endstream"
"""No string, comment or dictionary stands between a picture's filter and its stream: it could hold a decoy."""
_MARKS = (b"Exif\x00\x00", b"<x:xmpmeta", b"<?xpacket", b"http://ns.adobe.com/", b"Photoshop 3.0")
_PICTURE = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
_PICTURE_THAT_SAYS = re.compile(rb"\xff\xd8\xff[\xe1-\xed\xef\xfe]")
"""A JPEG that begins with EXIF, a colour profile, Photoshop data or a comment."""
_MARKUP = re.compile(rb"<(?:!doctype|html|head|body|script|svg|iframe)", re.IGNORECASE)


def require_plain_pdf(content: bytes) -> None:
    """Raise AttachmentMedia unless `content` is a PDF of plain form, AttachmentMetadata if it says more than its pages.

    Total: any bytes give one of the two errors or none.
    """
    _check_ends(content)
    names = _decoded(content)
    if _CLOSED_NAMES.search(names):
        raise AttachmentMedia("a PDF that is encrypted, active, nested or has compressed objects")
    if _SAYING_NAMES.search(names) or _SAYING_VALUES.search(names) or any(mark in content for mark in _MARKS):
        raise AttachmentMetadata(
            "the PDF has properties, comments or metadata: title, author, program, time, EXIF, XMP"
        )
    _check_filters(names)
    if names.count(_PICTURE_NAME) != content.count(_PICTURE_NAME):
        raise AttachmentMedia("a PDF that writes the name of a filter in escapes")
    if content.count(_PICTURE) > _check_pictures(content) or _PICTURE_THAT_SAYS.search(content):
        raise AttachmentMetadata("the PDF holds a JPEG beside its pictures, or one with metadata")


def _check_ends(content: bytes) -> None:
    if not _BEGINNING.match(content):
        raise AttachmentMedia("a PDF whose header is not followed by a line end and its first object")
    behind = content[content.rfind(_ENDING) + len(_ENDING) :]
    if content.count(_ENDING) != 1 or len(behind) > _MOST_SPACES_BEHIND or behind.strip(_SPACES):
        raise AttachmentMedia("a PDF that is cut off, goes on behind its end, or holds earlier versions of itself")
    if _MARKUP.search(content):
        raise AttachmentMedia("a PDF that is a page of markup too")


def _decoded(content: bytes) -> bytes:
    if content.count(b"/") > _NAMES_SPARE + len(content) // _BYTES_OF_A_NAME:
        raise AttachmentMedia("a PDF with more names than a document has")
    names, escapes = _ESCAPE.subn(lambda found: bytes.fromhex(found[1].decode()), content, count=_MOST_ESCAPES)
    if escapes == _MOST_ESCAPES:
        raise AttachmentMedia("a PDF with more escapes than a document has")
    return names


def _check_filters(names: bytes) -> None:
    """One filter each, and one that is known: a chain would hide a picture's metadata from the search."""
    for filtered in _FILTER.finditer(names):
        one = _ONE_FILTER.match(names, filtered.end())
        if one is None or bool(one[1]) != bool(one[2]):
            raise AttachmentMedia("a PDF with a stream whose filters are chained or not taken")


def _check_pictures(content: bytes) -> int:
    """Return how many JPEG pictures it has; each is checked like one that is attached alone."""
    at = 0
    for checked in range(MOST_PICTURES):
        named = content.find(_PICTURE_NAME, at)
        if named < 0:
            return checked
        begun = _STREAM.match(content, named, named + _DICTIONARY_BYTES)
        end = content.find(_STREAM_END, begun.end()) if begun else -1
        if begun is None or end < 0:
            raise AttachmentMedia("a PDF with a picture whose stream is not found")
        picture = content[begun.end() : end]
        if not picture.startswith(b"\xff\xd8\xff"):
            raise AttachmentMedia("a PDF with a picture that is no JPEG")
        require_only_a_jpeg(picture.rstrip(b"\r\n"))
        at = end
    raise AttachmentMedia(f"a PDF with {MOST_PICTURES} pictures or more")
