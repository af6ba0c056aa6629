"""A PDF passes in the plainest form alone: no properties, nothing active, nested, hidden or earlier."""

import zlib
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ledger.attachment_errors import AttachmentMedia, AttachmentMetadata
from ledger.core.pdf_marks import MOST_PICTURES, require_plain_pdf
from tests.unit.core.pictures import image, paper, segment, steps_of, stream

pytestmark = pytest.mark.unit
MEBIBYTES_5 = 5 * 1024 * 1024
JPEG = image("JPEG")
MOST_STEPS = 60_000
SCAN = stream(b"/Subtype /Image /Filter /DCTDecode", JPEG)
SAYS_LATER = JPEG[:20].replace(b"JFIF", b"OTHR") + segment(0xFE, b"planted") + JPEG[20:]
PLACE = Image.Exif()
PLACE[0x010E] = "planted"
SAYING = ("Title", "Author", "Subject", "Keywords", "Creator", "Producer", "CreationDate", "ModDate")
CLOSED = [
    "Launch",
    "JS",
    "JavaScript",
    "OpenAction",
    "AA",
    "RichMedia",
    "Filespec",
    "EmbeddedFile",
    "EmbeddedFiles",
    "EF",
    "SubmitForm",
    "URI",
    "XFA",
    "Encrypt",
    "ObjStm",
    "XRef",
    "AcroForm",
]


def escaped(name: str) -> bytes:
    """Write the last letters of a name as their codes, once in capitals."""
    return f"/{name[:-2]}#{ord(name[-2]):02x}#{ord(name[-1]):02X}".encode()


@pytest.mark.parametrize(
    "content",
    [
        paper(),
        paper(stream(b"/Filter /FlateDecode", zlib.compress(b"(text) Tj"))),
        paper(stream(b"/Filter [ /FlateDecode ]", zlib.compress(b"(text) Tj"))),
        paper(SCAN * 3),
        paper(SCAN.replace(b"\nendstream", b"endstream")),
        *[
            paper(f"9 0 obj\n<< /{name} {empty} >>\nendobj\n".encode())
            for name in SAYING
            for empty in ("()", "( )", "<>")
        ],
        paper(b"<< /Titles (a) /Authority (b) /JSX (c) >>"),
        paper(b"<< /F#6Fnt /#E5#AE#8B#E4#BD#93 >>"),
        paper()[:-1],
        paper().replace(b"\n%\xe2\xe3\xcf\xd3", b""),
    ],
)
def test_a_plain_document_passes(content: bytes) -> None:
    require_plain_pdf(content)


@pytest.mark.parametrize("name", [*SAYING, "Info", "Metadata", "PieceInfo", "Annots"])
@pytest.mark.parametrize(
    "value", [b" (planted)", b"(planted)", b"<706C>", b" 5 0 R", b"\x00\n(\xfe\xff\x00p)", b"%\n()"]
)
def test_a_property_that_says_something_is_found_in_escapes_too(name: str, value: bytes) -> None:
    for written in (f"/{name}".encode(), escaped(name)):
        with pytest.raises(AttachmentMetadata):
            require_plain_pdf(paper(b"9 0 obj\n<< " + written + value + b" >>\nendobj\n"))


@pytest.mark.parametrize("name", CLOSED)
def test_what_is_active_nested_or_hides_the_rest_is_found_in_escapes_too(name: str) -> None:
    for written in (f"/{name}".encode(), escaped(name)):
        for entry in (written + b" 5 0 R", written + b"<<>>", b"/S" + written + b"/X", b"/Type" + written):
            with pytest.raises(AttachmentMedia):
                require_plain_pdf(paper(b"9 0 obj\n<< " + entry + b" >>\nendobj\n"))


@pytest.mark.parametrize(
    "content",
    [
        paper(stream(b"/Filter /DCTDecode", image("JPEG", exif=PLACE))),
        paper(stream(b"/Filter /DCTDecode", image("JPEG", comment=b"planted"))),
        paper(stream(b"/Filter /DCTDecode", JPEG[:2] + segment(0xED, b"planted") + JPEG[2:])),
        paper(stream(b"", image("JPEG", exif=PLACE))),
        paper(stream(b"", JPEG)),
        paper(stream(b"", b"\xff\xd8" + segment(0xFE, b"planted") + JPEG[20:])),
        paper(stream(b"/Filter /DCTDecode", JPEG + b"planted")),
        paper(b"<x:xmpmeta/>"),
        paper(b"<?xpacket begin?>"),
    ],
)
def test_metadata_of_pictures_within_is_found(content: bytes) -> None:
    with pytest.raises(AttachmentMetadata):
        require_plain_pdf(content)


