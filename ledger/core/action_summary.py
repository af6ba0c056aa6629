"""What a typed message says, line by line, for whoever is about to sign it (contracts page).

PERMANENT: the lines stand in action files, and a reader compares them with those that it makes itself; a change of a
line is a new format name of the action file.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from ledger.core.codes import (
    AccessDecision,
    Basis,
    CaptureMode,
    DataCategory,
    LabelledCode,
    Mark,
    Outcome,
    Purpose,
    ReviewVerdict,
    Role,
    Term,
)
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import to_hex
from ledger.core.typed_messages import MESSAGES

ZERO_ADDRESS: Final = "0x" + "00" * 20
LAST_SECOND: Final = 253_402_300_799
"""9999-12-31T23:59:59Z; a time beyond it is shown as the number it is."""

WHAT_IT_DOES: Final[Mapping[str, str]] = {
    "RegisterAgency": "register an agency with its first key",
    "RestoreAdmin": "give an agency an ADMIN key again",
    "BindKey": "bind a key to an agency",
    "RetireKey": "retire a key, for ever",
    "RevokeKey": "revoke a key, for ever",
    "SetEndpoint": "name the gateway of an agency",
    "SetSealingKey": "set the sealing key of an agency",
    "PublishItem": "publish a version of a catalogue item",
    "RetireItem": "retire a catalogue item, for ever",
    "SetDutyList": "set the duty list",
    "SetCalendar": "set the calendar of working days",
    "Mark": "mark a record",
    "Repudiate": "say that a batch is not the gateway's, for ever",
    "RecordConsent": "record a person's consent that the holder gives data to the recipient",
    "WithdrawConsent": "withdraw a consent, for ever",
    "RequestAccess": "ask a holder for records",
    "DecideAccess": "decide a request for records",
    "RevokeGrant": "end a grant as its holder, for ever",
    "WithdrawRequest": "take back a request that is not decided",
    "CloseGrant": "end a grant as its reader, for ever",
    "OpenEmergency": "open records of these items at once, to be reviewed by another agency",
    "CoSignEmergency": "co-sign an emergency, so that it lives its whole time",
    "EndEmergency": "end an emergency, for ever",
    "ReviewEmergency": "judge an emergency that is over",
    "NoteNotified": "state that the persons concerned were told of an emergency",
    "DeferNotice": "put off telling the persons concerned of an emergency",
    "NoteDestroyed": "state that what an emergency showed was destroyed",
    "KeepData": "keep what an emergency showed, for the reasons of an assessment",
    "PauseAgencyRegistry": "pause the binding of keys for 72 hours",
    "PauseCatalogue": "pause the catalogue for 72 hours",
    "PauseConsentRegistry": "pause the recording of consents for 72 hours",
    "PauseAccessLedger": "pause requests and decisions for 72 hours",
}

_TIMES: Final = frozenset(
    ("deadline", "until", "expiresAt", "destroyBy", "validFrom", "validUntil", "suspectFrom"),
)
_NONE_IF_ZERO: Final = frozenset(("destroyBy",))


def summary_of(action: str, message: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the lines that say what a message does and what each of its members is; the nonce is left out.

    `message` has the shapes of `typed_messages.message_from_json`. First the action, then one line a member, in the
    order in which the message is signed.
    """
    lines = [f"{action}: {WHAT_IT_DOES[action]}"]
    for member, type_name in MESSAGES[action].members:
        if member != "nonce":
            lines.append(f"{member}: {_words(member, type_name, message[member])}")
    return tuple(lines)


def time_words(seconds: int) -> str:
    """Return a time in UTC as `2026-11-21 06:41:52Z`, the number itself beyond the year 9999."""
    if seconds > LAST_SECOND:
        return str(seconds)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _bits(names: Mapping[int, str]) -> Callable[[int], str]:
    """Say the set bits of a bitmap, from bit 0, unknown ones as `bit n`; `none` for an empty one."""

    def words(bitmap: int) -> str:
        places = [place for place in range(bitmap.bit_length()) if bitmap >> place & 1]
        return ", ".join(names.get(place, f"bit {place}") for place in places) or "none"

    return words


def _words(member: str, type_name: str, value: Any) -> str:
    if type_name == "bytes32":
        return "none" if value == ZERO32 else to_hex(value)
    if type_name == "address":
        return "none" if value == ZERO_ADDRESS else str(value)
    if type_name == "uint32[]":
        return ", ".join(map(str, value)) or "none"
    if member in _TIMES:
        return "none" if value == 0 and member in _NONE_IF_ZERO else time_words(value)
    return _NUMBERS.get(member, str)(value)


def _coded(kind: type[LabelledCode]) -> Callable[[int], str]:
    labels = {int(code): f"{getattr(code, 'short_name', int(code))} {code.en}" for code in kind}
    return lambda value: labels.get(value, str(value))


def _labels(kind: type[LabelledCode]) -> Mapping[int, str]:
    return {int(code): code.en for code in kind}


_ROLES: Final = _bits({int(role): role.name for role in Role})
_MARKS: Final = {int(mark): f"{int(mark)} {mark.name.lower()}" for mark in Mark}
_NUMBERS: Final[Mapping[str, Callable[[int], str]]] = {
    "purpose": _coded(Purpose),
    "basis": _coded(Basis),
    "captureMode": _coded(CaptureMode),
    "mark": lambda mark: _MARKS.get(mark, str(mark)),
    "roles": _ROLES,
    "allowedRoles": _ROLES,
    "categories": _bits(_labels(DataCategory)),
    "terms": _bits(_labels(Term)),
    "decision": _coded(AccessDecision),
    "outcome": _coded(Outcome),
    "verdict": _coded(ReviewVerdict),
    "uses": lambda uses: "not limited" if uses == 0 else str(uses),
}
