"""AgencyRegistry: who becomes a member, and what the governor and its own ADMINs say about it."""

import pytest

from ledger.chain.artifacts import deploy_data
from ledger.chain.contracts.agency_registry import AgencyInfo
from ledger.core.codes import Role
from ledger.core.keccak import keccak256
from tests.contracts.sandbox import ALL_ROLES, COMMUNITY, NOBODY, Refused, Sandbox

pytestmark = pytest.mark.contracts

DOCUMENT = keccak256(b"registration")
ACTIVE, SUSPENDED, LEFT = 1, 2, 3


def test_agencies_are_numbered_from_one(sandbox: Sandbox) -> None:
    assert [sandbox.register().agency for _ in range(3)] == [1, 2, 3]
    assert sandbox.registry.agency_count(block="latest") == 3


def test_a_registration_makes_the_agency_active_and_binds_its_first_admin(sandbox: Sandbox) -> None:
    admin = sandbox.key()
    now = sandbox.now
    outcome = sandbox.govern(sandbox.registration(admin, validFrom=now, validUntil=now + 100))
    assert outcome.events == [
        (
            "AgencyRegistry",
            "AgencyRegistered",
            {
                "agency": 1,
                "kind": COMMUNITY,
                "region": 990101001003,
                "allowedRoles": ALL_ROLES,
                "documentHash": "0x" + DOCUMENT.hex(),
            },
        ),
        (
            "AgencyRegistry",
            "KeyBound",
            {"key": admin.address, "agency": 1, "roles": 1, "validFrom": now, "validUntil": now + 100},
        ),
    ]
    assert sandbox.registry.agency(1, block="latest") == AgencyInfo(
        COMMUNITY, ACTIVE, ALL_ROLES, 990101001003, DOCUMENT, bytes(32), bytes(32)
    )
    assert sandbox.registry.usable_admins(1, block="latest") == (admin.address,)


def test_only_the_governor_registers_agencies(sandbox: Sandbox) -> None:
    sandbox.refuses("NotGovernor", sandbox.registration(sandbox.key()))


def test_a_first_admin_that_did_not_sign_is_not_bound(sandbox: Sandbox) -> None:
    call = sandbox.registration(sandbox.key(), firstAdmin=sandbox.key().address)
    sandbox.refuses("SignatureInvalid", call, sandbox.governor)


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("AgencyKindUnknown", {"kind": 0}),
        ("AgencyKindUnknown", {"kind": 53}),
        ("RegionInvalid", {"region": 0}),
        ("RegionInvalid", {"region": 10**15}),
        ("DocumentHashMissing", {"documentHash": bytes(32)}),
        ("RolesUnknown", {"allowedRoles": 1 << 13 | 1}),
        ("AdminRoleMissing", {"allowedRoles": Role.SUBMIT.bit}),
        ("ValidityInvalid", {"validFrom": 10, "validUntil": 10}),
        ("ValidityInvalid", {"validFrom": 10, "validUntil": 11}),
        ("ValidityInvalid", {"validUntil": 1 << 53}),
    ],
)
def test_a_registration_out_of_range_is_refused(sandbox: Sandbox, error: str, changes: dict[str, int | bytes]) -> None:
    sandbox.refuses(error, sandbox.registration(sandbox.key(), **changes), sandbox.governor)


def test_the_largest_kind_and_region_are_taken(sandbox: Sandbox) -> None:
    member = sandbox.register(kind=52, region=10**15 - 1)
    info = sandbox.registry.agency(member.agency, block="latest")
    assert (info.kind, info.region) == (52, 10**15 - 1)


def test_a_key_is_the_first_admin_of_one_agency_only(sandbox: Sandbox) -> None:
    member = sandbox.register()
    sandbox.refuses("KeyAlreadyBound", sandbox.registration(member.admin), sandbox.governor)


def test_a_suspended_agency_has_no_entitled_key_until_it_is_active_again(sandbox: Sandbox) -> None:
    member = sandbox.register()
    key = sandbox.bind(member, Role.SUBMIT)
    outcome = sandbox.govern(sandbox.registry.set_status(member.agency, SUSPENDED))
    assert outcome.event == ("AgencyStatusSet", {"agency": member.agency, "status": SUSPENDED})
    assert not sandbox.registry.is_entitled(key.address, Role.SUBMIT, block="latest")
    sandbox.govern(sandbox.registry.set_status(member.agency, ACTIVE))
    assert sandbox.registry.is_entitled(key.address, Role.SUBMIT, block="latest")


def test_an_agency_that_has_left_never_comes_back(sandbox: Sandbox) -> None:
    member = sandbox.register()
    sandbox.govern(sandbox.registry.set_status(member.agency, LEFT))
    for call in (
        sandbox.registry.set_status(member.agency, ACTIVE),
        sandbox.registry.set_allowed_roles(member.agency, ALL_ROLES),
        sandbox.relayed("RestoreAdmin", sandbox.key(), agency=member.agency, validFrom=0, validUntil=1 << 40),
    ):
        sandbox.refuses("AgencyHasLeft", call, sandbox.governor)


@pytest.mark.parametrize("status", [0, ACTIVE, 4])
def test_a_status_is_a_known_one_and_another_than_now(sandbox: Sandbox, status: int) -> None:
    member = sandbox.register()
    call = sandbox.registry.set_status(member.agency, status)
    sandbox.refuses("StatusInvalid", call, sandbox.governor)


