"""docker-compose.yml: accepted by docker-compose, nothing by default that is secret, nobody with more than he needs."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.main import run
from ledger.config import Settings
from tests.network.compose import COMPOSE_FILE, ROOT, VARIABLES, config, mounts, resolved, secret_names

pytestmark = pytest.mark.e2e
VALIDATORS = tuple(f"validator-{number}" for number in range(1, 5))
LASTING = (*VALIDATORS, "postgres", "api", "worker")
OURS = ("migrate", "api", "worker", "admin")
OLDEST_BESU = (26, 7, 1)


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The resolved document."""
    return resolved(tmp_path_factory.mktemp("compose"))


@pytest.fixture(scope="module")
def services(composed: dict[str, Any]) -> dict[str, Any]:
    """Its services."""
    found: dict[str, Any] = composed["services"]
    return found


def test_it_is_four_validators_a_database_a_migration_two_apis_a_worker_and_a_desk(services: dict[str, Any]) -> None:
    assert set(services) == {*LASTING, "migrate", "admin"}
    assert services["api"]["deploy"]["replicas"] == 2
    assert services["admin"]["profiles"] == ["admin"]


@pytest.mark.parametrize("missing", sorted(VARIABLES))
def test_what_is_not_said_is_asked_for_and_not_guessed(missing: str, tmp_path: Path) -> None:
    done = config(tmp_path, {name: value for name, value in VARIABLES.items() if name != missing})
    assert done.returncode != 0
    assert f"set {missing} to" in done.stderr


def test_no_password_or_key_stands_in_the_file_or_in_an_environment(
    composed: dict[str, Any], services: dict[str, Any]
) -> None:
    for secret in composed["secrets"].values():
        assert set(secret) == {"file"}
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|KEY", name):
                paths = re.findall(r"/run/secrets/\w+", value)
                assert paths, name
                assert {path.rsplit("/", 1)[1] for path in paths} <= set(secret_names(service))


def test_each_has_the_secrets_that_it_needs_and_no_other(services: dict[str, Any]) -> None:
    database, relay = {"database_password"}, {"relay_key", "relay_key_password"}
    expected = {
        "postgres": database,
        "migrate": database,
        "admin": database,
        "api": database | relay | {"api_sign_key", "api_sign_key_password", "master_key"},
        "worker": database | relay | {"anchor_key", "anchor_key_password"},
    } | {name: {f"node_key_{number}"} for number, name in enumerate(VALIDATORS, 1)}
    assert {name: set(secret_names(service).values()) for name, service in services.items()} == expected


def test_only_the_api_has_ports_and_by_default_on_this_machine_alone(services: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {"api": ["127.0.0.1:8080-8081:8080/tcp"]}


def test_networks_keep_apart_what_has_nothing_to_say_to_each_other(
    composed: dict[str, Any], services: dict[str, Any]
) -> None:
    expected = {name: {"chain"} for name in VALIDATORS} | {
        "postgres": {"database"},
        "migrate": {"database"},
        "api": {"front", "database"},
        "worker": {"database", "chain"},
        "admin": {"database", "chain"},
    }
    assert {name: set(service["networks"]) for name, service in services.items()} == expected
    assert [name for name, network in composed["networks"].items() if not network.get("internal")] == ["front"]


def test_each_runs_without_rights_on_a_root_that_it_cannot_write_within_limits(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["user"] == "1000:1000", name
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}, name


def test_what_lasts_is_looked_after(services: dict[str, Any]) -> None:
    for name in LASTING:
        assert services[name]["healthcheck"]["test"][0] == "CMD", name
        assert services[name]["restart"] == "unless-stopped", name
    for name in ("api", "worker"):
        assert services[name]["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"},
            "postgres": {"condition": "service_healthy"},
        }


def test_images_have_exact_versions_and_besu_serves_senders_without_a_balance(services: dict[str, Any]) -> None:
    for service in services.values():
        assert re.fullmatch(r"[a-z/]+:(\d+\.)+\d+(-[a-z]+)?(@sha256:[0-9a-f]{64})?", service["image"])
    for name in VALIDATORS:
        version = services[name]["image"].partition(":")[2].partition("@")[0]
        assert tuple(int(part) for part in version.split(".")) >= OLDEST_BESU


def test_every_variable_of_our_programs_is_a_setting(services: dict[str, Any]) -> None:
    known = {f"GONGZHI_{name.upper()}" for name in Settings.model_fields}
    for name in OURS:
        given = {variable.partition("__")[0] for variable in services[name]["environment"]}
        assert given <= known


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders of four members at the addresses of docker-compose.yml."""
    folder = tmp_path_factory.mktemp("network")
    members = [word for name in VALIDATORS for word in ("--member", name)]
    assert run(["admin", "network", "propose", str(folder / "network.json"), *members]) == 0
    for number, name in enumerate(VALIDATORS, 11):
        place = ["--member", name, "--host", f"172.28.0.{number}"]
        assert run(["admin", "network", "key", str(folder / name), *place]) == 0
    files = [str(folder / name / f"{name}.node.json") for name in VALIDATORS]
    assert run(["admin", "network", "files", str(folder / "network.json"), *files, "--out", str(folder)]) == 0
    return folder


def test_each_validator_finds_its_files_its_key_and_itself(network: Path) -> None:
    composed = resolved(network, dict(VARIABLES) | {"GONGZHI_NETWORK": "."})
    for name in VALIDATORS:
        service = composed["services"][name]
        assert service["command"] == ["--config-file=/network/config.toml"]
        inside = mounts(service)
        for target, outside in secret_names(service).items():
            inside[f"/run/secrets/{target}"] = composed["secrets"][outside]["file"], True
        settings = tomllib.loads((network / name / "config.toml").read_text())
        for option in (option for option in settings if option.endswith(("-file", "-path"))):
            mount, rest = next(
                (mount, settings[option].removeprefix(mount)) for mount in inside if settings[option].startswith(mount)
            )
            assert Path(inside[mount][0] + rest).exists(), option
        assert inside["/data"] == (str(network / name / "data"), False)
        assert inside["/network"][1] is True
        assert service["networks"]["chain"]["ipv4_address"] == settings["p2p-host"]
        assert f"/dev/tcp/127.0.0.1/{settings['rpc-http-port']}" in service["healthcheck"]["test"][-1]


def test_members_may_name_their_folders_themselves(tmp_path: Path) -> None:
    composed = resolved(tmp_path, dict(VARIABLES) | {"GONGZHI_VALIDATOR_2": "fire"})
    assert mounts(composed["services"]["validator-2"])["/data"][0] == str(tmp_path / "network" / "fire" / "data")
    assert composed["secrets"]["node_key_2"]["file"] == str(tmp_path / "network" / "fire" / "node.key")


def test_the_image_is_made_of_what_the_tree_has_and_pins() -> None:
    """No image can be built where tests run, so what it copies and starts is looked at."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    let_in = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for line in lines:
        if line.startswith("FROM"):
            assert re.fullmatch(r"FROM python:3\.11\.\d+(-slim)?-bookworm( AS \w+)?", line)
        if line.startswith("COPY") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists()
                assert source in let_in
    text = "\n".join(lines)
    assert "--require-hashes -r requirements.lock" in text
    assert json.loads(text.partition("ENTRYPOINT ")[2].splitlines()[0]) == ["python", "-m"]
    assert "\nUSER 10001:10001\n" in text


def test_the_file_is_read_by_newer_programs_too() -> None:
    """`docker compose` (version 2) knows no `version` and warns of one."""
    assert not re.search(r"^version:", COMPOSE_FILE.read_text(encoding="utf-8"), re.MULTILINE)
