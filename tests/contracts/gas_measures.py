"""Gas of each act in its steady state: on lanes and streams that were used before.

`python -m tests.contracts.gas_measures` writes the snapshot anew, after a change that was meant.
"""

import json
import tempfile
from pathlib import Path

import httpx

from ledger.chain.contracts.binding import Call
from ledger.core.codes import Role
from ledger.core.typed_messages import MESSAGES
from tests import engines
from tests.contracts.chamber import LONGEST_DELAY, Chamber
from tests.contracts.offices import CONSENTED, ITEM, OPEN_ITEM, OTHER_ITEM, PAPER, REFUSED, Offices
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
        **accesses(offices := Offices(sandbox)),
        **emergencies(offices),
        **governance(sandbox),
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
    fresh: list[Key] = [sandbox.key() for _ in range(5)]
    acts = {
        "registerAgency": lambda: sandbox.govern(sandbox.registration(sandbox.key())),
        "bindKey": lambda: sandbox.send(sandbox.binding(member, fresh[0], [Role.SUBMIT])),
        "bindKey, with a second ADMIN": lambda: sandbox.send(
            sandbox.binding(member, fresh[2], [Role.API_SIGN], second=fresh[1])
        ),
        "bindKey, of an officer with another key": lambda: sandbox.send(
            sandbox.binding(member, fresh[4], [Role.REQUEST], officer=fresh[3].officer)
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
    sandbox.send(sandbox.binding(member, fresh[3], [Role.REQUEST]))
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


def accesses(offices: Offices) -> dict[str, int]:
    """Consents, requests and decisions, of offices that did the same before."""

    def gas(call: Call) -> int:
        return offices.sandbox.send(call).gas

    measured = {}
    for _ in range(2):
        own, call = offices.consent()
        measured["consent, own key"] = gas(call)
        paper, call = offices.consent(PAPER)
        measured["consent, witnessed"] = gas(call)
        by_consent = {"basis": CONSENTED, "basisRef": own.identifier}
        requests = {"by duty": offices.ask(), "by consent": None}
        measured["request, by duty"] = gas(requests["by duty"].call)
        requests["by consent"] = offices.ask(**by_consent)
        measured["request, by consent"] = gas(requests["by consent"].call)
        full = {"uses": 9, "terms": 9, "destroyBy": 1 << 33, "assessment": b"\xab" * 32}
        for basis, request in requests.items():
            measured[f"decision, {basis}"] = gas(offices.decision(request.identifier, **full))
        grant = requests["by consent"].identifier
        measured["revocation"] = gas(offices.act("RevokeGrant", offices.decider, grant=grant, reason=1).call)
        grant = requests["by duty"].identifier
        measured["close"] = gas(offices.act("CloseGrant", offices.requester, grant=grant, outcome=1).call)
        measured["refusal"] = gas(offices.decision(offices.asked(), REFUSED, reasonHash=b"\xab" * 32))
        taken_back = offices.act("WithdrawRequest", offices.requester, request=offices.asked())
        measured["request withdrawn"] = gas(taken_back.call)
        measured["withdrawal, own key"] = gas(offices.withdrawal(own))
        measured["withdrawal, witnessed"] = gas(offices.withdrawal(paper))
    return measured


def emergencies(offices: Offices) -> dict[str, int]:
    """Emergencies of three items, and what follows."""

    def gas(call: Call) -> int:
        return offices.sandbox.send(call).gas

    measured, items = {}, (OPEN_ITEM, ITEM, OTHER_ITEM)
    for _ in range(3):
        alarm = offices.alarm(supervisor=offices.supervisor, items=items)
        measured["emergency, co-signed"] = gas(alarm.call)
        alarm = offices.alarm(items=items)
        measured["emergency, one signature"] = gas(alarm.call)
        for name in ("CoSignEmergency", "EndEmergency", "DeferNotice", "NoteNotified", "KeepData", "NoteDestroyed"):
            measured[MESSAGES[name].function] = gas(offices.about(name, alarm.identifier))
        measured["review"] = gas(offices.about("ReviewEmergency", alarm.identifier))
    return measured


def governance(sandbox: Sandbox) -> dict[str, int]:
    """A Council of five, three of whom approve one call."""
    governed = Sandbox(sandbox.rpc_url, sandbox.http, reached=sandbox.reached)
    governed.deploy(by_council=True)
    chamber = Chamber(governed)
    measured = {"founding of five": chamber.found().gas}
    for value in (600, 700):
        action = chamber.action(governed.parameters.set("anchorDelay", value))
        measured["schedule"] = governed.send(chamber.scheduling(action)).gas
        governed.sleep(LONGEST_DELAY)
        measured["execute"] = governed.send(chamber.execution(action)).gas
    cancelled = chamber.scheduled(governed.parameters.set("anchorDelay", 800))
    measured["cancel"] = governed.send(chamber.cancelling(cancelled)).gas
    return measured


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
