"""What a call says: read from its data, and only where that is exactly the encoding of its arguments."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.chain.call_reading import CallReader
from ledger.chain.contracts.agency_registry import AgencyRegistry
from ledger.chain.contracts.binding import node
from ledger.chain.contracts.catalogue import Catalogue
from ledger.chain.contracts.parameters import Parameters
from ledger.core.codes import Role, bitmap_of

pytestmark = pytest.mark.unit

PARAMETERS, REGISTRY, CATALOGUE = ("0x" + byte * 20 for byte in ("11", "22", "33"))
KEY = "0x" + "ab" * 20
READER = CallReader({"Parameters": PARAMETERS, "AgencyRegistry": REGISTRY, "Catalogue": CATALOGUE})


def test_names_roles_and_numbers_are_spelled_out() -> None:
    registry = AgencyRegistry(node(), REGISTRY)
    assert READER.read(PARAMETERS, Parameters(node(), PARAMETERS).set("factsAge", 60).data) == (
        "Parameters.set(name=factsAge, value=60)"
    )
    allowed = registry.set_allowed_roles(3, bitmap_of((Role.ADMIN, Role.SUBMIT)))
    assert READER.read(REGISTRY, allowed.data) == (
        "AgencyRegistry.setAllowedRoles(agency=3, allowedRoles=ADMIN+SUBMIT)"
    )
    revoked = registry.revoke_key_as_governor(KEY, 2, 0)
    assert READER.read(REGISTRY, revoked.data) == (
        f"AgencyRegistry.revokeKeyAsGovernor(key={KEY}, reason=2, suspectFrom=0)"
    )
    item = Catalogue(node(), CATALOGUE).set_catalogue_authority(1)
    assert READER.read(CATALOGUE, item.data) == "Catalogue.setCatalogueAuthority(agency=1)"


def test_a_message_is_read_member_by_member_and_its_signature_by_its_length() -> None:
    message = {
        "kind": 8,
        "region": 990101,
        "allowedRoles": 1,
        "documentHash": bytes(32),
        "firstAdmin": KEY,
        "validFrom": 1,
        "validUntil": 2,
        "nonce": 3,
        "deadline": 4,
    }
    call = AgencyRegistry(node(), REGISTRY).register_agency(message, bytes(65))
    assert READER.read(REGISTRY, call.data) == (
        f"AgencyRegistry.registerAgency(message=(kind=8, region=990101, allowedRoles=ADMIN, "
        f"documentHash=0x{'00' * 32}, firstAdmin={KEY}, validFrom=1, validUntil=2, nonce=3, deadline=4), "
        "signature=65 bytes)"
    )


def test_a_name_that_would_move_the_cursor_is_shown_in_hex() -> None:
    said = READER.read(PARAMETERS, Parameters(node(), PARAMETERS).set("a\x1b[2Kb", 1).data)
    assert "\x1b" not in said
    assert "name=0x611b5b324b62" in said


def test_what_is_not_exactly_a_call_of_ours_is_called_unknown() -> None:
    call = Parameters(node(), PARAMETERS).set("factsAge", 60).data
    assert READER.read(KEY, call) == f"an unknown contract: 0x{call[:4].hex()} with 68 bytes"
    for data in (b"", b"\x01", call[:4], call[:-1], call + bytes(32), b"\0\0\0\0" + call[4:]):
        said = READER.read(PARAMETERS, data)
        assert said == f"Parameters: an unknown call, 0x{data[:4].hex()} with {len(data)} bytes"


def test_a_function_is_named_by_target_and_selector() -> None:
    selector = Parameters(node(), PARAMETERS).set("factsAge", 60).data[:4]
    assert READER.function(PARAMETERS, selector) == "Parameters.set"
    assert READER.function(REGISTRY, selector) == f"AgencyRegistry: 0x{selector.hex()}"
    assert READER.function(KEY, selector) == f"an unknown contract: 0x{selector.hex()}"


@given(st.sampled_from([PARAMETERS, REGISTRY, CATALOGUE, KEY]), st.binary(max_size=200))
def test_any_bytes_give_one_line(target: str, data: bytes) -> None:
    assert "\n" not in READER.read(target, data)
