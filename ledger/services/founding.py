"""Found a consortium: the founding file, the first keys' possession, and the one action that all founders approve."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.core.action_file import PreparedAction
from ledger.core.canonical import encode
from ledger.core.chainfile import ContractPin
from ledger.core.codes import AgencyKind, Role, bitmap_of
from ledger.core.council_action import CouncilCall
from ledger.core.hexadecimal import from_hex, to_address
from ledger.core.keccak import keccak256
from ledger.core.shapes import array, code_of, format_members, from_one, members_of, text, unsigned
from ledger.core.typed_messages import LANE_BITS, keyed_nonce
from ledger.errors import FormatError, UsageError
from ledger.ports import Signer
from ledger.services.council_acts import CouncilActs
from ledger.services.deploy import CouncilTerms

FOUNDING_FORMAT: Final = "gongzhi-founding/1"
REGISTRATION_FORMAT: Final = "gongzhi-agency/1"
MOST_FOUNDERS: Final = 32
"""A founding action has 64 calls at most: one for each founder, contract and parameter."""
REGISTRATION_SECONDS: Final = 30 * 86_400
"""Life of a signed registration: until every member has approved it and its delay is over."""
CLOCK_MARGIN_SECONDS: Final = 60
"""Blocks carry whole seconds and clocks differ: a key that is valid from this second must not wait for the next."""
DAY_SECONDS: Final = 86_400
_MEMBERS: Final = ("format", "threshold", "development", "founders", "catalogueAuthority", "parameters")
_FOUNDER_MEMBERS: Final = ("name", "kind", "region", "allowedRoles", "admin", "validDays")

EncodeCall = Callable[..., CouncilCall]
"""(contract, method of its binding, arguments…) → the call."""


@dataclass(frozen=True)
class NewAgency:
    """An agency that is to be registered: kind and region codes, the roles that it may give, its first ADMIN key."""

    name: str
    kind: int
    region: int
    allowed_roles: int
    admin: str
    valid_days: int

    @property
    def document(self) -> Mapping[str, object]:
        """The registration document whose hash stands on chain."""
        return {"format": REGISTRATION_FORMAT, "name": self.name, "kind": self.kind, "region": str(self.region)}


@dataclass(frozen=True)
class FoundingPlan:
    """What is founded: the founders in the order of their agencies' numbers, and how they begin."""

    founders: tuple[NewAgency, ...]
    threshold: int
    development: bool
    catalogue_authority: int | None
    parameters: Mapping[str, int]

    @property
    def terms(self) -> CouncilTerms:
        """What the Council is created with."""
        return CouncilTerms(tuple(founder.admin for founder in self.founders), self.threshold, self.development)


def parse_founding(value: object) -> FoundingPlan:
    """Return the plan of a founding file's JSON value; raises UnsupportedFormat or FormatError."""
    members = format_members(value, FOUNDING_FORMAT, _MEMBERS, what="founding file")
    founders = tuple(
        parse_agency(founder) for founder in array(members["founders"], what="founders", most=MOST_FOUNDERS)
    )
    if len({founder.admin for founder in founders}) != len(founders):
        raise FormatError("founders: every founder has an ADMIN key of its own")
    threshold = unsigned(members["threshold"], 8, what="founding threshold")
    if not len(founders) < 2 * threshold <= 2 * len(founders):
        raise FormatError(f"founding threshold: more than half of {len(founders)} founders, and at most all of them")
    if not isinstance(members["development"], bool):
        raise FormatError("founding development: expected true or false")
    authority, parameters = members["catalogueAuthority"], members["parameters"]
    if not isinstance(parameters, dict):
        raise FormatError("founding parameters: expected an object")
    return FoundingPlan(
        founders,
        threshold,
        members["development"],
        None if authority is None else from_one(authority, 32, what="founding catalogueAuthority"),
        {name: unsigned(number, 53, what="founding parameter") for name, number in parameters.items()},
    )


def parse_agency(value: object) -> NewAgency:
    """Return an agency of a founding file; raises FormatError, UsageError for an unknown role."""
    members = members_of(value, _FOUNDER_MEMBERS, what="founder")
    return NewAgency(
        text(members["name"], what="founder name"),
        int(code_of(AgencyKind, members["kind"], what="founder kind")),
        from_one(members["region"], 53, what="founder region"),
        bitmap_of({Role.ADMIN, *(role_named(name) for name in array(members["allowedRoles"], what="allowedRoles"))}),
        to_address(members["admin"], what="founder admin"),
        from_one(members["validDays"], 16, what="founder validDays"),
    )


