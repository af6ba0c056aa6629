"""Officer and case of an own look are shown to an auditor and verified by him, without any server."""

import json
from pathlib import Path

import pytest

from ledger.cli.main import run
from ledger.client.receipts import ReceiptFolder
from ledger.core.hexadecimal import to_hex
from tests.simulated_consortium import number32
from tests.simulated_ledger import honest_ledger
from tests.simulated_receipts import look_receipt
from tests.unit.core.test_shown_openings import CASE, OFFICER, look

pytestmark = pytest.mark.cli


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The receipt of a look, in the folder that keeps what opens its commitments."""
    folder = ReceiptFolder(tmp_path / "receipts")
    for one in (OFFICER, CASE):
        folder.keep_commitment(one.commitment, one.salt, one.text)
    return folder.keep(look())


def test_what_is_shown_is_verified_and_another_officer_is_not(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "openings.json"
    assert run(["opening", "show", str(kept), "--out", str(out), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["officer"], shown["case"]) == (OFFICER.text, CASE.text)
    assert run(["opening", "verify", str(out), str(kept)]) == 0
    printed = capsys.readouterr().out
    assert "consistent" in printed
    assert OFFICER.text in printed
    out.write_text(out.read_text().replace(OFFICER.text, "officer 18"))
    assert run(["opening", "verify", str(out), str(kept)]) == 1
    assert "officer: this is not what the look committed to" in capsys.readouterr().err


def test_one_may_be_shown_without_the_other(kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "openings.json"
    assert run(["opening", "show", str(kept), "--only", "case", "--out", str(out)]) == 0
    assert OFFICER.text not in capsys.readouterr().out + out.read_text()
    assert run(["opening", "verify", str(out), str(kept), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["case"] == CASE.text


def test_a_receipt_beside_which_nothing_is_kept_shows_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = honest_ledger()
    receipt = look_receipt(ledger, ledger.look(ledger.committed(1), officer=number32("officer")))
    alone = ReceiptFolder(tmp_path / "alone").keep(receipt)
    assert run(["opening", "show", str(alone)]) == 1
    assert "another officer" in capsys.readouterr().err
    plain = ReceiptFolder(tmp_path / "plain").keep(look())
    assert run(["opening", "show", str(plain)]) == 1
    assert "nothing beside this receipt" in capsys.readouterr().err
    assert to_hex(OFFICER.salt) not in plain.read_text()
