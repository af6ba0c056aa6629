"""Samples of looks on consents: a seed draws the same ones for everybody, and their file has one reading."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.canonical import encode
from ledger.core.hexadecimal import to_hex
from ledger.core.person_sample import (
    MOST_SEED,
    SAMPLE_FORMAT,
    ConsentedLook,
    PersonsSample,
    draw,
    parse_persons_sample,
    require_seed,
)
from ledger.core.statements import StatementDomain
from ledger.errors import FormatError, UnsupportedFormat
from tests.simulated_consortium import number32

pytestmark = pytest.mark.unit
SEED = "thrown dice: 4 2 6 1"
LOOKS = tuple(ConsentedLook(9 + number // 2, number32(number), 1, number32("root"), number32(0)) for number in range(9))
LOOKS = tuple(sorted(LOOKS))
SAMPLE = PersonsSample(StatementDomain(77, "0x" + "ab" * 20), 1, 40, SEED, 9, LOOKS[:3])


def test_a_sample_goes_through_a_file_and_its_hash_is_of_every_member() -> None:
    assert parse_persons_sample(encode(SAMPLE.document)) == SAMPLE
    changes: list[dict[str, Any]] = [{"gateway": 2}, {"last_sequence": 41}, {"seed": "another"}, {"drawn_from": 8}]
    changes += [{"looks": LOOKS[:2]}, {"domain": StatementDomain(78, SAMPLE.domain.record_anchors)}]
    assert len({replace(SAMPLE, **change).hash for change in changes} | {SAMPLE.hash}) == len(changes) + 1


def test_the_drawn_looks_are_those_of_the_lowest_ranks() -> None:
    def rank(look: ConsentedLook) -> bytes:
        place = look.sequence.to_bytes(8, "big") + look.record_id + look.version.to_bytes(4, "big")
        return hashlib.sha256(b"persons-sample/v1\0" + SEED.encode() + b"\0" + place).digest()

    lowest = sorted(LOOKS, key=rank)[:4]
    assert draw(LOOKS, SEED, 4) == (9, tuple(sorted(lowest)))


@given(st.permutations(LOOKS), st.integers(0, 12), st.text(min_size=8, max_size=20))
def test_what_is_drawn_does_not_depend_on_the_order_and_grows_with_the_number(
    looks: list[ConsentedLook], number: int, seed: str
) -> None:
    count, drawn = draw(looks, seed, number)
    assert (count, drawn) == draw(LOOKS, seed, number)
    assert len(drawn) == min(number, len(LOOKS))
    assert set(drawn) <= set(draw(LOOKS, seed, number + 1)[1])


def test_a_record_version_that_one_entry_opened_twice_is_one_look() -> None:
    number, drawn = draw([*LOOKS, LOOKS[0], LOOKS[4]], SEED, 20)
    assert (number, drawn) == (9, LOOKS)
    sample = replace(SAMPLE, drawn_from=number, looks=drawn)
    assert parse_persons_sample(encode(sample.document)) == sample


@pytest.mark.parametrize("seed", ["a seed \udce4", "\ud83d and a seed"])
def test_a_seed_that_is_no_text_is_refused_by_name(seed: str) -> None:
    with pytest.raises(FormatError, match="seed: holds a lone surrogate"):
        require_seed(seed)


def test_another_seed_draws_others() -> None:
    assert len({draw(LOOKS, f"seed number {number}", 3)[1] for number in range(20)}) > 10


@pytest.mark.parametrize("seed", ["", "seven c", "x" * (MOST_SEED + 1)])
def test_a_seed_that_is_short_or_long_is_none(seed: str) -> None:
    with pytest.raises(FormatError, match="8 to 200"):
        require_seed(seed)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"gateway": -1}, "sample gateway"),
        ({"contract": "0x"}, "sample contract"),
        ({"seed": "short"}, "seed"),
        ({"seed": 12345678}, "sample seed"),
        ({"looks": {}}, "sample looks"),
        ({"looks": [LOOKS[1].members, LOOKS[0].members]}, "order of the stream"),
        ({"looks": [LOOKS[0].members] * 2}, "each once"),
        ({"looks": [LOOKS[0].members | {"sequence": 0}]}, "look sequence"),
        ({"looks": [LOOKS[0].members | {"version": 0}]}, "look version"),
        ({"looks": [LOOKS[0].members | {"consent": to_hex(bytes(31))}]}, "look consent"),
        ({"looks": [LOOKS[0].members | {"person": "x"}]}, "look of a sample"),
        ({"person": "x"}, "sample"),
    ],
)
def test_a_file_of_another_shape_is_no_sample(change: dict[str, Any], said: str) -> None:
    with pytest.raises(FormatError, match=said):
        parse_persons_sample(encode(SAMPLE.document | change))


def test_another_format_is_unsupported() -> None:
    assert SAMPLE_FORMAT == "gongzhi-persons-sample/1"
    with pytest.raises(UnsupportedFormat):
        parse_persons_sample(encode(SAMPLE.document | {"format": "gongzhi-persons-sample/2"}))
