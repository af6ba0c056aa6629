"""A data folder in which the demonstration ran: its processes, its programs, and the keys of its agencies."""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import psutil

from ledger.cli.chain_reading import load_trust_file, read_facts
from ledger.client.facts import GatewayFacts
from ledger.client.gongzhi import GongzhiClient
from ledger.client.transport import Transport
from ledger.core.chainfile import Trust
from ledger.core.request_base import SignableRequest, content_sha256
from ledger.core.request_signature import prepare
from ledger.embedded import postgres, processes
from ledger.embedded.data_folder import DataFolder
from ledger.embedded.rpc import loopback_client
from ledger.keys.uris import open_signer
from ledger.ports import Signer

ROOT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-m", "ledger.cli")
COMMAND_TIMEOUT_SECONDS = 180
GONE_TIMEOUT_SECONDS = 10


def environment_for(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a command that works with the stack in `folder`, whatever the caller's own settings are."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("GONGZHI_")}
    profile = str(folder / "demo.json")
    told = {"GONGZHI_DATA_FOLDER": str(folder), "GONGZHI_PROFILE": profile, "GONGZHI_ATTACHMENT_PDF": "true"}
    return own | told | more


def run_gongzhi(folder: Path, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `gongzhi` in a process of its own for the stack in `folder`, whatever its exit code."""
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        cwd=ROOT,
        env=environment_for(folder, **environment),
        capture_output=True,
        text=True,
        timeout=COMMAND_TIMEOUT_SECONDS,
        check=False,
    )


@dataclass
class DemoStack:
    """A running stack; `figures` and `story` are what the demonstration printed on stdout and stderr."""

    folder: DataFolder
    figures: Mapping[str, Any]
    story: str
    _signers: dict[str, Signer] = field(default_factory=dict)

    @property
    def document(self) -> dict[str, Any]:
        """The demo file."""
        found: dict[str, Any] = json.loads((self.folder.root / "demo.json").read_text(encoding="utf-8"))
        return found

    @property
    def api(self) -> str:
        """URL of the gateway."""
        return str(self.document["api"])

    @property
    def rpc(self) -> str:
        """JSON-RPC URL of the chain."""
        return str(self.document["rpc"])

    @property
    def dsn(self) -> str:
        """libpq URL of the gateway's database."""
        return postgres.dsn(self.folder)

    @cached_property
    def trust(self) -> Trust:
        """The trust file."""
        return load_trust_file(Path(self.document["trust"]))

    def agency(self, name: str) -> dict[str, Any]:
        """An agency of the demo file."""
        return next(agency for agency in self.document["agencies"] if agency["name"] == name)

    def signer(self, name: str) -> Signer:
        """The desk key of an agency."""
        if name not in self._signers:
            agency = self.agency(name)
            self._signers[name] = open_signer(f"keystore:{agency['keystore']}", Path(agency["passwordFile"]))
        return self._signers[name]

    @contextmanager
    def client(self, name: str, folder: Path, attempts: int = 1) -> Iterator[GongzhiClient]:
        """A client of an agency with receipts and outbox of its own in `folder`."""
        line, contracts = self.trust.line, self.document["contracts"]

        def facts() -> GatewayFacts:
            chain = read_facts(self.rpc, self.trust)
            return GatewayFacts(
                self.document["gateway"], line.newest(chain.history), chain=chain, contracts=contracts, line=line
            )

        signer = self.signer(name)
        transport = Transport(self.api, signer, self.trust.chain_id, attempts=attempts)
        agency = self.agency(name)["id"]
        with GongzhiClient(self.api, signer, agency, facts(), folder, newer_facts=facts, transport=transport) as opened:
            yield opened

    def gongzhi(self, *arguments: str | Path, exit_code: int = 0, **environment: str) -> str:
        """Run a command that must end with `exit_code`; returns its standard output."""
        done = run_gongzhi(self.folder.root, *arguments, **environment)
        assert done.returncode == exit_code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def up(self) -> None:
        """`gongzhi up`: start what does not run; the same addresses as before are in force then."""
        before = self.api, self.rpc
        found = json.loads(self.gongzhi("up", "--json"))
        assert (found["api"], found["rpc"]) == before

    def process(self, name: str) -> psutil.Process:
        """The recorded process `api`, `worker`, `chain` or `postgres`."""
        record = processes.find(self.folder, name)
        assert record is not None, f"{name} does not run"
        return psutil.Process(record.pid)

    def api_workers(self) -> list[psutil.Process]:
        """The processes that answer requests, children of the API's first process."""
        children = self.process("api").children()
        return [child for child in children if "spawn_main" in " ".join(child.cmdline())]

    def backends(self) -> list[psutil.Process]:
        """The database's own children."""
        found: list[psutil.Process] = self.process("postgres").children()
        return found

    def rpc_call(self, method: str, *parameters: object) -> Any:
        """The result of a JSON-RPC method of the chain."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(parameters)}
        with loopback_client(self.rpc, 60.0) as http:
            answer = http.post(self.rpc, json=body).json()
        assert "error" not in answer, answer
        return answer["result"]


def kill(victims: Sequence[psutil.Process]) -> None:
    """`kill -9`, and wait until they are gone."""
    for victim in victims:
        processes.terminate(victim, hard=True)
    assert processes.wait_for(lambda: not any(map(processes.works, victims)), timeout_seconds=GONE_TIMEOUT_SECONDS)


@dataclass(frozen=True)
class SignedRequest:
    """A request with its signature: the same bytes can be sent again."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    def send(self, api: str) -> httpx.Response:
        """Send it over a connection of its own."""
        with httpx.Client(base_url=api, trust_env=False, timeout=60) as client:
            return client.request(self.method, self.target, headers=self.headers, content=self.body)


def signed_request(
    stack: DemoStack,
    agency: str,
    method: str,
    target: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> SignedRequest:
    """Sign any method, target, headers and body as an agency, without asking whether they make sense."""
    signer = stack.signer(agency)
    sent = ({"content-type": "application/json"} if body else {}) | dict(headers or {})
    url = httpx.URL(stack.api + target)
    path, _, query = url.raw_path.partition(b"?")
    now = int(time.time())
    prepared = prepare(
        SignableRequest(
            method, url.scheme, url.netloc.decode(), path.decode(), query.decode(), sent, content_sha256(body)
        ),
        signer.address,  # type: ignore[arg-type]
        created=now,
        expires=now + 60,
        request_nonce=base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("="),
        chain_id=stack.trust.chain_id,
    )
    return SignedRequest(method, target, sent | prepared.headers(signer.sign_preimage(prepared.preimage)), body)
