"""A consent text and a consent message for tests."""

from typing import Any

TAG = b"\x71" * 32
SIGNER, CONTROLLER = "0x" + "11" * 20, "0x" + "12" * 20


def consent_text(**changes: Any) -> dict[str, Any]:
    """Return a consent text document."""
    return {
        "format": "gongzhi-consent-text/1",
        "name": "care-to-hospital",
        "version": 3,
        "text": {"zh": "我同意社区将我的关爱记录提供给医院", "en": "I agree that the hospital receives my care record"},
        "purposes": [7],
        "categories": [1, 2],
        "recipientKinds": [34],
        "method": {"zh": "按次查阅", "en": "looked up case by case"},
        "necessity": {"zh": "救治所需", "en": "needed for treatment"},
        "retention": {"zh": "一年", "en": "one year"},
        "rights": {"zh": "可随时撤回", "en": "withdraw at any time"},
        "contact": {"zh": "社区服务窗口", "en": "community service desk"},
        **changes,
    }


def consent_message(**changes: Any) -> dict[str, Any]:
    """Return a RecordConsent message."""
    return {
        "key": SIGNER,
        "subjectTag": TAG,
        "recipient": 15,
        "holder": 7,
        "categories": 0b110,
        "purpose": 7,
        "scopeHash": b"\x21" * 32,
        "textHash": b"\x22" * 32,
        "evidenceHash": b"\x23" * 32,
        "controller": CONTROLLER,
        "capturedBy": 7,
        "captureMode": 1,
        "validFrom": 1000,
        "validUntil": 4000,
        "salt": b"\x24" * 32,
        "nonce": 0,
        "deadline": 9000,
        **changes,
    }