def test_the_file_s_name_that_a_program_writes_as_title_is_found() -> None:
    made = BytesIO()
    Image.new("RGB", (8, 8)).save(made, "PDF", title="planted")
    assert "planted".encode("utf-16-be") in made.getvalue()
    with pytest.raises(AttachmentMetadata):
        require_plain_pdf(made.getvalue())


@pytest.mark.parametrize(
    "content",
    [
        paper() + b"planted" * 100,
        paper() + b"planted",
        paper() + b"\n" * 20,
        paper() + paper(),
        paper()[:-7],
        b"%PDF-1.4\n<html><script>alert(1)</script>" + paper()[9:],
        paper(b"(<HTML><Script>)"),
        b"%PDF-1.4 planted" + paper()[8:],
        b"%PDF-1.4\n%" + b"x" * 65 + paper()[8:],
        b"%PDF-1.4\nplanted 1 0 obj" + paper()[8:],
        b"%PDF-9.9" + paper()[8:],
        paper(stream(b"/Filter [/FlateDecode /DCTDecode]", zlib.compress(JPEG))),
        paper(stream(b"/Filter [/FlateDecode", b"")),
        paper(stream(b"/Filter /FlateDecode]", b"")),
        paper(stream(b"/Filter 5 0 R", b"")),
        paper(stream(b"/Filter /JPXDecode", b"")),
        paper(stream(b"/Filter /DCT", JPEG)),
        paper(stream(b"/Filter /D#43TDecode", JPEG)),
        paper(stream(b"/Filter /DCTDecode", b"\xff\xd8\x00" + JPEG[2:])),
        paper(stream(b"/Filter /DCTDecode" + b" " * 1_024, JPEG)),
        paper(b"<< /Filter /DCTDecode >>\nstream\n" + JPEG),
        paper(stream(b"/Filter /DCTDecode /Decoy (>>stream\n" + JPEG + b"endstream)", SAYS_LATER)),
        paper(stream(b"/Filter /DCTDecode /Decoy %>>stream\n" + JPEG + b"endstream", SAYS_LATER)),
        paper(stream(b"/Filter /DCTDecode /Decoy << >>stream\n" + JPEG + b"endstream", SAYS_LATER)),
        paper(stream(b"/Filter /DCTDecode /Decoystream\n" + JPEG + b"endstream", SAYS_LATER)),
        paper(SCAN * MOST_PICTURES),
        paper(b"/A" * 2_000),
        paper(b"#41" * 10_000),
    ],
)
def test_what_is_not_of_the_plain_form_is_refused(content: bytes) -> None:
    with pytest.raises(AttachmentMedia):
        require_plain_pdf(content)


REPEATED = [
    b"/",
    b"/A",
    b"/Filter",
    b"/Filter/DCTDecode stream\n\xff\xd8\xff",
    b"/DCTDecode              ",
    b"#41",
    b"/Title ()",
    b"/Author           ",
    b"<",
    b" ",
    b"stream\n",
    b"\xff\xd8\xff",
    b"%%EO",
    b"/Filter[               ",
]


@pytest.mark.parametrize("repeated", REPEATED)
def test_five_mebibytes_of_anything_cost_few_steps(repeated: bytes) -> None:
    content = paper(repeated * (MEBIBYTES_5 // len(repeated)))
    assert steps_of(lambda: require_plain_pdf(content)) < MOST_STEPS


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    st.lists(st.sampled_from([*REPEATED, SCAN, JPEG, b"endstream", b"%%EOF", b"(", b")", b"[", b"]"]), max_size=8),
    st.binary(max_size=16),
    st.sampled_from([1, 500]),
    st.integers(0, 60),
)
def test_what_is_put_anywhere_into_a_document_costs_few_steps_and_gives_an_answer(
    pieces: list[bytes], more: bytes, times: int, at: int
) -> None:
    plain = paper()
    content = plain[:at] + b"".join([*pieces, more]) * times + plain[at:]
    assert steps_of(lambda: require_plain_pdf(content)) < MOST_STEPS
