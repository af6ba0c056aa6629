"""The deployment held against what was published and agreed: a deployer who keeps a right is found."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ledger import wiring_council
from ledger.chain.artifacts import deploy_data, load
from ledger.chain.client import Web3Chain
from ledger.chain.deployment_reading import creation_differences
from ledger.cli.main import run
from ledger.core.canonical import encode
from ledger.core.chainfile import Trust, parse_trust
from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from ledger.embedded.rpc import Rpc
from ledger.services import deploy
from ledger.services.deploy import trust_of
from ledger.store.migrate import migrate
from ledger.store.postgres import PostgresStore
from tests.adapters.founding_ground import DEPLOYER, FOUNDERS, PLAN, FoundingGround

pytestmark = pytest.mark.adapters


@pytest.fixture
def ground(database: str, chain_rpc: str) -> Iterator[FoundingGround]:
    migrate(database)
    with closing(PostgresStore(database)) as store, closing(Web3Chain(chain_rpc, {})) as chain:
        yield FoundingGround(store, chain, chain_rpc)


def trust(deployment: dict[str, Any]) -> Trust:
    return parse_trust(encode(trust_of(deployment, "anvil")))


def governed_by_the_deployer(name: str, _governor: str) -> bytes:
    return deploy_data(name, DEPLOYER.address)


def by_a_liar(ground: FoundingGround, about: str, lie: Callable[..., bytes]) -> dict[str, Any]:
    """Deploy with a lie about one contract; all else is honest, and every pin is of what is there."""

    def data(name: str, *arguments: str | int | Sequence[str]) -> bytes:
        return (lie if name == about else deploy_data)(name, *arguments)

    return deploy.deploy(ground.administration({}), wiring_council.deployment_order(), data, PLAN.terms, lambda _: None)


def with_storage_of_ones_own(ground: FoundingGround, name: str, governor: str) -> bytes:
    """Creation code that puts something into storage, and leaves the published code."""
    honest = ground.administration({}).send("honest", None, deploy_data(name, governor))
    code: bytes = ground.chain.code(honest.contract_address)  # type: ignore[attr-defined]
    # SSTORE(7, 1); CODECOPY(0, 17, length); RETURN(0, length)
    return bytes.fromhex(f"600160075561{len(code):04x}8060116000396000f3") + code


def founding_file(**changes: Any) -> dict[str, Any]:
    founders = [
        {
            "name": one.name,
            "kind": one.kind,
            "region": one.region,
            "validDays": 30,
            "admin": one.admin,
            "allowedRoles": ["READ"],
        }
        for one in PLAN.founders
    ]
    return {
        "format": "gongzhi-founding/1",
        "threshold": 3,
        "development": True,
        "catalogueAuthority": 1,
        "parameters": {"reviewAgency": 4},
        "founders": founders,
    } | changes


def test_an_honest_deployment_is_as_published_before_and_after_the_founding(ground: FoundingGround) -> None:
    deployment = ground.deploy()
    assert wiring_council.deployment_faults(ground.rpc_url, trust(deployment), PLAN.terms) == ()
    ground.found(deployment)
    assert wiring_council.deployment_faults(ground.rpc_url, trust(deployment), PLAN.terms) == ()


def test_a_deployer_who_governs_the_parameters_himself_is_found(ground: FoundingGround) -> None:
    deployment = by_a_liar(ground, "Parameters", governed_by_the_deployer)
    (fault,) = wiring_council.deployment_faults(ground.rpc_url, trust(deployment), PLAN.terms)
    assert (fault.member, fault.one) == ("contracts.Parameters.refersTo", "governor")
    assert fault.other.endswith(DEPLOYER.address[2:].lower())


def test_a_creation_code_that_leaves_published_code_and_something_in_storage_is_found(ground: FoundingGround) -> None:
    believed = trust(by_a_liar(ground, "SystemDirectory", partial(with_storage_of_ones_own, ground)))
    assert wiring_council.deployment_faults(ground.rpc_url, believed) == ()
    (fault,) = wiring_council.deployment_faults(ground.rpc_url, believed, PLAN.terms)
    assert (fault.member, fault.one) == ("contracts.SystemDirectory.creation", "published")


def test_a_contract_that_no_transaction_created_is_found(ground: FoundingGround) -> None:
    deployment = ground.deploy()
    believed, elsewhere = trust(deployment), "0x" + "77" * 20
    with Rpc(ground.rpc_url) as rpc:
        rpc.call("anvil_setCode", elsewhere, to_hex(ground.chain.code(believed.contracts["Parameters"].address)))  # type: ignore[attr-defined]
    pins = {**believed.contracts, "Parameters": replace(believed.contracts["Parameters"], address=elsewhere)}
    arguments = [PLAN.terms.founders, PLAN.terms.threshold, PLAN.terms.development]
    with closing(Web3Chain(ground.rpc_url, {})) as chain:
        faults = creation_differences(chain, replace(believed, contracts=pins), arguments)
    assert ("contracts.Parameters.creation", None) in [(one.member, one.other) for one in faults]


def test_one_changed_place_in_code_that_the_pins_agree_with_is_found(ground: FoundingGround) -> None:
    deployment = ground.deploy()
    pin = deployment["contracts"]["Catalogue"]
    code = bytearray(ground.chain.code(pin["address"]))  # type: ignore[attr-defined]

    def patched(at: int, value: bytes) -> list[str]:
        changed = code[:at] + value + code[at + len(value) :]
        with Rpc(ground.rpc_url) as rpc:
            rpc.call("anvil_setCode", pin["address"], to_hex(bytes(changed)))
        pin["codeHash"] = to_hex(keccak256(bytes(changed)))
        return [one.member for one in wiring_council.deployment_faults(ground.rpc_url, trust(deployment))]

    places = load("Catalogue").immutables
    plain = next(at for at in range(len(code)) if not any(start <= at < start + size for start, size in places))
    assert patched(plain, bytes([code[plain] ^ 1])) == ["contracts.Catalogue.code"]
    # An address in one place only, behind bits that a comparison of addresses leaves out.
    hidden = b"\xff" * 12 + bytes.fromhex(DEPLOYER.address[2:])
    for start, _ in places:
        assert patched(start, hidden) == ["contracts.Catalogue.refersTo"]


def test_a_council_of_other_terms_than_agreed_is_found(ground: FoundingGround) -> None:
    believed = trust(ground.deploy())
    usurped = replace(PLAN.terms, founders=(DEPLOYER.address, *PLAN.terms.founders[1:]))
    for terms, view in (
        (usurped, "founders"),
        (replace(PLAN.terms, threshold=4), "threshold"),
        (replace(PLAN.terms, development=False), "development"),
    ):
        (fault,) = wiring_council.deployment_faults(ground.rpc_url, believed, terms)
        assert fault.member == f"contracts.Council.{view}"
    assert FOUNDERS[0].address.lower() in PLAN.terms.founders[0].lower()


def test_pins_that_leave_a_contract_out_or_name_another_chain_are_found(ground: FoundingGround) -> None:
    deployment = ground.deploy()

    def members(believed: Trust) -> list[str]:
        return [one.member for one in wiring_council.deployment_faults(ground.rpc_url, believed, PLAN.terms)]

    believed = trust(deployment)
    assert members(replace(believed, chain_id=7)) == ["chainId"]
    assert members(replace(believed, genesis="0x" + "07" * 32)) == ["genesis"]
    assert members(replace(believed, is_development=False)) == ["development"]
    del deployment["contracts"]["RecordAnchors"]
    assert members(trust(deployment)) == ["contracts.RecordAnchors.address"]
    del deployment["contracts"]["Council"]
    assert members(trust(deployment)) == ["contracts.Council.address"]


def test_before_approving_each_founder_can_check_the_deployment(
    ground: FoundingGround, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "trust.json").write_bytes(encode(trust_of(ground.deploy(), "anvil")))
    command = ["admin", "council", "check", str(tmp_path / "founding.json"), "--rpc", ground.rpc_url]
    command += ["--trust", str(tmp_path / "trust.json")]
    (tmp_path / "founding.json").write_bytes(encode(founding_file()))
    assert run([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"asAgreed": True, "faults": []}
    (tmp_path / "founding.json").write_bytes(encode(founding_file(threshold=5)))
    assert run(command) == 1
    assert "contracts.Council.threshold: 3, not 5" in capsys.readouterr().out
