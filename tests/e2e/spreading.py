"""Everything that may be done with a person's values: published, refused in every way, looked at, marked, proven."""

import csv
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from ledger.client.gongzhi import GongzhiClient
from ledger.client.grounds import Grounds
from ledger.client.submissions import (
    contents,
    new_record,
    next_version,
    record_text,
    records_root,
    request_body,
    sign,
)
from ledger.core.codes import Authority, Basis, Mark, Purpose
from ledger.core.commitment import RecordContent, commit
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.schema import Schema
from ledger.core.statements import message_to_json
from ledger.errors import FormatError
from tests.e2e.demo_stack import ROOT, DemoStack, run_gongzhi, signed_request
from tests.e2e.ingest import ITEM
from tests.e2e.planted import CSV_HEADER, FROM_API, FROM_CSV, REFUSED, Person, csv_row, originals

PUBLISHER = "community-5"
OWN = Grounds(
    ITEM, Purpose.RIGHTS_AND_AUDIT, Basis.STATUTORY_DUTY, "个人信息保护法 第四十五条", authority=Authority.OWN
)
MAPPING = ROOT / "ledger" / "domain" / "mappings" / "montgomery-911.json"
ANY_ROOT = bytes(31) + b"\1"
OVERSIZE_BYTES = 9 * 2**20


@dataclass
class Aftermath:
    """What was sent and what came back."""

    bodies: dict[str, bytes] = field(default_factory=dict)
    """Every request body that held a planted value, by what it was."""
    refusals: dict[str, httpx.Response] = field(default_factory=dict)
    printed: dict[str, str] = field(default_factory=dict)
    """What commands printed that had no business with originals."""
    own_look: str = ""
    record_ids: list[bytes] = field(default_factory=list)


def spread(demo: DemoStack, folder: Path) -> Aftermath:
    """Do all of it; `folder` is the publisher's own."""
    made = Aftermath()
    publish_csv(demo, made, folder)
    with demo.client(PUBLISHER, folder / "client") as client:
        publish_by_api(client, made)
        for what, (method, target, body, headers) in refused_requests(client).items():
            sent = signed_request(demo, PUBLISHER, method, target, body, headers)
            made.refusals[what] = sent.send(demo.api)
            made.bodies |= {what: body} if body else {}
        refuse_unsigned(demo, made)
        look(client, made)
    look_on(demo, made, folder)
    return made


def publish_csv(demo: DemoStack, made: Aftermath, folder: Path) -> None:
    """Publish a row by `gongzhi submit`, beside rows of the same file that are rejected."""
    file = folder / "calls.csv"
    rows = [
        csv_row(FROM_CSV),
        csv_row(REFUSED, reporter_phone=REFUSED.phone + "9"),
        csv_row(REFUSED, reporter_id=REFUSED.id_number[:-1] + "X"),
        csv_row(REFUSED, lat=REFUSED.name),
        csv_row(REFUSED, reported_at=REFUSED.phone),
        csv_row(REFUSED, township=REFUSED.name),
    ]
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, CSV_HEADER)
        writer.writeheader()
        writer.writerows(rows)
    made.bodies["the CSV file"] = file.read_bytes()
    arguments = ("--mapping", MAPPING, "--item", "1", "--state", folder / "job", "--wait", "20", "--json")
    done = run_gongzhi(demo.folder.root, "submit", file, "--as", PUBLISHER, *arguments)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["records"], told["rejected"]) == (1, len(rows) - 1)
    made.printed["submit"] = done.stdout + done.stderr
    made.printed["rejected.csv"] = (folder / "job" / "rejected.csv").read_text(encoding="utf-8")


def publish_by_api(client: GongzhiClient, made: Aftermath) -> None:
    """Publish a record of every slot, and its next version."""
    schema, version = client.schema_of(ITEM)
    first = new_record(originals(FROM_API))
    second = next_version(first.record_id, 1, commit(schema, first).record_root, originals(FROM_API, level=3))
    for record in (first, second):
        (content,) = contents(schema, ITEM, version, [record])
        signed = client.publishing.sign(content)
        made.bodies[f"version {record.version}"] = request_body(content, signed)
        client.publishing.send(content, [signed], wait_seconds=20)
        client.wait_anchored(content.submission_id)
    client.publishing.commit_at_gateway(schema, [first])
    made.record_ids.append(first.record_id)


