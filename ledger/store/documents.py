"""Hashed documents and the deployment's settings."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ledger.store.session import Session, any_of

KEEP = """
    INSERT INTO documents (document_hash, media_type, content, created_at) VALUES (%s, %s, %s, %s)
    ON CONFLICT DO NOTHING"""
DOCUMENT = "SELECT media_type, content FROM documents WHERE document_hash = %s"
NAMED = "SELECT document_hash, media_type, content FROM documents WHERE document_hash "
NEXT_DOCUMENT = """
    SELECT document_hash, media_type, content FROM documents WHERE document_hash > %s ORDER BY document_hash LIMIT 1"""
SETTING = "SELECT value FROM settings WHERE name = %s"
SET = "INSERT INTO settings (name, value) VALUES (%s, %s::json) ON CONFLICT (name) DO UPDATE SET value = excluded.value"


class Documents(Session):
    """See `ledger.ports.Transaction`, documents and settings."""

    def add_document(self, document_hash: bytes, media_type: str, content: bytes, created_at: int) -> None:
        """Keep a hashed document; keeping it twice is no error."""
        self._run(KEEP, (document_hash, media_type, content, created_at))

    def document(self, document_hash: bytes) -> tuple[str, bytes] | None:
        """Return (media type, bytes) of a document."""
        row = self._row(DOCUMENT, (document_hash,))
        return None if row is None else (row[0], row[1])

    def documents_named(self, hashes: Sequence[bytes]) -> Mapping[bytes, tuple[str, bytes]]:
        """Return (media type, bytes) of those of these documents that are here, by hash."""
        if not hashes:
            return {}
        return {row[0]: (row[1], row[2]) for row in self._rows(NAMED + any_of(len(hashes)), hashes)}

    def documents(self) -> Iterator[tuple[bytes, str, bytes]]:
        """Yield (hash, media type, bytes) of every document, by hash; one is in memory at a time."""
        last = b""
        while (row := self._row(NEXT_DOCUMENT, (last,))) is not None:
            last = row[0]
            yield row[0], row[1], row[2]

    def setting(self, name: str) -> Any:
        """Return a JSON value kept under a name, or None."""
        return self._value(SETTING, (name,))

    def set_setting(self, name: str, value: Any) -> None:
        """Keep a JSON value under a name."""
        self._run(SET, (name, json.dumps(value)))
