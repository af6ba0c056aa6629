"""Two gateways of different agencies on one chain, each with a database of its own; one auditor verifies both."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from ledger.cli.chain_reading import read_facts
from ledger.client.endpoints import find_gateway
from ledger.client.facts import GatewayFacts
from ledger.client.gongzhi import GongzhiClient
from ledger.client.grounds import Grounds
from ledger.client.looking import SearchTerms
from ledger.client.submissions import new_record
from ledger.client.transport import Transport
from ledger.core.codes import Basis, Purpose
from ledger.core.endpoint_document import Endpoint
from ledger.core.statements import StatementDomain
from ledger.embedded.data_folder import DataFolder
from ledger.errors import WrongGateway
from tests.e2e.demo_stack import DemoStack, run_gongzhi
from tests.e2e.ingest import AUDIT, incident
from tests.e2e.test_documents import commands, run

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
GATEWAY_ROLES = ("API_SIGN", "ANCHOR", "RELAY")
GROUNDS = Grounds(1, Purpose.INCIDENT_RESPONSE, Basis.STATUTORY_DUTY, "duty of the brigade")


class SecondGateway:
    """The police's gateway beside the demonstration's, set up by the commands of the how-to page."""

    def __init__(self, first: DemoStack, place: Path) -> None:
        self.first, self.place, self.folder = first, place, place / "police-gateway"
        self.agency = int(first.agency("police")["id"])

    def set_up(self) -> None:
        """Run the page; every verb may be repeated."""
        (self.place / ".venv").symlink_to(Path(sys.prefix))
        (self.place / ".gongzhi").symlink_to(self.first.folder.root)
        page = commands("docs/how-to/run-a-second-gateway.md")
        printed = run(page, self.place, seconds=400)
        assert json.dumps(GATEWAY_ROLES) in printed
        again = run(page, self.place, seconds=400)
        assert again.count("bound before") == len(GATEWAY_ROLES)
        assert self.api in again

    @property
    def api(self) -> str:
        """URL of this gateway."""
        return str(json.loads((self.place / "addresses.json").read_text())["api"])

    @contextmanager
    def client(self, name: str, folder: Path) -> Iterator[GongzhiClient]:
        """A client of a demo agency at this gateway."""
        trust = self.first.trust
        domain = StatementDomain(trust.chain_id, trust.contracts["RecordAnchors"].address)

        def facts() -> GatewayFacts:
            chain = read_facts(self.first.rpc, trust)
            return GatewayFacts(self.agency, domain, chain=chain, contracts=self.first.document["contracts"])

        signer, agency = self.first.signer(name), self.first.agency(name)["id"]
        transport = Transport(self.api, signer, trust.chain_id)
        with GongzhiClient(self.api, signer, agency, facts(), folder, newer_facts=facts, transport=transport) as opened:
            yield opened


@pytest.fixture
def gateways(tmp_path: Path) -> Iterator[tuple[DemoStack, SecondGateway]]:
    folder = tmp_path / "first"
    done = run_gongzhi(folder, "demo", "--limit", "60", "--data-folder", folder, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    first = DemoStack(DataFolder.at(folder), json.loads(done.stdout.splitlines()[-1]), done.stderr)
    second = SecondGateway(first, tmp_path)
    try:
        second.set_up()
        yield first, second
    finally:
        run_gongzhi(second.folder, "down")
        run_gongzhi(folder, "down")


def test_two_gateways_stand_on_one_chain_and_one_auditor_verifies_both(
    gateways: tuple[DemoStack, SecondGateway], tmp_path: Path
) -> None:
    first, second = gateways
    _found_from_the_first(first, second, tmp_path)
    with second.client("community-1", tmp_path / "there") as publisher:
        schema, version = publisher.schema_of(1)
        records = [new_record(incident(Random(number))) for number in range(3)]
        (accepted,) = publisher.publish(schema, 1, version, records)
        publisher.wait_anchored(accepted.submission_id)
    with second.client("fire", tmp_path / "reader") as reader:
        pages = list(reader.search(GROUNDS, SearchTerms(region="990101")))
        assert {view.record_id for page in pages for view in page.views} == {one.record_id for one in records}
    _addressed_to_one(first, second, tmp_path)
    exports = _exports(first, second, tmp_path)
    chain = tmp_path / "chain.json"
    first.gongzhi("export", "chain", "--out", chain, "--rpc", first.rpc, "--trust", first.document["trust"])
    verify = ("verify", "ledger", "--trust", first.document["trust"], "--chain", chain, "--json")
    both = json.loads(first.gongzhi(*verify, "--export", exports[0], "--export", exports[1], "--offline"))
    assert (both["verdict"], [one["gateway"] for one in both["gateways"]]) == ("verified", [1, second.agency])
    assert both["gateways"][1]["checked"] == len(records)
    one = json.loads(first.gongzhi(*verify, "--export", exports[1], "--offline"))
    assert one["verdict"] == "verified"
    assert any("gateway 1 has" in notice for notice in one["notices"])


def _found_from_the_first(first: DemoStack, second: SecondGateway, tmp_path: Path) -> None:
    with first.client("fire", tmp_path / "finder") as reader:
        assert find_gateway(reader.desk, second.agency) == Endpoint(second.agency, second.api)


def _addressed_to_one(first: DemoStack, second: SecondGateway, tmp_path: Path) -> None:
    """A submission that names the second gateway is refused by the first, whoever brings it."""
    with second.client("community-1", tmp_path / "wrong") as publisher:
        schema, version = publisher.schema_of(1)
        publisher.desk.transport.close()
        publisher.desk.transport = Transport(first.api, first.signer("community-1"), first.trust.chain_id)
        with pytest.raises(WrongGateway):
            publisher.publish(schema, 1, version, [new_record(incident(Random(9)))])


def _exports(first: DemoStack, second: SecondGateway, tmp_path: Path) -> tuple[Path, Path]:
    time.sleep(3)
    places = tmp_path / "export-1", tmp_path / "export-2"
    with first.client("auditor", tmp_path / "auditor-1") as auditor:
        auditor.export(places[0], AUDIT)
    with second.client("auditor", tmp_path / "auditor-2") as auditor:
        auditor.export(places[1], AUDIT)
    return places
