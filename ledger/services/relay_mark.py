"""Judge a Mark before it is promised."""

from collections.abc import Callable, Mapping

from ledger.core.codes import Mark, Role
from ledger.errors import Conflict, FormatError
from ledger.services.erase import refuse_held
from ledger.services.relay_judging import Judged

_MARKS = frozenset(Mark)


def judge_mark(judged: Judged) -> None:
    """Raise unless a SUBMIT key sets a known mark, for a reason, that its agency has not set before."""
    message = judged.message
    agency = judged.require_role(Role.SUBMIT)
    if message["mark"] not in _MARKS or message["reason"] == 0 or not any(message["recordId"]):
        raise FormatError("mark: expected a known mark, a reason from 1 and a recordId that is not zero")
    said = agency, message["version"], message["mark"]
    standing = ((m.agency, m.version, m.mark) for m in judged.history.marks.get(message["recordId"], ()))
    taken = ((one.agency, one.message["version"], one.message["mark"]) for one in judged.received)
    if said in (*standing, *taken):
        raise Conflict("this agency has set this mark before")
    refuse_held(judged.history, judged.call.as_of, agency, message, judged.received)


JUDGES: Mapping[str, Callable[[Judged], None]] = {"Mark": judge_mark}
