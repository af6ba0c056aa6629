"""Everything that is done with a person's papers and photos: attached, refused in every way, looked at."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from ledger.core.attachment import attachment_digest
from ledger.core.hexadecimal import to_hex
from tests.e2e.demo_stack import DemoStack, run_gongzhi, signed_request
from tests.e2e.planted import FROM_API, REFUSED, Person
from tests.e2e.spreading import PUBLISHER, Aftermath

ITEM = "103"
GROUNDS = ("--item", ITEM, "--purpose", "P02", "--basis", "LB3", "--basis-ref", "duty 1")
PHOTO, SHEET = "/evidence/photo", "/evidence/sheet"
INCIDENT = {
    "/region": "990101001001",
    "/occurredAt": 1_700_000_000,
    "/recordedAt": 1_700_000_100,
    "/reportedAt": 1_700_000_060,
    "/class": "natural/flood",
    "/level": 3,
    "/source": "patrol",
    "/drill": False,
    "/synthetic": True,
}


def paper(person: Person, more: str = "") -> bytes:
    """A PDF that says all about a person, in clear."""
    said = " ".join(person.secrets)
    return f"%PDF-1.7\n1 0 obj\n<< /Contents ({said}) {more}>>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n".encode()


def photo(path: Path, person: Person) -> None:
    """A photo that names a person beside its pixels."""
    exif = Image.Exif()
    exif[0x013B], exif[0x010E] = person.phone, person.id_number
    Image.new("RGB", (32, 32), "olive").save(path, "JPEG", exif=exif, comment=person.name.encode())


def spread_files(demo: DemoStack, made: Aftermath, folder: Path) -> None:
    """Do all of it; files are named by persons, as files are."""
    with TemporaryDirectory() as originals:
        sheet, picture = Path(originals) / f"{FROM_API.name}.pdf", Path(originals) / f"{FROM_API.phone}.jpg"
        sheet.write_bytes(paper(FROM_API))
        photo(picture, FROM_API)
        made.bodies["the attached paper"] = sheet.read_bytes()
        made.bodies["the photo as it was taken"] = picture.read_bytes()
        (folder / "incident.json").write_text(json.dumps(INCIDENT), encoding="utf-8")
        attach = ("--attach", f"{SHEET}={sheet}", "--attach", f"{PHOTO}={picture}", "--state", folder / "record-job")
        publish = ("record", "publish", folder / "incident.json", "--item", ITEM, "--as", PUBLISHER, *attach, "--json")
        done = run_gongzhi(demo.folder.root, *publish)
        assert done.returncode == 0, done.stderr
        record = json.loads(done.stdout)["recordId"]
        made.printed["record publish"] = done.stdout + done.stderr
        look_at_files(demo, made, record, Path(originals))
    refuse_files(demo, made)


def look_at_files(demo: DemoStack, made: Aftermath, record: str, folder: Path) -> None:
    """Read the paper as its publisher; another agency's look is refused."""
    out = folder / "seen.pdf"
    look = ("read", record, *GROUNDS, "--attachment", SHEET, "--out", out)
    own = run_gongzhi(demo.folder.root, *look, "--as", PUBLISHER, "--authority", "own")
    assert own.returncode == 0, own.stderr
    assert out.read_bytes() == made.bodies["the attached paper"]
    out.unlink()
    other = run_gongzhi(demo.folder.root, *look, "--as", "police")
    assert "profile_too_wide" in other.stderr
    made.printed["read --attachment"] = own.stdout + own.stderr + other.stdout + other.stderr


def refuse_files(demo: DemoStack, made: Aftermath) -> None:
    """Upload what no gateway takes."""
    bodies = {
        "a paper with its author": (paper(REFUSED, f"/Author ({REFUSED.name})"), "application/pdf"),
        "a paper that is cut off": (paper(REFUSED)[:-12], "application/pdf"),
        "a paper as a picture": (paper(REFUSED), "image/png"),
        "a text as a paper": (REFUSED.description.encode(), "application/pdf"),
        "a media type named by a person": (paper(REFUSED), f"text/{REFUSED.phone}"),
    }
    for what, (body, media) in bodies.items():
        headers = {"content-type": media, "gongzhi-attachment": to_hex(attachment_digest(bytes(32), body))}
        made.refusals[what] = signed_request(demo, PUBLISHER, "POST", "/v1/attachments", body, headers).send(demo.api)
        made.bodies[what] = body
    headers = {"content-type": "application/pdf", "gongzhi-attachment": REFUSED.phone}
    digest = signed_request(demo, PUBLISHER, "POST", "/v1/attachments", paper(REFUSED), headers)
    made.refusals["a digest named by a person"] = digest.send(demo.api)
