"""Processes, states, takers and deadlines in the words of people."""

from functools import lru_cache

from ledger.cli.catalogue import Language
from ledger.cli.code_set_files import code_set_named
from ledger.core.code_sets import CodeSet
from ledger.core.process_table import Deadline, ListedStep, Party
from ledger.domain.process_table import shipped_process_table

_PARTIES = {
    Party.PUBLISHER: ("记录发布机构", "publisher of the record"),
    Party.HOLDER: ("持有方", "holder"),
    Party.READER: ("查阅方", "reader"),
}


@lru_cache(maxsize=8)
def _code_set(place: int) -> CodeSet:
    return code_set_named(shipped_process_table().code_sets[place])


def process_title(process: str, language: Language) -> str:
    """Return a process in words, nothing for one that the code set lacks."""
    return _title(0, process, language)


def state_title(state: str, language: Language) -> str:
    """Return a state in words, nothing for one that the code set lacks."""
    return _title(1, state, language)


def _title(place: int, code: str, language: Language) -> str:
    found = _code_set(place).by_code.get(code)
    return "" if found is None else found.title[language]


def takers_text(step: ListedStep, language: Language) -> str:
    """Return who may take a step: kinds of agencies and the party, or that it stands on chain."""
    english = language is Language.EN
    who = [] if step.party is None else [_PARTIES[step.party][english]]
    who += [str(getattr(kind, language)) for kind in step.agency_kinds]
    return ", ".join(who) or ("on chain" if english else "链上")


def deadline_text(deadline: Deadline, step: ListedStep, language: Language) -> str:
    """Return a deadline, as `24 hours from assigned, level 1`."""
    english = language is Language.EN
    if deadline.hours is not None:
        text = f"{deadline.hours} {'hours' if english else '小时'}"
    else:
        text = f"{deadline.working_days} {'working days' if english else '个工作日'}"
    if deadline.since != step.before:
        since = state_title(deadline.since, language)
        text += f" from {since}" if english else f"（自{since}起）"
    if deadline.level is not None:
        text += f", level {deadline.level}" if english else f"，{deadline.level}级"
    return text
