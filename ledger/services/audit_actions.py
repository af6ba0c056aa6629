"""Which received actions a look may have known: read before the parts, since every part may hold such a look."""

from collections.abc import Mapping, Sequence, Set

from ledger.core.audit.actions import received_action
from ledger.core.audit.ground import Ground
from ledger.core.export import parse_action, parse_entry, parse_members
from ledger.core.received import ReceivedAction, about_of, consent_id
from ledger.errors import FormatError
from ledger.services.audit_files import LineFile

CUTTING = frozenset(
    ("WithdrawConsent", "RevokeGrant", "CloseGrant", "OpenEmergency", "CoSignEmergency", "EndEmergency")
)
"""Messages that count at once, before they are mined."""


def received_by_object(
    ground: Ground, actions: LineFile, entries: LineFile
) -> tuple[Mapping[bytes, Sequence[ReceivedAction]], Set[bytes]]:
    """Return the received actions that cut or open at once, by the id of what they bear on; and the ids of the consents
    that were received to be recorded.

    Lines that do not parse, or that no RECEIVED entry stands behind, are passed over: the part that holds them says so.
    """
    found: dict[bytes, list[ReceivedAction]] = {}
    recorded = set()
    for line in actions.lines(0, actions.size):
        try:
            action = parse_action(parse_members(line))
            if action.action == "RecordConsent":
                recorded.add(consent_id(action.message))
            if action.action not in CUTTING:
                continue
            begin = entries.offset_of(action.sequence)
            entry = next((parse_entry(parse_members(one)) for one in entries.lines(begin, begin + 1)), None)
        except FormatError:
            continue
        received = None if entry is None else received_action(ground, entry, action)
        if received is not None:
            about = about_of(received.name, received.message, received.digest)
            found.setdefault(about, []).append(received)
    return found, recorded