def submission(client: GongzhiClient, given: Mapping[str, Any], **changes: Any) -> bytes:
    """A signed submission of one record, right but for what is wrong with the record and `changes`."""
    schema, version = client.schema_of(ITEM)
    message = {
        "submissionId": os.urandom(32),
        "gateway": client.desk.facts.gateway,
        "publisher": client.desk.agency,
        "item": ITEM,
        "itemVersion": version,
        "schemaHash": schema.hash,
        "recordCount": 1,
        "recordsRoot": root_of(schema, given),
        "signedAt": client.desk.transport.now(),
    } | changes
    signed = sign(message, client.desk.facts.domain, client.desk.signer)
    members = {"message": message_to_json("Submission", message), "signature": to_hex(signed.signature)}
    return json.dumps(members | {"records": [given]}, ensure_ascii=False).encode()


def root_of(schema: Schema, given: Mapping[str, Any]) -> bytes:
    """The root over one record, any root where the record cannot be committed."""
    identity = (from_hex(given["recordId"]), given["version"], from_hex(given["previous"]))
    try:
        made = commit(schema, RecordContent(*identity, from_hex(given["saltSecret"]), given["originals"]))
    except (FormatError, TypeError):
        return ANY_ROOT
    return records_root([(made.record_id, made.version, made.record_root)])


def record(values: Mapping[str, Any], **members: Any) -> dict[str, Any]:
    """A record as request bodies carry it, whether it fits or not."""
    made = json.loads(record_text(new_record(originals(REFUSED))))
    changed: dict[str, Any] = {**made, "originals": values, **members}
    return changed


def malformed_records(person: Person) -> dict[str, dict[str, Any]]:
    """Records of `person` that no gateway takes."""
    good = originals(person)
    return {
        "a name in the place of a number": record(good | {"/level": person.name}),
        "a phone as a number": record(good | {"/reporter/phone": int(person.phone)}),
        "a phone with a digit too many": record(good | {"/reporter/phone": person.phone + "9"}),
        "a wrong check character": record(good | {"/reporter/idNumber": person.id_number[:-1] + "X"}),
        "a name with a control character": record(good | {"/reporter/name": person.name + "\u0007"}),
        "a class with a zero character": record(good | {"/class": person.name + "\u0000"}),
        "a time before 1970": record(good | {"/occurredAt": -1}),
        "a name as region": record(good | {"/region": person.name}),
        "an address of other members": record(good | {"/place/address": {person.building: person.room}}),
        "a path named by a person": record(good | {f"/{person.name}": person.phone}),
        "a member named by a person": record(good, **{person.name: person.phone}),
        "a wrong derived value": record(good, derived={"/reporter/name g:surname@1": person.name}),
        "a derived slot named by a person": record(good, derived={person.name: person.phone}),
        "a name as record id": record(good) | {"version": person.name},
        "a wrong previous": record(good) | {"version": 2, "previous": to_hex(ZERO32[:-1] + b"\1")},
    }


def refused_requests(client: GongzhiClient) -> dict[str, tuple[str, str, bytes, dict[str, str]]]:
    """What → (method, target, body, headers) of requests that are signed as they are, and refused."""
    person, post = REFUSED, ("POST", "/v1/submissions")
    requests: dict[str, tuple[str, str, bytes, dict[str, str]]] = {
        what: (*post, submission(client, made), {}) for what, made in malformed_records(person).items()
    }
    whole = submission(client, record(originals(person)))
    raw = {
        "a duplicate key": whole.replace(b'"records"', f'"{person.name}":1,"{person.name}":2,"records"'.encode()),
        "half a body": whole[: whole.index(person.phone.encode()) + 20],
        "a float": whole.replace(b'"/level": 2', b'"/level": 2.5'),
        "a lone surrogate": whole.replace(person.nature.encode(), b"\\ud800" + person.nature.encode()),
        "bytes that are no UTF-8": whole.replace(person.nature.encode(), person.nature.encode("gbk")),
        "9 MiB": whole + b" " * OVERSIZE_BYTES,
        "another gateway": submission(client, record(originals(person)), gateway=7),
        "too early": submission(client, record(originals(person)), signedAt=1_700_000_000),
        "an unknown item": submission(client, record(originals(person)), item=99),
        "a wrong root": submission(client, record(originals(person)), recordsRoot=ANY_ROOT),
    }
    requests |= {what: (*post, body, {}) for what, body in raw.items()}
    requests["a commit of a bad phone"] = (
        *("POST", "/v1/commit"),
        json.dumps({"schemaHash": to_hex(ZERO32), "records": [record({"/x": person.phone})]}).encode(),
        {},
    )
    requests["a mark that is none"] = (
        *("POST", "/v1/marks"),
        json.dumps({"message": {"reason": person.name}, "signature": person.phone}).encode(),
        {"idempotency-key": "a-key-of-its-own"},
    )
    return requests | addresses_of(person)


