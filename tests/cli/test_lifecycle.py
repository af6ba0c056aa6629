"""`gongzhi up` and its kin where nothing runs."""

import json
from pathlib import Path

import pytest

from ledger.cli.main import run

pytestmark = pytest.mark.cli


def test_up_is_for_embedded_engines_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GONGZHI_RPC_URL", "http://127.0.0.1:1")
    assert run(["up", "--data-folder", str(tmp_path / "data"), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "usage"
    assert not (tmp_path / "data").exists()


def test_where_nothing_was_started_status_says_so_and_down_does_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["status", "--data-folder", str(tmp_path / "data"), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["processes"] == []
    assert run(["down", "--data-folder", str(tmp_path / "data"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"stopped": False}


def test_reset_deletes_no_folder_that_is_not_ours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter.txt").write_text("dear", encoding="utf-8")
    assert run(["reset", "--yes", "--data-folder", str(tmp_path / "letters"), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "engine_failed"
    assert (tmp_path / "letters" / "letter.txt").exists()
