"""What is published, as an agency's desk reads it from the chain."""

import json

import pytest

from tests.e2e.demo_stack import DemoStack

pytestmark = pytest.mark.e2e


def test_what_is_published_is_told_from_the_chain_with_its_documents(demo: DemoStack) -> None:
    items = json.loads(demo.gongzhi("catalogue", "published", "--as", "police", "--json"))["items"]
    published = {one["item"]: one for one in items}
    assert {1, 2, 3, 4, 5, 6} <= set(published)
    assert (published[6]["name"]["zh"], published[6]["shareClass"]) == ("特殊服务标记", 3)
    told = demo.gongzhi("catalogue", "published", "--as", "police", "--lang", "zh")
    assert len(told.splitlines()) == len(items) + 1
