"""A client's own outbox: content is on disk before anything is sent, and is signed only when it is sent.

    FOLDER/NAME.content.ndjson   header line, then one record a line, then one attachment a line; written once, removed
                                 when accepted
    FOLDER/NAME.attempts.json    every submission that was signed for it, written before it is sent
    FOLDER/NAME.sent.json        what the gateway accepted: submissionId, entry, times; no content
    FOLDER/NAME.refused.json     records that it refused for their persons, by submissionId: places and rows; no content

A crash at any moment loses nothing and sends nothing twice: the submissionId never changes, and where an attempt was
made whose outcome is unknown, the gateway is asked by id before anything is signed anew. Names are sent in their order.
Where records are refused because their persons were collected before, who sends may have them left out: that is on disk
first, then the others take the content's place under a submissionId of their own.
The folder holds originals in clear until they are accepted: only its owner enters it.
"""

import fcntl
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from ledger.action_errors import DuplicateSubject
from ledger.client.attaching import AttachedFile
from ledger.client.durable import private_folder, write_durably
from ledger.client.promises import broken
from ledger.client.publishing import Accepted, Publishing
from ledger.client.submissions import SignedContent, SubmissionContent
from ledger.core.canonical import decode, encode
from ledger.core.hexadecimal import from_hex, to_address, to_hex
from ledger.core.shapes import array, members_of, text, unsigned
from ledger.core.statements import message_from_json, message_to_json
from ledger.errors import Conflict, FormatError, GatewayUnreachable, NotEntitled, NotFound, StaleStatement, UsageError

