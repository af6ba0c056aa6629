"""Judge a Mark before it is promised."""

from collections.abc import Callable, Mapping

from ledger.core.codes import Mark, Role
from ledger.core.member_facts import is_release
from ledger.errors import Conflict, FormatError
from ledger.services.erase import refuse_held
from ledger.services.relay_judging import Judged

_MARKS = frozenset(Mark)


def judge_mark(judged: Judged) -> None:
    """Raise unless a SUBMIT key sets a known mark, for a reason, that its agency has not set before.

    A hold is released where it stands, and may be set again then.
    """
    message = judged.message
    agency = judged.require_role(Role.SUBMIT)
    if message["mark"] not in _MARKS or message["reason"] == 0 or not any(message["recordId"]):
        raise FormatError("mark: expected a known mark, a reason from 1 and a recordId that is not zero")
    is_set = _is_set(judged, agency)
    if is_release(message["mark"], message["reason"]):
        judged.require_state(is_set, "HoldNotSet: this agency has no hold on exactly this version")
    elif is_set:
        raise Conflict("this agency has set this mark before")
    refuse_held(judged.history, judged.call.as_of, agency, message, judged.pending)


def _is_set(judged: Judged, agency: int) -> bool:
    """Say whether the agency's mark stands on this version, on chain or once what is on its way is there."""
    said = agency, judged.message["version"], judged.message["mark"]
    on_chain = judged.history.marks.get(judged.message["recordId"], ())
    told = [(m.agency, m.version, m.mark, m.is_release) for m in on_chain]
    for one in judged.pending:
        about = one.message
        told.append((one.agency, about["version"], about["mark"], is_release(about["mark"], about["reason"])))
    mine = [released for *mark, released in told if tuple(mark) == said]
    return bool(mine) and not mine[-1]


JUDGES: Mapping[str, Callable[[Judged], None]] = {"Mark": judge_mark}
