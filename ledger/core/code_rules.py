"""Which slots of a record must hold a code of which set: what intake asks, at a gateway and at a publisher.

Committing and verifying do not ask it: a record that was taken stays readable whatever its codes are.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ledger.core.canonical import JsonValue
from ledger.core.code_sets import REFUSE, CodeSet, CodeSetReference
from ledger.errors import CodeUnknown, SchemaError

MOST_NAMED = 40
"""Accepted codes that an error lists; `gongzhi codes show` lists them all."""


@dataclass(frozen=True, slots=True)
class CodeRule:
    """The value at `path` is null or in `code_set`; of a list, every element is in it."""

    path: str
    code_set: CodeSet

    def holds(self, value: JsonValue) -> bool:
        """Say whether a value keeps the rule."""
        if value is None:
            return True
        accepts = self.code_set.accepts
        return all(accepts(one) for one in value) if isinstance(value, list) else accepts(value)


@dataclass(frozen=True)
class CodeRules:
    """The rules of a schema: those that refuse a record and those that only warn, in the order of its slots."""

    refusing: tuple[CodeRule, ...] = ()
    warning: tuple[CodeRule, ...] = ()

    def refuse_unknown(self, originals: Mapping[str, JsonValue]) -> None:
        """Raise CodeUnknown for the first value outside its set: path, set and accepted codes, never the value.

        `context` of the error holds `path` and `code_set`.
        """
        for rule in self.refusing:
            if not rule.holds(originals.get(rule.path)):
                name = rule.code_set.reference
                detail = f"{rule.path}: not in code set {name}; {accepted_words(rule.code_set)}"
                raise CodeUnknown(detail, path=rule.path, code_set=name)

    def warnings(self, originals: Mapping[str, JsonValue]) -> tuple[CodeRule, ...]:
        """Return the rules that only warn and that these values break: to be counted by path, never with the value."""
        return tuple([rule for rule in self.warning if not rule.holds(originals.get(rule.path))])


def code_rules(named: Iterable[tuple[str, CodeSetReference]], code_set_of: Callable[[bytes], CodeSet]) -> CodeRules:
    """Return the rules of slots (path, reference); `code_set_of` gives the code set of a hash, or raises.

    Raises SchemaError for a reference without a hash: nothing says then which codes it means.
    """
    refusing: list[CodeRule] = []
    warning: list[CodeRule] = []
    for path, reference in named:
        if reference.hash is None:
            raise SchemaError(f"{path}: the schema names code set {reference} without its hash")
        rule = CodeRule(path, code_set_of(reference.hash))
        (refusing if rule.code_set.failing == REFUSE else warning).append(rule)
    return CodeRules(tuple(refusing), tuple(warning))


def accepted_words(code_set: CodeSet) -> str:
    """Return what a code set accepts in words for an error: at most `MOST_NAMED` codes, or its computed check."""
    show = f"`gongzhi codes show {code_set.name}`"
    if code_set.check is not None:
        return f"accepted: what check {code_set.check} ({code_set.title['en']}) accepts, see {show}"
    listed = ", ".join(code_set.accepted[:MOST_NAMED])
    more = len(code_set.accepted) - MOST_NAMED
    return f"accepted: {listed}" + (f" … and {more} more; {show}" if more > 0 else "")
