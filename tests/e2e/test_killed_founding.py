"""A demonstration that was killed while it was founding is finished by running it again."""

import json
import subprocess
import time
from pathlib import Path

import pytest

from ledger.embedded import postgres
from ledger.embedded.data_folder import DataFolder
from tests.e2e.demo_stack import PROGRAM, ROOT, run_gongzhi
from tests.e2e.test_quickstart import DWELLINGS, RESIDENTS

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.mark.parametrize("moment", ["starting the chain", "deploying Catalogue", "founding", "enrolling"])
def test_a_founding_that_was_killed_is_finished_by_running_it_again(tmp_path: Path, moment: str) -> None:
    arguments = ("demo", "--limit", "60", "--data-folder", str(tmp_path / "data"), "--json")
    with subprocess.Popen(
        [*PROGRAM, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as killed:
        assert killed.stderr is not None
        for line in killed.stderr:
            if line.startswith(moment):
                break
        time.sleep(0.3)
        killed.kill()
    assert not (tmp_path / "data" / "demo.json").exists()
    done = run_gongzhi(tmp_path / "data", *arguments, "--once")
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    whole = 60 + figures["shared"] + RESIDENTS + DWELLINGS
    assert figures["verified"] == {"verdict": "verified", "exitCode": 0, "checked": whole, "expected": whole}
    postgres.remove_outside(DataFolder.at(tmp_path / "data"))
