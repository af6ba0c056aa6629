"""`gongzhi admin deploy`: create the contracts, the Council first, and write what founders and members need."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger import wiring, wiring_council
from ledger.cli.admin_options import (
    DryRunOption,
    FolderOption,
    JsonOption,
    KeystoreOption,
    PasswordOption,
    administration,
    read_json,
    say,
)
from ledger.cli.council_keys import CouncilKeysOption, open_council_keys
from ledger.cli.output import print_result
from ledger.cli.signing import read_action_file
from ledger.config import Settings, load_settings
from ledger.core.canonical import encode
from ledger.core.chainfile import parse_trust, same_deployment
from ledger.embedded.data_folder import write_durably
from ledger.errors import UsageError
from ledger.keys.uris import open_signer
from ledger.ports import Signer
from ledger.services.deploy import pins_of, trust_of
from ledger.services.founding import FoundingPlan, found_here, parse_founding, registration_of


def deploy(
    file: Annotated[Path, typer.Argument(metavar="FOUNDING", help="founding file: founders, threshold, parameters")],
    keystore: KeystoreOption,
    password_file: PasswordOption,
    engine: Annotated[str, typer.Option(help="what the trust file says of the chain: anvil, besu-qbft …")] = "anvil",
    out: Annotated[
        Path | None,
        typer.Option("--out", help="folder for the founders' registrations; else `founding` in the data folder"),
    ] = None,
    council_keys: CouncilKeysOption = None,
    data_folder: FolderOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Deploy the contracts, governed by a Council of the founders, and write trust file, deployment file and the
    registrations that the founders sign.

    The key that sends has no right afterwards. Where all founders' keys are on this machine (`--council-keys`), the
    consortium is founded at once.
    """
    settings = load_settings(data_folder)
    plan = parse_founding(read_json(file))
    sender = open_signer(f"keystore:{keystore}", password_file)
    with administration(settings, sender, deployed=False) as opened:
        order = wiring_council.deployment_order()
        if dry_run:
            done = {name: opened.is_done(f"deploy/{name}") for name in order}
            described = {name: "deployed before" if done[name] else "would be deployed" for name in order}
            founders = [founder.name for founder in plan.founders]
            print_result(
                {"dryRun": True, "founders": founders, "threshold": plan.threshold, **described}, as_json=as_json
            )
            return
        deployment = wiring_council.deploy_contracts(opened, plan.terms, say)
    write_deployment(settings, deployment, engine)
    addresses = {name: pin["address"] for name, pin in deployment["contracts"].items()}
    result: dict[str, Any] = {
        "chainId": deployment["chainId"],
        **addresses,
        "trust": str(settings.trust_path),
        "registrations": _write_registrations(out or settings.data_folder / "founding", plan, deployment),
    }
    if council_keys is not None:
        found_with(settings, sender, plan, open_council_keys(council_keys), deployment)
        result["founded"] = True
    print_result(result, as_json=as_json)


def write_deployment(settings: Settings, deployment: Mapping[str, Any], engine: str) -> None:
    """Write the deployment file and the trust file of a deployment into the data folder.

    A trust file of this deployment that stands there is left as it is: blocks and endpoints may be pinned in it. Raises
    UsageError for one of another deployment.
    """
    deployments = settings.data_folder / "deployments"
    deployments.mkdir(exist_ok=True)
    write_durably(deployments / f"{deployment['chainId']}.json", json.dumps(deployment, indent=2).encode())
    trust = parse_trust(encode(trust_of(deployment, engine)))
    if not settings.trust_path.exists():
        write_durably(settings.trust_path, encode(dict(trust.document)))
    elif not same_deployment(trust, wiring.load_trust(settings)):
        raise UsageError(f"{settings.trust_path} is the trust file of another deployment: give another data folder")


def found_with(
    settings: Settings,
    sender: Signer,
    plan: FoundingPlan,
    keys: Mapping[int, Signer],
    deployment: Mapping[str, Any],
) -> None:
    """Found the consortium with the founders' keys of this machine, by their agencies' numbers; safe to repeat.

    Raises UsageError unless they are all here, and as `services.founding.found_here`.
    """
    signers = [keys.get(place) for place, _ in enumerate(plan.founders, 1)]
    present = [signer for signer in signers if signer is not None]
    if [signer.address for signer in present] != list(plan.terms.founders):
        raise UsageError("the file of member keys does not name every founder's ADMIN key, by its agency's number")
    pins = pins_of(deployment)
    contracts = {name: pin.address for name, pin in pins.items()}
    opened = wiring.open_administration(settings, sender, contracts)
    try:
        acts = wiring_council.open_acts(settings, opened)
        found_here(acts, plan, present, pins, wiring_council.call_encoder(contracts))
    finally:
        opened.store.close()


def _write_registrations(folder: Path, plan: FoundingPlan, deployment: Mapping[str, Any]) -> list[str]:
    """Write the registration of each founder, unless it was written for this registry before; returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    registry = deployment["contracts"]["AgencyRegistry"]["address"]
    paths = [folder / f"registration-{place}.json" for place, _ in enumerate(plan.founders, 1)]
    for path, founder in zip(paths, plan.founders, strict=True):
        if not (path.exists() and read_action_file(path).contract == registry):
            prepared = registration_of(founder, deployment["chainId"], registry, int(time.time()))
            write_durably(path, prepared.encode())
    return [str(path) for path in paths]
