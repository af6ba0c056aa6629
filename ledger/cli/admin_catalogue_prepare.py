"""`gongzhi admin catalogue prepare | retire`: item versions, and the end of items, for keys that are elsewhere."""

import secrets
import time
from pathlib import Path
from typing import Annotated

import typer

from ledger import wiring
from ledger.cli.admin_acting import AWAY_SECONDS, AdminAct, PrepareOption, party_of
from ledger.cli.admin_catalogue_load import planned, reading, show_changes
from ledger.cli.admin_options import DryRunOption, FolderOption, JsonOption
from ledger.cli.catalogue_files import FromOption, KeysFile, domain_loader, given_items, read_keys
from ledger.cli.output import print_json, print_table
from ledger.config import load_settings
from ledger.core.action_file import PreparedAction, parse_action_file
from ledger.core.canonical import encode
from ledger.core.chainfile import Trust
from ledger.core.typed_messages import LANE_BITS, keyed_nonce
from ledger.embedded.data_folder import write_durably
from ledger.services.administration import ZERO_ADDRESS
from ledger.services.catalogue_documents import ItemDocuments
from ledger.services.catalogue_load import Standing, refuse_unloadable
from ledger.services.lint_profiles import require_safe
from ledger.services.publish_item import item_message, keep_documents

PreparedFolder = Annotated[Path, typer.Option("--out", help="folder to write the action files to")]
AdminKeysOption = Annotated[Path, typer.Option("--keys", help="file that names agency and ADMIN address of each kind")]
ListNameOption = Annotated[str, typer.Option("--list", help="list of the domain data, as `catalogue/list-1.json`")]
KeyArgument = Annotated[str, typer.Option("--admin", help="ADMIN key of the responsible agency: keystore or address")]
AuthorityKey = Annotated[
    str | None, typer.Option("--authority", help="ADMIN key of the catalogue authority, if it is another agency")
]


def catalogue_prepare(
    out: PreparedFolder,
    keys: AdminKeysOption,
    list_name: ListNameOption = "catalogue/list-1.json",
    folder: FromOption = None,
    data_folder: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write an action file for every item that is new or a next version, to be signed where its ADMIN keys are.

    The responsible agency and the catalogue authority run `gongzhi sign`, then anybody `gongzhi admin relay`. The
    documents are kept by this gateway at once. A file that is there already for the same version is left as it is.
    """
    settings = load_settings(data_folder)
    trust, departments, load = wiring.load_trust(settings), read_keys(keys), domain_loader(folder)
    given = given_items(None, list_name, departments, None, load)
    for documents in given.items:
        require_safe(documents, load)
    with reading(settings) as (store, on_chain):
        plan = planned(store, on_chain, given)
        show_changes(given, plan)
        refuse_unloadable(plan)
        authority = on_chain.authority()
        out.mkdir(parents=True, exist_ok=True)
        prepared = []
        for one in plan:
            if one.standing is not Standing.PUBLISHED:
                keep_documents(store, one.documents, int(time.time()))
                prepared.append((one.documents, _file(out, one.documents, departments, authority, trust)))
    _print(prepared, as_json=as_json)


def catalogue_retire(
    item: Annotated[int, typer.Argument(min=1, help="number of the item")],
    admin: KeyArgument,
    password_file: Annotated[Path | None, typer.Option("--password-file", help="its password file")] = None,
    authority: AuthorityKey = None,
    authority_password_file: Annotated[Path | None, typer.Option(help="its password file")] = None,
    prepare: PrepareOption = None,
    data_folder: FolderOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Retire an item with all its versions, for ever: no record of it is published or looked at any more."""
    responsible = party_of(admin, password_file)
    of_authority = None if authority is None else party_of(authority, authority_password_file)
    members = {
        "responsibleAdmin": responsible.address,
        "authorityAdmin": ZERO_ADDRESS if of_authority is None else of_authority.address,
        "item": item,
    }
    parties = [responsible, *([] if of_authority is None else [of_authority])]
    AdminAct(data_folder, prepare, dry_run, as_json).finish("RetireItem", members, parties, {"item": item})


def _file(out: Path, documents: ItemDocuments, keys: KeysFile, authority: int, trust: Trust) -> Path:
    """Write an item's action file unless it is there, and return its path."""
    item = documents.item
    path = out / f"item-{item.item}-version-{item.version}.json"
    of_authority = None if item.responsible == authority else keys.admin_of(authority)
    message = item_message(documents, keys.admin_of(item.responsible), of_authority)
    contract, now = trust.contracts["Catalogue"].address, int(time.time())
    if path.is_file():
        kept = parse_action_file(path.read_bytes())
        is_same = all(kept.message.get(name) == value for name, value in message.items())
        if is_same and (kept.chain_id, kept.contract) == (trust.chain_id, contract) and kept.message["deadline"] > now:
            return path
    message |= {"nonce": keyed_nonce(secrets.randbits(LANE_BITS), 0), "deadline": now + AWAY_SECONDS}
    document = encode(item.document).decode("utf-8")
    write_durably(path, PreparedAction("PublishItem", trust.chain_id, contract, message, (document,)).encode())
    return path


def _print(prepared: list[tuple[ItemDocuments, Path]], *, as_json: bool) -> None:
    rows = []
    for documents, path in prepared:
        missing = parse_action_file(path.read_bytes()).missing
        rows.append((documents.item.item, str(path), missing))
    if as_json:
        print_json({"items": [{"item": item, "file": file, "missing": list(keys)} for item, file, keys in rows]})
        return
    print_table(["item", "file", "signatures missing"], [(item, file, len(keys)) for item, file, keys in rows])
