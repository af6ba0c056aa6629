"""Settings that are none are named, and what they hold is not repeated."""

from pathlib import Path

import pytest

from ledger.config import SETTINGS_FILE, load_settings
from ledger.errors import UsageError
from ledger.wiring import attachment_rules

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ('{"gateway": "planted"}', "gateway: "),
        ('{"planted": 1}', "planted: "),
        ('{"api_sign_key": {"uri": ["planted"]}}', "api_sign_key.uri: "),
        ("planted", "no JSON object"),
        ('["planted"]', "no JSON object"),
        ("1", "no JSON object"),
    ],
)
def test_a_settings_file_with_another_shape_is_refused_by_what_is_wrong(
    content: str, named: str, tmp_path: Path
) -> None:
    (tmp_path / SETTINGS_FILE).write_text(content, encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        load_settings(tmp_path)
    assert SETTINGS_FILE in refused.value.detail
    assert named in refused.value.detail
    assert named.startswith("planted") or "planted" not in refused.value.detail


def test_a_variable_that_is_no_setting_s_value_is_refused_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONGZHI_API_PROCESSES", "many")
    with pytest.raises(UsageError, match="api_processes"):
        load_settings(tmp_path)
    monkeypatch.setenv("GONGZHI_API_PROCESSES", "2")
    monkeypatch.setenv("GONGZHI_ANCHOR_KEYS", "no json")
    with pytest.raises(UsageError, match="anchor_keys"):
        load_settings(tmp_path)


def test_pdf_is_attached_only_where_a_setting_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert not attachment_rules(load_settings(tmp_path)).pdf
    monkeypatch.setenv("GONGZHI_ATTACHMENT_PDF", "true")
    assert attachment_rules(load_settings(tmp_path)).pdf
