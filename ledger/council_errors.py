"""Why an act of the Council is not sent: branches of the tree in `ledger.errors`, with the same three lines each.

CouncilRefused
├── ApprovalForeign, ApprovalsMissing, ApprovalKeyUnusable, MemberUnknown
├── EpochOver, ActionNotDue, ActionExpired, ActionStateMismatch
└── SomeFoundersMissing, FoundedAlready, NotRegistered, SuccessorRefused
ChainError ── DirectoryDiffers
"""

from ledger.errors import ChainError, GongzhiError


class CouncilRefused(GongzhiError):
    code = "council_refused"
    when = "the Council would not take this act"
    remedy = "see `detail`; `gongzhi admin council show` says how the action stands"


class ApprovalForeign(CouncilRefused):
    code = "approval_foreign"
    when = "an approval is of another action, or is a cancellation where an approval is needed"
    remedy = "gather the files that members wrote for this very action"


class ApprovalsMissing(CouncilRefused):
    code = "approvals_missing"
    when = "fewer members have approved than the threshold"
    remedy = "let more members run `gongzhi admin council approve` on the action's file"


class ApprovalKeyUnusable(CouncilRefused):
    code = "approval_key_unusable"
    when = "an approval is signed by a key that is no usable ADMIN key of the agency it speaks for"
    remedy = "let the member approve with an ADMIN key of its agency that is bound, in time and not ended"


class MemberUnknown(CouncilRefused):
    code = "member_unknown"
    when = "an approval speaks for an agency that is no member of the Council in this epoch"
    remedy = "leave it out; `gongzhi admin council list` names the members"


class EpochOver(CouncilRefused):
    code = "epoch_over"
    when = "the action was written for another epoch: members have changed since"
    remedy = "propose the action anew, and let the members of now approve it"


class ActionNotDue(CouncilRefused):
    code = "action_not_due"
    when = "an action is executed before its delay is over"
    remedy = "execute it at the time that `detail` names, with the same files"


class ActionExpired(CouncilRefused):
    code = "action_expired"
    when = "the action's expiry has passed, or its delay would end after it"
    remedy = "propose the action anew, with a later expiry"


class ActionStateMismatch(CouncilRefused):
    code = "action_state_mismatch"
    when = "the action is not in the state that this needs: not scheduled, or scheduled, executed or cancelled before"
    remedy = "`gongzhi admin council show` says how the action stands"


class SomeFoundersMissing(CouncilRefused):
    code = "founders_missing"
    when = "the founding action lacks the approval of a founder; it needs all of them"
    remedy = "let every founder approve the founding action"


class FoundedAlready(CouncilRefused):
    code = "founded_already"
    when = "the consortium is founded, or the contracts were deployed for other founders"
    remedy = "propose a change of members; another consortium needs a chain or a database of its own"


class NotRegistered(CouncilRefused):
    code = "agency_not_registered"
    when = "keys would be bound for an agency that the Council has not registered"
    remedy = "propose `register`, let members approve it and execute it; or name member keys of this machine"


class SuccessorRefused(CouncilRefused):
    code = "successor_refused"
    when = "an action names a RecordAnchors that nobody would accept after the one in force now"
    remedy = "let members cancel the action; deploy another one by `gongzhi admin successor`, and propose that"


class DirectoryDiffers(ChainError):
    code = "directory_differs"
    when = "the directory on chain names a contract or a code that the trust file does not"
    remedy = "compare trust files with other members, then take the newer one; never one that nobody else holds"
