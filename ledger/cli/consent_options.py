"""What a person consents to and how it was captured, as options of `gongzhi consent`."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli.acting import Acting, Named
from ledger.cli.code_names import parse_capture_mode, parse_categories, parse_purpose, parse_relation
from ledger.cli.moments import read_moment
from ledger.cli.scope_options import read_beginning
from ledger.client.consents import CONTROLLED, NewConsent, new_evidence, witnessed
from ledger.core.canonical import decode
from ledger.core.codes import CaptureMode, GuardianRelation, Role
from ledger.core.consent_documents import (
    WITNESSED_MODES,
    ConsentText,
    Evidence,
    parse_consent_text,
    parse_evidence,
)
from ledger.core.keccak import keccak256
from ledger.core.scope import Scope
from ledger.domain import load_document
from ledger.errors import UsageError


@dataclass(frozen=True)
class CaptureOptions:
    """How a consent is captured, as it was given."""

    mode: Annotated[str, typer.Option(help="own_key, guardian, witnessed_paper, assisted or statutory_notice")]
    consent_key: Annotated[
        Path | None,
        typer.Option(help="own key and guardian: keystore of this consent's own key, made if it is not there"),
    ] = None
    consent_password_file: Annotated[Path | None, typer.Option(help="file with the password of --consent-key")] = None
    relation: Annotated[str | None, typer.Option(help="guardian: parent, grandparent, appointed …")] = None
    paper: Annotated[Path | None, typer.Option(help="witnessed paper: the scan; only its digest is sent")] = None
    second_witness: Annotated[
        str | None,
        typer.Option(
            help="witnessed paper and assisted: key of the second person, an agency of the profile or a keystore"
        ),
    ] = None
    second_witness_password_file: Annotated[
        Path | None, typer.Option(help="file with the password of the second witness's keystore")
    ] = None
    second_witness_agency: Annotated[
        int | None, typer.Option(min=1, help="agency of the second witness; this one if not given")
    ] = None
    evidence: Annotated[
        Path | None, typer.Option(help="file with the evidence as the second witness has signed it, instead")
    ] = None

    @property
    def capture_mode(self) -> CaptureMode:
        """The mode; raises UsageError."""
        return parse_capture_mode(self.mode)

    def key(self, acting: Acting) -> Named:
        """Return the key that signs: the consent's own where the person controls it, else a SUBMIT key of the agency.

        Raises UsageError, KeyProviderError.
        """
        if self.capture_mode not in CONTROLLED or acting.options.action_key is not None:
            return acting.key(Role.SUBMIT)
        if self.consent_key is None or self.consent_password_file is None:
            raise UsageError(
                "a consent by the person's own key or a guardian's has a key of its own: give --consent-key and "
                "--consent-password-file, or with --prepare its address as --action-key"
            )
        if not self.consent_key.exists():
            _make_key(self.consent_key, self.consent_password_file)
        return acting.named(str(self.consent_key), self.consent_password_file)

    def proven(self, consent: NewConsent, acting: Acting) -> Evidence:
        """Return the evidence of a consent: what the file holds, or made and witnessed now; raises UsageError."""
        if self.evidence is not None:
            return parse_evidence(decode(_content(self.evidence)))
        evidence = self._unproven(consent)
        if evidence.capture_mode not in WITNESSED_MODES:
            return evidence
        if self.second_witness is None:
            raise UsageError("a consent that an agency takes for a person has a second witness: give --second-witness")
        witness = acting.named(self.second_witness, self.second_witness_password_file, *Role)
        if witness.signer is None:
            raise UsageError("the second witness signs here, or a file elsewhere: --evidence-out, witness, --evidence")
        return witnessed(evidence, self.second_witness_agency or acting.client.desk.agency, witness.signer)

    def unwitnessed(self, consent: NewConsent) -> Evidence:
        """Return the evidence of a consent for a second witness who is elsewhere; raises UsageError."""
        if self.capture_mode not in WITNESSED_MODES:
            raise UsageError(
                "--evidence-out goes with modes witnessed_paper and assisted: others have no second witness"
            )
        return self._unproven(consent)

    def tag_of_evidence(self) -> bytes | None:
        """Return the subject tag of the evidence in the file, None without a file; raises FormatError, UsageError."""
        return None if self.evidence is None else parse_evidence(decode(_content(self.evidence))).subject_tag

    def _unproven(self, consent: NewConsent) -> Evidence:
        mode = self.capture_mode
        return new_evidence(mode, consent, self._relation(mode), self._paper(mode))

    def _relation(self, mode: CaptureMode) -> GuardianRelation | None:
        if (self.relation is not None) != (mode is CaptureMode.GUARDIAN):
            raise UsageError("--relation goes with mode guardian, and with that only")
        return None if self.relation is None else parse_relation(self.relation)

    def _paper(self, mode: CaptureMode) -> bytes | None:
        if (self.paper is not None) != (mode is CaptureMode.WITNESSED_PAPER):
            raise UsageError("--paper goes with mode witnessed_paper, and with that only")
        return None if self.paper is None else keccak256(_content(self.paper))


@dataclass(frozen=True)
class TermsOptions:
    """What a person consents to, as it was given."""

    recipient: Annotated[str, typer.Option(help="agency that may receive, by number or name in the profile")]
    purpose: Annotated[str, typer.Option(help="what for: P01 to P13")]
    category: Annotated[list[str], typer.Option(help="general or sensitive; may be given several times")]
    text: Annotated[
        str,
        typer.Option(help="the text as it was shown: a file, or the name of one of the project's, as care-to-hospital"),
    ]
    until: Annotated[str, typer.Option(help="valid until: 2027-12-31, or a time with its zone")]
    holder: Annotated[str | None, typer.Option(help="agency that may give; this one if not given")] = None
    valid_from: Annotated[str | None, typer.Option(help="valid from: 2026-01-15, or a time; now if not given")] = None

    def consent(self, subject_tag: bytes, recipient: int, holder: int, scope: Scope) -> NewConsent:
        """Return the consent of the person of `subject_tag`; raises UsageError, FormatError."""
        return NewConsent(
            subject_tag,
            recipient,
            holder,
            parse_categories(self.category),
            parse_purpose(self.purpose),
            scope,
            read_text(self.text),
            int(time.time()) if self.valid_from is None else read_beginning(self.valid_from),
            read_moment(self.until),
        )


def read_text(named: str) -> ConsentText:
    """Return the consent text of a file, or of the project by its name (version 1); raises UsageError, FormatError."""
    path = Path(named)
    if path.exists():
        return parse_consent_text(decode(_content(path)))
    try:
        document: Any = load_document(f"consent_texts/{path.name}-1.json")
    except FileNotFoundError:
        raise UsageError("no such file, and no consent text of the project has this name") from None
    return parse_consent_text(document)


def _make_key(path: Path, password_file: Path) -> None:
    from ledger.keys.keystore import create_keystore
    from ledger.keys.private_file import read_password

    create_keystore(path, os.urandom(32), read_password(password_file))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as failure:
        raise UsageError(f"{path} cannot be read: {failure.strerror}") from None
