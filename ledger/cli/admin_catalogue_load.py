"""`gongzhi admin catalogue load | diff`: entries or a whole list, compared with the chain first."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger import wiring, wiring_catalogue
from ledger.cli.admin_options import DryRunOption, FolderOption, JsonOption, administration, say
from ledger.cli.catalogue_files import (
    EntriesArgument,
    FromOption,
    GivenItems,
    KeysFile,
    KeysOption,
    ListOption,
    ResponsibleOption,
    domain_loader,
    given_items,
    read_keys,
)
from ledger.cli.catalogue_plan_file import DecisionOption, PlanOption, require_decided
from ledger.cli.output import print_json, print_table, progress_bar
from ledger.config import Settings, load_settings
from ledger.core.hexadecimal import to_hex
from ledger.errors import UsageError
from ledger.keys.uris import open_signer
from ledger.ports import Signer, Store
from ledger.services.administration import Administration
from ledger.services.catalogue_load import (
    CatalogueOnChain,
    LoadKeys,
    PlannedItem,
    Standing,
    load_item,
    plan_item,
    refuse_unloadable,
    waiting_for,
)
from ledger.services.lint_profiles import require_safe

KeyOption = Annotated[Path | None, typer.Option("--keystore", help="ADMIN key of the responsible agency")]
KeyPasswordOption = Annotated[Path | None, typer.Option("--password-file", help="its password file")]
AuthorityOption = Annotated[Path | None, typer.Option(help="ADMIN key of the catalogue authority, if it is another")]
AuthorityPasswordOption = Annotated[Path | None, typer.Option(help="its password file")]


def catalogue_load(
    entries: EntriesArgument = None,
    list_name: ListOption = None,
    keys: KeysOption = None,
    responsible: ResponsibleOption = None,
    keystore: KeyOption = None,
    password_file: KeyPasswordOption = None,
    authority_keystore: AuthorityOption = None,
    authority_password_file: AuthorityPasswordOption = None,
    folder: FromOption = None,
    plan_file: PlanOption = None,
    decision: DecisionOption = None,
    data_folder: FolderOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Publish catalogue items with their schemas, code sets and profiles; shows first what differs from the chain.

    Each item is signed by an ADMIN of its responsible agency and of the catalogue authority. Cut off, run it again:
    what is published is left alone. Items whose keys are not here are left out and named. Nothing is published where a
    profile opens what its tier may not see, or where the Council's decision that is given is about another plan.
    """
    settings = load_settings(data_folder)
    departments = None if keys is None else read_keys(keys)
    load = domain_loader(folder)
    given = given_items(entries, list_name, departments, responsible, load)
    for documents in given.items:
        require_safe(documents, load)
    require_decided(plan_file, decision, given.listed, load, wiring.load_trust(settings), wiring.rpc_url(settings))
    signers = _signers(departments, responsible, keystore, password_file)
    authority = (
        None if authority_keystore is None else open_signer(f"keystore:{authority_keystore}", authority_password_file)
    )
    sender = authority or next(iter(signers.values()), None)
    if sender is None:
        raise UsageError("name the ADMIN keys: --keystore for one agency, or --keys for several")
    with administration(settings, sender) as opened:
        on_chain = wiring_catalogue.open_catalogue(wiring.rpc_url(settings), opened.contracts)
        load_keys = LoadKeys(signers, on_chain.authority())
        if authority is not None:
            load_keys = LoadKeys({**signers, load_keys.authority: authority}, load_keys.authority)
        plan = planned(opened.store, on_chain, given)
        show_changes(given, plan)
        refuse_unloadable(plan)
        waiting = {} if departments is None else waiting_for(plan, load_keys)
        if not dry_run:
            _load(opened, plan, load_keys, waiting)
    result = described(given, plan, waiting)
    print_plan({"dryRun": True, **result} if dry_run else result, as_json=as_json)


