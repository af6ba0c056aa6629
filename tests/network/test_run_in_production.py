"""The how-to page "Run it in production", line by line, as far as no container is started."""

import json
import re
import sys
from pathlib import Path

import pytest

from ledger.keys.file_provider import open_master_key
from tests.e2e.test_documents import commands, run
from tests.network.compose import COMPOSE_FILE, ROOT, VARIABLES, resolved

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
PAGE = "docs/how-to/run-in-production.md"
CONTAINERS = ("docker-compose build", "docker-compose up", "docker-compose run", "docker-compose ps")
MEMBERS = ("bureau", "court", "fire", "police")


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with this checkout's programs and the file for docker-compose."""
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    (tmp_path / "docker-compose.yml").symlink_to(COMPOSE_FILE)
    return tmp_path


def test_the_page_leads_from_nothing_to_files_that_docker_compose_accepts(desk: Path) -> None:
    printed = run(commands(PAGE, without=CONTAINERS), desk)
    (told,) = re.findall(r"^genesisSha256 +([0-9a-f]{64})$", printed, re.MULTILINE)
    assert run("sha256sum network/*/genesis.json | cut -d ' ' -f 1 | sort -u", desk).split() == [told]
    composed = resolved(desk, dict(line.split("=", 1) for line in (desk / ".env").read_text().splitlines()))
    for name, secret in composed["secrets"].items():
        path = Path(secret["file"])
        assert path.is_file(), name
        assert path.stat().st_mode & 0o077 == 0, name
    assert open_master_key(desk / "secrets" / "master_key").new_daily_key("day").key_id == "day"
    validators = [service for name, service in composed["services"].items() if name.startswith("validator")]
    hosts = {service["networks"]["chain"]["ipv4_address"] for service in validators}
    nodes = [json.loads((desk / "network" / name / f"{name}.node.json").read_text()) for name in MEMBERS]
    assert hosts == {node["host"] for node in nodes}


def test_a_member_on_its_own_machine_opens_one_port(tmp_path: Path) -> None:
    (shown,) = re.findall(r"```yaml\n(.*?)```", (ROOT / PAGE).read_text(encoding="utf-8"), re.DOTALL)
    override = tmp_path / "docker-compose.override.yml"
    override.write_text(shown, encoding="utf-8")
    composed = resolved(tmp_path, VARIABLES, override)
    published = {name: service["ports"] for name, service in composed["services"].items() if "ports" in service}
    assert published["validator-1"] == ["203.0.113.11:30303:30303/tcp"]
    assert set(published) == {"validator-1", "api"}
    assert composed["networks"]["chain"]["internal"] is False