def test_nothing_is_said_about_an_agency_that_was_never_registered(sandbox: Sandbox) -> None:
    for call in (
        sandbox.registry.set_status(1, SUSPENDED),
        sandbox.registry.set_allowed_roles(1, ALL_ROLES),
        sandbox.relayed("RestoreAdmin", sandbox.key(), agency=1, validFrom=0, validUntil=1 << 40),
    ):
        sandbox.refuses("AgencyUnknown", call, sandbox.governor)
    assert sandbox.registry.agency(1, block="latest").status == 0


def test_only_the_governor_sets_status_and_allowed_roles(sandbox: Sandbox) -> None:
    member = sandbox.register()
    for call in (
        sandbox.registry.set_status(member.agency, SUSPENDED),
        sandbox.registry.set_allowed_roles(member.agency, ALL_ROLES),
    ):
        sandbox.refuses("NotGovernor", call, member.admin.address)


def test_allowed_roles_that_the_governor_widens_can_be_given(sandbox: Sandbox) -> None:
    member = sandbox.register(allowedRoles=Role.ADMIN.bit | Role.READ.bit)
    sandbox.refuses("RolesNotAllowed", sandbox.binding(member, sandbox.key(), [Role.SUBMIT]))
    wider = Role.ADMIN.bit | Role.READ.bit | Role.SUBMIT.bit
    outcome = sandbox.govern(sandbox.registry.set_allowed_roles(member.agency, wider))
    assert outcome.event == ("AllowedRolesSet", {"agency": member.agency, "allowedRoles": wider})
    sandbox.bind(member, Role.SUBMIT)


def test_keys_bound_before_keep_a_role_that_is_no_longer_allowed(sandbox: Sandbox) -> None:
    member = sandbox.register()
    key = sandbox.bind(member, Role.SUBMIT)
    sandbox.govern(sandbox.registry.set_allowed_roles(member.agency, Role.ADMIN.bit))
    assert sandbox.registry.is_entitled(key.address, Role.SUBMIT, block="latest")
    sandbox.refuses("RolesNotAllowed", sandbox.binding(member, sandbox.key(), [Role.SUBMIT]))


def test_allowed_roles_are_known_ones_with_admin_among_them(sandbox: Sandbox) -> None:
    member = sandbox.register()
    for error, roles in (("RolesUnknown", 1 << 13 | 1), ("AdminRoleMissing", Role.READ.bit)):
        call = sandbox.registry.set_allowed_roles(member.agency, roles)
        sandbox.refuses(error, call, sandbox.governor)


def test_an_admin_names_endpoint_and_sealing_key_of_its_own_agency(sandbox: Sandbox) -> None:
    member, other = sandbox.register(), sandbox.register()
    endpoint, sealing = keccak256(b"endpoint"), keccak256(b"sealing")
    outcome = sandbox.send(sandbox.relayed("SetEndpoint", member.admin, documentHash=endpoint))
    assert outcome.event == (
        "EndpointSet",
        {"agency": member.agency, "documentHash": "0x" + endpoint.hex()},
    )
    outcome = sandbox.send(sandbox.relayed("SetSealingKey", member.admin, sealingKey=sealing))
    assert outcome.event == (
        "SealingKeySet",
        {"agency": member.agency, "sealingKey": "0x" + sealing.hex()},
    )
    info = sandbox.registry.agency(member.agency, block="latest")
    assert (info.endpoint_hash, info.sealing_key) == (endpoint, sealing)
    assert sandbox.registry.agency(other.agency, block="latest").endpoint_hash == bytes(32)


@pytest.mark.parametrize(
    ("message", "member_name", "error"),
    [
        ("SetEndpoint", "documentHash", "DocumentHashMissing"),
        ("SetSealingKey", "sealingKey", "SealingKeyMissing"),
    ],
)
def test_endpoint_and_sealing_key_are_not_zero_and_not_named_by_others(
    sandbox: Sandbox, message: str, member_name: str, error: str
) -> None:
    member = sandbox.register()
    submitter = sandbox.bind(member, Role.SUBMIT)
    sandbox.refuses(error, sandbox.relayed(message, member.admin, **{member_name: bytes(32)}))
    for key in (submitter, sandbox.key()):
        sandbox.refuses("NotAdmin", sandbox.relayed(message, key, **{member_name: DOCUMENT}))
    sandbox.govern(sandbox.registry.set_status(member.agency, SUSPENDED))
    sandbox.refuses("NotAdmin", sandbox.relayed(message, member.admin, **{member_name: DOCUMENT}))


@pytest.mark.parametrize(
    ("contract", "arguments"),
    [
        ("AgencyRegistry", ("governor", "relay")),
        ("Catalogue", ("governor", "relay")),
        ("RecordAnchors", ("governor", "relay", "relay")),
    ],
)
def test_a_contract_is_not_deployed_beside_an_address_without_code(
    sandbox: Sandbox, contract: str, arguments: tuple[str, ...]
) -> None:
    addresses = {"governor": sandbox.governor, "relay": sandbox.relay}
    with pytest.raises(Refused, match="ContractMissing"):
        sandbox.create(deploy_data(contract, *(addresses[name] for name in arguments)))


def test_no_governor_no_registry(sandbox: Sandbox) -> None:
    with pytest.raises(Refused, match="GovernorMissing"):
        sandbox.create(deploy_data("AgencyRegistry", NOBODY, sandbox.addresses["Parameters"]))


def test_the_contracts_tell_governor_and_version(sandbox: Sandbox) -> None:
    for contract in (sandbox.registry, sandbox.catalogue, sandbox.parameters):
        assert contract.governor(block="latest") == sandbox.governor
        assert contract.version(block="latest") == "1"
    assert sandbox.anchors.version(block="latest") == "1"
