"""`gongzhi inspect`: parses a file of any of our formats and prints what it says; never judges."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ledger.cli.output import print_result
from ledger.cli.verify_inputs import read_bytes
from ledger.core.bundle import parse_bundle
from ledger.core.canonical import decode, encode
from ledger.core.chainfile import parse_chain, parse_trust
from ledger.core.code_sets import parse_code_set
from ledger.core.documents import parse_item, parse_profile
from ledger.core.export import MANIFEST_FILE, parse_manifest
from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from ledger.core.receipt import parse_receipt
from ledger.core.schema import parse_schema
from ledger.core.statements import message_to_json
from ledger.errors import UnsupportedFormat

Members = dict[str, Any]


def inspect_file(path: Path, *, as_json: bool) -> None:
    """Print what a file says; raises UsageError, FormatError, UnsupportedFormat."""
    data = read_bytes(path / MANIFEST_FILE if path.is_dir() else path, "file")
    value = decode(data)
    name = value.get("format") if isinstance(value, dict) else None
    describe = _BY_FORMAT.get(name) if isinstance(name, str) else None
    if describe is None:
        raise UnsupportedFormat(f"{path.name}: no format that this version knows")
    print_result({"format": name, **describe(data)}, as_json=as_json)


def _bundle(data: bytes) -> Members:
    bundle = parse_bundle(data)
    view, anchor = bundle.view, bundle.anchor
    slots: Members = {}
    for slot in view.slots:
        slots[f"{slot.path} ({slot.kind})"] = "closed" if slot.value is None else _readable(slot.value)
    return {
        "recordId": to_hex(view.record_id),
        "version": view.version,
        "previous": to_hex(view.previous),
        "schemaHash": to_hex(view.schema_hash),
        "slots": slots,
        "submission": message_to_json("Submission", bundle.submission.message),
        "signer": bundle.submission.signer,
        "anchor": {
            "chainId": anchor.chain_id,
            "contract": anchor.contract,
            "gateway": anchor.gateway,
            "batch": anchor.batch,
            "block": anchor.block,
            "transaction": anchor.transaction,
        },
        "sequence": bundle.sequence,
    }


def _readable(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _chain(data: bytes) -> Members:
    chain = parse_chain(data)
    ends = [chain.blocks[0].number, chain.blocks[-1].number] if chain.blocks else []
    return {
        "chainId": chain.chain_id,
        "genesis": chain.genesis,
        "contracts": {name: pin.address for name, pin in chain.contracts.items()},
        "blocks": ends,
        "events": dict(Counter(f"{event.contract} {event.name}" for event in chain.events)),
    }


def _trust(data: bytes) -> Members:
    trust = parse_trust(data)
    return {"hash": to_hex(trust.hash), **{name: trust.document[name] for name in trust.document if name != "format"}}


def _export(data: bytes) -> Members:
    manifest, counts = parse_manifest(data)
    return {name: value for name, value in (manifest.members() | counts.members()).items() if name != "format"}


def _receipt(data: bytes) -> Members:
    receipt = parse_receipt(data)
    return {name: value for name, value in receipt.document.items() if name != "format"}


def _schema(data: bytes) -> Members:
    schema = parse_schema(decode(data))
    slots = [
        f"{slot.path} ({slot.kind}): {slot.type}, class {slot.data_class}"
        + (f", codes of {slot.code_set.unpinned}" if slot.code_set else "")
        for slot in schema.slots
    ]
    return {"hash": to_hex(schema.hash), "schema": schema.name, "version": schema.version, "slots": slots}


def _code_set(data: bytes) -> Members:
    code_set = parse_code_set(decode(data))
    return {"hash": to_hex(code_set.hash), **code_set.document}


def _profile(data: bytes) -> Members:
    profile = parse_profile(decode(data))
    return {"hash": to_hex(profile.hash), **profile.document}


def _item(data: bytes) -> Members:
    item = parse_item(decode(data))
    return {"hash": to_hex(item.hash), **item.document}


def _document(data: bytes) -> Members:
    value = decode(data)
    members = value if isinstance(value, dict) else {}
    return {"hash": to_hex(keccak256(encode(value))), **members}


_BY_FORMAT: Mapping[str, Callable[[bytes], Members]] = {
    "gongzhi-bundle/1": _bundle,
    "gongzhi-chain/1": _chain,
    "gongzhi-trust/1": _trust,
    "gongzhi-export/1": _export,
    "gongzhi-receipt/1": _receipt,
    "gongzhi-schema/1": _schema,
    "gongzhi-codes/1": _code_set,
    "gongzhi-profile/1": _profile,
    "gongzhi-item/1": _item,
    "gongzhi-state/1": _document,
    "gongzhi-persons-sample/1": _document,
    "gongzhi-persons-answer/1": _document,
}
