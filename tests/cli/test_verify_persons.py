"""`gongzhi verify sample` and `verify ledger --persons` as an auditor runs them, offline."""

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.main import run
from ledger.core.canonical import encode
from ledger.core.person_answer import Compared
from ledger.core.person_sample import parse_persons_sample
from tests.simulated_authorities import AuthorityLedger
from tests.unit.audit.test_persons import answered

pytestmark = pytest.mark.cli
GIVEN = ["--trust", "trust.json", "--chain", "chain.json", "--offline"]
DRAW = ["verify", "sample", *GIVEN, "--export", "export", "--out", "sample.json", "--seed"]
LEDGER = ["verify", "ledger", *GIVEN, "--export", "export"]
PERSONS = ["--persons", "answer.json", "--persons-sample", "sample.json"]


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AuthorityLedger:
    """A ledger with three records opened on a consent, exported into the current folder."""
    ledger = AuthorityLedger()
    ledger.consented_look(ledger.grant_by_consent(ledger.consent()), 1, 2, 3)
    ledger.anchor()
    monkeypatch.chdir(tmp_path)
    Path("trust.json").write_bytes(encode(ledger.trust.document))
    Path("chain.json").write_bytes(ledger.chain_bytes())
    ledger.export().write(Path("export"))
    return ledger


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = run([*arguments, "--json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, found


def answer(ledger: AuthorityLedger, result: Compared) -> None:
    """Draw two records and write what the gateway's key-holder signs of them."""
    assert run([*DRAW, "a seed of the day", "--number", "2"]) == 0
    sample = parse_persons_sample(Path("sample.json").read_bytes())
    Path("answer.json").write_bytes(encode(answered(ledger, sample, result).answer.document))


def test_a_sample_is_drawn_and_inspected(ledger: AuthorityLedger, capsys: pytest.CaptureFixture[str]) -> None:
    code, drawn = told(capsys, *DRAW, "a seed of the day", "--number", "2")
    assert (code, drawn["drawn"], drawn["drawnFrom"], drawn["gateway"]) == (0, 2, 3, 1)
    answer(ledger, Compared.OTHER)
    capsys.readouterr()
    assert told(capsys, "inspect", "sample.json")[1]["hash"] == drawn["sample"]
    assert told(capsys, "inspect", "answer.json")[1]["sample"] == drawn["sample"]


def test_what_the_key_holder_admits_is_a_fault_with_its_entry(
    ledger: AuthorityLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(ledger, Compared.OTHER)
    assert run([*LEDGER, *PERSONS]) == 1
    printed = capsys.readouterr().out
    assert "look.person: entry 2, opened record 0x" in printed
    assert "persons compared for 2 of 3 records" in printed
    capsys.readouterr()
    code, report = told(capsys, *LEDGER)
    assert (code, report["verdict"]) == (0, "verified")
    assert "records opened for one person: that they are about" in " ".join(report["notices"])


def test_what_was_not_opened_leaves_the_ledger_incomplete(
    ledger: AuthorityLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(ledger, Compared.UNOPENED)
    capsys.readouterr()
    assert told(capsys, *LEDGER, *PERSONS)[0] == 3


def test_an_answer_to_another_sample_or_one_that_was_altered_is_refused(
    ledger: AuthorityLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(ledger, Compared.OTHER)
    altered = Path("answer.json").read_text().replace('"result":"other"', '"result":"erased"', 1)
    Path("answer.json").write_text(altered)
    capsys.readouterr()
    code, report = told(capsys, *LEDGER, *PERSONS)
    assert (code, "it was altered" in report["notices"][0]) == (3, True)
    assert run([*DRAW, "a seed of tomorrow"]) == 0
    capsys.readouterr()
    code, report = told(capsys, *LEDGER, *PERSONS)
    assert (code, report["notices"]) == (3, ["the answer is of another sample"])


@pytest.mark.parametrize(
    "arguments",
    [
        ["--persons", "answer.json"],
        ["--persons-sample", "sample.json"],
        [*PERSONS, *PERSONS],
        ["--persons", "nothing.json", "--persons-sample", "sample.json"],
    ],
    ids=str,
)
def test_sample_and_answer_go_together(
    ledger: AuthorityLedger, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    answer(ledger, Compared.OTHER)
    capsys.readouterr()
    assert told(capsys, *LEDGER, *arguments)[0] == 2


def test_a_sample_of_a_gateway_that_is_not_verified_is_refused(
    ledger: AuthorityLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(ledger, Compared.OTHER)
    other = Path("other")
    (ledger.beside().export()).write(other)
    capsys.readouterr()
    assert told(capsys, "verify", "ledger", *GIVEN, "--export", "other", *PERSONS)[0] == 2


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize(
    ("seed", "said"),
    [("4 2 6 1", "8 to 200 characters"), ("a seed of the day \udce4", "a lone surrogate")],
    ids=["short", "no text"],
)
def test_a_seed_that_is_short_or_no_text_draws_nothing(
    capsys: pytest.CaptureFixture[str], seed: str, said: str
) -> None:
    assert run([*DRAW, seed]) == 1
    assert said in capsys.readouterr().err
    assert not Path("sample.json").exists()
