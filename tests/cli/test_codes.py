"""`gongzhi codes`: what a code set holds, and which lines of a file it does not."""

import io
import json
import sys
from pathlib import Path

import pytest

from ledger.cli.main import run

pytestmark = pytest.mark.cli
PLANTED = "8675309-planted"


class Standard:
    """Standard input that holds bytes."""

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


def test_every_code_set_is_listed_and_each_can_be_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["codes", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["codeSets"]
    assert {"sex/1", "region/1", "incident-class/1", "incident-class/2"} <= {one["codeSet"] for one in listed}
    for one in listed:
        assert run(["codes", "show", one["codeSet"], "--json"]) == 0
        shown = json.loads(capsys.readouterr().out)
        assert len(shown.pop("codes")) == one["count"]
        assert shown == one
    assert run(["codes", "list"]) == 0
    assert "性别\tSex\tmale-is-0" in capsys.readouterr().out


def test_a_name_without_version_means_the_newest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["codes", "show", "incident-class", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["codeSet"] == "incident-class/2"


def test_a_code_set_is_shown_with_both_titles_its_hash_and_how_others_write_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["codes", "show", "sex"]) == 0
    printed = capsys.readouterr().out
    assert "sex/1#0x" in printed
    assert "1\t\t\t男性\tmale" in printed
    assert run(["codes", "show", "sex", "--system", "male-is-0"]) == 0
    assert "0\t1\t男性" in capsys.readouterr().out
    assert run(["codes", "show", "sex", "--system", "male-is-0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["mapping"] == {"0": "1", "1": "2"}
    assert run(["codes", "show", "region"]) == 0
    assert "check     region" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["show", "sexx"], 2, "close to it: sex"),
        (["show", "nothing-like-it"], 2, "gongzhi codes list"),
        (["show", "sex/9"], 2, "close to it: sex"),
        (["show", "sex/x"], 2, "named as"),
        (["show", "sex", "--system", "nowhere"], 1, "male-is-0"),
        (["check", "sex", "--file", "nowhere.txt"], 2, "nowhere.txt"),
        (["check", "sex", "--system", "nowhere"], 1, "male-is-0"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["codes", *arguments]) == code
    assert said in capsys.readouterr().err


def test_values_outside_are_told_by_line_and_never_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "values"
    file.write_text(f"\ufeff1\n\n{PLANTED}\n 2 \n", encoding="utf-8")
    assert run(["codes", "check", "sex", "--file", str(file), "--json"]) == 1
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    assert (told["values"], told["fitting"], told["refused"], told["lines"]) == (3, 2, 1, [3])
    assert told["accepted"] == "0, 1, 2, 9"
    assert PLANTED not in printed.out + printed.err


def test_values_come_from_standard_input_and_may_be_codes_of_another_system(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Standard("男\n女\n".encode()))
    assert run(["codes", "check", "sex", "--system", "words", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fitting"] == 2
    monkeypatch.setattr(sys, "stdin", Standard(b"\xff\xfe"))
    assert run(["codes", "check", "sex"]) == 1
    assert "UTF-8" in capsys.readouterr().err


def test_a_set_that_only_warns_fails_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "values"
    file.write_text("91110000600037341L\n91110000600037341X\n", encoding="utf-8")
    assert run(["codes", "check", "credit-code", "--file", str(file), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["fitting"], told["warned"]) == (1, 1)