def role_named(name: object) -> Role:
    """Return a role by its name; raises UsageError with the names that there are."""
    try:
        return Role[str(name)]
    except KeyError:
        raise UsageError(f"unknown role; there are {', '.join(role.name for role in Role)}") from None


def registration_of(agency: NewAgency, chain_id: int, registry: str, now: int) -> PreparedAction:
    """Return the registration that the agency's first ADMIN key is to sign, to prove that it has the key."""
    document = encode(agency.document).decode()
    message = {
        "kind": agency.kind,
        "region": agency.region,
        "allowedRoles": agency.allowed_roles,
        "documentHash": keccak256(document.encode()),
        "firstAdmin": agency.admin,
        "validFrom": now - CLOCK_MARGIN_SECONDS,
        "validUntil": now + DAY_SECONDS * agency.valid_days,
        "nonce": keyed_nonce(secrets.randbits(LANE_BITS), 0),
        "deadline": now + REGISTRATION_SECONDS,
    }
    return PreparedAction("RegisterAgency", chain_id, registry, message, (document,))


def registration_call(registration: PreparedAction, encode_call: EncodeCall) -> CouncilCall:
    """Return the call that registers; raises UsageError for another action or one that its key has not signed."""
    if registration.action != "RegisterAgency":
        raise UsageError(f"expected the registration of an agency, this is an action {registration.action}")
    if registration.missing:
        raise UsageError(f"the registration is not signed yet by the agency's first key, {registration.missing[0]}")
    return encode_call("AgencyRegistry", "register_agency", registration.message, *registration.relayed_signatures)


def founding_calls(
    plan: FoundingPlan,
    registrations: Sequence[PreparedAction],
    pins: Mapping[str, ContractPin],
    encode_call: EncodeCall,
) -> list[CouncilCall]:
    """Return the calls of the founding: founders registered, contracts entered in the directory, authority and
    parameters set, founding completed.

    Raises UsageError unless `registrations` are the founders', signed, in their order, for this registry.
    """
    registry = pins["AgencyRegistry"].address
    admins = [registration.message["firstAdmin"] for registration in registrations]
    if admins != [founder.admin for founder in plan.founders]:
        raise UsageError("the registrations are not those of the founders, each once, in the founding file's order")
    for founder, registration in zip(plan.founders, registrations, strict=True):
        if registration.contract != registry or not _is_of(registration, founder):
            raise UsageError(f"the registration of {founder.name} says something else than the founding file")
    calls = [registration_call(registration, encode_call) for registration in registrations]
    calls += [
        encode_call("SystemDirectory", "set_contract", name, pin.address, from_hex(pin.code_hash, 32))
        for name, pin in sorted(pins.items())
        if name != "SystemDirectory"
    ]
    if plan.catalogue_authority is not None:
        calls.append(encode_call("Catalogue", "set_catalogue_authority", plan.catalogue_authority))
    calls += [encode_call("Parameters", "set", name, value) for name, value in sorted(plan.parameters.items())]
    return [*calls, encode_call("Council", "complete_founding", registry)]


def _is_of(registration: PreparedAction, founder: NewAgency) -> bool:
    message = registration.message
    terms = message["kind"], message["region"], message["allowedRoles"], message["documentHash"]
    document = keccak256(encode(founder.document))
    return terms == (founder.kind, founder.region, founder.allowed_roles, document)


def signed_registration(agency: NewAgency, signer: Signer, chain_id: int, registry: str, now: int) -> PreparedAction:
    """Return an agency's registration, signed by its first ADMIN key, which is on this machine."""
    prepared = registration_of(agency, chain_id, registry, now)
    return prepared.with_signature(signer.sign_preimage(prepared.preimage))


def found_here(
    acts: CouncilActs,
    plan: FoundingPlan,
    signers: Sequence[Signer],
    pins: Mapping[str, ContractPin],
    encode_call: EncodeCall,
) -> None:
    """Found with the founders' keys of this machine; safe to cut off at any moment and to repeat.

    `signers` are the founders' first ADMIN keys in their order. Raises as `founding_calls` and `CouncilActs.enact`.
    """
    if acts.council.standing().founded:
        return
    registry = pins["AgencyRegistry"].address

    def make_calls() -> list[CouncilCall]:
        now, chain_id = acts.council.standing().now, acts.council.chain_id
        registrations = [
            signed_registration(agency, signer, chain_id, registry, now)
            for agency, signer in zip(plan.founders, signers, strict=True)
        ]
        return founding_calls(plan, registrations, pins, encode_call)

    acts.enact("founding", make_calls, dict(enumerate(signers, 1)))
