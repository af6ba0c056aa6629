"""Errors of comparing persons with consents: branches of the tree in `ledger/errors.py`.

GongzhiError
├── PersonsSampleDiffers
└── PersonsAnswerRefused
"""

from ledger.errors import GongzhiError


class PersonsSampleDiffers(GongzhiError):
    code = "persons_sample_differs"
    when = "a sample is not what its seed draws from this export, is of another gateway or ledger, or has made-up looks"
    remedy = "take the file that you drew, with the export that you drew it from or a later one of the same gateway"


class PersonsAnswerRefused(GongzhiError):
    code = "persons_answer_refused"
    when = "a key-holder's answer is of another sample, leaves looks out, was altered, or is not signed by his gateway"
    remedy = "let the key-holder compare your sample again, and take the file as he wrote it"
