"""Derivation rules by their permanent names (formats page, section 11): the registry and `derive`.

PERMANENT: rule names stand in schema documents, which are hashed, and what a rule returns is committed. A
rule is never edited; a better one gets the next version number and stands beside it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ledger.core import rules_values as values
from ledger.core.canonical import JsonValue
from ledger.core.rules_text import redact_strings, text_redact
from ledger.errors import RuleError

__all__ = ["KNOWN_KINDS", "RULES", "Rule", "RuleContext", "derive", "redact_strings"]


@dataclass(frozen=True, slots=True)
class RuleContext:
    """What a rule may know of the record beside the slot's own value.

    `occurred_at`: value of `/occurredAt` in Unix seconds, None where the record has none (`g:age-flags@1`).
    `redact`: what `redact_strings` made of the values at the schema's `redact` paths (`g:text-redact@1`).
    """

    occurred_at: int | None = None
    redact: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its permanent `kind`, the slot types it reads and writes, and what it does to a value that is
    not null.
    """

    kind: str
    reads: str
    writes: str
    apply: Callable[[JsonValue, RuleContext], JsonValue]


def _of_value(function: Callable[[JsonValue], JsonValue]) -> Callable[[JsonValue, RuleContext], JsonValue]:
    return lambda value, _: function(value)


_ALL: Final = (
    Rule("g:surname@1", "string", "string", _of_value(values.surname)),
    Rule("g:phone-3-4@1", "string", "string", _of_value(values.phone_3_4)),
    Rule("g:id-1-2@1", "string", "string", _of_value(values.id_1_2)),
    Rule("g:birth-year@1", "string", "integer", _of_value(values.birth_year)),
    Rule("g:birth-band5@1", "string", "string", _of_value(values.birth_band5)),
    Rule("g:birth-band10@1", "string", "string", _of_value(values.birth_band10)),
    Rule("g:age-flags@1", "string", "list", lambda value, about: values.age_flags(value, about.occurred_at)),
    Rule("g:plate-3-1@1", "string", "string", _of_value(values.plate_3_1)),
    Rule("g:point-3@1", "string", "string", _of_value(values.point_3)),
    Rule("g:point-2@1", "string", "string", _of_value(values.point_2)),
    Rule("g:addr-building@1", "object", "object", _of_value(values.address_down_to("building"))),
    Rule("g:addr-community@1", "object", "object", _of_value(values.address_down_to("community"))),
    Rule("g:addr-street@1", "object", "object", _of_value(values.address_down_to("street"))),
    Rule("g:addr-district@1", "object", "object", _of_value(values.address_down_to("district"))),
    Rule("g:region-9@1", "region", "region", _of_value(values.region_prefix(9))),
    Rule("g:region-6@1", "region", "region", _of_value(values.region_prefix(6))),
    Rule("g:text-redact@1", "string", "string", lambda value, about: text_redact(value, about.redact)),
)

RULES: Final[Mapping[str, Rule]] = MappingProxyType({rule.kind: rule for rule in _ALL})
"""Every rule by its kind."""

KNOWN_KINDS: Final = frozenset(RULES)
"""Kinds of derived slots; the kind `o` of originals is none of them."""


def derive(kind: str, value: JsonValue, context: RuleContext) -> JsonValue:
    """Return what the rule `kind` makes of an original's `value`; null gives null.

    Raises `RuleError` for an unknown kind and for a malformed value; the message never holds the value.
    Source: formats page, section 11.
    """
    rule = RULES.get(kind)
    if rule is None:
        raise RuleError(f"no rule is called {kind}")
    if value is None:
        return None
    return rule.apply(value, context)
