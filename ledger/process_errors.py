"""What is wrong with a step or a table of steps: branches of the tree in `ledger.errors`.

FormatError
├── ProcessTableInvalid
└── StepNotListed
"""

from ledger.errors import FormatError


class ProcessTableInvalid(FormatError):
    code = "process_table_invalid"
    when = "a table of processes names a state, step, party or deadline that does not fit the rest of it"
    remedy = "mend the table at the place that `detail` names; a released table is never edited, make its next version"


class StepNotListed(FormatError):
    code = "step_not_listed"
    when = "a step leads from a state to another where the table of its process has no such step"
    remedy = "take one of the steps that `detail` lists; `gongzhi process table PROCESS` shows them all"
