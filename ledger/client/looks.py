"""Checks of disclosures and refusals against the request that was signed and the views that were received.

The root of every view is recomputed from its open values and closed digests; the openings are those of the views, and
their tree is the one that the gateway signed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.client.facts import GatewayFacts
from ledger.client.promises import SignedStatement, broken, check_own_times, check_statement
from ledger.client.served_under import ServedUnder
from ledger.core.bundle import View
from ledger.core.codes import Authority
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import from_hex
from ledger.core.keccak import keccak256
from ledger.core.look import facts_are_stale
from ledger.core.merkle import MerkleTree, opening_leaf
from ledger.core.receipt import MOST_OPENINGS, Opening
from ledger.core.request_base import SKEW_SECONDS
from ledger.core.schema import Schema
from ledger.core.verify import check_slots, check_values, recompute_root
from ledger.errors import GongzhiError, PromiseBroken, VerificationError

_SAID_FOR: Mapping[int, tuple[Authority, ...]] = {
    Authority.EMERGENCY: (Authority.EMERGENCY, Authority.PENDING_EMERGENCY),
}
"""What a statement may say for an authority that was asked: an emergency may be on its way to the chain."""
_NAMED_BY_ID = (Authority.GRANT, Authority.EMERGENCY, Authority.SELF)
"""The authorities whose id the reader states; a resident's is zero."""


@dataclass(frozen=True, slots=True)
class AskedLook:
    """A look as this client asked it: the signed base, its window, and what the covered headers said.

    `officer` and `case` are the salted commitments that were sent, zero if none. `authority_id` is the grant or
    emergency that was named, zero for any other authority; `profile` the narrower profile that was asked for.
    """

    base: bytes
    signature: bytes
    created: int
    expires: int
    reader: int
    reader_key: str
    item: int
    purpose: int
    basis: int
    authority: int
    officer: bytes
    case: bytes
    authority_id: bytes = ZERO32
    profile: bytes | None = None


def check_answer(statement: SignedStatement, asked: AskedLook, facts: GatewayFacts) -> None:
    """Check what a disclosure and a refusal have in common: who promised, to whom, for which request, when."""
    check_statement(statement, facts)
    name, message = statement.name, statement.message
    if message["request"] != keccak256(asked.base):
        broken(f"{name} answers another request than the one that was signed")
    expected: Mapping[str, Any] = {
        "reader": asked.reader,
        "readerKey": asked.reader_key,
        "purpose": asked.purpose,
        "item": asked.item,
    }
    for member, value in expected.items():
        if message[member] != value:
            broken(f"{name} says another {member} than was asked")
    if message["authority"] not in _SAID_FOR.get(asked.authority, (asked.authority,)):
        broken(f"{name} says another authority than was asked")
    if asked.authority in _NAMED_BY_ID and message["authorityId"] != asked.authority_id:
        broken(f"{name} names another grant or emergency than was asked")
    check_own_times(statement, facts, created=asked.created, expires=asked.expires)


def check_disclosure(
    statement: SignedStatement,
    asked: AskedLook,
    openings: Sequence[Opening],
    views: Sequence[View],
    schema: Schema | None,
    served_under: ServedUnder | None,
    facts: GatewayFacts,
) -> None:
    """Check a disclosure with its views. `schema` is the views' (None for an empty page)."""
    check_answer(statement, asked, facts)
    message = statement.message
    for member, value in (("basis", asked.basis), ("officer", asked.officer), ("caseRef", asked.case)):
        if message[member] != value:
            broken(f"Disclosure says another {member} than was asked")
    check_openings(message, openings)
    check_views(views, openings, schema)
    _check_authority(message, openings, schema, served_under, facts)
    _check_facts_block(message, facts)


def check_openings(message: Mapping[str, Any], openings: Sequence[Opening]) -> None:
    """Check that `openings` are the ones signed: their number (at most 200), each record once, their tree's root."""
    if len(openings) != message["recordCount"] or len(openings) > MOST_OPENINGS:
        broken(f"Disclosure says {message['recordCount']} records, the answer opens {len(openings)}")
    if len({opening.record_id for opening in openings}) != len(openings):
        broken("a record stands twice in one disclosure")
    root = ZERO32
    if openings:
        leaves = [opening_leaf(o.record_id, o.version, o.record_root, o.opened) for o in openings]
        root = MerkleTree(leaves).root
    if root != message["openingsRoot"]:
        broken("the openings are not the ones under the signed openingsRoot")


