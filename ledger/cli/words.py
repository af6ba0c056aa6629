"""Words that become a hashed, salted document: reasons, notes, assessments. They never hold a name."""

from pathlib import Path

from ledger.core.consent_documents import LONGEST_WORDS
from ledger.errors import UsageError


def read_words(path: Path) -> str:
    """Return the text of a file, without white space around it; raises UsageError for none or too much of it."""
    try:
        words = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"{path} is no text that can be read") from None
    if not 0 < len(words) <= LONGEST_WORDS:
        raise UsageError(f"{path} holds no text, or more than {LONGEST_WORDS} characters")
    return words
