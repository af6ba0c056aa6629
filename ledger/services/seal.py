"""Seal originals and open them again, asking the key provider once a day (architecture, decision 9)."""

import os
import threading
from collections.abc import Mapping
from datetime import UTC, datetime

from ledger.core.canonical import JsonValue, decode
from ledger.core.commitment import CommittedRecord, RecordContent, commit
from ledger.core.keccak import keccak256
from ledger.core.schema import Schema
from ledger.core.sealing import AEAD_NONCE_BYTES, DATA_KEY_BYTES, associated_data, seal, unseal
from ledger.core.stored import parse_sealed_content, sealed_content, search_keys, stored_slots
from ledger.errors import SealingError
from ledger.ports import Transaction
from ledger.rows import DailyKey, NewRecord, StoredRecord
from ledger.services.gateway import Gateway

_SECONDS_A_DAY = 86_400


class DailyKeys:
    """The daily keys that this process has opened; the provider is asked once for each."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._lock = threading.Lock()
        self._current: tuple[int, DailyKey] | None = None
        self._opened: dict[str, DailyKey] = {}

    def current(self) -> DailyKey:
        """Return the key that seals today; raises KeyProviderError or StoreError.

        Each process has its own. It is stored, in a transaction of its own, before anything is sealed with it: never
        call this within a transaction.
        """
        now = self._gateway.clock()
        today = now // _SECONDS_A_DAY
        with self._lock:
            if self._current is None or self._current[0] != today:
                name = f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d}-{os.urandom(8).hex()}"
                key = self._gateway.key_provider.new_daily_key(name)
                with self._gateway.store.begin() as transaction:
                    transaction.add_daily_key(key.key_id, key.wrapped, now)
                self._current = (today, key)
                self._opened[key.key_id] = key
            return self._current[1]

    def by_id(self, transaction: Transaction, key_id: str) -> DailyKey:
        """Return a daily key by its id; raises SealingError if it is not here, KeyProviderError if it does not open."""
        key = self._opened.get(key_id)
        if key is None:
            wrapped = transaction.daily_key(key_id)
            if wrapped is None:
                raise SealingError(f"the daily key {key_id} is not here")
            key = self._opened[key_id] = self._gateway.key_provider.open_daily_key(key_id, wrapped)
        return key


def seal_record(
    schema: Schema, committed: CommittedRecord, salt_secret: bytes, originals: Mapping[str, JsonValue], daily: DailyKey
) -> NewRecord:
    """Return a committed record with its originals sealed under a data key of its own, ready to be stored."""
    random = os.urandom(DATA_KEY_BYTES + 2 * AEAD_NONCE_BYTES)
    data_key, rest = random[:DATA_KEY_BYTES], random[DATA_KEY_BYTES:]
    associated = associated_data(committed.record_id, committed.version, committed.record_root)
    plaintext = sealed_content(schema, salt_secret, committed.values)
    ciphertext = seal(data_key, rest[:AEAD_NONCE_BYTES], plaintext, associated)
    return NewRecord(
        record_id=committed.record_id,
        version=committed.version,
        previous=committed.previous,
        record_root=committed.record_root,
        slots=stored_slots(schema, committed),
        keys=search_keys(originals),
        ciphertext=ciphertext,
        ciphertext_digest=keccak256(ciphertext),
        wrapped_key=seal(daily.clear, rest[AEAD_NONCE_BYTES:], data_key, associated),
        daily_key_id=daily.key_id,
    )


def open_record(transaction: Transaction, keys: DailyKeys, schema: Schema, record: StoredRecord) -> CommittedRecord:
    """Return a stored record with every slot's value and salt; raises SealingError.

    What was unsealed is committed anew, and must give the record root that was signed.
    """
    content = transaction.sealed(record.record_id, record.version)
    if content is None:
        raise SealingError("the record has no sealed content")
    associated = associated_data(record.record_id, record.version, record.record_root)
    daily = keys.by_id(transaction, content.daily_key_id)
    data_key = unseal(daily.clear, content.wrapped_key, associated)
    salt_secret, sealed = parse_sealed_content(unseal(data_key, content.ciphertext, associated))
    originals = {**sealed, **_stored_originals(schema, record)}
    made = commit(schema, RecordContent(record.record_id, record.version, record.previous, salt_secret, originals))
    if made.record_root != record.record_root:
        raise SealingError("what was unsealed does not give the record root")
    return made


def _stored_originals(schema: Schema, record: StoredRecord) -> dict[str, JsonValue]:

    values = record.slots.open_values.decode("utf-8").split("\n")
    stored = [slot for slot in schema.slots if slot.is_stored_open]
    return {slot.path: decode(value) for slot, value in zip(stored, values, strict=True) if slot.is_original}
