"""Steps of a process, as options of the commands that publish one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli.code_names import parse_code
from ledger.cli.connection import Connection, open_client
from ledger.cli.output import print_result
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.domain.process_table import shipped_process_table
from ledger.errors import UsageError

if TYPE_CHECKING:
    from ledger.client.gongzhi import GongzhiClient

RegionOption = Annotated[str | None, typer.Option("--region", help="region code; your agency's own if not given")]


@dataclass(frozen=True)
class StepOptions:
    """What a step says besides its subject and state."""

    region: RegionOption = None
    reason: Annotated[str | None, typer.Option(help="code of the set step-reason")] = None
    evidence: Annotated[str | None, typer.Option(help="digest of what proves it, 0x and 64 hex digits")] = None
    synthetic: Annotated[bool, typer.Option("--synthetic", help="made for a drill")] = False
    wait: Annotated[int, typer.Option("--wait", min=0, max=30, help="wait this long until it is anchored")] = 0
    dry_run: Annotated[bool, typer.Option("--dry-run", help="print what would be published, and send nothing")] = False
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False

    def more(self) -> Mapping[str, Any]:
        """Return further members of the step; none here."""
        return {}


def publish_step(
    subject: str, process: str, before: str, after: str, options: StepOptions, connection: Connection
) -> None:
    """Publish a step as a record of the item `transition`, and print it.

    Raises StepNotListed, before anything is asked or sent, for a step that the table does not list.
    """
    from ledger.client.steps import NewStep, take_step

    shipped_process_table().require_listed(process, before, after)
    wanted = from_hex(subject, 32, what="id")
    evidence = None if options.evidence is None else from_hex(options.evidence, 32, what="digest of the evidence")
    reason = None if options.reason is None else parse_code("step-reason", options.reason)
    with open_client(connection) as client:
        region = region_of(client, options.region)
        step = NewStep(*(wanted, process, before, after, region, reason, evidence, options.synthetic), **options.more())
        if options.dry_run:
            print_result({"wouldPublish": dict(step.values(client.desk.transport.now()))}, as_json=options.as_json)
            return
        accepted = take_step(client, step, options.wait)
    result = {
        "about": subject,
        "process": process,
        "state": after,
        "submissionId": to_hex(accepted.submission_id),
        "submission": accepted.state,
        "acceptedAt": accepted.accepted_at,
        "anchorBy": accepted.anchor_by,
    }
    print_result(result, as_json=options.as_json)


def region_of(client: "GongzhiClient", given: str | None) -> str:
    """Return the region of a record: the given one, else the agency's own as the gateway tells it; UsageError."""
    if given is not None:
        return given
    region = client.desk.transport.get_public(f"/v1/agencies/{client.desk.agency}").members("region")["region"]
    if not isinstance(region, str):
        raise UsageError("the gateway tells no region of this agency: give --region")
    return region
