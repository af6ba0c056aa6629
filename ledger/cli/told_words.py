"""Words that are told of looks and of consents alike: labels, names, and who gave a consent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ledger.core.codes import CaptureMode, GuardianRelation, LabelledCode

_WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "guardian": "由监护人（{relation}）作出",
        "witnessed": "由机构 {agency} 见证",
        "second": "第二见证人属机构 {agency}",
    },
    "en": {
        "guardian": "by the guardian ({relation})",
        "witnessed": "witnessed by agency {agency}",
        "second": "a second witness of agency {agency}",
    },
}


@dataclass(frozen=True, slots=True)
class Given:
    """How a consent was given: mode, a guardian's relation, the agency that witnessed it (0: none), the second one."""

    capture_mode: int
    guardian: int | None
    captured_by: int
    second_witness: int | None


def label_of(codes: type[LabelledCode], code: int, language: str) -> str:
    """Return the label of a code in `zh` or else in English; one that this version does not know as its number."""
    known = {int(one): one for one in codes}.get(code)
    return str(code) if known is None else known.zh if language == "zh" else known.en


def named(number: int, names: Mapping[int, str]) -> str:
    """Return a number with its name, as far as that is known."""
    return f"{number} {names[number]}" if number in names else str(number)


def joined(parts: Sequence[str], language: str) -> str:
    """Return parts of a list in a line, in `zh` or else in English."""
    return ("、" if language == "zh" else ", ").join(parts)


def given_text(given: Given, agencies: Mapping[int, str], language: str) -> str:
    """Return who gave a consent, in `zh` or `en`: the way, a guardian's relation, witnesses by agency; never a name."""
    words, said = _WORDS[language], [label_of(CaptureMode, given.capture_mode, language)]
    if given.guardian is not None:
        said.append(words["guardian"].format(relation=label_of(GuardianRelation, given.guardian, language)))
    if given.captured_by:
        said.append(words["witnessed"].format(agency=named(given.captured_by, agencies)))
    if given.second_witness is not None:
        said.append(words["second"].format(agency=named(given.second_witness, agencies)))
    return joined(said, language)
