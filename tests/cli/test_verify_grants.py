"""`gongzhi verify ledger` over a grant that went to the chain past every gateway, as an auditor runs it, offline."""

import json
from pathlib import Path

import pytest

from ledger.cli.main import run
from ledger.core.canonical import encode
from ledger.core.hexadecimal import to_hex
from tests.simulated_authorities import OF_COMMUNITIES, AuthorityLedger
from tests.simulated_consortium import PUBLISHER

pytestmark = pytest.mark.cli


def test_a_grant_of_another_tier_is_a_fault_of_the_holder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = AuthorityLedger()
    of_communities = {"profile": to_hex(OF_COMMUNITIES.hash)}
    grant = ledger.grant("request", of_communities, **of_communities)
    monkeypatch.chdir(tmp_path)
    Path("trust.json").write_bytes(encode(ledger.trust.document))
    Path("chain.json").write_bytes(ledger.chain_bytes())
    ledger.export().write(Path("export"))
    given = ["--trust", "trust.json", "--chain", "chain.json", "--export", "export", "--offline", "--json"]
    assert run(["verify", "ledger", *given]) == 1
    failed = [one for one in json.loads(capsys.readouterr().out)["checks"] if one["result"] == "fail"]
    said = [(one["step"], one["id"], one["subject"], one["blames"]) for one in failed]
    assert said == [(5, "grant.tier", f"grant {to_hex(grant)}", f"agency {PUBLISHER}")]
    assert failed[0]["actual"] == "agency 8 of kind 8 looks under T5, the profile is of tier T3"
