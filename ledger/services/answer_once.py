"""Answer a write once: the same idempotency key with the same request gets the first answer again."""

import hashlib
from collections.abc import Callable

from ledger.errors import Conflict, FormatError
from ledger.rows import SavedAnswer
from ledger.services.authenticate import Call

LONGEST_KEY = 128


def answer_once(
    call: Call, key: str | None, target: str, content: bytes, make: Callable[[], tuple[int, bytes]]
) -> tuple[int, bytes]:
    """Return the (status, body) that `make` gives, or those that were given first under `key` (1 to 128 characters).

    `target` (method, path and query) and `content` are the request: another one under the same key raises Conflict.
    Without a key every request is answered by itself.
    """
    if key is None:
        return make()
    if not 1 <= len(key) <= LONGEST_KEY:
        raise FormatError(f"Idempotency-Key: expected 1 to {LONGEST_KEY} characters")
    digest = hashlib.sha256(target.encode("utf-8") + b"\x00" + content).digest()
    saved = call.transaction.saved_answer(call.agency, key)
    if saved is not None:
        if saved.request_digest != digest:
            raise Conflict("this Idempotency-Key was used for another request")
        return saved.status, saved.body
    status, body = make()
    call.transaction.save_answer(call.agency, key, SavedAnswer(digest, status, body), call.now)
    return status, body