def check_views(views: Sequence[View], openings: Sequence[Opening], schema: Schema | None) -> None:
    """Check that the views open exactly what the openings say, root and slots recomputed from each view."""
    if len(views) != len(openings):
        broken(f"{len(openings)} openings, but {len(views)} views")
    by_id = {opening.record_id: opening for opening in openings}
    for view in views:
        opening = by_id.pop(view.record_id, None)
        if opening is None or schema is None:
            broken("a view of a record that the disclosure does not open")
        if view.schema_hash != schema.hash:
            broken("views of two schemas stand on one page")
        try:
            check_slots(schema, view)
            check_values(schema, view)
        except VerificationError as error:
            raise PromiseBroken(f"a view is not what its schema says: {error.detail}") from error
        opened = sum(1 << place for place, slot in enumerate(view.slots) if slot.value is not None)
        if (view.version, recompute_root(schema, view), opened) != (
            opening.version,
            opening.record_root,
            opening.opened,
        ):
            broken("a view is not the opening that the disclosure signs for")


def _check_authority(
    message: Mapping[str, Any],
    openings: Sequence[Opening],
    schema: Schema | None,
    served_under: ServedUnder | None,
    facts: GatewayFacts,
) -> None:
    if message["authority"] in (Authority.OWN, Authority.AUDIT):
        if message["authorityId"] != ZERO32 or message["profile"] != ZERO32:
            broken("a look of OWN or AUDIT names no authority and no profile")
        return
    if served_under is None:
        broken("the documents that the disclosure names are not there")
    item, profile = served_under.item, served_under.profile
    if (item.item, item.version) != (message["item"], message["itemVersion"]):
        broken("the disclosure names the document of another item version")
    if (profile.item, int(profile.tier)) != (message["item"], message["tier"]):
        broken("the mask profile is of another item or tier than the disclosure says")
    if message["authority"] == Authority.CLASS1:
        _check_class1(message, served_under, facts)
    if any(not set(profile.open) <= set(bound.open) for bound in served_under.bounds):
        broken("the profile is wider than what was permitted or asked")
    if schema is not None:
        _check_opened(openings, schema, served_under)


def _check_class1(message: Mapping[str, Any], served_under: ServedUnder, facts: GatewayFacts) -> None:
    if served_under.item.class1_profile != message["profile"]:
        broken("the disclosure's profile is not the class-1 profile of its item version")
    if served_under.profile.item_version != message["itemVersion"]:
        broken("the mask profile is of another item version than the disclosure says")
    _check_catalogue(message, facts)


def _check_opened(openings: Sequence[Opening], schema: Schema, served_under: ServedUnder) -> None:
    """Check that every opened slot is one that the profile opens; a later schema can only narrow (contracts page)."""
    item, profile = served_under.item, served_under.profile
    if item.schema_hash != schema.hash:
        broken("the views are of another schema than the item version's")
    slots = [(slot.path, slot.kind) for slot in schema.slots]
    try:
        within = profile.item_version != item.version
        allowed = profile.bitmap_within(slots) if within else profile.bitmap(slots)
    except GongzhiError as error:
        raise PromiseBroken(f"the mask profile does not fit the schema: {error.detail}") from error
    if any(opening.opened & ~allowed for opening in openings):
        broken("a slot was opened that the profile closes")


def _check_catalogue(message: Mapping[str, Any], facts: GatewayFacts) -> None:
    """Where there is a chain, the catalogue's own word on the item version is what counts."""
    if facts.chain is None:
        return
    item, version, at = message["item"], message["itemVersion"], message["disclosedAt"]
    args = facts.item_version(item, version, at)
    if args is None:
        broken(f"item {item} version {version} is not in the catalogue on chain")
    if (from_hex(args["documentHash"]), from_hex(args["class1Profile"])) != (
        message["authorityId"],
        message["profile"],
    ):
        broken("the catalogue on chain names another document or profile for this item version")


def _check_facts_block(message: Mapping[str, Any], facts: GatewayFacts) -> None:
    """As far as the client's chain goes: the block exists, was no block of the future, was not stale."""
    if facts.chain is None:
        return
    history, number, at = facts.chain.history, message["factsBlock"], message["disclosedAt"]
    block = history.blocks.get(number)
    if block is None:
        broken(f"block {number}, whose state the decision used, is not on the chain")
    if block.time > at + SKEW_SECONDS:
        broken("the decision's block is younger than the disclosure")
    if facts_are_stale(history, number, at, message["authority"]):
        broken("the decision used facts that were stale")
    if history.newest_batch(facts.gateway, history.at_block(number)) != message["asOfBatch"]:
        broken("asOfBatch is not the newest batch at the decision's block")
