"""Migration, worker and two API replicas, started by the commands, settings and secrets of docker-compose.yml.

Containers and images cannot run here. What stands in: this machine's processes for containers, the PostgreSQL and the
chain of the demonstration for theirs; so the URL of the database, the node's, addresses and paths are translated, and
nothing else. A service that would need a setting or a secret that the file does not give it does not start here either.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger.client.grounds import Grounds
from ledger.client.looking import SearchTerms
from ledger.core.codes import Basis, Purpose
from ledger.embedded import processes
from tests.e2e.demo_stack import ROOT, DemoStack, kill
from tests.e2e.ingest import Ingest
from tests.e2e.persistent import wait_until
from tests.network.compose import VARIABLES, mounts, resolved, secret_names

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
FIRE = Grounds(1, Purpose.FIRE_SAFETY, Basis.STATUTORY_DUTY, "消防法 第三十二条")
STOP_SECONDS = 60
API_PORT = "8080"


@dataclass(frozen=True)
class Production:
    """The resolved document, and where the demonstration has what stands in for its parts."""

    composed: Mapping[str, Any]
    demo: DemoStack
    empty: Path

    def environment(self, name: str, port: int) -> dict[str, str]:
        """What a service is told, in this machine's paths and addresses; KeyError for a secret it is not given."""
        service = self.composed["services"][name]
        given = {target: self.composed["secrets"][source]["file"] for target, source in secret_names(service).items()}
        outside = {inside: path for inside, (path, _) in mounts(service).items()}
        told = {}
        for variable, value in service["environment"].items():
            here = re.sub(r"/run/secrets/(\w+)", lambda found: given[found[1]], value)
            told[variable] = outside.get(here, here)
        told |= {"GONGZHI_DATABASE_URL": self.demo.dsn, "GONGZHI_DATA_FOLDER": str(self.empty)}
        if "GONGZHI_API_PORT" in told:
            assert told["GONGZHI_API_PORT"] == API_PORT
            told |= {"GONGZHI_API_PORT": str(port), "GONGZHI_API_HOST": "127.0.0.1"}
        return {variable: value for variable, value in os.environ.items() if "GONGZHI" not in variable} | told

    def argv(self, name: str) -> list[str]:
        """What runs in the container: the image's entry point with the service's command."""
        entry = json.loads((ROOT / "Dockerfile").read_text().partition("ENTRYPOINT ")[2].splitlines()[0])
        return [*self.here(entry), *self.composed["services"][name]["command"]]

    def healthy(self, name: str, port: int) -> bool:
        """What the health check of a service says."""
        service = self.composed["services"][name]
        checked = self.here([word.replace(API_PORT, str(port)) for word in service["healthcheck"]["test"][1:]])
        environment = self.environment(name, port)
        return subprocess.run(checked, cwd=ROOT, env=environment, capture_output=True, check=False).returncode == 0

    @staticmethod
    def here(words: list[str]) -> list[str]:
        """The same command by this Python."""
        assert words[0] == "python"
        return [sys.executable, *words[1:]]

    @contextmanager
    def running(self, name: str, port: int = 0) -> Iterator[None]:
        """A lasting service, until it is told to stop as an engine does it; it must end well by itself."""
        log = self.empty.parent / f"{name}-{port}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                self.argv(name), cwd=ROOT, env=self.environment(name, port), stdout=out, stderr=out
            )
            try:
                wait_until(lambda: process.poll() is not None or self.healthy(name, port))
                assert process.poll() is None, log.read_text()
                yield
            finally:
                process.send_signal(signal.SIGTERM)
                assert process.wait(STOP_SECONDS) == 0, log.read_text()


@dataclass
class Served(DemoStack):
    """The demonstration's agencies, who ask another API."""

    url: str = ""

    @property
    def api(self) -> str:
        """URL of the gateway."""
        return self.url


def free_port() -> int:
    """A port of this machine that nobody has."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def secrets_of(demo: DemoStack, folder: Path) -> None:
    """Lay the gateway's keys and passwords down under the names that docker-compose.yml has for them."""
    folder.mkdir()
    settings = json.loads((demo.folder.root / "settings.json").read_text())
    keys = {
        "api_sign_key": settings["api_sign_key"],
        "anchor_key": settings["anchor_keys"][0],
        "relay_key": settings["relay_key"],
    }
    for name, key in keys.items():
        shutil.copy(key["uri"].removeprefix("keystore:"), folder / name)
        shutil.copy(key["password_file"], folder / f"{name}_password")
    shutil.copy(settings["key_provider"].removeprefix("file:"), folder / "master_key")
    (folder / "database_password").write_text("not asked for over a local socket\n")
    for path in folder.iterdir():
        path.chmod(0o600)


@pytest.fixture
def production(demo: DemoStack, tmp_path: Path, repaired: None) -> Production:
    """The shape of production in place of the demonstration's own worker and API, which are gone."""
    secrets_of(demo, tmp_path / "secrets")
    (tmp_path / "empty").mkdir()
    variables = {
        **VARIABLES,
        "GONGZHI_SECRETS": str(tmp_path / "secrets"),
        "GONGZHI_TRUST_FILE": str(demo.document["trust"]),
        "GONGZHI_GATEWAY": str(demo.document["gateway"]),
        "GONGZHI_RPC_URL": demo.rpc,
        # The stand-in mines when there is something to mine: no block comes on top of the last.
        "GONGZHI_CONFIRMATIONS": "0",
    }
    port = free_port()
    variables["GONGZHI_PUBLIC_ORIGIN"] = f"http://127.0.0.1:{port}"
    kill([demo.process("worker"), *demo.api_workers(), demo.process("api")])
    return Production(resolved(tmp_path, variables), demo, tmp_path / "empty")


def test_two_apis_and_a_worker_serve_by_the_settings_of_docker_compose(
    production: Production, demo: DemoStack, tmp_path: Path
) -> None:
    origin = production.composed["services"]["api"]["environment"]["GONGZHI_PUBLIC_ORIGIN"]
    first, second = int(origin.rpartition(":")[2]), free_port()
    migrated = subprocess.run(
        production.argv("migrate"), cwd=ROOT, env=production.environment("migrate", 0), capture_output=True, check=False
    )
    assert migrated.returncode == 0, migrated.stderr.decode()
    with ExitStack() as running:
        running.enter_context(production.running("worker"))
        for port in (first, second):
            running.enter_context(production.running("api", port))
            live = httpx.get(f"http://127.0.0.1:{port}/v1/health/live", trust_env=False)
            assert live.status_code == 200
        served = Served(demo.folder, demo.figures, demo.story, url=origin)
        with served.client("community-3", tmp_path / "client") as client:
            with Ingest(client) as ingest:
                ingest.wait_for_more(2)
            ingest.finish()
            states = [client.publishing.state(accepted.submission_id)["state"] for accepted in ingest.accepted]
            assert set(states) == {"anchored"}
        with served.client("fire", tmp_path / "fire") as fire:
            assert next(fire.search(FIRE, SearchTerms(limit=5))).views
    assert not list(production.empty.iterdir())
    assert not processes.find(demo.folder, "worker")
