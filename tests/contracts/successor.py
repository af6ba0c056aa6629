"""A RecordAnchors that succeeds the one of a deployment."""

from copy import copy

from ledger.chain.artifacts import deploy_data
from ledger.chain.contracts.binding import node
from ledger.chain.contracts.record_anchors import RecordAnchors
from ledger.chain.event_decoding import EventDecoder
from tests.contracts.sandbox import Sandbox


def successor_of(sandbox: Sandbox) -> Sandbox:
    """The same deployment with a RecordAnchors that succeeds the one that `sandbox` knows."""
    registry, before = sandbox.addresses["AgencyRegistry"], sandbox.addresses["RecordAnchors"]
    later = copy(sandbox)
    address = sandbox.create(deploy_data("RecordAnchors", sandbox.governor, registry, before))
    later.addresses = {**sandbox.addresses, "RecordAnchors": address}
    later.anchors = RecordAnchors(node(sandbox.rpc_url), address)
    later.bindings = {**sandbox.bindings, "RecordAnchors": later.anchors}
    later.decoder = EventDecoder(later.addresses)
    return later
