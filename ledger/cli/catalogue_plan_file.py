"""A plan `gongzhi-catalogue-plan/1`, what the files here make of it, and the Council's decision about it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger import wiring, wiring_council
from ledger.catalogue_errors import PlanNotDecided
from ledger.cli.admin_options import read_json
from ledger.cli.catalogue_files import LoadDocument
from ledger.cli.council_files import read_action
from ledger.core.canonical import document_hash
from ledger.core.catalogue_list import CatalogueList
from ledger.core.chainfile import Trust
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.shapes import array, format_members, from_one, members_of
from ledger.errors import UsageError
from ledger.services.catalogue_decision import decision_faults, standing_faults
from ledger.services.catalogue_documents import item_documents
from ledger.services.profile_files import personal_concepts

PLAN_FORMAT = "gongzhi-catalogue-plan/1"
_PLAN_MEMBERS = ("format", "chainId", "authority", "list", "items")
_ITEM_MEMBERS = (
    *("item", "version", "name", "responsible", "standing"),
    *("documentHash", "maskPolicyHash", "changes", "concepts"),
)
PlanOption = Annotated[
    Path | None, typer.Option("--plan", help="plan that the Council has decided about: nothing else is loaded")
]
DecisionOption = Annotated[
    Path | None,
    typer.Option("--decision", help="the Council's action for the plan, as `propose catalogue-authority` wrote it"),
]


@dataclass(frozen=True)
class Plan:
    """A plan as its file says it; `hash` is the Keccak-256 (32 bytes) of the canonical document."""

    document: Mapping[str, Any]
    items: Sequence[Mapping[str, Any]]

    @property
    def hash(self) -> bytes:
        """What an action of the Council for this plan has as its salt."""
        return document_hash(self.document)

    @property
    def authority(self) -> int:
        """Number of the agency that was the catalogue authority when the plan was made."""
        return from_one(self.document["authority"], 32, what="authority of the plan")


def read_plan(path: Path) -> Plan:
    """Return the plan of a file; raises UsageError, FormatError."""
    document = format_members(read_json(path), PLAN_FORMAT, _PLAN_MEMBERS, what="catalogue plan")
    return Plan(document, [planned_item(one) for one in array(document["items"], what="catalogue plan items")])


def file_faults(plan: Plan, listed: CatalogueList, load: LoadDocument) -> list[str]:
    """Say where a plan is otherwise than the files here make it."""
    return [*list_faults(plan.document, listed), *item_faults(plan.items, listed, load)]


def decided_faults(plan: Plan, decision: Path, trust: Trust, rpc: str | None) -> list[str]:
    """Say why an action file is no decision of the Council about a plan; its state on chain needs a node (`rpc`)."""
    contracts = wiring.contract_addresses(trust)
    action = read_action(decision, trust)
    naming = wiring_council.call_encoder(contracts)("Catalogue", "set_catalogue_authority", plan.authority)
    faults = [*decision_faults(action, plan.hash, naming)]
    if rpc is not None:
        faults += standing_faults(action, wiring_council.open_council(trust.chain_id, rpc, contracts))
    return faults


def require_decided(
    plan: Path | None, decision: Path | None, listed: CatalogueList | None, load: LoadDocument, trust: Trust, rpc: str
) -> None:
    """Raise PlanNotDecided where a list is not the plan, or the Council has not decided about it; without one, nothing.

    Raises UsageError where one of the two is given without the other, or for single entries.
    """
    if plan is None and decision is None:
        return
    if plan is None or decision is None or listed is None:
        raise UsageError("--plan and --decision go together, with --list")
    read = read_plan(plan)
    faults = [*file_faults(read, listed, load), *decided_faults(read, decision, trust, rpc)]
    if faults:
        raise PlanNotDecided("; ".join(faults))


def list_faults(plan: Mapping[str, Any], listed: CatalogueList) -> Iterator[str]:
    """Say where a plan is of another list than the one here."""
    here = {"version": listed.version, "hash": to_hex(listed.hash)}
    if plan["list"] != here:
        yield f"the plan is of another list: here is version {here['version']} with hash {here['hash']}"


def planned_item(value: object) -> Mapping[str, Any]:
    """Return the members of one item of a plan; raises FormatError."""
    members = members_of(value, _ITEM_MEMBERS, what="planned item")
    for name in ("item", "version", "responsible"):
        from_one(members[name], 32, what=f"planned item {name}")
    from_hex(members["documentHash"], 32, what="planned item documentHash")
    return members


def item_faults(items: Sequence[Mapping[str, Any]], listed: CatalogueList, load: LoadDocument) -> Iterator[str]:
    """Say where the items of a plan are otherwise than the files here make them."""
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
