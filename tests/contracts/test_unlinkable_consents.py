"""Consents of one person as the project makes them, on a real chain: no value joins them there, however one looks.

Every word of the calldata, events and storage of each consent is cut into every run of 20 bytes, the length of an
address. What two consents of one person share must be what the consent of a stranger shares with them: agencies,
purpose, text, times. A run never reaches into the next word: beside a word that all share, one byte is equal by chance.
"""

import gzip
import json
import os
from collections.abc import Callable, Iterator
from itertools import combinations

import pytest

from ledger.chain.contracts.binding import Call
from ledger.client.consents import prolonged
from ledger.core.access_facts import ConsentFacts
from ledger.core.codes import CaptureMode
from ledger.core.consent_documents import Evidence
from ledger.core.points import Point
from ledger.core.scope import Scope
from ledger.core.subjects import SubjectId, canonical_id, internal_token, subject_tag
from ledger.errors import UsageError
from ledger.keys.file_provider import FileKeyProvider
from tests.contracts.offices import GUARDIAN, OWN_KEY, PURPOSE, Consented, Offices, word
from tests.contracts.sandbox import Sandbox
from tests.simulated_authorities import TEXT

pytestmark = pytest.mark.contracts

WORD_BYTES = 32
ADDRESS_BYTES = 20
PADDING = bytes(8)
"""A run with that many zeros in a row holds a number of at most 12 bytes: agency, purpose, categories, a deadline."""
KEYS = FileKeyProvider(os.urandom(32))
PERSON = canonical_id("resident-id", "99010119900307004X")
STRANGER = canonical_id("resident-id", "990101195501010017")
TIMES = {"validFrom": 1, "validUntil": 1 << 40, "deadline": 1 << 40}


@pytest.fixture
def sandbox(offices: Offices) -> Sandbox:
    return offices.sandbox


def consent_of(
    person: SubjectId, offices: Offices, mode: int = OWN_KEY, period: int = 0, **changes: bytes
) -> tuple[Consented, Call]:
    """Return a consent of a person: always the same recipient, holder, purpose, text, times and region."""
    token = internal_token(KEYS.subject_hmac, person)
    recipient = offices.reader.agency
    tag = subject_tag(KEYS.subject_hmac, token, recipient, PURPOSE, period)
    scope = Scope(os.urandom(32), ("990101001003",))
    evidence = Evidence(os.urandom(32), CaptureMode(mode), tag, word("text"))
    hashes = {"subjectTag": tag, "scopeHash": scope.hash, "evidenceHash": evidence.hash}
    return offices.consent(mode, **{**hashes, "salt": os.urandom(32), **TIMES, **changes})


def storage(sandbox: Sandbox) -> dict[bytes, bytes]:
    """Return every storage word of the registry of consents, by its slot."""
    state = json.loads(gzip.decompress(bytes.fromhex(sandbox.rpc("anvil_dumpState")[2:])))
    accounts = {name.lower(): account for name, account in state["accounts"].items()}
    kept: dict[str, str] = accounts[sandbox.addresses["ConsentRegistry"].lower()]["storage"]
    return {_word(slot): _word(value) for slot, value in kept.items()}


def _word(text: str) -> bytes:
    return int(text, 16).to_bytes(32, "big")


def left_by(sandbox: Sandbox, *calls: Callable[[], Call]) -> list[bytes]:
    """Send calls; return their calldata, what their events say, and the storage words that they wrote."""
    before, data = storage(sandbox), []
    for make in calls:
        call = make()
        receipt = sandbox.mine({"from": sandbox.relay, "to": call.to, "data": "0x" + call.data.hex()})
        data.append(call.data[4:])
        data += [bytes.fromhex(log["data"][2:]) for log in receipt["logs"]]
        data += [bytes.fromhex(topic[2:]) for log in receipt["logs"] for topic in log["topics"][1:]]
    written = [(slot, value) for slot, value in storage(sandbox).items() if before.get(slot) != value]
    assert written
    return [*data, *(part for pair in written for part in pair)]


def runs(data: list[bytes]) -> Iterator[bytes]:
    """Yield every run of 20 bytes within one word that is more than a padded number."""
    words = (part[place : place + WORD_BYTES] for part in data for place in range(0, len(part), WORD_BYTES))
    for part in words:
        for place in range(len(part) - ADDRESS_BYTES + 1):
            run = part[place : place + ADDRESS_BYTES]
            if PADDING not in run:
                yield run


def recorded(
    sandbox: Sandbox, offices: Offices, made: tuple[Consented, Call], *, withdrawn: bool = False
) -> set[bytes]:
    """Record a consent, and withdraw it if asked; return every run of 20 bytes that stays of it."""
    consent, call = made
    calls: list[Callable[[], Call]] = [lambda: call]
    if withdrawn:
        calls.append(lambda: offices.withdrawal(consent))
    return set(runs(left_by(sandbox, *calls)))


def test_no_value_on_chain_joins_the_consents_of_one_person(sandbox: Sandbox, offices: Offices) -> None:
    strangers: set[bytes] = set()
    for period, mode in enumerate((OWN_KEY, GUARDIAN)):
        strangers |= recorded(sandbox, offices, consent_of(STRANGER, offices, mode, period), withdrawn=True)
    assert set(runs([word("text")])) <= strangers
    modes = OWN_KEY, OWN_KEY, GUARDIAN, OWN_KEY
    left = [
        recorded(sandbox, offices, consent_of(PERSON, offices, mode, period), withdrawn=period % 2 == 1)
        for period, mode in enumerate(modes)
    ]
    for one, other in combinations(left, 2):
        assert one & other <= strangers


def _facts(made: Consented) -> ConsentFacts:
    said = made.message
    hashes = said["scopeHash"], said["textHash"], said["evidenceHash"]
    taken = said["controller"], said["capturedBy"], said["captureMode"], said["validFrom"], said["validUntil"]
    terms = said["recipient"], said["holder"], said["subjectTag"], said["categories"], said["purpose"]
    return ConsentFacts(made.identifier, *terms, *hashes, *taken, Point(1, 0, 1))


def test_a_prolonged_consent_is_not_joined_to_the_one_before(sandbox: Sandbox, offices: Offices) -> None:
    strangers = recorded(sandbox, offices, consent_of(STRANGER, offices))
    scope = Scope(os.urandom(32), ("990101003",))
    made = consent_of(PERSON, offices, period=20, scopeHash=scope.hash)
    before, old = recorded(sandbox, offices, made), _facts(made[0])
    new = prolonged(old, scope, TEXT, now=old.valid_until - 7_777, until=old.valid_until + 1)
    after = recorded(sandbox, offices, consent_of(PERSON, offices, period=21, scopeHash=new.scope.hash))
    assert before & after <= strangers
    with pytest.raises(UsageError, match="that long already"):
        prolonged(old, scope, TEXT, now=7, until=old.valid_until)
    assert {new.valid_from, new.valid_until}.isdisjoint({old.valid_from, old.valid_until})
    assert (new.recipient, new.purpose, new.scope.regions) == (old.recipient, old.purpose, scope.regions)


def test_a_value_that_two_consents_share_would_be_seen(sandbox: Sandbox, offices: Offices) -> None:
    strangers = recorded(sandbox, offices, consent_of(STRANGER, offices))
    shared = Scope(os.urandom(32), ("990101001003",)).hash
    one, other = (
        recorded(sandbox, offices, consent_of(PERSON, offices, period=period, scopeHash=shared)) for period in (7, 8)
    )
    assert set(runs([shared])) <= (one & other) - strangers
