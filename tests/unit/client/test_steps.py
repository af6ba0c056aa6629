"""Steps at gateways whose item of transitions is of this release, or from before there were tables of processes."""

import pytest

from ledger.client.gongzhi import GongzhiClient
from ledger.client.steps import TRANSITION_ITEM, NewStep, take_step
from ledger.core.documents import MaskProfile
from ledger.core.hexadecimal import to_hex
from ledger.core.schema import Schema
from ledger.domain import load_document
from ledger.domain.process_table import shipped_process_table
from ledger.errors import SchemaError
from ledger.services.catalogue_documents import schema_documents
from tests.unit.client.simulated_gateway import SimulatedGateway

pytestmark = pytest.mark.unit
STEP = NewStep(b"\xab" * 32, "request", "requested", "checked", "990101001003")


@pytest.fixture(params=["transition-1", "transition-2"])
def gateway(request: pytest.FixtureRequest) -> SimulatedGateway:
    """A gateway whose one item is that of the transitions, as this or the earlier release has it."""
    schema, code_sets = schema_documents(load_document(f"schemas/{request.param}.json"), load_document)
    profile = MaskProfile(TRANSITION_ITEM, 1, tier=1, purpose=0, open=(("/region", "o"),))
    return SimulatedGateway(profile=profile, item_number=TRANSITION_ITEM, schema=schema, code_sets=code_sets)


def has_tables(schema: Schema) -> bool:
    return any(slot.path == "/table" for slot in schema.slots)


def test_a_step_is_published_whether_the_item_knows_of_tables_or_not(
    gateway: SimulatedGateway, client: GongzhiClient
) -> None:
    take_step(client, STEP)
    ((record,),) = [taken.records for taken in gateway.taken.values()]
    assert record.version == 1
    values = STEP.values_in(gateway.schema, 1_767_225_600)
    assert set(values) == {slot.path for slot in gateway.schema.slots}
    table = to_hex(shipped_process_table().hash) if has_tables(gateway.schema) else None
    assert (values.get("/table"), values["/reason"], values["/to"]) == (table, None, "checked")


def test_what_is_said_and_has_no_place_is_refused_with_its_name(
    gateway: SimulatedGateway, client: GongzhiClient
) -> None:
    said = NewStep(STEP.subject, *("hazard", "found", "listed"), STEP.region, note="一句话", merged_into=b"\xcd" * 32)
    if has_tables(gateway.schema):
        take_step(client, said)
        return
    with pytest.raises(SchemaError, match="no place for /mergedInto, /note: leave it out") as refused:
        take_step(client, said)
    assert "一句话" not in refused.value.detail
    assert gateway.taken == {}
