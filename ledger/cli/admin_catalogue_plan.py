"""`gongzhi admin catalogue propose | check`: a plan that others read, and compare with what their own files make.

A plan `gongzhi-catalogue-plan/1` holds the hash of the list and, for each item, version, agency and document hash. It
is signed by nobody and binds nobody: no call of the contracts takes it. Whoever has the same files makes the same
hashes.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger import wiring, wiring_catalogue
from ledger.cli.admin_catalogue_load import described, planned, print_plan, reading, show_changes
from ledger.cli.admin_options import FolderOption, JsonOption, read_json
from ledger.cli.catalogue_files import (
    FromOption,
    KeysOption,
    LoadDocument,
    domain_loader,
    given_items,
    read_keys,
    read_list,
)
from ledger.cli.chain_reading import load_trust_file, place_of
from ledger.cli.output import EXIT_FAILED, print_result
from ledger.config import load_settings
from ledger.core.catalogue_list import CatalogueList
from ledger.core.chainfile import Trust
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.shapes import array, format_members, from_one, members_of
from ledger.errors import UsageError
from ledger.services.catalogue_documents import item_documents
from ledger.services.catalogue_load import refuse_unloadable
from ledger.services.lint_profiles import require_safe
from ledger.services.profile_files import personal_concepts

PLAN_FORMAT = "gongzhi-catalogue-plan/1"
_PLAN_MEMBERS = ("format", "chainId", "authority", "list", "items")
_ITEM_MEMBERS = (
    *("item", "version", "name", "responsible", "standing"),
    *("documentHash", "maskPolicyHash", "changes", "concepts"),
)
RequiredListOption = Annotated[str, typer.Option("--list", help="list of the domain data, as `catalogue/list-1.json`")]
OutOption = Annotated[Path, typer.Option("--out", help="file to write the plan to")]


def catalogue_propose(
    out: OutOption,
    keys: KeysOption = None,
    responsible: Annotated[int | None, typer.Option(help="number of the one agency responsible for all")] = None,
    list_name: RequiredListOption = "catalogue/list-1.json",
    folder: FromOption = None,
    data_folder: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write what loading a list would publish, with every hash, for others to compare before anybody signs.

    Refused where loading would be.
    """
    settings = load_settings(data_folder)
    load = domain_loader(folder)
    given = given_items(None, list_name, None if keys is None else read_keys(keys), responsible, load)
    for documents in given.items:
        require_safe(documents, load)
    chain_id = wiring.load_trust(settings).chain_id
    with reading(settings) as (store, on_chain):
        plan = planned(store, on_chain, given)
        authority = on_chain.authority()
    show_changes(given, plan)
    refuse_unloadable(plan)
    result = described(given, plan, {})
    document = {"format": PLAN_FORMAT, "chainId": chain_id, "authority": authority, **result}
    out.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print_plan({"plan": str(out), **result}, as_json=as_json)


def catalogue_check(
    plan: Annotated[Path, typer.Argument(help="plan that `propose` wrote")],
    list_name: RequiredListOption = "catalogue/list-1.json",
    folder: FromOption = None,
    rpc: Annotated[str | None, typer.Option(metavar="URL", help="JSON-RPC URL of a node, best your own")] = None,
    trust: Annotated[Path | None, typer.Option(help="trust file: which chain, which contracts")] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare a plan with what the files here make of it, without any network; exit code 1 where it says otherwise.

    With `--rpc` and `--trust` also with the chain, once it is loaded: each item stands there as the plan says.
    """
    document = format_members(read_json(plan), PLAN_FORMAT, _PLAN_MEMBERS, what="catalogue plan")
    load = domain_loader(folder)
    listed = read_list(list_name, load)
    items = [_planned_item(one) for one in array(document["items"], what="catalogue plan items")]
    faults = [*_list_faults(document, listed), *_item_faults(items, listed, load)]
    if rpc is not None:
        if trust is None:
            raise UsageError("--rpc needs --trust: which chain, and which contract on it")
        place_of(rpc)
        faults += _chain_faults(document, items, rpc, load_trust_file(trust))
    result = {"agrees": not faults, "items": len(document["items"]), "faults": faults}
    print_result(result, as_json=as_json)
    if faults:
        raise typer.Exit(EXIT_FAILED)


def _list_faults(plan: Mapping[str, Any], listed: CatalogueList) -> Iterator[str]:
    here = {"version": listed.version, "hash": to_hex(listed.hash)}
    if plan["list"] != here:
        yield f"the plan is of another list: here is version {here['version']} with hash {here['hash']}"


def _planned_item(value: object) -> Mapping[str, Any]:
    members = members_of(value, _ITEM_MEMBERS, what="planned item")
    for name in ("item", "version", "responsible"):
        from_one(members[name], 32, what=f"planned item {name}")
    from_hex(members["documentHash"], 32, what="planned item documentHash")
    return members


def _item_faults(items: Sequence[Mapping[str, Any]], listed: CatalogueList, load: LoadDocument) -> Iterator[str]:
    entries = {load(one.entry)["item"]: one.entry for one in listed.entries}
    for members in items:
        number = members["item"]
        if number not in entries:
            yield f"item {number} is in the plan, and not in the list here"
            continue
        documents = item_documents(load(entries.pop(number)), members["responsible"], load)
        item, concepts = documents.item, personal_concepts(documents.schema, load)
        if (members["version"], members["documentHash"]) != (item.version, to_hex(item.hash)):
            yield f"item {number}: the plan says version {members['version']} with hash {members['documentHash']}"
            yield f"item {number}: the files here make version {item.version} with hash {to_hex(item.hash)}"
        if members["concepts"] != concepts:
            yield f"item {number}: the plan says otherwise of its personal paths than the fields map here"
    for number in entries:
        yield f"item {number} is in the list here, and not in the plan"


def _chain_faults(plan: Mapping[str, Any], items: Sequence[Mapping[str, Any]], rpc: str, trust: Trust) -> Iterator[str]:
    if plan["chainId"] != trust.chain_id:
        yield f"the plan is for chain {plan['chainId']}, the trust file is of chain {trust.chain_id}"
        return
    on_chain = wiring_catalogue.open_catalogue(rpc, wiring.contract_addresses(trust))
    if on_chain.authority() != plan["authority"]:
        yield f"agency {on_chain.authority()} is the catalogue authority, the plan says {plan['authority']}"
    for members in items:
        number, version = members["item"], members["version"]
        if on_chain.item(number).latest_version < version:
            yield f"item {number}: version {version} is not on chain"
        elif to_hex(on_chain.document_hash(number, version)) != members["documentHash"]:
            yield f"item {number}: version {version} is on chain with another hash"
