"""Why an attachment is not taken: branches of the tree in `ledger.errors`, with the same three lines each.

SubmissionRefused ── AttachmentRefused
                     ├── AttachmentMedia, AttachmentMetadata
                     └── AttachmentMissing, AttachmentMismatch, AttachmentTooMany
TooLarge ── AttachmentTooLarge
Conflict ── AttachmentQuota
"""

from ledger.errors import Conflict, SubmissionRefused, TooLarge


class AttachmentRefused(SubmissionRefused):
    code = "attachment_refused"
    when = "a file cannot be attached to a record"
    remedy = "see `detail`"


class AttachmentTooLarge(TooLarge):
    code = "attachment_too_large"
    when = "an attachment has more bytes than the gateway takes"
    remedy = "make the picture or the document smaller; the limit stands in `detail`"


class AttachmentMedia(AttachmentRefused):
    code = "attachment_media"
    when = "an attachment is no whole file of a type that the gateway takes, or not of the type that it is said to be"
    remedy = "send image/jpeg or image/png, application/pdf where the gateway takes it, from the first byte to the last"


class AttachmentMetadata(AttachmentRefused):
    code = "attachment_metadata"
    when = "a picture or a document carries more than what it shows: place, device, author, comments, a thumbnail"
    remedy = (
        "`gongzhi record publish --attach` strips pictures; a PDF cannot be cleaned here: make it anew without"
        " properties, or send its pages as pictures"
    )


class AttachmentMissing(AttachmentRefused):
    code = "attachment_missing"
    when = "a record names a file that this publisher has not uploaded, or uploaded too long ago"
    remedy = "upload it and send the submission again"


class AttachmentMismatch(AttachmentRefused):
    code = "attachment_mismatch"
    when = "what was uploaded is not what the record says: another digest, length or media type"
    remedy = "compute the digest over the slot's salt and the very bytes that are uploaded"


class AttachmentTooMany(AttachmentRefused):
    code = "attachment_too_many"
    when = "a record has more attachments than one record may have"
    remedy = "publish the others with a record of their own"


class AttachmentQuota(Conflict):
    code = "attachment_quota"
    when = "this agency's uploads that no record names yet have reached their limit"
    remedy = "publish the records that name them, or wait until they are removed"
