"""What is read and written by a pattern is what http_sf reads and writes."""

from typing import Any

import http_sf
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.core.structured_fields import inner_list_text, parse_dictionary
from tests.unit.core.signed_requests import SIGNED_LOOK, SIGNED_VECTOR, VECTOR_INPUT

pytestmark = pytest.mark.unit

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,4}", fullmatch=True)
STRINGS = st.text(st.characters(codec="ascii"), max_size=6)
VALUES = st.one_of(st.integers(-(10**15), 10**15), STRINGS)
PIECES = st.sampled_from(
    [
        *'request=("@path" );:,',
        "request=",
        "(",
        ")",
        ' "',
        '";',
        ";created=",
        ";tag=",
        '"a"',
        "12",
        ":YWI=:",
        ":YWJj:",
        "-",
    ]
)


class Duplicate(Exception):
    pass


def refuse(key: str, where: str) -> None:
    raise Duplicate(key, where)


def outcome(parse: Any) -> Any:
    try:
        return parse()
    except (http_sf.StructuredFieldError, UnicodeEncodeError) as failure:
        return type(failure)
    except Duplicate as failure:
        return failure.args


def both(text: str) -> tuple[Any, Any]:
    theirs = outcome(lambda: http_sf.parse(text.encode("ascii"), tltype="dictionary", on_duplicate_key=refuse))
    return outcome(lambda: parse_dictionary(text, refuse)), theirs


@given(st.lists(PIECES, max_size=14).map("".join))
@example(VECTOR_INPUT)
@example('request=("@path");created=1;created=2')
@example('request=("@path");created=1;nonce="x')
@example('request=("@path");n=1234567890123456')
@example('request=("@path"  "@query");n=-1')
@example("request=()")
@example("request=:YWJjZA==:")
@example("request=:YWJjZA:")
@example("request=::, other=1")
@example('request=("é")')
def test_a_dictionary_is_read_as_http_sf_reads_it(text: str) -> None:
    ours, theirs = both(text)
    assert ours == theirs


def test_fields_of_a_signed_request_are_read_as_http_sf_reads_them() -> None:
    for request in (SIGNED_VECTOR, SIGNED_LOOK):
        for name in ("signature-input", "signature"):
            ours, theirs = both(request.headers[name])
            assert ours == theirs
            assert isinstance(ours, dict)


@given(st.lists(STRINGS, max_size=4), st.dictionaries(NAMES, VALUES, max_size=4))
def test_an_inner_list_is_written_as_http_sf_writes_it(strings: list[str], parameters: dict[str, int | str]) -> None:
    items: Any = [(text, {}) for text in strings]
    try:
        expected = http_sf.ser([(items, dict(parameters))])
    except ValueError:
        with pytest.raises(ValueError, match=r"."):
            inner_list_text(strings, parameters)
        return
    assert inner_list_text(strings, parameters) == expected
