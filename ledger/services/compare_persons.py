"""Compare the persons of records and consents, for an auditor who may not know who they are (formats page, section 9).

For whoever holds the gateway's keys: it opens a record's own `/subject`, which gives the record root that was anchored,
and makes the consent's tag of it anew. Nothing that it opens leaves it.
"""

from collections.abc import Callable

from ledger.core.access_facts import ConsentFacts
from ledger.core.canonical import decode
from ledger.core.codes import EntryType
from ledger.core.eip712 import ZERO32
from ledger.core.export import ExportedLook, entry_members, parse_entry
from ledger.core.hexadecimal import from_hex
from ledger.core.history import History
from ledger.core.person_answer import Compared, ComparedLook, PersonsAnswer
from ledger.core.person_sample import ConsentedLook, PersonsSample
from ledger.core.receipt import Opening
from ledger.core.schema import ORIGINAL, SUBJECT_PATH
from ledger.core.subjects import subject_tag
from ledger.errors import FormatError, SealingError
from ledger.person_errors import PersonsSampleDiffers
from ledger.ports import Transaction
from ledger.services.consented_looks import looks_on_consent
from ledger.services.find_document import schema_of
from ledger.services.gateway import Gateway
from ledger.services.seal import DailyKeys, open_record

PERIODS_TRIED = 1 << 16
"""Periods of a person's tags for one recipient and purpose: more than a quota of questions lets anybody ask for."""


def compare_persons(
    gateway: Gateway, sample: PersonsSample, advance: Callable[[int], None] = lambda _: None
) -> PersonsAnswer:
    """Return the signed answer to a sample; `advance` is told of looks done.

    Raises PersonsSampleDiffers for a sample of another gateway or ledger, or with a look that did not open this record
    on this consent here: pairs that somebody made up would tell him which consents are of one person. Raises
    KeyProviderError, StoreError, DirectoryDiffers.
    """
    with gateway.store.begin() as transaction:
        history = gateway.facts.history(transaction)
    if sample.gateway != gateway.agency or sample.domain not in gateway.domains_in(history):
        raise PersonsSampleDiffers("the sample is of another gateway, chain or contract")
    comparing = _Comparing(gateway, history)
    looks = []
    for look in sample.looks:
        looks.append(comparing.compared(look))
        advance(1)
    answer = PersonsAnswer(
        sample.domain, gateway.agency, sample.hash, gateway.clock(), tuple(looks), gateway.api_signer.address
    )
    return answer.signed(gateway.api_signer.sign_preimage(answer.preimage))


class _Comparing:
    def __init__(self, gateway: Gateway, history: History) -> None:
        self._gateway, self._history, self._keys = gateway, history, DailyKeys(gateway)

    def compared(self, look: ConsentedLook) -> ComparedLook:
        """Return what is found of one look, in a transaction of its own."""
        with self._gateway.store.begin() as transaction:
            if not _is_here(transaction, self._history, look):
                raise PersonsSampleDiffers(f"entry {look.sequence}: it did not open this record on this consent")
            consent = self._history.consents[look.consent]
            digest, result = self._found(transaction, look, consent)
        place = look.sequence, look.record_id, look.version, look.consent
        return ComparedLook(*place, consent.subject_tag, digest, result)

    def _found(self, transaction: Transaction, look: ConsentedLook, consent: ConsentFacts) -> tuple[bytes, Compared]:
        record = transaction.record(look.record_id, look.version)
        if record is None or record.record_root != look.record_root:
            return ZERO32, Compared.UNOPENED
        if record.erased_at is not None:
            return ZERO32, Compared.ERASED
        schema = schema_of(transaction, record.schema_hash)
        if not schema.has_subject:
            return ZERO32, Compared.OTHER
        try:
            made = open_record(transaction, self._keys, schema, record)
        except (SealingError, FormatError):
            return ZERO32, Compared.UNOPENED
        place = schema.index[SUBJECT_PATH, ORIGINAL]
        value = decode(made.values[place])
        is_same = value is not None and self._gives(transaction, from_hex(value, 32, what=SUBJECT_PATH), consent)
        return made.digests[place], Compared.SAME if is_same else Compared.OTHER

    def _gives(self, transaction: Transaction, token: bytes, consent: ConsentFacts) -> bool:
        """Say whether a token gives the tag of a consent, in any period.

        What the gateway kept of the tag says at most in which period to look: it is made anew, whatever was kept.
        """
        hmac, use = self._gateway.key_provider.subject_hmac, (consent.recipient, consent.purpose)
        kept = transaction.subject_tag(consent.subject_tag)
        if kept is not None and subject_tag(hmac, kept.token, *use, kept.period) == consent.subject_tag:
            return kept.token == token
        return any(subject_tag(hmac, token, *use, period) == consent.subject_tag for period in range(PERIODS_TRIED))


def _is_here(transaction: Transaction, history: History, look: ConsentedLook) -> bool:
    """Say whether this gateway's stream has a look."""
    stored = next(iter(transaction.entries_after(look.sequence - 1, 1)), None)
    if stored is None or stored.sequence != look.sequence or stored.entry.entry_type != EntryType.DISCLOSURE:
        return False
    said, kept = stored.entry, transaction.evidence([stored.entry_id]).get(stored.entry_id)
    if kept is None:
        return False
    members = entry_members(look.sequence, said.entry_type, said.message, said.signer, said.signature, said.annex)
    openings = tuple(Opening(*opening) for opening in kept.openings)
    disclosed = ExportedLook(look.sequence, kept.request_base.decode("ascii"), kept.request_signature, openings)
    return look in looks_on_consent(history, parse_entry(members), disclosed)
