"""Gas of each act in its steady state: on lanes and streams that were used before.

`python -m tests.contracts.gas_measures` writes the snapshot anew, after a change that was meant.
"""

import json
import tempfile
from pathlib import Path

import httpx

from ledger.core.codes import Role
from tests import engines
from tests.contracts.sandbox import Key, Member, Sandbox

SNAPSHOT = Path(__file__).with_name("gas.json")


def measure(sandbox: Sandbox) -> dict[str, int]:
    """Return gas by name of the act, on a fresh deployment."""
    gateway, member = sandbox.register(), sandbox.register()
    sandbox.govern(sandbox.catalogue.set_catalogue_authority(gateway.agency))
    return {
        **deployments(sandbox),
        **streams(sandbox, gateway, member),
        **keys(sandbox, member),
        **catalogue(sandbox, gateway, member),
    }


def deployments(sandbox: Sandbox) -> dict[str, int]:
    """Deployment of each contract."""
    return {f"deploy {name}": gas for name, gas in sandbox.deployment_gas.items()}


def streams(sandbox: Sandbox, gateway: Member, member: Member) -> dict[str, int]:
    """Anchors and marks."""
    anchor_key, submitter = sandbox.bind(gateway, Role.ANCHOR), sandbox.bind(member, Role.SUBMIT)
    anchored = []
    for batch in range(3):
        # Roots without zero bytes, so that calldata costs the same in each run.
        call = sandbox.anchors.anchor(bytes([0xA0 + batch]) * 32, 6000, 1 + 6000 * batch)
        anchored.append(sandbox.send(call, anchor_key.address).gas)
    marked = []
    for version in (1, 2):
        members = {"recordId": b"\xab" * 32, "version": version, "mark": 1, "reason": 1}
        marked.append(sandbox.send(sandbox.relayed("Mark", submitter, **members)).gas)
    return {"anchor, first of a stream": anchored[0], "anchor": anchored[2], "mark": marked[1]}


def keys(sandbox: Sandbox, member: Member) -> dict[str, int]:
    """Membership and keys."""
    admin, agency, document = member.admin, member.agency, b"\xcd" * 32
    fresh: list[Key] = [sandbox.key() for _ in range(3)]
    acts = {
        "registerAgency": lambda: sandbox.govern(sandbox.registration(sandbox.key())),
        "bindKey": lambda: sandbox.send(sandbox.binding(member, fresh[0], [Role.SUBMIT])),
        "bindKey, with a second ADMIN": lambda: sandbox.send(
            sandbox.binding(member, fresh[2], [Role.API_SIGN], second=fresh[1])
        ),
        "retireKey": lambda: sandbox.send(sandbox.relayed("RetireKey", admin, key=fresh[0].address)),
        "revokeKey": lambda: sandbox.send(
            sandbox.relayed("RevokeKey", admin, key=fresh[2].address, reason=1, suspectFrom=sandbox.now - 9)
        ),
        "setEndpoint": lambda: sandbox.send(sandbox.relayed("SetEndpoint", admin, documentHash=document)),
        "setSealingKey": lambda: sandbox.send(sandbox.relayed("SetSealingKey", admin, sealingKey=document)),
        "setStatus": lambda: sandbox.govern(sandbox.registry.set_status(agency, 2)),
        "setParameter": lambda: sandbox.govern(sandbox.parameters.set("anchorDelay", 600)),
    }
    sandbox.send(sandbox.binding(member, fresh[1], [Role.ADMIN]))
    measured = {name: act().gas for name, act in acts.items()}
    sandbox.govern(sandbox.registry.set_status(agency, 1))
    return measured


def catalogue(sandbox: Sandbox, gateway: Member, member: Member) -> dict[str, int]:
    """Items, signed by two agencies; documents, by one."""
    word = b"\xef" * 32
    item = {
        "authorityAdmin": gateway.admin.address,
        "item": 7,
        "responsible": member.agency,
        "shareClass": 1,
        **dict.fromkeys(("schemaHash", "maskPolicyHash", "class1Profile", "documentHash"), word),
        "publisherKinds": 1 << 22,
        "readerKinds": 1 << 8,
        "purposes": 1 << 2,
        "updateEverySeconds": 86_400,
        "checkDays": 2,
        "answerDays": 10,
        "deliverDays": 20,
    }
    published = []
    for version in (1, 2):
        call = sandbox.relayed("PublishItem", member.admin, gateway.admin, version=version, **item)
        published.append(sandbox.send(call).gas)
    retire = {"authorityAdmin": gateway.admin.address, "item": 7}
    duties = []
    for version in (1, 2):
        call = sandbox.relayed("SetDutyList", gateway.admin, version=version, documentHash=word)
        duties.append(sandbox.send(call).gas)
    retired = sandbox.send(sandbox.relayed("RetireItem", member.admin, gateway.admin, **retire)).gas
    return {"publishItem": published[1], "retireItem": retired, "setDutyList": duties[1]}


def main() -> None:
    """Write the snapshot."""
    with tempfile.TemporaryDirectory() as folder, httpx.Client() as http:
        sandbox = Sandbox(engines.anvil(Path(folder)), http)
        try:
            sandbox.deploy()
            measured = measure(sandbox)
        finally:
            engines.stop_anvil(Path(folder))
    SNAPSHOT.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