FORMAT = "gongzhi-outbox/1"
MOST_TRIES = 4
"""How often one content is signed anew within one `send`; every answer in between said that this was needed."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,80}")
_CONTENT, _ATTEMPTS, _SENT, _REFUSED = ".content.ndjson", ".attempts.json", ".sent.json", ".refused.json"
LeaveOut: TypeAlias = Callable[[SubmissionContent, Sequence[int]], SubmissionContent | None]
"""Gives a content of the records that do not stand at these places, under another submissionId; None if none are."""


class ClientOutbox:
    """Contents on their way to one gateway, in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = private_folder(folder)

    def put(self, name: str, content: SubmissionContent) -> bool:
        """Keep a content durably under `name`; False, and nothing done, if the name is pending or sent already.

        Raises UsageError for a name that is not lower-case letters, digits and hyphens.
        """
        if not _NAME.fullmatch(name):
            raise UsageError("an outbox name is lower-case letters, digits and hyphens")
        if self.holds(name):
            return False
        write_durably(self._path(name, _CONTENT), _content_lines(content))
        return True

    def holds(self, name: str) -> bool:
        """Say whether a content was ever put under `name`."""
        # The content first: whoever sends meanwhile removes it only when one of the others is there.
        return any(self._path(name, suffix).exists() for suffix in (_CONTENT, _SENT, _REFUSED))

    def pending(self) -> list[str]:
        """Return the names of what is not accepted yet, in the order of sending."""
        names = sorted(path.name.removesuffix(_CONTENT) for path in self.folder.glob(f"*{_CONTENT}"))
        return [name for name in names if not self._path(name, _SENT).exists()]

    def sent(self) -> dict[str, dict[str, Any]]:
        """Return what was accepted, by name: submissionId, entry, records, acceptedAt, anchorBy."""
        paths = sorted(self.folder.glob(f"*{_SENT}"))
        return {path.name.removesuffix(_SENT): _object(path.read_bytes()) for path in paths}

    def refused(self) -> dict[str, tuple[int, ...]]:
        """Return the table's rows whose records were refused and left out, by name."""
        names = sorted(path.name.removesuffix(_REFUSED) for path in self.folder.glob(f"*{_REFUSED}"))
        return {name: tuple(row for _, rows in self._refusals(name).values() for row in rows) for name in names}

    def content(self, name: str) -> SubmissionContent:
        """Return a pending content; raises FormatError for a damaged file."""
        return _parse_content(self._path(name, _CONTENT).read_bytes())

    def discard(self, name: str) -> None:
        """Forget a pending content that the gateway refuses, or that is not to be sent; nothing if there is none."""
        self._remove_content(name)

    @contextmanager
    def only_sender(self) -> Iterator[None]:
        """Hold the outbox for sending; raises UsageError if another process is sending from this folder."""
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UsageError("another process is sending from this outbox") from None
            for name in self.sent():  # contents whose acceptance was written before a crash
                self._remove_content(name)
            yield

    def send_all(self, publishing: Publishing, wait_seconds: int = 0) -> Iterator[tuple[str, Accepted]]:
        """Send what is pending, in order; yields each name once its acceptance is checked and kept.

        Stops at the first error and keeps the rest: raises as `send`, and UsageError if another process is sending from
        this folder.
        """
        with self.only_sender():
            for name in self.pending():
                accepted = self.send(name, publishing, wait_seconds)
                if accepted is not None:
                    yield name, accepted

    def send(
        self, name: str, publishing: Publishing, wait_seconds: int = 0, leave_out: LeaveOut | None = None
    ) -> Accepted | None:
        """Send a pending content, as the only sender; returns its acceptance once it is checked and kept.

        With `leave_out`, records that are refused because their persons were collected before are left out and noted
        (`refused`); None if nothing is left of the content. Different names may be sent at the same time. Raises
        GatewayUnreachable, the gateway's refusals, PromiseBroken.
        """
        if leave_out is not None:
            self._leave_out(name, leave_out)
        while self._path(name, _CONTENT).exists():
            try:
                return self._send(name, publishing, wait_seconds)
            except DuplicateSubject as refused:
                if leave_out is None or not refused.places:
                    raise
                self._note_refused(name, refused.places)
                self._leave_out(name, leave_out)
        return None

    def _note_refused(self, name: str, places: Sequence[int]) -> None:
        content = self.content(name)
        if not all(isinstance(place, int) and 0 <= place < len(content.records) for place in places):
            broken("the gateway refuses records at places that the submission does not have")
        rows = [content.rows[place] for place in places] if content.rows else []
        noted = self._refusals(name) | {to_hex(content.submission_id): (list(places), rows)}
        members = {submission: {"places": at, "rows": of} for submission, (at, of) in noted.items()}
        write_durably(self._path(name, _REFUSED), encode(members))

    def _leave_out(self, name: str, leave_out: LeaveOut) -> None:
        """Put the rest in the place of a content that was refused; nothing if it was not, or if that is done."""
        refusals = self._refusals(name)
        if not refusals:
            return
        content = self.content(name)
        places, _ = refusals.get(to_hex(content.submission_id), ([], []))
        if not places:
            return
        rest = leave_out(content, places)
        if rest is None:
            self._remove_content(name)
            return
        self._path(name, _ATTEMPTS).unlink(missing_ok=True)
        write_durably(self._path(name, _CONTENT), _content_lines(rest))

    def _refusals(self, name: str) -> dict[str, tuple[list[int], list[int]]]:
        """Return places and rows of what was refused under a name, by submissionId."""
        path = self._path(name, _REFUSED)
        noted = _object(path.read_bytes()) if path.exists() else {}
        return {submission: (one["places"], one["rows"]) for submission, one in noted.items()}

    def _send(self, name: str, publishing: Publishing, wait_seconds: int) -> Accepted:
        content = self.content(name)
        attempts = self._attempts(name)
        accepted = self._ask(content, attempts, publishing)
        if accepted is None:
            for file in content.attachments:
                publishing.upload(file)
        tries, tried = 0, [publishing.domain]
        while accepted is None:
            attempts.append(publishing.sign(content, tried[-1]))
            write_durably(self._path(name, _ATTEMPTS), _attempts_text(attempts))
            tries += 1
            try:
                accepted = publishing.send(content, attempts, wait_seconds)
            except NotEntitled:
                # A gateway cannot tell whose key it is where it was signed for another contract than it knows in force.
                other = publishing.untried(tried)
                if other is None:
                    raise
                tried.append(other)
            except DuplicateSubject:
                # An earlier attempt may have arrived meanwhile: then these are our own records.
                accepted = self._ask(content, attempts[:-1], publishing)
                if accepted is None:
                    raise
            except (GatewayUnreachable, StaleStatement, Conflict) as error:
                if isinstance(error, GatewayUnreachable) and not error.outcome_unknown:
                    raise
                accepted = self._ask(content, attempts, publishing)
                if accepted is None and tries == MOST_TRIES:
                    raise
        self._settle(name, content, accepted)
        return accepted

    @staticmethod
    def _ask(content: SubmissionContent, attempts: Sequence[SignedContent], publishing: Publishing) -> Accepted | None:
        """Return the gateway's earlier acceptance of one of `attempts`, None if it has none or nothing was signed."""
        if not attempts:
            return None
        try:
            return publishing.ask(content.submission_id, attempts)
        except NotFound:
            return None

    def _settle(self, name: str, content: SubmissionContent, accepted: Accepted) -> None:
        sent = {
            "submissionId": to_hex(accepted.submission_id),
            "entry": to_hex(accepted.entry),
            "records": len(content.records),
            "acceptedAt": accepted.accepted_at,
            "anchorBy": accepted.anchor_by,
        }
        write_durably(self._path(name, _SENT), encode(sent))
        self._remove_content(name)

    def _remove_content(self, name: str) -> None:
        # Not flushed: should a crash bring the files back, the next sender removes them.
        for suffix in (_CONTENT, _ATTEMPTS):
            self._path(name, suffix).unlink(missing_ok=True)

    def _attempts(self, name: str) -> list[SignedContent]:
        path = self._path(name, _ATTEMPTS)
        return _parse_attempts(path.read_bytes()) if path.exists() else []

    def _path(self, name: str, suffix: str) -> Path:
        return self.folder / f"{name}{suffix}"


