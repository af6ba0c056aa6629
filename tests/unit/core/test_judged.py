"""Findings that were judged stand for one profile alone."""

from typing import Any

import pytest

from ledger.core.codes import Tier
from ledger.core.judged import parse_judged
from ledger.core.profile_lint import Finding, LintCode
from ledger.errors import FormatError, UnsupportedFormat

pytestmark = pytest.mark.unit
PROFILE = b"\x07" * 32


def judged(**changes: Any) -> dict[str, Any]:
    plain = {
        "profile": "0x" + PROFILE.hex(),
        "code": "beyond_table",
        "path": "/reporter/phone",
        "kind": "g:phone-3-4@1",
        "reason": {"zh": "理由", "en": "reason"},
    }
    return {"format": "gongzhi-judged/1", "findings": [plain | changes]}


def test_a_judgement_is_about_one_finding_of_one_profile() -> None:
    (judgement,) = parse_judged(judged())
    finding = Finding(LintCode.BEYOND_TABLE, Tier.T1, 0, "/reporter/phone", "g:phone-3-4@1")
    assert judgement.is_about(PROFILE, finding)
    assert not judgement.is_about(b"\x08" * 32, finding)
    assert not judgement.is_about(PROFILE, Finding(LintCode.BEYOND_TABLE, Tier.T1, 0, "/reporter/phone", "o"))
    assert not judgement.is_about(PROFILE, Finding(LintCode.CLASS1_ORIGINAL, Tier.T1, 0, "/reporter/phone", "o"))


def test_a_judgement_with_another_code_hash_or_format_is_refused() -> None:
    for changes in ({"code": "anything"}, {"profile": "0x07"}, {"reason": "because"}, {"more": 1}):
        with pytest.raises(FormatError):
            parse_judged(judged(**changes))
    with pytest.raises(UnsupportedFormat):
        parse_judged(judged() | {"format": "gongzhi-judged/2"})
