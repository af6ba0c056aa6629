"""The consent that a look rested on, read back from its Disclosure: who gave it for the person, if not he himself."""

from collections.abc import Mapping
from typing import Any

from ledger.core.access_facts import ConsentFacts
from ledger.core.codes import Authority, Basis
from ledger.core.hexadecimal import from_hex
from ledger.core.history import History


def states_consent(message: Mapping[str, Any]) -> bool:
    """Say whether the consent of a Disclosure (JSON form of its message) is the one that its request states itself.

    Under a grant it is the grant's.
    """
    return bool(message["basis"] == Basis.CONSENT and message["authority"] != Authority.GRANT)


def consent_of(history: History, message: Mapping[str, Any], basis_ref: bytes) -> ConsentFacts | None:
    """Return the consent that a Disclosure rested on, None without one or where its facts did not hold it.

    `message` is the JSON form; `basis_ref` (32 bytes) what its request states, zero if nothing. The Disclosure does
    not name it: it is that of the grant, or of the request, as `ledger.core.look` decides, by the block of its facts.
    """
    if message["basis"] != Basis.CONSENT:
        return None
    wanted = basis_ref
    if message["authority"] == Authority.GRANT:
        access = history.accesses.get(from_hex(message["authorityId"], 32))
        wanted = basis_ref if access is None else access.basis_ref
    consent = history.consents.get(wanted)
    return consent if consent is not None and consent.recorded.block <= message["factsBlock"] else None
