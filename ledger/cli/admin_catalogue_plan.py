"""`gongzhi admin catalogue propose | check`: a plan that others read, and compare with what their own files make.

A plan `gongzhi-catalogue-plan/1` holds the hash of the list and, for each item, version, agency and document hash. It
is signed by nobody and binds nobody: no call of the contracts takes it. Whoever has the same files makes the same
hashes.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger import wiring
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
from ledger.cli.output import EXIT_FAILED, print_result
from ledger.config import load_settings
from ledger.core.catalogue_list import CatalogueList
from ledger.core.hexadecimal import to_hex
from ledger.core.shapes import array, format_members, members_of
from ledger.services.catalogue_documents import item_documents
from ledger.services.catalogue_load import refuse_unloadable

PLAN_FORMAT = "gongzhi-catalogue-plan/1"
_PLAN_MEMBERS = ("format", "chainId", "authority", "list", "items")
_ITEM_MEMBERS = (*("item", "version", "name", "responsible", "standing", "documentHash", "maskPolicyHash", "changes"),)
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
    given = given_items(None, list_name, None if keys is None else read_keys(keys), responsible, domain_loader(folder))
    chain_id = wiring.load_trust(settings).chain_id
    with reading(settings) as (store, on_chain):
        plan = planned(store, on_chain, given)
        authority = on_chain.authority()
    show_changes(plan)
    refuse_unloadable(plan)
    result = described(given, plan, {})
    document = {"format": PLAN_FORMAT, "chainId": chain_id, "authority": authority, **result}
    out.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print_plan({"plan": str(out), **result}, as_json=as_json)


def catalogue_check(
    plan: Annotated[Path, typer.Argument(help="plan that `propose` wrote")],
    list_name: RequiredListOption = "catalogue/list-1.json",
    folder: FromOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare a plan with what the files here make of it, without any network; exit code 1 where it says otherwise."""
    document = format_members(read_json(plan), PLAN_FORMAT, _PLAN_MEMBERS, what="catalogue plan")
    load = domain_loader(folder)
    listed = read_list(list_name, load)
    faults = [*_list_faults(document, listed), *_item_faults(document, listed, load)]
    result = {"agrees": not faults, "items": len(document["items"]), "faults": faults}
    print_result(result, as_json=as_json)
    if faults:
        raise typer.Exit(EXIT_FAILED)


def _list_faults(plan: Mapping[str, Any], listed: CatalogueList) -> Iterator[str]:
    here = {"version": listed.version, "hash": to_hex(listed.hash)}
    if plan["list"] != here:
        yield f"the plan is of another list: here is version {here['version']} with hash {here['hash']}"


def _item_faults(plan: Mapping[str, Any], listed: CatalogueList, load: LoadDocument) -> Iterator[str]:
    entries = {load(one.entry)["item"]: one.entry for one in listed.entries}
    for one in array(plan["items"], what="catalogue plan items"):
        members = members_of(one, _ITEM_MEMBERS, what="planned item")
        number = members["item"]
        if number not in entries:
            yield f"item {number} is in the plan, and not in the list here"
            continue
        item = item_documents(load(entries.pop(number)), members["responsible"], load).item
        if (members["version"], members["documentHash"]) != (item.version, to_hex(item.hash)):
            yield f"item {number}: the plan says version {members['version']} with hash {members['documentHash']}"
            yield f"item {number}: the files here make version {item.version} with hash {to_hex(item.hash)}"
    for number in entries:
        yield f"item {number} is in the list here, and not in the plan"