def _content_lines(content: SubmissionContent) -> bytes:
    header = {
        "format": FORMAT,
        "submissionId": to_hex(content.submission_id),
        "item": content.item,
        "itemVersion": content.item_version,
        "schemaHash": to_hex(content.schema_hash),
        "recordsRoot": to_hex(content.root),
        "records": len(content.records),
    }
    if content.attachments:
        header["attachments"] = len(content.attachments)
    if content.rows:
        header["rows"] = list(content.rows)
    return b"\n".join((encode(header), *content.records, *map(_attachment_line, content.attachments))) + b"\n"


def _attachment_line(file: AttachedFile) -> bytes:
    content = b64encode(file.content).decode("ascii")
    return encode({"digest": to_hex(file.digest), "media": file.media, "content": content})


def _parse_attachment(line: bytes) -> AttachedFile:
    members = members_of(decode(line), ("digest", "media", "content"), what="outbox attachment")
    try:
        content = b64decode(text(members["content"], what="attachment content"), validate=True)
    except ValueError:
        raise FormatError("outbox attachment: content is no base64") from None
    return AttachedFile(
        from_hex(members["digest"], 32, what="attachment digest"), text(members["media"], what="media"), content
    )


def _parse_content(data: bytes) -> SubmissionContent:
    header, *lines = data.removesuffix(b"\n").split(b"\n")
    names = ("format", "submissionId", "item", "itemVersion", "schemaHash", "recordsRoot", "records")
    members = members_of(decode(header), names, what="outbox content", optional=("attachments", "rows"))
    count = unsigned(members["records"], 32, what="outbox records")
    if members["format"] != FORMAT or count + members.get("attachments", 0) != len(lines):
        raise FormatError("outbox content: another format, or not as many records and files as its header says")
    rows = tuple(unsigned(row, 32, what="outbox row") for row in array(members.get("rows", []), what="outbox rows"))
    if rows and len(rows) != count:
        raise FormatError("outbox content: not as many rows as records")
    return SubmissionContent(
        from_hex(members["submissionId"], 32, what="submissionId"),
        unsigned(members["item"], 32, what="item"),
        unsigned(members["itemVersion"], 32, what="itemVersion"),
        from_hex(members["schemaHash"], 32, what="schemaHash"),
        from_hex(members["recordsRoot"], 32, what="recordsRoot"),
        tuple(lines[:count]),
        tuple(map(_parse_attachment, lines[count:])),
        rows,
    )


def _attempts_text(attempts: Sequence[SignedContent]) -> bytes:
    return encode(
        [
            {
                "message": message_to_json("Submission", attempt.message),
                "signer": attempt.signer,
                "signature": to_hex(attempt.signature),
            }
            for attempt in attempts
        ]
    )


def _parse_attempts(data: bytes) -> list[SignedContent]:
    attempts = []
    for value in array(decode(data), what="outbox attempts"):
        members = members_of(value, ("message", "signer", "signature"), what="outbox attempt")
        attempts.append(
            SignedContent(
                message_from_json("Submission", members["message"]),
                to_address(text(members["signer"], what="attempt signer"), what="attempt signer"),
                from_hex(members["signature"], 65, what="attempt signature"),
            )
        )
    return attempts


def _object(data: bytes) -> dict[str, Any]:
    value = decode(data)
    if not isinstance(value, dict):
        raise FormatError("outbox: expected an object")
    return value
