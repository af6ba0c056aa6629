"""Rows of tags of consents, which lead to a person at this gateway only; they cross the ports as `ledger.rows` do."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TagUse:
    """The tag (32 bytes) of a consent, and what the consent is for. A tag serves the use that it was made for alone."""

    tag: bytes
    recipient: int
    purpose: int


@dataclass(frozen=True, slots=True)
class SubjectTag:
    """The tag (32 bytes) of a consent, and whom it was made for: internal token, recipient, purpose, period.

    `of_child`: somebody who was under 14 when the tag was made, so that only his guardian consents by it.
    """

    tag: bytes
    token: bytes
    recipient: int
    purpose: int
    period: int
    of_child: bool = False

    @property
    def use(self) -> TagUse:
        """What a consent with this tag may be for."""
        return TagUse(self.tag, self.recipient, self.purpose)