def catalogue_diff(
    entries: EntriesArgument = None,
    list_name: ListOption = None,
    keys: KeysOption = None,
    responsible: ResponsibleOption = None,
    folder: FromOption = None,
    data_folder: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what loading would change: slots, codes, profiles, kinds, purposes by name. Opens no key, changes nothing."""
    settings = load_settings(data_folder)
    departments = None if keys is None else read_keys(keys)
    given = given_items(entries, list_name, departments, responsible, domain_loader(folder))
    with reading(settings) as (store, on_chain):
        plan = planned(store, on_chain, given)
    if not as_json:
        show_changes(given, plan)
    print_plan(described(given, plan, {}), as_json=as_json)


@contextmanager
def reading(settings: Settings) -> Iterator[tuple[Store, CatalogueOnChain]]:
    """Give the gateway's store and the catalogue on chain, without any key."""
    contracts = wiring.contract_addresses(wiring.load_trust(settings))
    store = wiring.open_store(settings, connections=1)
    try:
        yield store, wiring_catalogue.open_catalogue(wiring.rpc_url(settings), contracts)
    finally:
        store.close()


def planned(store: Store, on_chain: CatalogueOnChain, given: GivenItems) -> list[PlannedItem]:
    """Return how each given item stands against the chain, with what it changes in words."""
    with store.begin() as transaction:

        def find(document_hash: bytes) -> bytes | None:
            kept = transaction.document(document_hash)
            return None if kept is None else kept[1]

        return [plan_item(on_chain, documents, find) for documents in given.items]


def show_changes(given: GivenItems, plan: Sequence[PlannedItem]) -> None:
    """Say what each item changes, a line each, and as what its personal paths are masked, on stderr; what is published
    is only counted.
    """
    for one in plan:
        item = one.documents.item
        if one.standing is Standing.NEW:
            say(f"item {item.item} {item.name['en']}: new")
        elif one.standing is not Standing.PUBLISHED:
            say(f"item {item.item} {item.name['en']}: version {item.version}, {one.standing}")
            for change in one.changes:
                say(f"  {change}")
        if one.standing is not Standing.PUBLISHED:
            say(f"  personal paths: {_by_concept(given.concepts[item.item])}")
    say(
        f"{sum(one.standing is Standing.PUBLISHED for one in plan)} of {len(plan)} items are published as they are here"
    )


def described(given: GivenItems, plan: Sequence[PlannedItem], waiting: Mapping[int, str]) -> dict[str, Any]:
    """Return a plan as JSON members: the list it is of, and each item with how it stands."""
    items = []
    for one in plan:
        item = one.documents.item
        members: dict[str, Any] = {
            "item": item.item,
            "version": item.version,
            "name": dict(item.name),
            "responsible": item.responsible,
            "standing": str(one.standing),
            "documentHash": to_hex(item.hash),
            "maskPolicyHash": None if item.mask_policy_hash is None else to_hex(item.mask_policy_hash),
            "changes": list(one.changes),
            "concepts": dict(given.concepts[item.item]),
        }
        if one.refusal is not None:
            members["refusal"] = {"code": one.refusal.code, "detail": one.refusal.detail}
        if item.item in waiting:
            members["waitsFor"] = waiting[item.item]
        items.append(members)
    listed = given.listed
    about = {} if listed is None else {"list": {"version": listed.version, "hash": to_hex(listed.hash)}}
    return {**about, "items": items}


def _by_concept(concepts: Mapping[str, str]) -> str:
    paths: dict[str, list[str]] = {}
    for path, concept in concepts.items():
        paths.setdefault(concept, []).append(path)
    return "; ".join(f"{concept}: {' '.join(found)}" for concept, found in paths.items()) or "none"


def _signers(
    departments: KeysFile | None, responsible: int | None, keystore: Path | None, password_file: Path | None
) -> dict[int, Signer]:
    if keystore is None:
        return {} if departments is None else departments.open_signers()
    if responsible is None:
        raise UsageError("--keystore is the key of one agency: say which with --responsible")
    return {responsible: open_signer(f"keystore:{keystore}", password_file)}


def _load(opened: Administration, plan: Sequence[PlannedItem], load_keys: LoadKeys, waiting: Mapping[int, str]) -> None:
    with progress_bar("catalogue items", len(plan)) as advance:
        for one in plan:
            if one.documents.item.item not in waiting:
                load_item(opened, one, load_keys, int(time.time()))
            advance(1)


def print_plan(result: Mapping[str, Any], *, as_json: bool) -> None:
    """Print a plan as one JSON object, or a line for each item."""
    if as_json:
        print_json(result)
        return
    rows = [
        (one["item"], one["version"], one["responsible"], one["name"]["en"], one.get("waitsFor", one["standing"]))
        for one in result["items"]
    ]
    print_table(["item", "version", "agency", "name", "standing"], rows)
