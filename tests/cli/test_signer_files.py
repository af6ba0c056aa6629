"""Keys at a remote signer for people's commands: a signer file stands where a keystore may."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.admin_acting import party_of
from ledger.cli.agency_file import read_agency
from ledger.cli.main import run
from ledger.core.action_file import PreparedAction, parse_action_file
from ledger.core.codes import Role
from ledger.core.signature import address_of
from ledger.errors import KeyProviderError
from ledger.keys.signer_file import open_signer_file
from ledger.keys.uris import open_signer
from tests.adapters.web3signer_server import Web3SignerServer, signing_server

pytestmark = pytest.mark.cli
KEY, OTHER_KEY = bytes(range(1, 33)), bytes(range(2, 34))
ADDRESS = address_of(KEY)


@pytest.fixture
def server() -> Iterator[Web3SignerServer]:
    with signing_server(KEY, OTHER_KEY) as running:
        yield running


@pytest.fixture
def signer_file(server: Web3SignerServer, tmp_path: Path) -> Path:
    path = tmp_path / "signer.json"
    path.write_text(json.dumps({"format": "gongzhi-signer/1", "uri": f"web3signer:{server.url}#{ADDRESS}"}))
    return path


def test_an_action_is_signed_by_the_key_that_a_signer_file_names(
    signer_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    message: dict[str, Any] = {"actor": ADDRESS, "key": ADDRESS, "nonce": 1 << 64, "deadline": 1_800_000_000}
    action = tmp_path / "action.json"
    action.write_bytes(PreparedAction("RetireKey", 1337, address_of(OTHER_KEY), message).encode())
    assert run(["sign", str(action), "--keystore", str(signer_file), "--yes", "--json"]) == 0, capsys.readouterr()
    assert list(parse_action_file(action.read_bytes()).signatures) == [ADDRESS]


def test_an_agency_enrols_keys_that_are_at_a_signer(signer_file: Path, tmp_path: Path) -> None:
    agency = {
        "name": "Data bureau",
        "kind": 1,
        "region": 990101,
        "admin": {"keystore": signer_file.name},
        "keys": [{"keystore": signer_file.name, "roles": ["API_SIGN"]}],
        "validDays": 30,
    }
    (tmp_path / "bureau.json").write_text(json.dumps(agency))
    read = read_agency(tmp_path / "bureau.json", make_secret=False)
    assert read.admin.address == ADDRESS
    assert [(key.signer.address, key.roles) for key in read.keys] == [(ADDRESS, Role.API_SIGN.bit)]
    assert party_of(str(signer_file), None).address == ADDRESS


def test_paths_in_a_signer_file_are_beside_it(signer_file: Path) -> None:
    members = json.loads(signer_file.read_text()) | {"caFile": "nothing.pem"}
    signer_file.write_text(json.dumps(members))
    with pytest.raises(KeyProviderError, match=f"{signer_file.parent}/nothing.pem holds no certificates"):
        open_signer(f"keystore:{signer_file}", None)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"uri": "keystore:planted"}, "names no web3signer:URL"),
        ({"uri": 7}, "is no signer file"),
        ({"password": "planted"}, "is no signer file"),
    ],
)
def test_a_signer_file_of_another_shape_is_named(signer_file: Path, changes: dict[str, Any], fault: str) -> None:
    signer_file.write_text(json.dumps(json.loads(signer_file.read_text()) | changes))
    with pytest.raises(KeyProviderError, match=fault) as caught:
        open_signer(f"keystore:{signer_file}", None)
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize("content", ["{", "[]", '{"version": 3}'])
def test_other_files_are_left_to_the_keystore(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key.json"
    path.write_text(content)
    assert open_signer_file(path) is None
    assert open_signer_file(tmp_path / "nothing") is None