def addresses_of(person: Person) -> dict[str, tuple[str, str, bytes, dict[str, str]]]:
    """Requests that carry a value where no value belongs: path, query, header, method."""
    grounds = {"gongzhi-item": "1", "gongzhi-purpose": "2", "gongzhi-basis": "3"}
    return {
        "a phone in the path": ("GET", f"/v1/records/{person.phone}", b"", grounds),
        "a name in the path": ("GET", f"/v1/records/{person.name}", b"", grounds),
        "a name in a path of its own": ("GET", f"/{person.name}", b"", {}),
        "a name as region that is searched": ("GET", f"/v1/records?region={person.name}", b"", grounds),
        "a zero character as class that is searched": ("GET", "/v1/records?class=fire%00", b"", grounds),
        "a phone as limit": ("GET", f"/v1/records?limit={person.phone}", b"", grounds),
        "a name as cursor": ("GET", f"/v1/records?cursor={person.name}", b"", grounds),
        "a phone as case": ("GET", "/v1/records", b"", grounds | {"gongzhi-case": person.phone}),
        "a phone as item": ("GET", "/v1/records", b"", grounds | {"gongzhi-item": person.phone}),
        "a phone as a header's name": ("GET", "/v1/records", b"", grounds | {f"gongzhi-{person.phone}": "1"}),
        "a phone as method": (f"PHONE{person.phone}", "/v1/records", b"", grounds),
        "an explanation of a phone": ("GET", f"/v1/explanations/{person.phone}", b"", {}),
    }


def refuse_unsigned(demo: DemoStack, made: Aftermath) -> None:
    """Send a good body without a signature, and under a signature of other content."""
    body = made.bodies["a wrong root"]
    with httpx.Client(base_url=demo.api, trust_env=False, timeout=60) as http:
        made.refusals["unsigned"] = http.post("/v1/submissions", content=body)
        signed = signed_request(demo, PUBLISHER, "POST", "/v1/submissions", b"{}")
        made.refusals["other content"] = http.post("/v1/submissions", content=body, headers=dict(signed.headers))


def look(client: GongzhiClient, made: Aftermath) -> None:
    """Let the publisher look with originals, mark, and ask for an explanation."""
    (wanted,) = made.record_ids
    shown = client.read(wanted, OWN)
    made.own_look = json.dumps([slot.value for slot in shown.views[0].slots], ensure_ascii=False)
    assert client.mark(wanted, 1, Mark.CORRECTED, 1)
    made.printed["explain"] = json.dumps(client.explain(to_hex(wanted)), ensure_ascii=False)


def look_on(demo: DemoStack, made: Aftermath, folder: Path) -> None:
    """Let others look, prove and export by the command line."""
    (wanted,) = map(to_hex, made.record_ids)
    grounds = ("--item", "1", "--purpose", "P02", "--basis", "LB3", "--basis-ref", "人民警察法 第六条")
    reader = ("--as", "police", *grounds)
    made.printed["read"] = demo.gongzhi("read", wanted, *reader, "--json")
    made.printed["search"] = demo.gongzhi("search", *reader, "--limit", "200", "--json")
    made.printed["bundle"] = demo.gongzhi("bundle", wanted, *reader, "--out", folder / "bundle.json")
    made.printed["export"] = demo.gongzhi("export", "ledger", "--as", "auditor", "--out", folder / "export")
