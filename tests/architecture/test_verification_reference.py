"""The verification reference, the table of checks and the code say the same."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.core.audit.checks import STEP_OF, WHAT
from ledger.core.verdict import EXIT_CODES, WHEN, WORST_FIRST, Verdict

pytestmark = pytest.mark.architecture
ROOT = Path(__file__).parents[2]


def test_the_reference_page_is_what_the_code_says() -> None:
    script = ROOT / "scripts" / "generate_verification_reference"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stdout.strip() == "fresh", done.stdout + done.stderr


def test_every_check_has_a_point_and_a_sentence_and_is_used() -> None:
    assert set(STEP_OF) == set(WHAT)
    sources = [*(ROOT / "ledger/core/audit").glob("*.py"), ROOT / "ledger/services/audit_ledger.py"]
    code = "".join(path.read_text(encoding="utf-8") for path in sources if path.name != "checks.py")
    used = set(re.findall(r'"([a-z]+\.[a-z-]+)"', code))
    assert used == set(STEP_OF)


def test_every_verdict_has_a_code_a_sentence_and_a_rank() -> None:
    assert set(EXIT_CODES) == set(WHEN) == set(WORST_FIRST) == set(Verdict)
