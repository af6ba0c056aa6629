"""`gongzhi admin catalogue propose | check`: a plan that others read, and compare with what their own files make.

A plan `gongzhi-catalogue-plan/1` holds the hash of the list and, for each item, version, agency and document hash. No
call of the contracts takes it; the Council decides about one by an action that has the plan's hash as its salt. Whoever
has the same files makes the same hashes.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger import wiring, wiring_catalogue
from ledger.cli.admin_catalogue_load import described, planned, print_plan, reading, show_changes
from ledger.cli.admin_options import FolderOption, JsonOption
from ledger.cli.catalogue_files import (
    FromOption,
    KeysOption,
    domain_loader,
    given_items,
    read_keys,
    read_list,
)
from ledger.cli.catalogue_plan_file import PLAN_FORMAT, DecisionOption, decided_faults, file_faults, read_plan
from ledger.cli.chain_reading import load_trust_file, place_of
from ledger.cli.output import EXIT_FAILED, print_result
from ledger.config import load_settings
from ledger.core.chainfile import Trust
from ledger.core.hexadecimal import to_hex
from ledger.errors import UsageError
from ledger.services.catalogue_load import refuse_unloadable
from ledger.services.lint_profiles import require_safe

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
    decision: DecisionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare a plan with what the files here make of it, without any network; exit code 1 where it says otherwise.

    With `--rpc` and `--trust` also with the chain, once it is loaded: each item stands there as the plan says. With
    `--decision` and `--trust` that the Council's action was made for this plan, so look before you approve it; with
    `--rpc` also that it is executed.
    """
    if (rpc is not None or decision is not None) and trust is None:
        option = "--decision" if rpc is None else "--rpc"
        raise UsageError(f"{option} needs --trust: which chain, and which contract on it")
    given = read_plan(plan)
    load = domain_loader(folder)
    faults = file_faults(given, read_list(list_name, load), load)
    trusted = None if trust is None else load_trust_file(trust)
    if trusted is not None and decision is not None:
        faults += decided_faults(given, decision, trusted, rpc)
    if trusted is not None and rpc is not None:
        place_of(rpc)
        faults += _chain_faults(given.document, given.items, rpc, trusted)
    result = {"agrees": not faults, "items": len(given.items), "faults": faults}
    print_result(result, as_json=as_json)
    if faults:
        raise typer.Exit(EXIT_FAILED)


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
