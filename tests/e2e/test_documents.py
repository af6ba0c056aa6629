"""The commands of the documents, run as they stand there."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.e2e.demo_stack import DemoStack

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
LOOK = ("--as", "police", "--item", "1", "--purpose", "P02", "--basis", "LB3", "--basis-ref", "人民警察法 第六条")

KINDS = ("medical", "fire", "traffic", "(rest)", "all")
"""How lines of a table of incidents begin."""


@pytest.fixture
def desk(demo: DemoStack, tmp_path: Path) -> Path:
    """A folder where the documents' relative paths lead to this checkout and to the running demonstration."""
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    (tmp_path / ".gongzhi").symlink_to(demo.folder.root)
    (tmp_path / "ledger").symlink_to(ROOT / "ledger")
    return tmp_path


def commands(document: str, *, without: tuple[str, ...] = ("./scripts/", "gongzhi down")) -> str:
    """Return the shell lines of a document, leaving out those that would start or stop the shared demonstration."""
    text = (ROOT / document).read_text(encoding="utf-8")
    lines = "\n".join(BLOCK.findall(text)).splitlines()
    return "\n".join(line for line in lines if not any(word in line for word in without))


def run(script: str, folder: Path, *, seconds: int = 240) -> str:
    """Run a script with `bash -e`, in at most so many seconds; returns what it printed."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_readme_ends_with_a_verified_ledger(desk: Path) -> None:
    assert "verified:" in run(commands("README.md"), desk)


@pytest.mark.slow
def test_the_how_to_on_asking_once_asks_and_leaves_no_identifier(desk: Path) -> None:
    assert "exists" in run(commands("docs/how-to/ask-once.md"), desk)
    assert not (desk / "person").exists()


@pytest.mark.slow
def test_the_how_to_on_counting_shows_figures_of_at_least_k(desk: Path) -> None:
    lines = run(commands("docs/how-to/count-without-showing-anybody.md"), desk).splitlines()
    ends = [place for place, line in enumerate(lines) if line.startswith("n ")]
    assert all("k 5 records in each table" in lines[end] for end in ends)
    cells = [cell for line in lines[: ends[-1]] if line.startswith(KINDS) for cell in line.split("\t")[1:]]
    assert any(cell.startswith("≥") for cell in cells)
    assert all(cell == "·" or int(cell.removeprefix("≥")) >= 5 for cell in cells)
    one, wider, part = (lines[end].split(" ")[1] for end in ends)
    assert int(wider.removeprefix("≥")) >= int(one)
    # The community may be the one that joined the rest.
    assert part == "·" or int(one) >= int(part) >= 5
    assert '"periods": 3' in "\n".join(lines[ends[-1] :])


@pytest.mark.slow
def test_the_how_to_on_processes_leads_an_incident_to_where_two_agencies_acknowledged_it(desk: Path) -> None:
    printed = run(commands("docs/how-to/follow-a-process.md"), desk)
    assert "state    acknowledged" in printed
    assert printed.count("assigned → acknowledged\tacknowledged") == 2
    assert "reported → received\ttaken" in printed


@pytest.mark.slow
def test_the_tutorial_publishes_looks_proves_and_audits(desk: Path) -> None:
    printed = run(commands("docs/tutorial/first-record.md"), desk)
    assert "refused" in printed
    assert printed.count("verified") >= 2


def test_the_auditor_s_how_to_verifies(desk: Path) -> None:
    assert "verified:" in run(commands("docs/how-to/verify-the-ledger.md"), desk)


def test_a_key_holder_compares_the_persons_of_a_sample_as_the_how_to_says(desk: Path) -> None:
    printed = run(commands("docs/how-to/compare-persons-with-consents.md"), desk)
    assert "verified:" in printed
    assert re.search(r"persons compared for ([1-9][0-9]*) of \1 records opened on a consent", printed)
    run(".venv/bin/gongzhi admin compare-persons sample.json --out none.json --dry-run", desk)
    assert not (desk / "none.json").exists()


@pytest.mark.slow
def test_trust_files_are_compared_and_pinned_as_the_how_to_says(desk: Path) -> None:
    printed = run(commands("docs/how-to/compare-trust-files.md"), desk)
    assert "nothing differs from trust.json" in printed
    assert "verified:" in printed
    assert "RPC quorum 1: the endpoint of agency 1 " in printed


@pytest.mark.slow
def test_the_reader_s_how_to_reads_and_proves(desk: Path, demo: DemoStack) -> None:
    found = json.loads(demo.gongzhi("search", *LOOK, "--limit", "1", "--json"))
    script = commands("docs/how-to/look-at-records.md").replace("RECORD_ID", found["records"][0]["recordId"])
    run(script, desk)
    assert (desk / "bundle.json").exists()


@pytest.mark.slow
def test_a_photo_is_attached_and_read_as_the_how_to_says(desk: Path) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "PhoneCo"
    Image.new("RGB", (64, 48), "steelblue").save(desk / "photo.jpg", exif=exif)
    printed = run(commands("docs/how-to/attach-files.md"), desk)
    assert "image/jpeg" in printed
    with Image.open(desk / "seen.jpg") as seen:
        assert (seen.size, dict(seen.getexif())) == ((48, 64), {})
    assert not list((desk / "incident.json.gongzhi").rglob("*.content.ndjson"))


@pytest.mark.slow
def test_the_doctor_s_how_to_finds_the_demonstration_well(desk: Path) -> None:
    printed = run(commands("docs/how-to/find-what-is-wrong.md"), desk)
    assert "contract_trusted" in printed
    assert "\nerror" not in printed


@pytest.mark.slow
def test_code_sets_are_shown_and_columns_checked_as_the_how_to_says(desk: Path) -> None:
    printed = run(commands("docs/how-to/use-code-sets.md"), desk)
    assert "male-is-0\tsex/1\t标题\n0\t1\t男性" in printed
    assert printed.count("refused") == 3
    assert "未识别" not in printed


@pytest.mark.slow
def test_profiles_are_previewed_and_an_unsafe_change_is_found_as_the_how_to_says(desk: Path) -> None:
    printed = run(commands("docs/how-to/see-what-each-tier-sees.md"), desk)
    assert "every profile may be published" in printed
    assert "class1_original" in printed
    assert "not to be published" in printed


@pytest.mark.slow
def test_a_spreadsheet_is_imported_and_corrected_as_the_how_to_says(desk: Path) -> None:
    printed = run(commands("docs/how-to/import-a-spreadsheet.md"), desk)
    assert "2,3,身份证号,/idNumber,id_check_failed,身份证号校验码不符,," in printed
    assert "id_15_converted" in printed
    assert not (desk / "residents.csv.gongzhi").exists()


@pytest.mark.slow
def test_a_record_is_erased_as_the_how_to_says(desk: Path) -> None:
    printed = run(commands("docs/how-to/erase-records.md"), desk)
    assert "0 records are past 1826 days" in printed


@pytest.mark.slow
def test_a_backup_is_taken_and_rehearsed_as_the_how_to_says(desk: Path) -> None:
    assert "verified:" in run(commands("docs/how-to/back-up-and-restore.md"), desk)
    assert (desk / "backups" / "monday" / "manifest.json").exists()
    assert not (desk / "restored").exists()
